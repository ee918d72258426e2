"""Runs: the pixels of one row of one cell, whose coordinates every kernel takes from here.

All kernels walk alike over a `CoordinateGrid`: row by row, in runs that end where a cell ends.
A coordinate is computed from the four nodes around the pixel and its place between them, by the
same operations in the same order wherever the run starts, so that it has the same bits in
every window.
"""

import numpy as np
from numpy.typing import NDArray

from engine.jit import kernel

SNAP = 2.0**-15
"""A place closer than this (in source pixels) to a pixel's center or border lies on it. Grids
that fall on each other exactly then need no neighbors and break ties alike, whatever the noise
of their coordinates; it is above the rounding of `lattice.FRACTIONS`."""

Nodes = tuple[
    NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], NDArray[np.int64], tuple[int, int]
]
"""A `CoordinateGrid` for kernels: columns and rows of the level at the nodes, ``steps``,
``starts``, and (row, column) leads."""

Limits = tuple[int, int, int, int]
"""What the source's values hold of the level: first row, first column, rows, columns."""

Target = tuple[NDArray[np.generic], NDArray[np.bool_]]
"""What kernels write: values and validity, both (row, col)."""


@kernel
def place_run(
    nodes: Nodes, pixel: tuple[int, int, int], rows: NDArray[np.float64], cols: NDArray[np.float64]
) -> tuple[int, int]:
    """Write the places of a run's pixels, in the level, into ``rows`` and ``cols`` (32 long).

    The run starts at the target's ``pixel`` (row, column) and ends with its cell, or at the
    target's width (the third number). Returns how many pixels it has and the step of its nodes.
    Places are NaN where there are none.
    """
    node_cols, node_rows, steps, starts, (row_lead, col_lead) = nodes
    row, col, width = pixel
    cell_row, row_in_cell = divmod(row + row_lead, 32)
    cell_col, col_in_cell = divmod(col + col_lead, 32)
    count = min(32 - col_in_cell, width - col)
    step = steps[cell_row, cell_col]
    upper = starts[cell_row, cell_col] + row_in_cell // step * (32 // step + 1)
    v = (row_in_cell % step) / step
    _place(node_cols, (upper, step, col_in_cell, count), v, cols)
    _place(node_rows, (upper, step, col_in_cell, count), v, rows)
    return count, step


@kernel
def _place(
    nodes: NDArray[np.float64],
    run: tuple[int, int, int, int],
    v: float,
    places: NDArray[np.float64],
) -> None:
    upper, step, col, count = run
    if step == 1:
        for k in range(count):
            places[k] = nodes[upper + col + k]
        return
    lower = upper + 32 // step + 1
    done = 0
    while done < count:
        node = (col + done) // step
        first = (col + done) % step
        length = min(step - first, count - done)
        left = nodes[upper + node] + (nodes[lower + node] - nodes[upper + node]) * v
        right = nodes[upper + node + 1] + (nodes[lower + node + 1] - nodes[upper + node + 1]) * v
        slope = (right - left) / step
        for k in range(length):
            places[done + k] = left + (first + k) * slope
        done += length


@kernel
def is_within(places: NDArray[np.float64], run: tuple[int, int], low: float, high: float) -> bool:
    """Return True where all ``places`` of ``run`` (count, step) lie in [low, high); NaN never."""
    count, step = run
    if step == 32:  # a straight line: its ends speak for it
        first, last = places[0], places[count - 1]
        return bool(low <= first < high and low <= last < high)
    inside = True
    for k in range(count):
        inside &= low <= places[k] < high
    return inside


@kernel
def snap(place: float) -> tuple[int, float]:
    """Return the whole number at or below ``place`` and the rest, [0, 1), 0 if nearly so."""
    whole = np.floor(place + SNAP)
    rest = place - whole
    if rest < SNAP:
        rest = 0.0
    return int(whole), rest
