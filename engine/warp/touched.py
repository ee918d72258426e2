"""Which source pixels the kernels touch: the kernels' own rules, without the values."""

import numpy as np

from engine.jit import kernel
from engine.warp.runs import SNAP, Nodes, place_run, snap

NEAREST, LINEAR, CUBIC = 0, 1, 2
"""How far a kernel reaches: the pixel itself, its next neighbors, or two pixels to each side."""


@kernel
def reach(place: float, kind: int) -> tuple[int, int]:
    """Return the first and the last pixel, along one axis, that a center at ``place`` needs.

    A place on a pixel's own center needs no neighbor, since they would weigh nothing.
    """
    if kind == 0:
        pixel = int(np.floor(place + SNAP))
        return pixel, pixel
    pixel, rest = snap(place - 0.5)
    if rest == 0.0:
        return pixel, pixel
    if kind == 1:
        return pixel, pixel + 1
    return pixel - 1, pixel + 2


@kernel
def touched(
    kind: int, level: tuple[int, int], nodes: Nodes, shape: tuple[int, int]
) -> tuple[int, int, int, int]:
    """Return first row, last row, first column, last column of what the target's pixels need.

    ``level`` and the target's ``shape`` are rows and columns; the last is before the first
    where nothing is needed. The result may reach over the level's border by the kernel's reach.
    Cells that lie inside the level are judged by their corners, since coordinates between are
    never outside them; all others pixel by pixel.
    """
    height, width = level
    node_cols, node_rows, steps, starts, leads = nodes
    first_row, last_row, first_col, last_col = height + 9, -9, width + 9, -9
    rows = np.empty(32)
    cols = np.empty(32)
    for cell_row in range(steps.shape[0]):
        row_from = max(cell_row * 32 - leads[0], 0)
        row_to = min(cell_row * 32 - leads[0] + 32, shape[0])
        for cell_col in range(steps.shape[1]):
            step, start = steps[cell_row, cell_col], starts[cell_row, cell_col]
            col_from = max(cell_col * 32 - leads[1], 0)
            col_to = min(cell_col * 32 - leads[1] + 32, shape[1])
            count = col_to - col_from
            row_stride = max(row_to - 1 - row_from, 1) if step == 32 else 1
            col_stride = max(count - 1, 1) if step == 32 else 1
            while True:
                is_plain = True
                for row in range(row_from, row_to, row_stride):
                    row_in_cell = row + leads[0] - cell_row * 32
                    col_in_cell = col_from + leads[1] - cell_col * 32
                    run = (step, start, row_in_cell, col_in_cell, count)
                    place_run(node_rows, run, rows)
                    place_run(node_cols, run, cols)
                    for k in range(0, count, col_stride):
                        y, x = rows[k], cols[k]
                        if not (-SNAP <= y < height - SNAP and -SNAP <= x < width - SNAP):
                            is_plain = False
                            continue
                        top, bottom = reach(y, kind)
                        left, right = reach(x, kind)
                        # Only the cubic kernel reaches less far from a place that snaps than
                        # from one a little before it, so that corners do not speak for all.
                        is_plain &= kind != 2 or (top < bottom and left < right)
                        first_row, last_row = min(first_row, top), max(last_row, bottom)
                        first_col, last_col = min(first_col, left), max(last_col, right)
                if is_plain or (row_stride == 1 and col_stride == 1):
                    break
                row_stride = col_stride = 1
    return first_row, last_row, first_col, last_col
