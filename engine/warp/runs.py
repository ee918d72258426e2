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

Source = tuple[NDArray[np.generic], NDArray[np.bool_], bool, tuple[int, int, int, int]]
"""Source pixels for kernels: values (row, col), their validity, whether that is to be looked at
(else it is an array of one), and (first row, first column, rows, columns) of the level that the
values hold; those beyond are missing."""

Target = tuple[NDArray[np.generic], NDArray[np.bool_]]
"""What kernels write: values and validity, both (row, col)."""

Run = tuple[int, int, int, int, int]
"""The cell's step and start, the first pixel's row and column in the cell, pixels (1 to 32)."""


@kernel
def place_run(nodes: NDArray[np.float64], run: Run, places: NDArray[np.float64]) -> None:
    """Write the coordinates of the pixels of ``run`` into ``places``, which has room for 32.

    ``nodes`` are columns or rows of the level at the grid's nodes. NaN where there are none.
    """
    step, start, row, col, count = run
    side = 32 // step + 1
    upper = start + row // step * side
    if step == 1:
        for k in range(count):
            places[k] = nodes[upper + col + k]
        return
    lower = upper + side
    v = (row % step) / step
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
def is_within(places: NDArray[np.float64], step: int, count: int, low: float, high: float) -> bool:
    """Return True where all of the run's ``places`` lie in [low, high); NaN never does."""
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
