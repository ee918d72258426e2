"""Which level of an image a request reads; never depends on the window.

As Sentinel Hub does it: the coarsest level that is still at least as fine as the request, then
resample. The request's resolution is measured at the center of the scene, so that neighboring
requests of the same resolution read the same level of the same scene.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from affine import Affine

from engine.cog.image import CogImage
from engine.geo.crs import Crs, transform, wrap_period
from engine.geo.geobox import GeoBox

TOLERANCE = 0.01
"""A level that is coarser than the request by up to this share still counts as fine enough:
overview sizes are rounded up to whole pixels, and grids of two CRSs never match exactly."""

Size = tuple[int, int]
"""Width and height in pixels."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sight:
    """How requests of one resolution see images of one geometry, wherever their windows lie."""

    crs: Crs
    """The image's."""
    reduction: float
    """How many pixels of level 0 one pixel of the request spans, along its finer axis; below 1
    the request is finer than the image."""
    level: int
    """Index of the level that is read: the coarsest that is as fine as `reduction` asks for."""
    width: int
    height: int
    """Pixels of that level."""
    inverse: Affine
    """(x, y) of the image's CRS → (col, row) of the level."""
    resolution: float
    """The finer side of the level's pixels, in units of the CRS, to two digits: levels of one step
    share coordinates although rounded sizes make their pixels differ a little."""
    near: float | None
    """x of the image's center where x comes round again in its CRS, else None."""


def see(geobox: GeoBox, image: CogImage, crs: Crs) -> Sight:
    """Return the sight of ``image``, whose CRS is ``crs``: the same object for equal geometry.

    The request's pixels are measured at the image's center, or at the first of its quarter points
    that has coordinates in the request's CRS; where none has, they count as those of level 0.
    """
    a = image.affine
    return _see(
        geobox.resolution,
        geobox.crs,
        crs,
        (a.a, a.b, a.c, a.d, a.e, a.f),
        tuple([(level.width, level.height) for level in image.levels]),
    )


@lru_cache(maxsize=4096)
def _see(
    resolution: tuple[float, float],
    target: Crs,
    crs: Crs,
    numbers: tuple[float, ...],
    sizes: tuple[Size, ...],
) -> Sight:
    affine, full = Affine(*numbers), sizes[0]
    reduction = _reduction(resolution, target, affine, full, crs)
    chosen = 0
    for index, size in enumerate(sizes):
        if downsample(full, size) <= reduction * (1.0 + TOLERANCE):
            chosen = index
    width, height = sizes[chosen]
    of_level = affine * Affine.scale(full[0] / width, full[1] / height)
    center = affine @ (full[0] / 2, full[1] / 2)
    a, b, _, d, e, _ = of_level[:6]
    return Sight(
        crs=crs,
        reduction=reduction,
        level=chosen,
        width=width,
        height=height,
        inverse=~of_level,
        resolution=float(f"{min(math.hypot(a, d), math.hypot(b, e)):.2g}"),
        near=None if wrap_period(crs) is None else center[0],
    )


def _reduction(
    resolution: tuple[float, float], target: Crs, affine: Affine, size: Size, source: Crs
) -> float:
    step_x, step_y = resolution
    inverse = ~affine
    for col, row in ((0.5, 0.5), (0.5, 0.25), (0.5, 0.75), (0.25, 0.5), (0.75, 0.5)):
        center = affine @ (col * size[0], row * size[1])
        x, y = transform(source, target, np.array([center[0]]), np.array([center[1]]))
        points_x = np.array([x[0], x[0] + step_x, x[0]])
        points_y = np.array([y[0], y[0], y[0] + step_y])
        source_x, source_y = transform(target, source, points_x, points_y)
        if not (np.isfinite(source_x).all() and np.isfinite(source_y).all()):
            continue
        here = inverse @ (float(source_x[0]), float(source_y[0]))
        spans = []
        for other in (1, 2):
            there = inverse @ (float(source_x[other]), float(source_y[other]))
            spans.append(float(np.hypot(there[0] - here[0], there[1] - here[1])))
        return min(spans)
    return 1.0


def downsample(full: Size, size: Size) -> float:
    """Return how many pixels of level 0 one pixel of a level spans, along its finer axis."""
    return min(full[0] / size[0], full[1] / size[1])
