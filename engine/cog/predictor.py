"""Decompressed rows → values, band by band.

Each function takes rows as stored, (rows, columns, samples) in native byte order, and writes
(samples, rows, columns): the predictor is undone and the bands are separated in one pass over
memory. Sums wrap around, as the format wants it.

Rows may be read-only. numba compiles a kernel for read-only memory apart from the same kernel
for memory that may be written to, so kernels are always shown read-only rows.
"""

import sys
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.jit import kernel

T = TypeVar("T", bound=np.generic)


def separate(stored: NDArray[np.generic], out: NDArray[np.generic]) -> None:
    """Write ``out[s, r, c] = stored[r, c, s]`` for all three."""
    _separate(_sealed(stored), out)


def undo_horizontal(stored: NDArray[np.unsignedinteger], out: NDArray[np.unsignedinteger]) -> None:
    """Undo predictor 2: each sample is its difference to the pixel at its left.

    ``out`` may be the same memory as ``stored`` where there is one sample.
    Source: TIFF 6.0 section 14; libtiff for 32 and 64 bits.
    """
    samples, _, cols = out.shape
    by_words = _BY_WORDS.get(out.dtype.itemsize)
    if samples == 1 and by_words is not None and cols * out.dtype.itemsize % 8 == 0:
        words = _sealed(stored).reshape(out.shape[1:]).view(np.uint64)
        by_words(words, out[0].view(np.uint64))
    else:
        _undo_horizontal(_sealed(stored), out)


def undo_floating(stored: NDArray[np.uint8], out: NDArray[np.unsignedinteger]) -> None:
    """Undo predictor 3: rows of byte planes, highest byte first, each byte a difference.

    ``stored`` is (rows, bytes of a stored row). ``out`` is (samples, rows, columns) of unsigned
    integers as wide as the floats; view it as floats afterwards.
    Source: Adobe Photoshop TIFF Technical Note 3.
    """
    _undo_floating(_sealed(stored), out)


def undo_floating_alone(stored: NDArray[np.uint8], out: NDArray[np.unsignedinteger]) -> None:
    """Undo predictor 3 of one sample: `undo_floating` without strides, three times as fast."""
    _undo_floating_alone(_sealed(stored), out)


def _sealed(stored: NDArray[T]) -> NDArray[T]:
    """Return a view through which nothing is written."""
    view = stored.view()
    view.flags.writeable = False
    return view


@kernel
def _separate(stored: NDArray[np.generic], out: NDArray[np.generic]) -> None:
    samples, rows, cols = out.shape
    for r in range(rows):
        for s in range(samples):
            for c in range(cols):
                out[s, r, c] = stored[r, c, s]


@kernel
def _undo_horizontal(stored: NDArray[np.unsignedinteger], out: NDArray[np.unsignedinteger]) -> None:
    samples, rows, cols = out.shape
    for r in range(rows):
        for s in range(samples):
            value = stored[r, 0, s]
            out[s, r, 0] = value
            for c in range(1, cols):
                value += stored[r, c, s]
                out[s, r, c] = value


@kernel
def _undo_horizontal_16(stored: NDArray[np.uint64], out: NDArray[np.uint64]) -> None:
    """Sum four samples of 16 bits at a time, in words whose first sample is the lowest.

    Sums have 32 bits of a word each, where they do not spill into each other: one word for the
    samples at odd places, one for those at even places. Only the sums from word to word hang
    on each other; the loops before and after work on several words at once.
    """
    rows, words = out.shape
    low = np.uint64(0x0000FFFF0000FFFF)
    half, lane = np.uint64(16), np.uint64(32)
    odd, even = np.empty(words, np.uint64), np.empty(words, np.uint64)
    before = np.empty(words, np.uint64)
    for r in range(rows):
        row, target = stored[r], out[r]
        for i in range(words):
            second = (row[i] >> half) & low
            pair = (row[i] & low) + second
            pair += pair << lane
            odd[i] = pair
            even[i] = pair - second
        total = np.uint64(0)
        for i in range(words):
            before[i] = total
            total = (total + (odd[i] >> lane)) & np.uint64(0xFFFF)
        for i in range(words):
            both = before[i] | (before[i] << lane)
            target[i] = ((even[i] + both) & low) | (((odd[i] + both) & low) << half)


@kernel
def _undo_horizontal_8(stored: NDArray[np.uint64], out: NDArray[np.uint64]) -> None:
    """Sum eight samples of 8 bits at a time, as `_undo_horizontal_16` sums four.

    Multiplying by ones adds up the four sums of a word, 16 bits each.
    """
    rows, words = out.shape
    low, ones = np.uint64(0x00FF00FF00FF00FF), np.uint64(0x0001000100010001)
    half, last = np.uint64(8), np.uint64(48)
    for r in range(rows):
        total = np.uint64(0)
        for i in range(words):
            word = stored[r, i]
            second = (word >> half) & low
            odd = ((word & low) + second) * ones
            before = total * ones
            out[r, i] = ((odd - second + before) & low) | (((odd + before) & low) << half)
            total = (total + (odd >> last)) & np.uint64(0xFF)


_BY_WORDS = {2: _undo_horizontal_16, 1: _undo_horizontal_8} if sys.byteorder == "little" else {}
"""Bytes of a sample → the kernel that sums several at once, where there is one."""


@kernel
def _undo_floating(stored: NDArray[np.uint8], out: NDArray[np.unsignedinteger]) -> None:
    samples, rows, cols = out.shape
    wide = out.dtype.type
    values = cols * samples
    row = np.empty(values * out.itemsize, np.uint8)
    for r in range(rows):
        for s in range(samples):
            byte = np.uint8(0)
            for i in range(s, values * out.itemsize, samples):
                byte += stored[r, i]
                row[i] = byte
            target = out[s, r]
            target[:] = 0
            for b in range(out.itemsize):
                plane = row[b * values + s : (b + 1) * values : samples]
                for c in range(cols):
                    target[c] = (target[c] << wide(8)) | wide(plane[c])


@kernel
def _undo_floating_alone(stored: NDArray[np.uint8], out: NDArray[np.unsignedinteger]) -> None:
    _, rows, cols = out.shape
    wide = out.dtype.type
    row = np.empty(cols * out.itemsize, np.uint8)
    for r in range(rows):
        byte = np.uint8(0)
        for i in range(cols * out.itemsize):
            byte += stored[r, i]
            row[i] = byte
        target = out[0, r]
        target[:] = 0
        for b in range(out.itemsize):
            plane = row[b * cols : (b + 1) * cols]
            for c in range(cols):
                target[c] = (target[c] << wide(8)) | wide(plane[c])
