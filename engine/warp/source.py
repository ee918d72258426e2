"""`Source`: the pixels that interpolating kernels read, and which of them have data."""

import numpy as np
from numpy.typing import NDArray

from engine.jit import kernel
from engine.warp.runs import Limits

Source = tuple[
    NDArray[np.generic], tuple[bool, NDArray[np.bool_]], tuple[bool, np.generic], bool, Limits
]
"""For kernels: values (row, col); whether there is a mask, and the validity (row, col; else an
array of one); whether there is a number for no data, and that number in the values' dtype;
whether pixels must be looked at one by one because some may have no data; and the limits."""


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
def are_plain(source: Source, row: int, col: int, side: int) -> bool:
    """Return True where a square of pixels that the source holds has data all over.

    ``row`` and ``col`` are of its upper left pixel. False for infinite numbers too: they are
    data, but not to be multiplied by a weight of 0.
    """
    values, (is_masked, valid), (has_nodata, nodata), _, _ = source
    plain = True
    for i in range(side):
        for j in range(side):
            y, x = np.uint64(row + i), np.uint64(col + j)
            value = values[y, x]
            plain &= value - value == 0
            if has_nodata:
                plain &= value != nodata
            if is_masked:
                plain &= valid[y, x]
    return bool(plain)
