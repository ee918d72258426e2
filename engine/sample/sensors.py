"""What other satellites see of the same ground: radar, Landsat and heights, as kernels."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.jit import kernel
from engine.sample.ground import LAKE, Ground
from engine.sample.materials import Kind
from engine.sample.noise import chance, floor_int
from engine.sample.render import cast_sky, color_ground
from engine.sample.season import Season
from engine.sample.sky import Sky
from engine.sample.world import world_point

RADAR = np.array(
    [
        (0.012, 0.0011), (0.004, 0.0006), (0.003, 0.0005), (0.03, 0.004), (0.06, 0.008),
        (0.05, 0.006), (0.16, 0.045), (0.14, 0.038), (0.06, 0.010), (0.10, 0.022),
        (0.12, 0.012), (0.55, 0.075), (0.03, 0.004), (0.08, 0.020),
    ],
    dtype=np.float32,
)  # fmt: skip
"""(kind, VV and VH): linear power of typical surfaces in C band, rounded; bare fields."""
TOWN, FIELD = int(Kind.TOWN), int(Kind.FIELD)
WARMTH = np.array([0, 0, 0, 6, 5, 2, -4, -4, 1, 2, 4, 5, 7, -1], dtype=np.float32)
"""(kind,): kelvin that a surface is warmer by at noon in summer than grass would be."""
OPTICAL = np.array((0, 1, 2, 3, 8, 10, 11))
"""Landsat's bands 1 to 7 among Sentinel-2's."""


class Flood(NamedTuple):
    """Low ground under water; a tuple, so kernels take it."""

    height: float
    """Fields and meadows below it are flooded, meters; below every ground: none."""


@kernel
def radar_rows(  # noqa: PLR0917 - numba has no keyword-only arguments
    nodes: NDArray[np.float64],
    heights: NDArray[np.float32],
    row_start: int,
    ground: Ground,
    season: Season,
    flood: Flood,
    seed: int,
    out: NDArray[np.float32],
) -> None:
    """Fill ``out``, (VV and VH, row, col) at 20 m: linear power with the speckle of 8 looks."""
    for i in range(out.shape[1]):
        for j in range(out.shape[2]):
            both = np.zeros(2, np.float32)
            for a in range(2):
                for b in range(2):
                    _add_power(heights, ground, season, flood, 2 * i + a, 2 * j + b, both)
            x, y = world_point(nodes, row_start + 2 * i + 1.0, 2 * j + 1.0)
            for p in range(2):
                out[p, i, j] = 0.25 * both[p] * _speckle(floor_int(x), floor_int(y), seed + 40 * p)


@kernel
def _add_power(  # noqa: PLR0917 - numba has no keyword-only arguments
    heights: NDArray[np.float32],
    ground: Ground,
    season: Season,
    flood: Flood,
    i: int,
    j: int,
    both: NDArray[np.float32],
) -> None:
    kind = ground.kind[i, j]
    vv, vh = RADAR[kind, 0], RADAR[kind, 1]
    low = heights[i + 1, j + 1] < flood.height
    if low and kind in (FIELD, 8, 9, 13):
        vv, vh = RADAR[2, 0], RADAR[2, 1]
    elif kind == FIELD:
        # Crops scatter in their volume; near infrared tells how much of them stands there.
        plants = season.moist[kind, ground.variety[i, j], 7]
        vv += np.float32(0.10) * plants
        vh += np.float32(0.045) * plants
    if kind > LAKE:
        # The satellite looks from the west: slopes that face it send more back.
        slope = (heights[i + 1, j + 2] - heights[i + 1, j]) / 20.0
        facing = min(2.5, max(0.25, 1.0 + 1.4 * slope))
        vv *= facing
        vh *= facing
    share = ground.share[i, j]
    if share > 0.0:
        over = ground.over[i, j]
        vv += share * (RADAR[over, 0] - vv)
        vh += share * (RADAR[over, 1] - vh)
    if kind == TOWN:
        bright = np.float32(0.4 + 1.2 * abs(ground.grain[i, j] - 0.5))
        vv *= bright
    both[0] += vv
    both[1] += vh


@kernel
def _speckle(x: int, y: int, seed: int) -> float:
    """Return a factor of mean 1: eight looks, each the square of two nearly normal numbers."""
    total = 0.0
    for look in range(16):
        part = 0.0
        for draw in range(4):
            part += chance(x, y, seed * 1_000 + look * 8 + draw) - 0.5
        total += 3.0 * part * part
    return total / 16.0


@kernel
def landsat_rows(  # noqa: PLR0917 - numba has no keyword-only arguments
    nodes: NDArray[np.float64],
    heights: NDArray[np.float32],
    row_start: int,
    ground: Ground,
    season: Season,
    sky: Sky,
    bands: NDArray[np.uint16],
    flags: NDArray[np.uint16],
) -> None:
    """Fill ``bands``, (seven reflectances and temperature, row, col) at 30 m, and ``flags``.

    Stored as Collection 2 does: reflectance = 2.75e-5 n - 0.2, kelvin = 0.00341802 n + 149;
    flags are those of QA_PIXEL.
    """
    spectrum = np.empty(12, np.float32)
    part = np.empty(12, np.float32)
    facts = np.empty(5, np.float32)
    sums = np.empty(14, np.float32)
    for i in range(flags.shape[0]):
        for j in range(flags.shape[1]):
            sums[:] = 0.0
            for a in range(3):
                for b in range(3):
                    row, col = 3 * i + a, 3 * j + b
                    x, y = world_point(nodes, row_start + row + 0.5, col + 0.5)
                    color_ground(ground, season, heights, row, col, spectrum, part, facts)
                    cast_sky(sky, season.sun, x, y, spectrum, facts)
                    for n in range(7):
                        sums[n] += spectrum[OPTICAL[n]]
                    sums[7] += _kelvin(ground, heights, season, spectrum, facts, row, col)
                    for n in range(5):
                        sums[8 + n] += facts[n]
            for n in range(7):
                bands[n, i, j] = max(1, int((sums[n] / 9.0 + 0.2) / 2.75e-5 + 0.5))
            bands[7, i, j] = int((sums[7] / 9.0 - 149.0) / 0.00341802 + 0.5)
            flags[i, j] = _flags(sums)


@kernel
def _kelvin(  # noqa: PLR0917 - numba has no keyword-only arguments
    ground: Ground,
    heights: NDArray[np.float32],
    season: Season,
    spectrum: NDArray[np.float32],
    facts: NDArray[np.float32],
    row: int,
    col: int,
) -> float:
    kind = ground.kind[row, col]
    up = season.sun[2]
    # Plants cool by what they evaporate.
    green = (spectrum[7] - spectrum[3]) / (spectrum[7] + spectrum[3])
    warm = 272.0 + 34.0 * up + WARMTH[kind] * up - 8.0 * max(0.0, green) * up
    warm -= 0.0065 * heights[row + 1, col + 1] + 12.0 * facts[4]
    # How much of the pixel is water; it warms and cools slowly.
    warm += facts[3] * (277.0 + 20.0 * up - warm)
    warm -= 3.0 * facts[2]
    return float(warm + max(facts[0], 0.4 * facts[1]) * (262.0 - warm))


@kernel
def _flags(sums: NDArray[np.float32]) -> int:
    cloud, veil, shadow = sums[8] / 9.0, sums[9] / 9.0, sums[10] / 9.0
    found = 0
    if cloud > 0.25:
        found |= 1 << 3 | 3 << 8
    elif cloud > 0.02:
        found |= 1 << 1
    if veil > 0.13:
        found |= 1 << 2 | 3 << 14
    if shadow > 0.30 and cloud <= 0.25:
        found |= 1 << 4 | 3 << 10
    if sums[12] / 9.0 > 0.35:
        found |= 1 << 5 | 3 << 12
    if found & 0b111110 == 0:
        found |= 1 << 6
    if sums[11] / 9.0 > 0.5:
        found |= 1 << 7
    return found


def mean_heights(heights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (row, col) at 30 m in quarters of a meter; ``heights`` has a border of one pixel."""
    inner = np.maximum(heights[1:-1, 1:-1], 0.0)
    rows, cols = inner.shape
    boxes = inner.reshape(rows // 3, 3, cols // 3, 3).mean(axis=(1, 3), dtype=np.float64)
    stepped: NDArray[np.float32] = (np.round(boxes * 4.0) / 4.0).astype(np.float32)
    return stepped


def shorten(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the numbers with 9 bits of mantissa: what radar is worth, and files are smaller."""
    bits = values.view(np.uint32)
    short: NDArray[np.float32] = ((bits + np.uint32(1 << 13)) & np.uint32(0xFFFFC000)).view(
        np.float32
    )
    return short
