"""Cubic convolution over 4 × 4 source pixels (Catmull-Rom, a = −0.5).

Weights after R. Keys, "Cubic convolution interpolation for digital image processing", 1981: it
reproduces polynomials of the second degree.
"""

import numpy as np
from numpy.typing import NDArray

from engine.jit import kernel
from engine.warp.bilinear import blend
from engine.warp.neighbors import Neighbors
from engine.warp.runs import SNAP, Nodes, Target, place_run, snap
from engine.warp.source import Source, has_data, is_odd, locate_pixel

Four = tuple[float, float, float, float]


@kernel
def weigh(t: float) -> tuple[float, float, float]:
    """Return the weights of the first, third and fourth of four pixels for a place between.

    ``t`` is how far it lies behind the second, [0, 1); that one has what is missing to 1.
    """
    return (
        ((1.0 - 0.5 * t) * t - 0.5) * t,
        ((2.0 - 1.5 * t) * t + 0.5) * t,
        (0.5 * t - 0.5) * t * t,
    )


@kernel
def curve(four: Four, weights: tuple[float, float, float]) -> float:
    """Return the weighted sum of ``four`` values; just their value where they are equal."""
    first, second, third, fourth = four
    before, after, behind = weights
    rest = before * (first - second) + after * (third - second) + behind * (fourth - second)
    return second + rest


@kernel
def _line(source: Source, row: int, col: int) -> Four:
    values = source[0]
    here = locate_pixel(source, row, col)
    return (
        float(values[here]),
        float(values[here + np.uint64(1)]),
        float(values[here + np.uint64(2)]),
        float(values[here + np.uint64(3)]),
    )


@kernel
def surface(source: Source, first: tuple[int, int], place: tuple[float, float]) -> float:
    """Return the value at ``place``: how far below the second row, and right of the second col.

    ``first`` are row and column of the first of the 4 × 4 pixels.
    """
    row, col = first
    weights = weigh(place[1])
    lines = (
        curve(_line(source, row, col), weights),
        curve(_line(source, row + 1, col), weights),
        curve(_line(source, row + 2, col), weights),
        curve(_line(source, row + 3, col), weights),
    )
    return curve(lines, weigh(place[0]))


@kernel
def arch(source: Source, y: float, x: float) -> tuple[float, bool]:
    """Return the cubic value at (x, y) of the level; the bilinear one where it cannot be had.

    As GDAL does it where one of the 16 pixels is beyond the border or has no data. On a pixel's
    center both are that pixel's own value, and no other is asked for.
    """
    _, _, _, _, (top, left, height, width) = source
    if not (top <= y + SNAP < top + height and left <= x + SNAP < left + width):
        return 0.0, False
    i, v = snap(y - 0.5)
    j, u = snap(x - 0.5)
    if v == 0.0 and u == 0.0:
        return blend(source, y, x)
    i, j = i - top, j - left
    for row in range(i - 1, i + 3):
        for col in range(j - 1, j + 3):
            if not has_data(source, row, col):
                return blend(source, y, x)
    value = surface(source, (i - 1, j - 1), (v, u))
    return (value, True) if np.isfinite(value) else blend(source, y, x)


