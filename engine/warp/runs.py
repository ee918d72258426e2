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


Extent = tuple[float, float, float, float]
"""Least and greatest row, least and greatest column of places; NaN where any is missing."""


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
    cell_row, row_in_cell = (row + row_lead) >> 5, (row + row_lead) & 31
    cell_col, col_in_cell = (col + col_lead) >> 5, (col + col_lead) & 31
    count = min(32 - col_in_cell, width - col)
    step = steps[cell_row, cell_col]
    upper = starts[cell_row, cell_col]
    if step == 32:
        # By far the most cells: one straight line, and none of the divisions below.
        line = (upper, upper + 2, 32, col_in_cell, count)
        _draw(node_cols, line, row_in_cell / 32, cols, 0)
        _draw(node_rows, line, row_in_cell / 32, rows, 0)
        return count, step
    side = 32 // step + 1
    upper += row_in_cell // step * side
    if step == 1:
        for k in range(count):
            cols[k] = node_cols[upper + col_in_cell + k]
            rows[k] = node_rows[upper + col_in_cell + k]
        return count, step
    v = (row_in_cell % step) / step
    done = 0
    while done < count:
        node = upper + (col_in_cell + done) // step
        first = (col_in_cell + done) % step
        length = min(step - first, count - done)
        line = (node, node + side, step, first, length)
        _draw(node_cols, line, v, cols, done)
        _draw(node_rows, line, v, rows, done)
        done += length
    return count, step


@kernel
def place_line(places: NDArray[np.float64], upper: int, v: float) -> tuple[float, float]:
    """Return where a row of a cell with four nodes begins, and its slope, as `place_run` has it."""
    left = places[upper] + (places[upper + 2] - places[upper]) * v
    right = places[upper + 1] + (places[upper + 3] - places[upper + 1]) * v
    return left, (right - left) / 32


@kernel
def _draw(
    nodes: NDArray[np.float64],
    line: tuple[int, int, int, int, int],
    v: float,
    places: NDArray[np.float64],
    done: int,
) -> None:
    upper, lower, step, first, length = line
    left = nodes[upper] + (nodes[lower] - nodes[upper]) * v
    right = nodes[upper + 1] + (nodes[lower + 1] - nodes[upper + 1]) * v
    slope = (right - left) / step
    for k in range(length):
        places[done + k] = left + (first + k) * slope


@kernel
def measure_run(
    run: tuple[int, int], rows: NDArray[np.float64], cols: NDArray[np.float64]
) -> Extent:
    """Return the extent of the places of ``run`` (count, step)."""
    count, step = run
    first_row, first_col = rows[0], cols[0]
    if step == 32:  # a straight line: its ends speak for it
        last_row, last_col = rows[count - 1], cols[count - 1]
        return (
            min(first_row, last_row),
            max(first_row, last_row),
            min(first_col, last_col),
            max(first_col, last_col),
        )
    top, bottom, left, right = first_row, first_row, first_col, first_col
    for k in range(count):
        if not np.isfinite(rows[k]):
            return np.nan, np.nan, np.nan, np.nan
        top, bottom = min(top, rows[k]), max(bottom, rows[k])
        left, right = min(left, cols[k]), max(right, cols[k])
    return top, bottom, left, right


@kernel
def is_inside(extent: Extent, limits: Limits, margin: float) -> bool:
    """Return True where all places lie ``margin`` inside the source's pixels; NaN never does."""
    first_row, first_col, height, width = limits
    top, bottom, left, right = extent
    return bool(
        top >= first_row + margin
        and bottom < first_row + height - margin - SNAP
        and left >= first_col + margin
        and right < first_col + width - margin - SNAP
    )


@kernel
def snap(place: float) -> tuple[int, float]:
    """Return the whole number at or below ``place`` and the rest, [0, 1), 0 if nearly so."""
    whole = np.floor(place + SNAP)
    rest = place - whole
    if rest < SNAP:
        rest = 0.0
    return int(whole), rest
