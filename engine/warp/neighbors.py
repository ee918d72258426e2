"""Neighbors: where in memory the source pixels lie that a target pixel is interpolated from.

Bands of one geometry share them: `find_neighbors` once, then a kernel for each band.
"""

import numpy as np
from numpy.typing import NDArray

from engine.jit import kernel
from engine.warp.runs import (
    SNAP,
    Limits,
    Nodes,
    is_inside,
    measure_run,
    place_line,
    place_run,
)

Neighbors = tuple[NDArray[np.uint32], NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]
"""(row, col) of the target: where the first neighbor lies in memory; how far below the pixel center
before it, and how far to the right of it, the target pixel's center lies, [0, 1). Then (row, cell)
of the grid: whether the source holds all neighbors of the cell's run; where it does not, the others
tell nothing."""


@kernel
def find_neighbors(
    nodes: Nodes, limits: Limits, layout: tuple[int, int], first: int, found: Neighbors
) -> None:
    """Write the neighbors of the grid's pixels from row ``first`` on into ``found``.

    ``layout`` tells how many pixels lie from row to row of the source, and how many neighbors are
    before a pixel's center in a row or column: 1 or 2.
    """
    node_cols, node_rows, steps, starts, (row_lead, col_lead) = nodes
    offsets, downs, acrosses, inside = found
    stride, before = layout
    margin = before - 0.5
    # An origin beside the source's own lets offsets be those of the first neighbor.
    top, left = limits[0] + before - 1, limits[1] + before - 1
    rows = np.empty(32)
    cols = np.empty(32)
    for row in range(offsets.shape[0]):
        down = row + first + row_lead
        col = 0
        while col < offsets.shape[1]:
            across = (col + col_lead) & 31
            cell = (col + col_lead) >> 5
            count = min(32 - across, offsets.shape[1] - col)
            if steps[down >> 5, cell] == 32:
                # By far the most runs: one straight line, without a detour through memory.
                upper = starts[down >> 5, cell]
                y, y_slope = place_line(node_rows, upper, (down & 31) / 32)
                x, x_slope = place_line(node_cols, upper, (down & 31) / 32)
                y_end, x_end = (
                    y + (across + count - 1) * y_slope,
                    x + (across + count - 1) * x_slope,
                )
                y_begin, x_begin = y + across * y_slope, x + across * x_slope
                extent = (
                    min(y_begin, y_end),
                    max(y_begin, y_end),
                    min(x_begin, x_end),
                    max(x_begin, x_end),
                )
                is_held = is_inside(extent, limits, margin)
                inside[row, cell] = is_held
                if is_held:
                    places = offsets[row, col : col + count]
                    below = downs[row, col : col + count]
                    behind = acrosses[row, col : col + count]
                    for k in range(places.size):
                        here, v, u = _point(
                            y + (across + k) * y_slope,
                            x + (across + k) * x_slope,
                            top,
                            left,
                            stride,
                        )
                        places[k], below[k], behind[k] = here, v, u
            else:
                run = place_run(nodes, (row + first, col, offsets.shape[1]), rows, cols)
                is_held = is_inside(measure_run(run, rows, cols), limits, margin)
                inside[row, cell] = is_held
                if is_held:
                    for k in range(count):
                        here, v, u = _point(rows[k], cols[k], top, left, stride)
                        offsets[row, col + k], downs[row, col + k] = here, v
                        acrosses[row, col + k] = u
            col += count


@kernel
def _point(y: float, x: float, top: int, left: int, stride: int) -> tuple[np.uint32, float, float]:
    """Return what lies behind the pixel center at or before (x, y), as `snap` does, and its place.

    Numbers of 32 bits: only they become whole several at a time on every processor.
    """
    above, before = np.floor(y - 0.5 + SNAP), np.floor(x - 0.5 + SNAP)
    v, u = y - 0.5 - above, x - 0.5 - before
    i = np.uint32(np.int32(above) - np.int32(top))
    j = np.uint32(np.int32(before) - np.int32(left))
    return (
        np.uint32(i * np.uint32(stride) + j),
        v if v >= SNAP else 0.0,
        u if u >= SNAP else 0.0,
    )
