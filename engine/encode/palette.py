"""Few colors: numbered, and the numbers packed into rows."""

import numpy as np
from numpy.typing import NDArray

from engine.jit import kernel

MOST = 256
"""Colors that a PNG's palette holds."""
SLOTS_BITS = 12
"""Slots of the table of colors, as a power of 2: sixteen for each, so that few share one."""
FIBONACCI = 2_654_435_769
"""2³² divided by the golden ratio: the product's highest bits scatter colors that are close."""


@kernel
def number_colors(
    values: NDArray[np.uint8], most: int, numbers: NDArray[np.uint8], colors: NDArray[np.uint32]
) -> int:
    """Number the colors of (band, row, col) by first use; return how many, or -1 above ``most``.

    ``numbers``: (row, col), may be wider. ``colors``: the first band in the lowest byte, the fourth
    in the highest, which is 255 where there is none. Pictures of many colors are given up at the
    first one too many.
    """
    bands, height, width = values.shape
    keys = np.zeros(1 << SLOTS_BITS, dtype=np.uint32)
    held = np.full(1 << SLOTS_BITS, -1, dtype=np.int16)
    line = np.empty(width, dtype=np.uint32)
    count = 0
    for row in range(height):
        opaque = np.uint32(0 if bands == 4 else 0xFF000000)
        for col in range(width):
            line[col] = opaque | np.uint32(values[0, row, col])
        for band in range(1, bands):
            shift = np.uint32(8 * band)
            for col in range(width):
                line[col] |= np.uint32(values[band, row, col]) << shift
        for col in range(width):
            color = line[col]
            slot = np.uint32(color * np.uint32(FIBONACCI)) >> np.uint32(32 - SLOTS_BITS)
            while held[slot] >= 0 and keys[slot] != color:
                slot = (slot + np.uint32(1)) & np.uint32((1 << SLOTS_BITS) - 1)
            if held[slot] < 0:
                if count == most:
                    return -1
                keys[slot] = color
                held[slot] = count
                colors[count] = color
                count += 1
            numbers[row, col] = held[slot]
    return count


@kernel
def pack_numbers(numbers: NDArray[np.uint8], depth: int, rows: NDArray[np.uint8]) -> None:
    """Write numbers of ``depth`` bits to ``rows`` (row, 1 + byte), the first in the highest bits.

    ``numbers``: (row, col), as wide as the bytes hold. The byte before each row is PNG's filter 0:
    numbers that are near mean nothing, so no row is filtered.
    """
    held = 8 // depth
    for row in range(rows.shape[0]):
        source, target = numbers[row], rows[row]
        target[0] = 0
        for place in range(1, target.size):
            target[place] = source[(place - 1) * held] << (8 - depth)
        for part in range(1, held):
            shift = 8 - depth * (part + 1)
            for place in range(1, target.size):
                target[place] |= np.uint8(source[(place - 1) * held + part] << shift)
