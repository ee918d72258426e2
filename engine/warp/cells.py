"""Kernels of `CoordinateGrid`: its nodes settled, judged, laid into cells and moved."""

import numpy as np
from numpy.typing import NDArray

from engine.jit import kernel

Float = NDArray[np.float64]
Whole = NDArray[np.int64]


@kernel
def settle(x: Float, y: Float, turn: tuple[float, float], nodes: Float) -> None:
    """Write x and y (both (place,)) into ``nodes`` (2, place); NaN where either is not finite.

    ``turn`` is how far apart in x the same place comes round again, 0 for never, and the x near
    which it is wanted.
    """
    around, near = turn
    for k in range(x.size):
        nodes[0, k], nodes[1, k] = x[k], y[k]
        if not (np.isfinite(x[k]) and np.isfinite(y[k])):
            nodes[0, k], nodes[1, k] = np.nan, np.nan
        elif around > 0.0:
            nodes[0, k] -= around * np.floor((nodes[0, k] - near) / around + 0.5)


@kernel
def lay_cells(
    shared: Float, limit: float, first: tuple[int, int], is_smooth: NDArray[np.bool_], pool: Float
) -> bool:
    """Judge cells by their corners, and lay these out; return True where all are smooth.

    ``shared`` (2, row, col) are the corners of whole squares of 2 × 2 cells, which are judged
    together; the cells of ``is_smooth`` (row, col) begin at the ``first`` (row, col) of them.
    ``pool`` (2, 4 × cells) gets four nodes for every cell, row by row.
    """
    for row in range(is_smooth.shape[0]):
        for col in range(is_smooth.shape[1]):
            upper, left = row + first[0], col + first[1]
            square = (upper // 2 * 2, left // 2 * 2)
            is_smooth[row, col] = bend(shared[0], shared[1], square) <= limit
            place = 4 * (row * is_smooth.shape[1] + col)
            for axis in range(2):
                pool[axis, place] = shared[axis, upper, left]
                pool[axis, place + 1] = shared[axis, upper, left + 1]
                pool[axis, place + 2] = shared[axis, upper + 1, left]
                pool[axis, place + 3] = shared[axis, upper + 1, left + 1]
    return bool(is_smooth.all())


@kernel
def judge_cells(nodes: Float, error: Float) -> None:
    """Write the largest `bend` of each cell: ``nodes`` are (2, cell, row, col); NaN if any is."""
    for cell in range(error.size):
        worst, total = 0.0, 0.0
        for row in range(0, nodes.shape[2] - 2, 2):
            for col in range(0, nodes.shape[3] - 2, 2):
                one = bend(nodes[0, cell], nodes[1, cell], (row, col))
                worst = max(worst, one)
                total += one
        error[cell] = worst if np.isfinite(total) else np.nan


@kernel
def bend(x: Float, y: Float, corner: tuple[int, int]) -> float:
    """Return how far off interpolation across a square of 3 × 3 nodes of (row, col) is.

    Measured at the middles of its edges and of itself, where it is largest. The latter alone would
    not do: of a conformal projection the two second derivatives cancel there. NaN where any
    node is.
    """
    row, col = corner
    worst, total = 0.0, 0.0
    for n in (x, y):
        upper = (n[row, col] + n[row, col + 2]) * 0.5
        lower = (n[row + 2, col] + n[row + 2, col + 2]) * 0.5
        left = (n[row, col] + n[row + 2, col]) * 0.5
        right = (n[row, col + 2] + n[row + 2, col + 2]) * 0.5
        for error in (
            abs(upper - n[row, col + 1]),
            abs(lower - n[row + 2, col + 1]),
            abs(left - n[row + 1, col]),
            abs(right - n[row + 1, col + 2]),
            abs((upper + lower) * 0.5 - n[row + 1, col + 1]),
        ):
            worst = max(worst, error)
            total += error
    return worst if np.isfinite(total) else np.nan


@kernel
def move(
    x: Float,
    y: Float,
    affine: tuple[tuple[float, float, float], tuple[float, float, float]],
    moved: tuple[Float, Float],
) -> None:
    """Write ``affine`` (rows) of x and y, its first number and its second, into ``moved``."""
    (a, b, c), (d, e, f) = affine
    cols, rows = moved
    for k in range(x.size):
        cols[k] = a * x[k] + b * y[k] + c
        rows[k] = d * x[k] + e * y[k] + f
