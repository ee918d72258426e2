"""The patchwork of fields: districts, each with its own direction, cut into parcels."""

from engine.jit import kernel
from engine.sample.noise import chance, floor_int, noise, scramble

DISTRICT = 2_600.0
"""Meters between the middles of two districts."""


@kernel
def _line(index: int, size: float, key: int, seed: int) -> float:
    """Return where the boundary before row ``index`` lies, shifted a little by chance."""
    return (index + 0.55 * (chance(index, key, seed) - 0.5)) * size


@kernel
def _slot(value: float, size: float, key: int, seed: int) -> tuple[int, float, float]:
    """Return the row that holds ``value``, and meters from its start and to its end."""
    index = floor_int(value / size)
    if value < _line(index, size, key, seed):
        index -= 1
    elif value >= _line(index + 1, size, key, seed):
        index += 1
    start = value - _line(index, size, key, seed)
    return index, start, _line(index + 1, size, key, seed) - value


@kernel
def find_parcel(x: float, y: float, seed: int) -> tuple[int, float, float, float]:
    """Return the parcel's hash, meters to its edge and to the nearest track, and across its rows.

    A district is the Voronoi cell of a jittered lattice; its parcels are rectangles in its own
    direction, like bricks, and some are cut into strips.
    """
    px = x / DISTRICT + 0.10 * noise(x / 900.0, y / 900.0, seed + 1)
    py = y / DISTRICT + 0.10 * noise(x / 900.0, y / 900.0, seed + 2)
    ix = floor_int(px)
    iy = floor_int(py)
    first = 1.0e9
    second = 1.0e9
    district = 0
    for i in range(iy - 1, iy + 2):
        for j in range(ix - 1, ix + 2):
            dx = j + 0.15 + 0.7 * chance(j, i, seed + 3) - px
            dy = i + 0.15 + 0.7 * chance(j, i, seed + 4) - py
            square = dx * dx + dy * dy
            if square < first:
                second = first
                first = square
                district = scramble(j, i, seed + 5)
            elif square < second:
                second = square
    border = 0.5 * (second**0.5 - first**0.5) * DISTRICT
    t = ((district & 0xFF) / 255.0 - 0.5) * 1.6
    c = (1.0 - t * t) / (1.0 + t * t)
    s = 2.0 * t / (1.0 + t * t)
    wx = x + 30.0 * noise(x / 1_100.0, y / 1_100.0, seed + 6)
    wy = y + 30.0 * noise(x / 1_100.0, y / 1_100.0, seed + 7)
    u = c * wx + s * wy
    v = c * wy - s * wx
    tall = 190.0 + 190.0 * ((district >> 8 & 0xFF) / 255.0)
    wide = 170.0 + 420.0 * ((district >> 16 & 0xFF) / 255.0)
    row, below, above = _slot(v, tall, district, seed + 8)
    col, before, behind = _slot(u, wide, district + row, seed + 9)
    parcel = scramble(district + row, col, seed + 10)
    track = min(below, above, border)
    edge = min(track, before, behind)
    across = v
    strips = 1 + (parcel & 3)
    if strips > 1:
        # Strips run along the longer side.
        if before + behind > below + above:
            part = (below + above) / strips
            strip = int(below / part)
            edge = min(edge, below - strip * part, (strip + 1) * part - below)
        else:
            part = (before + behind) / strips
            strip = int(before / part)
            edge = min(edge, before - strip * part, (strip + 1) * part - before)
            across = u
        parcel = scramble(parcel, strip, seed + 11)
    return parcel, edge, track, across
