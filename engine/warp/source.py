"""`Source`: the pixels that interpolating kernels read, and which of them have data."""

import numpy as np
from numpy.typing import NDArray

from engine.jit import kernel
from engine.warp.runs import Extent, Limits

Mask = tuple[bool, NDArray[np.bool_]]
"""Whether there is one, and the validity (row, col); an array of one where there is none."""

Marker = tuple[bool, np.generic]
"""Whether a number stands for no data, and that number in the values' dtype."""

Source = tuple[NDArray[np.generic], Mask, Marker, NDArray[np.bool_], Limits]
"""For kernels: values (row, col), mask, marker, gaps by `find_gaps`, and limits."""

BLOCK = 32
"""Pixels along the side of a square for which `find_gaps` speaks as one."""


@kernel
def has_data(source: Source, row: int, col: int) -> bool:
    """Return True where the source holds the pixel (row, col of its values) and it has data."""
    values, (is_masked, valid), (has_nodata, nodata), _, (_, _, height, width) = source
    if not (0 <= row < height and 0 <= col < width):
        return False
    y, x = np.uint64(row), np.uint64(col)
    if is_masked and not valid[y, x]:
        return False
    value = values[y, x]
    return bool(not (has_nodata and value == nodata) and value == value)  # noqa: PLR0124 - NaN


@kernel
def find_gaps(
    values: NDArray[np.generic], mask: Mask, marker: Marker, gaps: NDArray[np.bool_]
) -> None:
    """Write into ``gaps`` (block row, block col) where a block of values needs a closer look.

    It does where a pixel has no data, and where one is infinite: that is data, but not to be
    multiplied by a weight of 0. All other blocks are computed without any test.
    """
    is_masked, valid = mask
    has_nodata, nodata = marker
    for row in range(values.shape[0]):
        for block in range(gaps.shape[1]):
            first, stop = block * BLOCK, min(block * BLOCK + BLOCK, values.shape[1])
            odd = False
            for col in range(first, stop):
                value = values[row, col]
                odd |= value - value != 0
            if has_nodata:
                for col in range(first, stop):
                    odd |= values[row, col] == nodata
            if is_masked:
                for col in range(first, stop):
                    odd |= not valid[row, col]
            gaps[row // BLOCK, block] |= odd


@kernel
def is_whole(source: Source, extent: Extent, margin: float) -> bool:
    """Return True where no block has gaps within ``margin`` of places inside the source."""
    _, _, _, gaps, (first_row, first_col, _, _) = source
    top, bottom, left, right = extent
    upper, lower = int(top - margin) - first_row, int(bottom + margin) - first_row
    before, after = int(left - margin) - first_col, int(right + margin) - first_col
    for row in range(max(upper // BLOCK, 0), min(lower // BLOCK + 1, gaps.shape[0])):
        for col in range(max(before // BLOCK, 0), min(after // BLOCK + 1, gaps.shape[1])):
            if gaps[row, col]:
                return False
    return True
