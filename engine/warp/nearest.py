"""Nearest neighbor: the value of the source pixel that the target pixel's center lies in."""

import numpy as np

from engine.jit import kernel
from engine.warp.runs import SNAP, Nodes, Source, Target, is_within, place_run


@kernel
def nearest(source: Source, nodes: Nodes, target: Target) -> None:
    """Fill ``target`` from ``source``, bits as they are.

    Where a center lies outside the source or on an invalid pixel, 0 and False are written.
    """
    values, valid, is_masked, (top, left, height, width) = source
    node_cols, node_rows, steps, starts, leads = nodes
    out, out_valid = target
    rows = np.empty(32)
    cols = np.empty(32)
    for row in range(out.shape[0]):
        cell_row, row_in_cell = divmod(row + leads[0], 32)
        col = 0
        while col < out.shape[1]:
            cell_col, col_in_cell = divmod(col + leads[1], 32)
            count = min(32 - col_in_cell, out.shape[1] - col)
            step, start = steps[cell_row, cell_col], starts[cell_row, cell_col]
            run = (step, start, row_in_cell, col_in_cell, count)
            place_run(node_rows, run, rows)
            place_run(node_cols, run, cols)
            if (
                not is_masked
                and is_within(rows, step, count, top, top + height - SNAP)
                and is_within(cols, step, count, left, left + width - SNAP)
            ):
                for k in range(count):
                    r = np.uint64(np.int64(rows[k] + SNAP) - top)
                    c = np.uint64(np.int64(cols[k] + SNAP) - left)
                    out[row, col + k] = values[r, c]
                    out_valid[row, col + k] = True
            else:
                for k in range(count):
                    y = np.floor(rows[k] + SNAP) - top
                    x = np.floor(cols[k] + SNAP) - left
                    found = False
                    value = out.dtype.type(0)
                    if 0 <= y < height and 0 <= x < width:
                        r, c = np.uint64(y), np.uint64(x)
                        if not is_masked or valid[r, c]:
                            found = True
                            value = values[r, c]
                    out[row, col + k] = value
                    out_valid[row, col + k] = found
            col += count
