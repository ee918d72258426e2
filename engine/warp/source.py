"""`Source`: the pixels that interpolating kernels read, and which of them have data."""

import numpy as np
from numpy.typing import NDArray

from engine.jit import kernel
from engine.warp.runs import Extent, Limits

Mask = tuple[bool, NDArray[np.bool_]]
"""Whether there is one, and the validity, laid out as the values; an array of one where there is
none."""

Marker = tuple[bool, np.generic]
"""Whether a number stands for no data, and that number in the values' dtype."""

Source = tuple[NDArray[np.generic], int, Mask, Marker, Limits]
"""For kernels: values (pixel,), pixels from row to row of them, mask, marker, and limits."""

BLOCK = 32
"""Pixels along the side of a square for which `find_gaps` speaks as one."""


@kernel
def locate_pixel(source: Source, row: int, col: int) -> np.uint64:
    """Return where the source's pixel (row, col of its limits), which it must hold, lies in it."""
    return np.uint64(np.uint64(row) * np.uint64(source[1]) + np.uint64(col))


@kernel
def has_data(source: Source, row: int, col: int) -> bool:
    """Return True where the source holds the pixel (row, col of its limits) and it has data."""
    values, _, (is_masked, valid), (has_nodata, nodata), (_, _, height, width) = source
    if not (0 <= row < height and 0 <= col < width):
        return False
    here = locate_pixel(source, row, col)
    if is_masked and not valid[here]:
        return False
    value = values[here]
    return bool(not (has_nodata and value == nodata) and value == value)  # noqa: PLR0124 - NaN


@kernel
def is_odd(some: NDArray[np.generic], marker: Marker) -> bool:
    """Return True where one of ``some`` values needs a closer look.

    It does where it is no data, and where it is infinite: that is data, but not to be multiplied
    by a weight of 0. All others are computed without any test.
    """
    has_nodata, nodata = marker
    odd = False
    for k in range(some.size):
        odd |= some[k] - some[k] != 0
    if has_nodata:
        for k in range(some.size):
            odd |= some[k] == nodata
    return odd


@kernel
def find_gaps(source: Source, gaps: NDArray[np.bool_]) -> None:
    """Write into ``gaps`` (block row, block col) where a block of values needs a closer look."""
    values, _, (is_masked, valid), marker, (_, _, height, width) = source
    for row in range(height):
        for block in range(gaps.shape[1]):
            first = locate_pixel(source, row, block * BLOCK)
            stop = locate_pixel(source, row, min(block * BLOCK + BLOCK, width))
            gaps[row // BLOCK, block] |= is_odd(values[first:stop], marker)
            if is_masked:
                gaps[row // BLOCK, block] |= not valid[first:stop].all()


@kernel
def is_whole(gaps: NDArray[np.bool_], limits: Limits, extent: Extent, margin: float) -> bool:
    """Return True where no block has gaps within ``margin`` of places inside the source."""
    first_row, first_col, _, _ = limits
    top, bottom, left, right = extent
    upper, lower = int(top - margin) - first_row, int(bottom + margin) - first_row
    before, after = int(left - margin) - first_col, int(right + margin) - first_col
    for row in range(max(upper // BLOCK, 0), min(lower // BLOCK + 1, gaps.shape[0])):
        for col in range(max(before // BLOCK, 0), min(after // BLOCK + 1, gaps.shape[1])):
            if gaps[row, col]:
                return False
    return True
