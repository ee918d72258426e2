"""Cubic convolution over 4 × 4 source pixels (Catmull-Rom, a = −0.5).

Weights after R. Keys, "Cubic convolution interpolation for digital image processing", 1981: it
reproduces polynomials of the second degree.
"""

import numpy as np
from numpy.typing import NDArray

from engine.jit import kernel
from engine.warp.bilinear import blend
from engine.warp.runs import SNAP, Nodes, Target, is_inside, measure_run, place_run, point, snap
from engine.warp.source import Source, has_data, is_whole

Four = tuple[float, float, float, float]
Places = tuple[np.uint64, np.uint64, np.uint64, np.uint64]


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
def _line(values: NDArray[np.generic], row: np.uint64, cols: Places) -> Four:
    return (
        float(values[row, cols[0]]),
        float(values[row, cols[1]]),
        float(values[row, cols[2]]),
        float(values[row, cols[3]]),
    )


@kernel
def surface(
    values: NDArray[np.generic], rows: Places, cols: Places, place: tuple[float, float]
) -> float:
    """Return the value at ``place``: how far below the second row, and right of the second col."""
    weights = weigh(place[1])
    lines = (
        curve(_line(values, rows[0], cols), weights),
        curve(_line(values, rows[1], cols), weights),
        curve(_line(values, rows[2], cols), weights),
        curve(_line(values, rows[3], cols), weights),
    )
    return curve(lines, weigh(place[0]))


@kernel
def _four(second: int) -> Places:
    """Return the places of four pixels, the second of them given."""
    return np.uint64(second - 1), np.uint64(second), np.uint64(second + 1), np.uint64(second + 2)


@kernel
def arch(source: Source, y: float, x: float) -> tuple[float, bool]:
    """Return the cubic value at (x, y) of the level; the bilinear one where it cannot be had.

    As GDAL does it where one of the 16 pixels is beyond the border or has no data. On a pixel's
    center both are that pixel's own value, and no other is asked for.
    """
    values, _, _, _, (top, left, height, width) = source
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
    value = surface(values, _four(i), _four(j), (v, u))
    return (value, True) if np.isfinite(value) else blend(source, y, x)


@kernel
def cubic(source: Source, nodes: Nodes, target: Target) -> None:
    """Fill ``target``, of floats, from ``source``; 0 and False where it has no data."""
    values, _, _, _, limits = source
    out, out_valid = target
    flat, width = values.reshape(values.size), np.uint64(values.shape[1])
    rows = np.empty(32)
    cols = np.empty(32)
    offsets = np.empty(32, dtype=np.uint32)
    taken = np.empty((4, 32), dtype=values.dtype)
    lines = np.empty((4, 32))
    for row in range(out.shape[0]):
        col = 0
        while col < out.shape[1]:
            run = place_run(nodes, (row, col, out.shape[1]), rows, cols)
            extent = measure_run(run, rows, cols)
            if is_inside(extent, limits, 1.5) and is_whole(source, extent, 2.0):
                # As in `bilinear`. An origin beside the source's own lets offsets be those of the
                # first of the 4 × 4 pixels.
                point(
                    run[0], (rows, cols), (limits[0] + 1, limits[1] + 1, values.shape[1]), offsets
                )
                for line in range(4):
                    for k in range(run[0]):
                        here = np.uint64(offsets[k]) + np.uint64(line) * width
                        taken[0, k] = flat[here]
                        taken[1, k] = flat[here + np.uint64(1)]
                        taken[2, k] = flat[here + np.uint64(2)]
                        taken[3, k] = flat[here + np.uint64(3)]
                    for k in range(run[0]):
                        lines[line, k] = curve(_column(taken, k), weigh(cols[k]))
                for k in range(run[0]):
                    out[row, col + k] = curve(_column(lines, k), weigh(rows[k]))
                    out_valid[row, col + k] = True
            else:
                for k in range(run[0]):
                    value, found = arch(source, rows[k], cols[k])
                    out[row, col + k] = value
                    out_valid[row, col + k] = found
            col += run[0]


@kernel
def _column(four: NDArray[np.generic], k: int) -> Four:
    return float(four[0, k]), float(four[1, k]), float(four[2, k]), float(four[3, k])
