"""Rows of samples → rows as PNG deflates them: Paeth-filtered, pixel by pixel, in words.

After the PNG specification (W3C, third edition), 9 and 7.2. Over satellite pictures Paeth leaves
the least entropy, and choosing another filter row by row costs more than it saves. A word holds
the next 4 bytes of a row, or 3 where pixels are made of threes, the first one lowest; the last word
of a row may hold fewer. It takes a little-endian machine.
"""

import numpy as np
from numpy.typing import NDArray

from engine.jit import kernel

PAETH = 4
"""The filter's number, at the head of every row. Above the first row all is 0."""
MODULUS = 65_521
"""Of Adler-32 (RFC 1950, 9)."""
_STRETCH = 64
"""Columns whose weighted bytes are summed in 32 bits."""


@kernel
def load_row(samples: NDArray[np.uint8], row: int, size: int, lines: NDArray[np.uint8]) -> None:
    """Copy a row of (band, row, byte) to ``lines`` (byte of the pixel, 1 + col).

    ``size``: bytes of a sample, 1 or 2. Column 0, left of the picture, is not touched.
    """
    bands = samples.shape[0]
    width = samples.shape[2] // size
    for band in range(bands):
        source = samples[band, row]
        if size == 1:
            target = lines[band]
            for col in range(width):
                target[1 + col] = source[col]
            continue
        # The high byte comes first in the file, and last in memory.
        high, low = lines[2 * band], lines[2 * band + 1]
        for col in range(width):
            high[1 + col] = source[2 * col + 1]
            low[1 + col] = source[2 * col]


@kernel
def filter_line(line: NDArray[np.uint8], above: NDArray[np.uint8], out: NDArray[np.uint8]) -> None:
    """Write a line (1 + col) less Paeth's guess, to ``out`` (col).

    In bytes alone, so that 64 columns go through at once. With left a, above b, and c between:
    the guess's distances are |b - c| to a, |a - c| to b and |a + b - 2c| to c; where b and a are
    on the same side of c the last is the sum of the others, elsewhere their difference.
    """
    for col in range(line.size - 1):
        a, b, c = line[col], above[col + 1], above[col]
        to_a = np.uint8(max(b, c) - min(b, c))
        to_b = np.uint8(max(a, c) - min(a, c))
        to_c = np.uint8(max(to_a, to_b) - min(to_a, to_b))
        if (b > c) == (a > c):
            to_c = np.uint8(255)
        near = b if to_b <= to_c else c
        near = a if (to_a <= to_b) & (to_a <= to_c) else near
        out[col] = np.uint8(line[col + 1] - near)


@kernel
def sum_line(line: NDArray[np.uint8]) -> tuple[int, int]:
    """Return the sum of the bytes, and the sum of each times its column."""
    total = np.int64(0)
    weighted = np.int64(0)
    for start in range(0, line.size, _STRETCH):
        part = line[start : start + _STRETCH]
        plain = np.uint32(0)
        by_column = np.uint32(0)
        for col in range(part.size):
            value = np.uint32(part[col])
            plain = np.uint32(plain + value)
            by_column = np.uint32(by_column + value * np.uint32(col))
        total += np.int64(plain)
        weighted += np.int64(by_column) + start * np.int64(plain)
    return int(total), int(weighted)


@kernel
def pack_row(filtered: NDArray[np.uint8], words: NDArray[np.uint32]) -> None:
    """Write (byte of the pixel, col) to ``words``, in the order of the file.

    The columns are padded with zeros to a multiple of 8.
    """
    step = filtered.shape[0]
    count = words.size
    if step == 1:
        fours = filtered[0].view(np.uint32)
        for place in range(count):
            words[place] = fours[place]
    elif step == 2:
        evens, odds = filtered[0].view(np.uint16), filtered[1].view(np.uint16)
        for place in range(count):
            first, second = np.uint32(evens[place]), np.uint32(odds[place])
            words[place] = (
                (first & np.uint32(0xFF))
                | (second & np.uint32(0xFF)) << np.uint32(8)
                | (first >> np.uint32(8)) << np.uint32(16)
                | (second >> np.uint32(8)) << np.uint32(24)
            )
    elif step == 3:
        _pack_threes(filtered, words)
    elif step == 4:
        _pack_fours(filtered, words)
    elif step == 6:
        for half in range(2):
            _pack_threes(filtered[3 * half :], words[half::2])
    else:
        for half in range(2):
            _pack_fours(filtered[4 * half :], words[half::2])


@kernel
def _pack_threes(planes: NDArray[np.uint8], words: NDArray[np.uint32]) -> None:
    first, second, third = planes[0], planes[1], planes[2]
    for col in range(words.size):
        words[col] = (
            np.uint32(first[col])
            | np.uint32(second[col]) << np.uint32(8)
            | np.uint32(third[col]) << np.uint32(16)
        )


@kernel
def _pack_fours(planes: NDArray[np.uint8], words: NDArray[np.uint32]) -> None:
    first, second, third, fourth = planes[0], planes[1], planes[2], planes[3]
    for col in range(words.size):
        words[col] = (
            np.uint32(first[col])
            | np.uint32(second[col]) << np.uint32(8)
            | np.uint32(third[col]) << np.uint32(16)
            | np.uint32(fourth[col]) << np.uint32(24)
        )
