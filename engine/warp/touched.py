"""Which source pixels the kernels touch: the kernels' own rules, without the values."""

import numpy as np
from numpy.typing import NDArray

from engine.jit import kernel
from engine.warp.average import footprint, span
from engine.warp.runs import SNAP, Nodes, place_run, snap

NEAREST, LINEAR, CUBIC, AREA = 0, 1, 2, 3
"""How far a kernel reaches: the pixel itself; the next neighbors; two to each side; what lies
under the target's pixel."""

FINEST = 4
"""Pieces of fewer pixels along a side cost more by their corners than pixel by pixel."""

BESIDE = 0.5
"""Pixels between a level and what lies beside it beyond doubt, whatever was rounded."""

Reach = tuple[int, int, int, int]
"""First row, row after the last, first column, column after the last."""


@kernel
def reach(kind: int, y: float, x: float) -> Reach:
    """Return what a kernel of ``kind`` needs for a center at (x, y).

    A place on a pixel's own row or column needs no neighbors beside it, since they would weigh
    nothing; of the cubic kernel's sixteen, either all are needed or just that pixel.
    """
    if kind == NEAREST:
        row, col = int(np.floor(y + SNAP)), int(np.floor(x + SNAP))
        return row, row + 1, col, col + 1
    row, down = snap(y - 0.5)
    col, across = snap(x - 0.5)
    if kind == LINEAR or (down == 0.0 and across == 0.0):
        below = 2 if down > 0.0 else 1
        right = 2 if across > 0.0 else 1
        return row, row + below, col, col + right
    return row - 1, row + 3, col - 1, col + 3


@kernel
def touched(kind: int, level: tuple[int, int], nodes: Nodes, shape: tuple[int, int]) -> Reach:
    """Return what all of the target's pixels need together; empty where nothing is needed.

    ``level`` and the target's ``shape`` are rows and columns. The result may reach over the
    level's border. Pieces between four nodes that lie inside the level, or beside it, are judged
    by their corners alone, since the places between are never outside them; all others pixel by
    pixel.
    """
    _, _, steps, _, leads = nodes
    found = (level[0] + 9, -9, level[1] + 9, -9)
    for cell_row in range(steps.shape[0]):
        for cell_col in range(steps.shape[1]):
            step = steps[cell_row, cell_col]
            side = step if step >= FINEST else 32
            for row in range(cell_row * 32 - leads[0], cell_row * 32 - leads[0] + 32, side):
                for col in range(cell_col * 32 - leads[1], cell_col * 32 - leads[1] + 32, side):
                    first, last = max(row, 0), min(row + side, shape[0])
                    left, right = max(col, 0), min(col + side, shape[1])
                    if first < last and left < right:
                        piece = (first, last, left, right)
                        is_known, needed = False, (0, 0, 0, 0)
                        if side == step:
                            is_known, needed = _judge(kind, level, nodes, piece)
                        if not is_known:
                            needed = _search(kind, level, nodes, piece)
                        found = _join(found, needed)
    return found


@kernel
def _judge(kind: int, level: tuple[int, int], nodes: Nodes, piece: Reach) -> tuple[bool, Reach]:
    """Return whether the corners of ``piece``, which lies between nodes, tell what it needs."""
    found = (level[0] + 9, -9, level[1] + 9, -9)
    top, bottom, left, right = np.inf, -np.inf, np.inf, -np.inf
    is_known, is_somewhere = True, True
    for row in (piece[0], piece[1] - 1):
        for col in (piece[2], piece[3] - 1):
            y, x = _place_at(nodes, row, col)
            needed = _need(kind, level, nodes, (row, col), (y, x))
            # Of the cubic kernel, a place that needs just its pixel does not speak for
            # those around it, which need more.
            is_known &= not _is_empty(needed) and (kind != CUBIC or needed[1] - needed[0] > 1)
            is_somewhere &= bool(np.isfinite(y + x))
            found = _join(found, needed)
            top, bottom, left, right = min(top, y), max(bottom, y), min(left, x), max(right, x)
    if is_known:
        return True, found
    tall, wide = footprint(nodes, piece[0], piece[2]) if kind == AREA else (0.0, 0.0)
    is_beside = (
        bottom + tall < -BESIDE
        or top - tall > level[0] + BESIDE
        or right + wide < -BESIDE
        or left - wide > level[1] + BESIDE
    )
    return is_somewhere and is_beside, (0, 0, 0, 0)


@kernel
def _place_at(nodes: Nodes, row: int, col: int) -> tuple[float, float]:
    """Return the place, row first, of one of the target's pixels, as `place_run` has it.

    Its cell has a step above 1.
    """
    node_cols, node_rows, steps, starts, (row_lead, col_lead) = nodes
    cell_row, down = (row + row_lead) >> 5, (row + row_lead) & 31
    cell_col, across = (col + col_lead) >> 5, (col + col_lead) & 31
    step, node, side = steps[cell_row, cell_col], starts[cell_row, cell_col], 2
    if step != 32:  # far more cells have none of these divisions
        side = 32 // step + 1
        node += down // step * side + across // step
        down, across = down % step, across % step
    line = (node, node + side, step, across)
    return _between(node_rows, line, down / step), _between(node_cols, line, down / step)


@kernel
def _between(places: NDArray[np.float64], line: tuple[int, int, int, int], v: float) -> float:
    upper, lower, step, across = line
    left = places[upper] + (places[lower] - places[upper]) * v
    right = places[upper + 1] + (places[lower + 1] - places[upper + 1]) * v
    return float(left + across * ((right - left) / step))


@kernel
def _search(kind: int, level: tuple[int, int], nodes: Nodes, piece: Reach) -> Reach:
    """Return what the pixels of ``piece``, part of a cell, need together: one after another."""
    first, last, left, right = piece
    found = (level[0] + 9, -9, level[1] + 9, -9)
    rows = np.empty(32)
    cols = np.empty(32)
    for row in range(first, last):
        count, _ = place_run(nodes, (row, left, right), rows, cols)
        for k in range(count):
            needed = _need(kind, level, nodes, (row, left + k), (rows[k], cols[k]))
            found = _join(found, needed)
    return found


@kernel
def _need(
    kind: int,
    level: tuple[int, int],
    nodes: Nodes,
    pixel: tuple[int, int],
    place: tuple[float, float],
) -> Reach:
    """Return what one pixel needs of the level; empty where it has no place on it."""
    height, width = level
    y, x = place
    if kind != AREA:
        if 0 <= y + SNAP < height and 0 <= x + SNAP < width:
            return reach(kind, y, x)
        return 0, 0, 0, 0
    tall, wide = footprint(nodes, pixel[0], pixel[1])
    if not np.isfinite(y + x + tall + wide):
        return 0, 0, 0, 0
    top, bottom = span(y, tall)
    left, right = span(x, wide)
    if bottom <= 0 or top >= height or right <= 0 or left >= width:
        return 0, 0, 0, 0
    return top, bottom, left, right


@kernel
def _is_empty(some: Reach) -> bool:
    return some[0] >= some[1]


@kernel
def _join(one: Reach, other: Reach) -> Reach:
    if _is_empty(other):
        return one
    return (
        min(one[0], other[0]),
        max(one[1], other[1]),
        min(one[2], other[2]),
        max(one[3], other[3]),
    )
