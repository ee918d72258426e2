"""Height above the sea, and where the sea begins."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.geo.bbox import BBox
from engine.jit import kernel
from engine.sample.erosion import erode
from engine.sample.lines import Lines, make_lines, nearest
from engine.sample.noise import floor_int, fractal, noise, smooth
from engine.sample.world import world_point

RIVER_REACH = 3_200.0
"""Meters from a river up to which its distance matters."""
MOST_CELLS = 600_000
"""Cells of the relief; a larger area has coarser ones."""
LAKE = (-9_700.0, 6_900.0, 2_600.0, 150.0)
"""World x, y, reach and water level of the reservoir in the hills."""


class Relief(NamedTuple):
    """Hills and mountains on a coarse raster; a tuple, so kernels take it."""

    heights: NDArray[np.float64]
    """(row, col), rows from south to north: meters above the plain."""
    left: float
    bottom: float
    """World coordinates of the first cell's center."""
    cell: float
    """Meters between two centers."""


def make_relief(courses: list[NDArray[np.float64]], *, area: BBox, seed: int) -> Relief:
    """Return the eroded relief of world ``area``, with the rivers as its outlets."""
    cell = max(60.0, math.ceil(math.sqrt(area.width * area.height / MOST_CELLS)))
    shape = (math.ceil(area.height / cell) + 3, math.ceil(area.width / cell) + 3)
    left, bottom = area.left - cell, area.bottom - cell
    coarse = [np.concatenate([course[:-1:4], course[-1:]]) for course in courses]
    rivers = make_lines(coarse, area=area, reach=RIVER_REACH)
    heights = np.zeros(shape)
    uplift = np.zeros(shape)
    _lift(rivers, left, bottom, cell, seed, heights, uplift)
    erode(heights, uplift, cell, seed)
    for _ in range(2):
        # Soil creeps: slopes between two gullies are round.
        padded = np.pad(heights, 1, mode="edge")
        rounded = 0.25 * padded[:-2] + 0.5 * padded[1:-1] + 0.25 * padded[2:]
        heights = 0.25 * rounded[:, :-2] + 0.5 * rounded[:, 1:-1] + 0.25 * rounded[:, 2:]
    return Relief(heights=heights, left=left, bottom=bottom, cell=cell)


@kernel
def _lift(  # noqa: PLR0917 - numba has no keyword-only arguments
    rivers: Lines,
    left: float,
    bottom: float,
    cell: float,
    seed: int,
    heights: NDArray[np.float64],
    uplift: NDArray[np.float64],
) -> None:
    for row in range(heights.shape[0]):
        for col in range(heights.shape[1]):
            x = left + col * cell
            y = bottom + row * cell
            coast = inland(x, y, seed)
            front = x + 3_800.0 * noise(x / 9_000.0, y / 7_000.0, seed + 171)
            hills = smooth(2_000.0, 8_000.0, -front)
            high = smooth(6_500.0, 16_000.0, -front)
            river = nearest(rivers, x, y)[0]
            floor = 110.0 + 420.0 * (1.0 - high) * (1.0 + noise(x / 900.0, y / 900.0, seed + 172))
            rough = 1.0 + 0.7 * fractal(x / 2_600.0, y / 2_600.0, seed + 173, 3)
            lift = (9.0 * hills + 21.0 * hills * hills + 34.0 * high) * rough
            lift += 16.0 * _cape(x, y, seed) * smooth(0.0, 200.0, coast)
            if river > floor and coast > 40.0 and lift > 1.5:
                uplift[row, col] = lift
                heights[row, col] = 0.5 * lift * rough


@kernel
def _cape(x: float, y: float, seed: int) -> float:
    hx = (x - 9_900.0 + 700.0 * noise(x / 1_700.0, y / 1_700.0, seed + 131)) / 2_300.0
    hy = (y + 6_900.0 + 900.0 * noise(x / 2_300.0, y / 2_300.0, seed + 132)) / 3_100.0
    return smooth(0.0, 1.0, 1.0 - hx * hx - hy * hy)


@kernel
def inland(x: float, y: float, seed: int) -> float:
    """Return meters (roughly) from the coast, positive on land."""
    coast = 9_700.0 + 1_500.0 * noise(y / 8_300.0, 0.37, seed + 101) - 0.08 * y
    coast += 260.0 * fractal(x / 2_100.0, y / 2_100.0, seed + 111, 5)
    rough = fractal(x / 900.0, y / 900.0, seed + 121, 4)
    coast += _cape(x, y, seed) * (1_500.0 + 620.0 * rough)
    return coast - x


@kernel
def _spline(relief: Relief, x: float, y: float) -> float:
    """Return the relief at a point, by a cubic B-spline: its slopes have no creases."""
    c = (x - relief.left) / relief.cell
    r = (y - relief.bottom) / relief.cell
    j = floor_int(c)
    i = floor_int(r)
    u = c - j
    v = r - i
    total = 0.0
    for a in range(4):
        t = _weight(a, v)
        p = min(max(i + a - 1, 0), relief.heights.shape[0] - 1)
        for b in range(4):
            q = min(max(j + b - 1, 0), relief.heights.shape[1] - 1)
            total += t * _weight(b, u) * relief.heights[p, q]
    return total


@kernel
def _weight(index: int, t: float) -> float:
    if index == 0:
        return (1.0 - t) * (1.0 - t) * (1.0 - t) / 6.0
    if index == 1:
        return (3.0 * t * t * t - 6.0 * t * t + 4.0) / 6.0
    if index == 2:
        return (-3.0 * t * t * t + 3.0 * t * t + 3.0 * t + 1.0) / 6.0
    return t * t * t / 6.0


@kernel
def height(relief: Relief, x: float, y: float, coast: float, seed: int) -> float:
    """Return meters above the sea; negative is depth. ``coast``: what `inland` returned."""
    if coast <= 0.0:
        bars = 1.0 + 0.5 * fractal(x / 700.0, y / 1_500.0, seed + 141, 3)
        return 0.0055 * coast * bars - 0.25
    plain = 0.0032 * coast + 5.0 * fractal(x / 2_600.0, y / 2_600.0, seed + 161, 3)
    plain = max(plain, 0.3 + 0.0015 * coast)
    rise = _spline(relief, x, y)
    if rise < 0.5:
        return plain + rise
    detail = fractal(x / 260.0, y / 260.0, seed + 191, 4)
    return plain + rise + detail * min(0.10 * rise, 16.0)


@kernel
def shape_terrain(
    nodes: NDArray[np.float64],
    relief: Relief,
    row_start: int,
    seed: int,
    out: NDArray[np.float32],
) -> None:
    """Write heights of pixels from row ``row_start`` − 1 and column −1 on: (row, col), meters.

    The border of one pixel on each side is for slopes.
    """
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            x, y = world_point(nodes, row_start + i - 0.5, j - 0.5)
            out[i, j] = height(relief, x, y, inland(x, y, seed), seed)


@kernel
def lake_depth(x: float, y: float, elevation: float) -> float:
    """Return meters of water of the reservoir over the ground at a point; 0 outside."""
    dx = x - LAKE[0]
    dy = y - LAKE[1]
    if dx * dx + dy * dy > LAKE[2] * LAKE[2]:
        return 0.0
    return max(0.0, LAKE[3] - elevation)
