"""Bilinear interpolation among the source pixels that have data."""

import numpy as np
from numpy.typing import NDArray

from engine.jit import kernel
from engine.warp.neighbors import Neighbors
from engine.warp.runs import SNAP, Nodes, Target, place_run, snap
from engine.warp.source import Source, has_data, is_odd, locate_pixel


@kernel
def mix(values: tuple[float, float, float, float], u: float, v: float) -> float:
    """Return what lies ``u`` to the right and ``v`` down among four values, two above two.

    Written with differences, so that equal values give just that value.
    """
    a, b, c, d = values
    upper = a + (b - a) * u
    lower = c + (d - c) * u
    return upper + (lower - upper) * v


@kernel
def _square(
    source: Source, rows: tuple[int, int], cols: tuple[int, int]
) -> tuple[float, float, float, float]:
    values = source[0]
    return (
        float(values[locate_pixel(source, rows[0], cols[0])]),
        float(values[locate_pixel(source, rows[0], cols[1])]),
        float(values[locate_pixel(source, rows[1], cols[0])]),
        float(values[locate_pixel(source, rows[1], cols[1])]),
    )


@kernel
def blend(source: Source, y: float, x: float) -> tuple[float, bool]:
    """Return the value at (x, y) of the level from those of its four neighbors that have data.

    Their weights are scaled up to one, as GDAL does. False where the pixel under (x, y) has no
    data itself: GDAL's rule too, and it makes the masks of all kernels equal.
    """
    values, _, _, _, (top, left, height, width) = source
    row, col = np.floor(y + SNAP) - top, np.floor(x + SNAP) - left
    if not (0 <= row < height and 0 <= col < width):  # also where there is no place, only NaN
        return 0.0, False
    middle_row, middle_col = int(row), int(col)
    if not has_data(source, middle_row, middle_col):
        return 0.0, False
    i, v = snap(y - 0.5)
    j, u = snap(x - 0.5)
    i, j = i - top, j - left
    # A neighbor without weight may be missing: it stands for its opposite and changes nothing.
    below = i + 1 if v > 0.0 else i
    right = j + 1 if u > 0.0 else j
    if (
        has_data(source, i, j)
        and has_data(source, i, right)
        and has_data(source, below, j)
        and has_data(source, below, right)
    ):
        value = mix(_square(source, (i, below), (j, right)), u, v)
        if np.isfinite(value):
            return value, True
    # Differences to a value under way keep a constant exact; infinite numbers allow none.
    middle = float(values[locate_pixel(source, middle_row, middle_col)])
    base = middle if np.isfinite(middle) else 0.0
    total = 0.0
    weights = 0.0
    for down in range(2):
        for across in range(2):
            weight = (v if down else 1.0 - v) * (u if across else 1.0 - u)
            if weight > 0.0 and has_data(source, i + down, j + across):
                weights += weight
                here = locate_pixel(source, i + down, j + across)
                total += weight * (float(values[here]) - base)
    value = base + total / weights
    return (value, True) if value == value else (0.0, False)  # noqa: PLR0124 - NaN: ∞ − ∞


@kernel
def bilinear(
    source: Source,
    grid: tuple[Nodes, int],
    neighbors: Neighbors,
    pairs: tuple[NDArray[np.generic], NDArray[np.generic], NDArray[np.generic]],
    target: Target,
) -> bool:
    """Write values, floats; make validity False where there is no data; return True if nowhere.

    ``grid`` are its nodes and which of its rows is the target's first. ``pairs`` are every two
    values that lie beside each other in the source as one number, from pixel to pixel; room for
    those of the upper and the lower neighbors of a row; and the same room as values.
    """
    _, stride, (is_masked, known), marker, _ = source
    offsets, downs, acrosses, inside = neighbors
    every, taken, room = pairs
    out, _ = target
    col_lead, width, below = grid[0][4][1], out.shape[1], np.uint64(stride)
    is_full = True
    for row in range(out.shape[0]):
        begin, col = 0, 0
        for cell in range(inside.shape[1]):
            stop = min((cell + 1) * 32 - col_lead, width)
            is_good = inside[row, cell]
            if is_good:
                upper, lower = taken[0, col:stop], taken[1, col:stop]
                for k in range(upper.size):
                    here = np.uint64(offsets[row, col + k])
                    upper[k] = every[here]
                    lower[k] = every[here + below]
                is_good = not (
                    is_odd(room[0, 2 * col : 2 * stop], marker)
                    or is_odd(room[1, 2 * col : 2 * stop], marker)
                )
                if is_masked:
                    for k in range(col, stop):
                        here = np.uint64(offsets[row, k])
                        is_good &= known[here] & known[here + np.uint64(1)]
                        is_good &= known[here + below] & known[here + below + np.uint64(1)]
            if not is_good:
                _mix_all(room, (downs, acrosses), (row, begin, col), out)
                is_full &= _blend_all(source, grid, (row, col), target)
                begin = stop
            col = stop
        _mix_all(room, (downs, acrosses), (row, begin, col), out)
    return is_full


@kernel
def _mix_all(
    room: NDArray[np.generic],
    rests: tuple[NDArray[np.float64], NDArray[np.float64]],
    part: tuple[int, int, int],
    out: NDArray[np.generic],
) -> None:
    """Do columns of a row, ``part`` (row, first, after the last): none is a jump in memory."""
    row, begin, stop = part
    downs, acrosses = rests[0][row, begin:stop], rests[1][row, begin:stop]
    upper, lower = room[0, 2 * begin : 2 * stop], room[1, 2 * begin : 2 * stop]
    line = out[row, begin:stop]
    for k in range(line.size):
        four = (
            float(upper[2 * k]),
            float(upper[2 * k + 1]),
            float(lower[2 * k]),
            float(lower[2 * k + 1]),
        )
        line[k] = mix(four, acrosses[k], downs[k])


@kernel
def _blend_all(
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
        value, found = blend(source, rows[k], cols[k])
        out[row, col + k] = value
        out_valid[row, col + k] &= found
        is_full &= found
    return is_full
