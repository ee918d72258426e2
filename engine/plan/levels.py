"""Which level of an image a request reads; never depends on the window.

As Sentinel Hub does it: the coarsest level that is still at least as fine as the request, then
resample. The request's resolution is measured at the center of the scene, so that neighboring
requests of the same resolution read the same level of the same scene.
"""

import numpy as np

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
    step_x, step_y = geobox.resolution
    for col, row in ((0.5, 0.5), (0.5, 0.25), (0.5, 0.75), (0.25, 0.5), (0.75, 0.5)):
        center = image.affine * (col * image.width, row * image.height)
        x, y = transform(crs, geobox.crs, np.array([center[0]]), np.array([center[1]]))
        points_x = np.array([x[0], x[0] + step_x, x[0]])
        points_y = np.array([y[0], y[0], y[0] + step_y])
        source_x, source_y = transform(geobox.crs, crs, points_x, points_y)
        if not (np.isfinite(source_x).all() and np.isfinite(source_y).all()):
            continue
        inverse = ~image.affine
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
