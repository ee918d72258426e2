"""What covers each pixel, all year round: from terrain, rivers, roads and towns."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.jit import kernel
from engine.sample.lines import Lines, nearest
from engine.sample.materials import Kind
from engine.sample.noise import chance, floor_int, fractal, noise, scramble, smooth
from engine.sample.parcels import find_parcel
from engine.sample.terrain import inland, lake_depth
from engine.sample.world import world_point

SEA, RIVER, LAKE, SAND, GRAVEL, FIELD, BROADLEAF, CONIFER = (int(Kind(i)) for i in range(8))
LOWLAND = (0.30, 0.52, 0.65, 0.79, 0.91, 0.955)
"""Shares of wheat, maize, sunflower, alfalfa, beet and rape, summed; orchards have the rest."""
MEADOW, SCRUB, ROCK, TOWN, ROAD, MARSH = (int(Kind(i)) for i in range(8, 14))


class Ground(NamedTuple):
    """A stripe of a scene; arrays (row, col) on its 10 m grid. A tuple, so kernels take it."""

    kind: NDArray[np.uint8]
    """`Kind` of the larger part."""
    variety: NDArray[np.uint8]
    """Fields: crop × 16 + phase of its calendar. Towns: which roof. Else a number by chance."""
    over: NDArray[np.uint8]
    """`Kind` of what lies over a part of the pixel: road, hedge, river …"""
    share: NDArray[np.float32]
    """Part of the pixel that `over` takes, 0 to 1."""
    tone: NDArray[np.float32]
    """Brightness of the parcel or patch, around 1."""
    grain: NDArray[np.float32]
    """Fine texture, around 1."""
    wet: NDArray[np.float32]
    """Land: moisture of the soil, 0 to 1. Water: depth in meters."""


class Land(NamedTuple):
    """What lies on the terrain, world-wide; a tuple, so kernels take it."""

    rivers: Lines
    roads: Lines
    towns: NDArray[np.float64]
    """(town, 4): x, y, radius in meters, density."""


def blank_ground(shape: tuple[int, int]) -> Ground:
    """Return arrays to be filled by `cover_ground`."""
    return Ground(
        kind=np.empty(shape, np.uint8),
        variety=np.empty(shape, np.uint8),
        over=np.empty(shape, np.uint8),
        share=np.empty(shape, np.float32),
        tone=np.empty(shape, np.float32),
        grain=np.empty(shape, np.float32),
        wet=np.empty(shape, np.float32),
    )


@kernel
def cover_ground(  # noqa: PLR0917 - numba has no keyword-only arguments
    nodes: NDArray[np.float64],
    heights: NDArray[np.float32],
    row_start: int,
    land: Land,
    seed: int,
    out: Ground,
) -> None:
    """Fill ``out``, whose first row is ``row_start``; ``heights`` has a border of one pixel."""
    for i in range(out.kind.shape[0]):
        for j in range(out.kind.shape[1]):
            x, y = world_point(nodes, row_start + i + 0.5, j + 0.5)
            h = heights[i + 1, j + 1]
            sx = (heights[i + 1, j + 2] - heights[i + 1, j]) / 20.0
            sy = (heights[i, j + 1] - heights[i + 2, j + 1]) / 20.0
            steep = (sx * sx + sy * sy) ** 0.5
            # Hollow ground is wet, crests are dry.
            around = heights[i, j + 1] + heights[i + 2, j + 1]
            around += heights[i + 1, j] + heights[i + 1, j + 2]
            hollow = 0.25 * around - h
            out.over[i, j] = SEA
            out.share[i, j] = 0.0
            coast = inland(x, y, seed)
            if coast <= 0.0:
                out.kind[i, j] = SEA
                out.variety[i, j] = 0
                out.tone[i, j] = _plume(x, y, coast, seed)
                out.grain[i, j] = 1.0 + 0.5 * fractal(x / 130.0, y / 50.0, seed + 301, 3)
                out.wet[i, j] = -h
                continue
            _cover(x, y, h, steep, hollow, coast, land, seed, i, j, out)


@kernel
def _plume(x: float, y: float, coast: float, seed: int) -> float:
    """Return how much silt the river carries out here, 0 to 1; it drifts south."""
    wx = x + 900.0 * fractal(x / 2_100.0, y / 2_100.0, seed + 311, 4)
    wy = y + 1_100.0 * fractal(x / 2_100.0, y / 2_100.0, seed + 315, 4)
    out = -coast / 3_200.0
    south = (1_250.0 - wy) / (5_200.0 if wy < 1_250.0 else 1_300.0)
    reach = (out * out + south * south + 0.6 * abs(wx - x) * out / 900.0) ** 0.5
    near = smooth(0.0, 1.0, 1.0 - reach)
    swirl = 0.75 + 0.5 * fractal(wx / 900.0, wy / 900.0, seed + 313, 4)
    shore = 0.25 / (1.0 + coast * coast / 90_000.0)
    return min(1.0, (near + shore) * swirl)


@kernel
def _cover(  # noqa: PLR0917 - numba has no keyword-only arguments
    x: float,
    y: float,
    h: float,
    steep: float,
    hollow: float,
    coast: float,
    land: Land,
    seed: int,
    i: int,
    j: int,
    out: Ground,
) -> None:
    # Nothing finer than two pixels: it would be mere static, and cost as many bytes.
    fine = fractal(x / 52.0, y / 52.0, seed + 321, 2)
    patch = fractal(x / 420.0, y / 420.0, seed + 331, 3)
    out.wet[i, j] = min(1.0, max(0.0, 0.35 + 0.9 * patch + 0.25 * hollow))
    out.tone[i, j] = 1.0 + 0.16 * patch
    out.grain[i, j] = 1.0 + 0.22 * fine
    out.variety[i, j] = scramble(int(x), int(y), seed) & 0xFF
    kind = _wild(x, y, h, steep, hollow, patch, seed)
    water = lake_depth(x, y, h)
    river, width = nearest(land.rivers, x, y)
    built = _built(x, y, coast, land.towns, seed) if steep < 0.16 else 0.0
    if water > 0.0:
        kind = LAKE
        out.wet[i, j] = water
        out.tone[i, j] = 0.35
    elif coast < 45.0 + 30.0 * patch and steep < 0.10:
        kind = SAND
    elif river < 300.0 and river < width + 25.0 + 260.0 * _flooded(x, y, seed) and built < 0.5:
        kind = BROADLEAF if fine + patch > -0.40 else MEADOW
        bank = width * (0.9 + 2.6 * max(0.0, noise(x / 520.0, y / 520.0, seed + 341)))
        if river < bank + 6.0 * fine:
            kind = GRAVEL
    elif built > 0.42 + 0.25 * fine:
        kind = TOWN
        _build(x, y, built, seed, i, j, out)
    elif kind == FIELD:
        kind = _farm(x, y, h, steep, coast, fine, seed, i, j, out)
    out.kind[i, j] = kind
    _overlay(x, y, river, width, water, land.roads, i, j, out)


@kernel
def _flooded(x: float, y: float, seed: int) -> float:
    """Return how far from the river the fields keep, 0 to 1."""
    return max(0.0, 0.12 + fractal(x / 1_100.0, y / 1_100.0, seed + 345, 4))


@kernel
def _overlay(  # noqa: PLR0917 - numba has no keyword-only arguments
    x: float,
    y: float,
    river: float,
    width: float,
    water: float,
    roads: Lines,
    i: int,
    j: int,
    out: Ground,
) -> None:
    flow = min(1.0, max(0.0, 0.5 + (width - river) / 10.0))
    if flow > out.share[i, j] and water <= 0.0:
        out.over[i, j] = RIVER
        out.share[i, j] = flow
    road, half = nearest(roads, x, y)
    paved = min(1.0, max(0.0, 0.5 + (half - road) / 10.0)) if road < 40.0 else 0.0
    if paved * 0.8 > out.share[i, j] or (paved > 0.3 and out.over[i, j] == RIVER):
        out.over[i, j] = ROAD
        out.share[i, j] = paved * 0.8


@kernel
def _wild(  # noqa: PLR0917 - numba has no keyword-only arguments
    x: float,
    y: float,
    h: float,
    steep: float,
    hollow: float,
    patch: float,
    seed: int,
) -> int:
    """Return what grows where nobody farms, or FIELD where somebody would."""
    wood = fractal(x / 1_500.0, y / 1_500.0, seed + 351, 5)
    # Trees take slopes, gullies and heights; farmers the rest.
    wood += 5.0 * steep + 0.10 * hollow + 0.0011 * h - 0.62
    line = h + 180.0 * patch
    if line > 640.0:
        return ROCK if steep + 0.3 * patch > 0.62 else MEADOW
    if wood > 0.0:
        if steep + 0.25 * patch > 0.80:
            return ROCK
        conifer = (line - 330.0) / 240.0 + 0.8 * noise(x / 800.0, y / 800.0, seed + 361)
        return CONIFER if conifer > 0.35 else BROADLEAF
    if wood > -0.14 and h > 60.0:
        return SCRUB if patch > 0.12 else MEADOW
    return FIELD if steep < 0.30 else MEADOW


@kernel
def _built(x: float, y: float, coast: float, towns: NDArray[np.float64], seed: int) -> float:
    """Return how dense the houses are, 0 to 1."""
    best = 0.0
    ragged = fractal(x / 420.0, y / 420.0, seed + 371, 4)
    for n in range(towns.shape[0]):
        dx = x - towns[n, 0]
        dy = y - towns[n, 1]
        square = dx * dx + dy * dy
        reach = 1.7 * towns[n, 2]
        if square < reach * reach:
            near = 1.25 - square**0.5 / towns[n, 2] + 0.75 * ragged
            best = max(best, min(1.0, near * towns[n, 3]))
    # Villages stand on a jittered lattice, resorts behind the beach.
    ix = floor_int(x / 2_300.0)
    iy = floor_int(y / 2_300.0)
    if chance(ix, iy, seed + 381) < 0.6:
        dx = x - (ix + 0.2 + 0.6 * chance(ix, iy, seed + 382)) * 2_300.0
        dy = y - (iy + 0.2 + 0.6 * chance(ix, iy, seed + 383)) * 2_300.0
        size = 90.0 + 210.0 * chance(ix, iy, seed + 384)
        square = dx * dx + dy * dy
        if square < 4.0 * size * size:
            best = max(best, 1.1 - square**0.5 / size + 0.6 * ragged)
    if 70.0 < coast < 600.0:
        strip = noise(y / 2_600.0, 0.5, seed + 391) + 0.15
        best = max(best, min(0.9, 1.6 * strip + 0.6 * ragged - coast / 900.0))
    return best


@kernel
def _build(  # noqa: PLR0917 - numba has no keyword-only arguments
    x: float,
    y: float,
    built: float,
    seed: int,
    i: int,
    j: int,
    out: Ground,
) -> None:
    """Lay streets, roofs, yards and gardens."""
    quarter = scramble(floor_int(x / 700.0), floor_int(y / 700.0), seed + 401)
    t = ((quarter & 0xFF) / 255.0 - 0.5) * 1.2
    c = (1.0 - t * t) / (1.0 + t * t)
    s = 2.0 * t / (1.0 + t * t)
    u = c * x + s * y
    v = c * y - s * x
    col = floor_int(u / 92.0)
    row = floor_int(v / 64.0)
    street = min(u - col * 92.0, v - row * 64.0)
    house = scramble(floor_int(u / 23.0), floor_int(v / 21.0), seed + 402)
    works = chance(floor_int(u / 184.0), floor_int(v / 128.0), seed + 403)
    roll = (house & 0xFF) / 255.0
    roof = 0
    if works < 0.09 and built < 0.85:
        roof = 1 if (house >> 8 & 7) > 3 else 2
    elif roll > 0.30 + 0.40 * built:
        roof = 3
    elif roll > 0.28 + 0.12 * built:
        roof = 2
    out.variety[i, j] = roof
    out.tone[i, j] = 0.80 + 0.40 * ((house >> 16 & 0xFF) / 255.0)
    if street < 11.0:
        out.over[i, j] = ROAD
        out.share[i, j] = 0.65
    elif works >= 0.965:
        out.variety[i, j] = 3
        out.over[i, j] = BROADLEAF
        out.share[i, j] = 0.6


@kernel
def _farm(  # noqa: PLR0917 - numba has no keyword-only arguments
    x: float,
    y: float,
    h: float,
    steep: float,
    coast: float,
    fine: float,
    seed: int,
    i: int,
    j: int,
    out: Ground,
) -> int:
    parcel, edge, track, across = find_parcel(x, y, seed + 411)
    roll = (parcel & 0xFF) / 255.0
    phase = parcel >> 8 & 15
    if coast < 900.0 and fine + 2.0 * roll < 0.1:
        return MARSH
    if (parcel >> 12 & 31) == 0:
        return BROADLEAF
    crop = _crop(roll, steep, h)
    out.variety[i, j] = crop * 16 + phase
    out.tone[i, j] *= 0.84 + 0.32 * ((parcel >> 16 & 0xFF) / 255.0)
    rows = across / 34.0
    stripe = abs(rows - floor_int(rows) - 0.5) - 0.25
    out.grain[i, j] = 1.0 + 0.05 * fine + 0.04 * stripe
    if track < 9.0:
        out.over[i, j] = BROADLEAF if (parcel >> 24 & 3) == 0 or h > 60.0 else GRAVEL
        out.share[i, j] = 0.55 * (1.0 - track / 9.0)
    elif edge < 7.0:
        out.over[i, j] = MEADOW
        out.share[i, j] = 0.6 * (1.0 - edge / 7.0)
    return FIELD


@kernel
def _crop(roll: float, steep: float, h: float) -> int:
    """Return which crop a parcel has: wheat and maize below, vines and olives on slopes."""
    hill = smooth(25.0, 120.0, h) + 2.0 * steep
    if roll < 0.5 * hill:
        crop = 5 if roll < 0.28 * hill else (6 if roll < 0.4 * hill else 8)
    else:
        t = (roll - 0.5 * hill) / (1.0 - 0.5 * hill + 1e-9)
        crop = 0
        for limit in LOWLAND:
            crop += t >= limit
        if crop == 5:
            crop = 7
    return crop