@kernel
def cubic(
    source: Source,
    grid: tuple[Nodes, int],
    neighbors: Neighbors,
    pieces: tuple[NDArray[np.generic], NDArray[np.generic], NDArray[np.generic]],
    target: Target,
) -> bool:
    """Do what `bilinear` does; the pieces are four values each, or two where four are too wide."""
    _, stride, (is_masked, known), marker, _ = source
    offsets, downs, acrosses, inside = neighbors
    every, taken, room = pieces
    out, _ = target
    col_lead, width = grid[0][4][1], out.shape[1]
    is_whole = 4 * taken.shape[1] == room.shape[1]
    is_full = True
    for row in range(out.shape[0]):
        begin, col = 0, 0
        for cell in range(inside.shape[1]):
            stop = min((cell + 1) * 32 - col_lead, width)
            is_good = inside[row, cell]
            if is_good:
                _take(every, offsets[row, col:stop], stride, (taken, col, is_whole))
                for line in range(4):
                    is_good &= not is_odd(room[line, 4 * col : 4 * stop], marker)
                    if is_masked:
                        down = np.uint64(line) * np.uint64(stride)
                        for k in range(col, stop):
                            here = np.uint64(offsets[row, k]) + down
                            is_good &= known[here] & known[here + np.uint64(1)]
                            is_good &= known[here + np.uint64(2)] & known[here + np.uint64(3)]
            if not is_good:
                _curve_all(room, (downs, acrosses), (row, begin, col), out)
                is_full &= _arch_all(source, grid, (row, col), target)
                begin = stop
            col = stop
        _curve_all(room, (downs, acrosses), (row, begin, col), out)
    return is_full


@kernel
def _take(
    every: NDArray[np.generic],
    offsets: NDArray[np.uint32],
    stride: int,
    place: tuple[NDArray[np.generic], int, bool],
) -> None:
    """Copy four lines of four values, from the offsets on, into ``taken``, from a column on."""
    taken, first, is_whole = place
    below = np.uint64(stride)
    each = 1 if is_whole else 2
    part = taken[:, each * first : each * (first + offsets.size)]
    one, two, three, four = part[0], part[1], part[2], part[3]
    if is_whole:
        for k in range(offsets.size):
            here = np.uint64(offsets[k])
            one[k] = every[here]
            two[k] = every[here + below]
            three[k] = every[here + below + below]
            four[k] = every[here + below + below + below]
        return
    beside = np.uint64(2)
    for k in range(offsets.size):
        here = np.uint64(offsets[k])
        one[2 * k], one[2 * k + 1] = every[here], every[here + beside]
        here += below
        two[2 * k], two[2 * k + 1] = every[here], every[here + beside]
        here += below
        three[2 * k], three[2 * k + 1] = every[here], every[here + beside]
        here += below
        four[2 * k], four[2 * k + 1] = every[here], every[here + beside]


@kernel
def _curve_all(
    room: NDArray[np.generic],
    rests: tuple[NDArray[np.float64], NDArray[np.float64]],
    part: tuple[int, int, int],
    out: NDArray[np.generic],
) -> None:
    """Do columns of a row, ``part`` (row, first, after the last): none is a jump in memory."""
    row, begin, stop = part
    downs, acrosses = rests[0][row, begin:stop], rests[1][row, begin:stop]
    one, two = room[0, 4 * begin : 4 * stop], room[1, 4 * begin : 4 * stop]
    three, four = room[2, 4 * begin : 4 * stop], room[3, 4 * begin : 4 * stop]
    line = out[row, begin:stop]
    for k in range(line.size):
        weights = weigh(acrosses[k])
        lines = (
            curve(_quad(one, k), weights),
            curve(_quad(two, k), weights),
            curve(_quad(three, k), weights),
            curve(_quad(four, k), weights),
        )
        line[k] = curve(lines, weigh(downs[k]))


@kernel
def _quad(line: NDArray[np.generic], k: int) -> Four:
    return (
        float(line[4 * k]),
        float(line[4 * k + 1]),
        float(line[4 * k + 2]),
        float(line[4 * k + 3]),
    )


@kernel
def _arch_all(
    source: Source, grid: tuple[Nodes, int], start: tuple[int, int], target: Target
) -> bool:
    """Do the run at ``start`` (row, column) pixel by pixel; return True where all have data."""
    (nodes, first), (row, col) = grid, start
    out, out_valid = target
    rows = np.empty(32)
    cols = np.empty(32)
    count, _ = place_run(nodes, (row + first, col, out.shape[1]), rows, cols)
    is_full = True
    for k in range(count):
        value, found = arch(source, rows[k], cols[k])
        out[row, col + k] = value
        out_valid[row, col + k] &= found
        is_full &= found
    return is_full
