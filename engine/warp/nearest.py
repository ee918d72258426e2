"""Nearest neighbor: the value of the source pixel that the target pixel's center lies in."""

import numpy as np
from numpy.typing import NDArray

from engine.jit import kernel
from engine.warp.runs import SNAP, Limits, Nodes, Target, is_inside, measure_run, place_run


@kernel
def nearest(
    bits: NDArray[np.unsignedinteger],
    mask: tuple[bool, NDArray[np.bool_]],
    limits: Limits,
    nodes: Nodes,
    target: Target,
) -> None:
    """Fill ``target`` from ``bits`` (row, col); 0 and False where the source has no data.

    ``mask`` tells whether there is one, and the validity (row, col).
    """
    is_masked, valid = mask
    top, left, height, width = limits
    out, out_valid = target
    rows = np.empty(32)
    cols = np.empty(32)
    for row in range(out.shape[0]):
        col = 0
        while col < out.shape[1]:
            run = place_run(nodes, (row, col, out.shape[1]), rows, cols)
            if not is_masked and is_inside(measure_run(run, rows, cols), limits, 0.0):
                for k in range(run[0]):
                    y = np.uint64(np.int64(rows[k] + SNAP) - top)
                    x = np.uint64(np.int64(cols[k] + SNAP) - left)
                    out[row, col + k] = bits[y, x]
                    out_valid[row, col + k] = True
            else:
                for k in range(run[0]):
                    y_place = np.floor(rows[k] + SNAP) - top
                    x_place = np.floor(cols[k] + SNAP) - left
                    out[row, col + k] = 0
                    out_valid[row, col + k] = False
                    if 0 <= y_place < height and 0 <= x_place < width:
                        y, x = np.uint64(y_place), np.uint64(x_place)
                        if not is_masked or valid[y, x]:
                            out[row, col + k] = bits[y, x]
                            out_valid[row, col + k] = True
            col += run[0]
