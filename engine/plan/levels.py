"""Which level of an image a request reads; never depends on the window.

As Sentinel Hub does it: the coarsest level that is still at least as fine as the request, then
resample. The request's resolution is measured at the center of the scene, so that neighboring
requests of the same resolution read the same level of the same scene.
"""

from functools import lru_cache

import numpy as np
from affine import Affine

from engine.cog.image import CogImage, Level
from engine.geo.crs import Crs, transform
from engine.geo.geobox import GeoBox

TOLERANCE = 0.01
"""A level that is coarser than the request by up to this share still counts as fine enough:
overview sizes are rounded up to whole pixels, and grids of two CRSs never match exactly."""


def reduction(geobox: GeoBox, image: CogImage, crs: Crs) -> float:
    """Return how many pixels of level 0 one pixel of ``geobox`` spans, along its finer axis.

    Below 1 the request is finer than the image. Measured at the image's center, or at the first
    of its quarter points that has coordinates in the request's CRS; 1 where none has.
    """
    size = (image.width, image.height)
    return _reduction(geobox.resolution, geobox.crs, image.affine, size, crs)


@lru_cache(maxsize=4096)
def _reduction(
    resolution: tuple[float, float],
    target: Crs,
    affine: Affine,
    size: tuple[int, int],
    source: Crs,
) -> float:
    """Bands of a scene, scenes of one footprint and map tiles of one zoom ask for the same."""
    step_x, step_y = resolution
    inverse = ~affine
    for col, row in ((0.5, 0.5), (0.5, 0.25), (0.5, 0.75), (0.25, 0.5), (0.75, 0.5)):
        center = affine * (col * size[0], row * size[1])
        x, y = transform(source, target, np.array([center[0]]), np.array([center[1]]))
        points_x = np.array([x[0], x[0] + step_x, x[0]])
        points_y = np.array([y[0], y[0], y[0] + step_y])
        source_x, source_y = transform(target, source, points_x, points_y)
        if not (np.isfinite(source_x).all() and np.isfinite(source_y).all()):
            continue
        here = inverse * (float(source_x[0]), float(source_y[0]))
        spans = []
        for other in (1, 2):
            there = inverse * (float(source_x[other]), float(source_y[other]))
            spans.append(float(np.hypot(there[0] - here[0], there[1] - here[1])))
        return min(spans)
    return 1.0


def downsample(image: CogImage, level: Level) -> float:
    """Return how many pixels of level 0 one pixel of ``level`` spans, along its finer axis."""
    return min(image.width / level.width, image.height / level.height)


def choose_level(image: CogImage, factor: float) -> int:
    """Return the index of the coarsest level that is still as fine as ``factor`` asks for."""
    chosen = 0
    for index, level in enumerate(image.levels):
        if downsample(image, level) <= factor * (1.0 + TOLERANCE):
            chosen = index
    return chosen
