"""Bilinear interpolation among the source pixels that have data."""

import numpy as np
from numpy.typing import NDArray

from engine.jit import kernel
from engine.warp.runs import (
    SNAP,
    Nodes,
    Target,
    is_inside,
    measure_run,
    place_run,
    point,
    snap,
)
from engine.warp.source import Source, has_data, is_whole


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
    values: NDArray[np.generic], rows: tuple[int, int], cols: tuple[int, int]
) -> tuple[float, float, float, float]:
    above, below = np.uint64(rows[0]), np.uint64(rows[1])
    left, right = np.uint64(cols[0]), np.uint64(cols[1])
    return (
        float(values[above, left]),
        float(values[above, right]),
        float(values[below, left]),
        float(values[below, right]),
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
        value = mix(_square(values, (i, below), (j, right)), u, v)
        if np.isfinite(value):
            return value, True
    # Differences to a value under way keep a constant exact; infinite numbers allow none.
    middle = float(values[middle_row, middle_col])
    base = middle if np.isfinite(middle) else 0.0
    total = 0.0
    weights = 0.0
    for down in range(2):
        for across in range(2):
            weight = (v if down else 1.0 - v) * (u if across else 1.0 - u)
            if weight > 0.0 and has_data(source, i + down, j + across):
                weights += weight
                total += weight * (float(values[i + down, j + across]) - base)
    value = base + total / weights
    return (value, True) if value == value else (0.0, False)  # noqa: PLR0124 - NaN: ∞ − ∞


@kernel
def bilinear(source: Source, nodes: Nodes, target: Target) -> None:
    """Fill ``target``, of floats, from ``source``; 0 and False where it has no data."""
    values, _, _, _, limits = source
    out, out_valid = target
    flat, width = values.reshape(values.size), np.uint64(values.shape[1])
    rows = np.empty(32)
    cols = np.empty(32)
    offsets = np.empty(32, dtype=np.uint32)
    taken = np.empty((4, 32), dtype=values.dtype)
    for row in range(out.shape[0]):
        col = 0
        while col < out.shape[1]:
            run = place_run(nodes, (row, col, out.shape[1]), rows, cols)
            extent = measure_run(run, rows, cols)
            if is_inside(extent, limits, 0.5) and is_whole(source, extent, 1.0):
                # In three loops: only those without a jump in memory are done several pixels
                # at a time.
                point(run[0], (rows, cols), (limits[0], limits[1], values.shape[1]), offsets)
                for k in range(run[0]):
                    here = np.uint64(offsets[k])
                    taken[0, k] = flat[here]
                    taken[1, k] = flat[here + np.uint64(1)]
                    taken[2, k] = flat[here + width]
                    taken[3, k] = flat[here + width + np.uint64(1)]
                for k in range(run[0]):
                    four = (
                        float(taken[0, k]),
                        float(taken[1, k]),
                        float(taken[2, k]),
                        float(taken[3, k]),
                    )
                    out[row, col + k] = mix(four, cols[k], rows[k])
                    out_valid[row, col + k] = True
            else:
                for k in range(run[0]):
                    value, found = blend(source, rows[k], cols[k])
                    out[row, col + k] = value
                    out_valid[row, col + k] = found
            col += run[0]
