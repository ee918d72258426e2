"""Nearest neighbor: the value of the source pixel that the target pixel's center lies in.

In two steps, since bands of one geometry take their values from the same places: `locate` once,
then `pick`, or `sift`, for each band.
"""

import numpy as np
from numpy.typing import NDArray

from engine.jit import kernel
from engine.warp.runs import SNAP, Extent, Limits, Nodes, Target, is_inside, place_line, place_run

Bits = NDArray[np.unsignedinteger]
"""Values of any dtype, as unsigned integers of its size."""

Offsets = NDArray[np.uint32]
"""(row, col) of the target: where each pixel's source pixel lies in memory."""


@kernel
def locate(
    nodes: Nodes, limits: Limits, stride: int, first: int, target: tuple[Offsets, NDArray[np.bool_]]
) -> bool:
    """Write offsets and validity, both (row, col); return True where all of them are valid.

    They are those of the grid's pixels from row ``first`` on, in a source whose rows are ``stride``
    pixels apart. Beside the source they are 0 and False.
    """
    node_cols, node_rows, steps, starts, (row_lead, col_lead) = nodes
    offsets, valid = target
    is_full = True
    for row in range(offsets.shape[0]):
        down = row + first + row_lead
        col = 0
        while col < offsets.shape[1]:
            across = col + col_lead
            count = min(32 - (across & 31), offsets.shape[1] - col)
            is_straight = steps[down >> 5, across >> 5] == 32
            upper = starts[down >> 5, across >> 5]
            # By far the most runs lie on one straight line inside the source: the same numbers
            # as `place_run` has, without a detour through memory.
            y, y_slope = place_line(node_rows, upper if is_straight else 0, (down & 31) / 32)
            x, x_slope = place_line(node_cols, upper if is_straight else 0, (down & 31) / 32)
            begin, end = across & 31, (across & 31) + count - 1
            if is_straight and is_inside(
                _extent(
                    y + begin * y_slope, y + end * y_slope, x + begin * x_slope, x + end * x_slope
                ),
                limits,
                0.0,
            ):
                for k in range(count):
                    # Numbers of 32 bits: only they become whole several at a time everywhere.
                    one = np.int32(y + (begin + k) * y_slope + SNAP) - np.int32(limits[0])
                    other = np.int32(x + (begin + k) * x_slope + SNAP) - np.int32(limits[1])
                    offsets[row, col + k] = np.uint32(one * np.int32(stride) + other)
                    valid[row, col + k] = True
            else:
                is_full &= _probe(nodes, limits, stride, (row + first, row, col), target)
            col += count
    return is_full


@kernel
def _extent(top: float, bottom: float, left: float, right: float) -> Extent:
    return min(top, bottom), max(top, bottom), min(left, right), max(left, right)


@kernel
def _probe(
    nodes: Nodes,
    limits: Limits,
    stride: int,
    start: tuple[int, int, int],
    target: tuple[Offsets, NDArray[np.bool_]],
) -> bool:
    """Do a run of any kind, pixel by pixel; return True where all of it is valid.

    ``start`` is its row in the grid and in the target, and its first column.
    """
    top, left, height, width = limits
    offsets, valid = target
    place, row, col = start
    rows = np.empty(32)
    cols = np.empty(32)
    is_full = True
    count, _ = place_run(nodes, (place, col, offsets.shape[1]), rows, cols)
    for k in range(count):
        y = np.floor(rows[k] + SNAP) - top
        x = np.floor(cols[k] + SNAP) - left
        is_held = 0 <= y < height and 0 <= x < width
        offsets[row, col + k] = np.uint32(y * stride + x) if is_held else np.uint32(0)
        valid[row, col + k] = is_held
        is_full &= is_held
    return is_full


@kernel
def pick(bits: Bits, offsets: Offsets, out: Bits) -> None:
    """Write the ``bits`` (flat) at the offsets into ``out`` (row, col)."""
    for row in range(offsets.shape[0]):
        for col in range(offsets.shape[1]):
            out[row, col] = bits[offsets[row, col]]


@kernel
def sift(
    bits: Bits,
    mask: tuple[bool, NDArray[np.bool_]],
    marker: tuple[bool, Bits],
    offsets: Offsets,
    target: Target,
) -> bool:
    """Do what `pick` does, and make pixels without data invalid; return True where there is none.

    ``mask`` tells whether there is one, and the validity (flat, as ``bits``); ``marker`` tells
    whether there is one, and two numbers for no data (floats have two zeros), what takes the sign
    off a float, and what NaN is greater than then.
    """
    is_masked, known = mask
    is_marked, numbers = marker
    one, other, magnitude, infinite = numbers[0], numbers[1], numbers[2], numbers[3]
    out, valid = target
    gaps = 0
    for row in range(offsets.shape[0]):
        # One loop for each step: only those without a jump in memory are done several at a time.
        for col in range(offsets.shape[1]):
            out[row, col] = bits[offsets[row, col]]
        for col in range(offsets.shape[1]):
            value = out[row, col]
            is_gap = (value == one) | (value == other) | ((value & magnitude) > infinite)
            is_gap &= is_marked
            valid[row, col] &= not is_gap
            gaps += is_gap
        if is_masked:
            for col in range(offsets.shape[1]):
                is_known = known[offsets[row, col]]
                valid[row, col] &= is_known
                gaps += not is_known
    return gaps == 0
