"""Kernels that turn decompressed rows into values, band by band.

Each takes rows as stored, (rows, columns, samples) in native byte order, and writes (samples,
rows, columns): the predictor is undone and the bands are separated in one pass over memory.
Sums wrap around, as the format wants it.
"""

import numpy as np
from numpy.typing import NDArray

from engine.jit import kernel


@kernel
def separate(stored: NDArray[np.generic], out: NDArray[np.generic]) -> None:
    """Write ``out[s, r, c] = stored[r, c, s]`` for all three."""
    samples, rows, cols = out.shape
    for r in range(rows):
        for s in range(samples):
            for c in range(cols):
                out[s, r, c] = stored[r, c, s]


@kernel
def undo_horizontal(stored: NDArray[np.unsignedinteger], out: NDArray[np.unsignedinteger]) -> None:
    """Undo predictor 2: each sample is its difference to the pixel at its left.

    ``out`` may be the same memory as ``stored`` where there is one sample.
    Source: TIFF 6.0 section 14; libtiff for 32 and 64 bits.
    """
    samples, rows, cols = out.shape
    for r in range(rows):
        for s in range(samples):
            value = stored[r, 0, s]
            out[s, r, 0] = value
            for c in range(1, cols):
                value += stored[r, c, s]
                out[s, r, c] = value


@kernel
def undo_floating(stored: NDArray[np.uint8], out: NDArray[np.unsignedinteger]) -> None:
    """Undo predictor 3: rows of byte planes, highest byte first, each byte a difference.

    ``stored`` is (rows, bytes of a stored row) and is summed in place. ``out`` is (samples,
    rows, columns) of unsigned integers as wide as the floats; view it as floats afterwards.
    Source: Adobe Photoshop TIFF Technical Note 3.
    """
    samples, rows, cols = out.shape
    wide = out.dtype.type
    values = cols * samples
    for r in range(rows):
        row = stored[r]
        for s in range(samples):
            byte = np.uint8(0)
            for i in range(s, values * out.itemsize, samples):
                byte += row[i]
                row[i] = byte
            target = out[s, r]
            target[:] = 0
            for b in range(out.itemsize):
                plane = row[b * values + s : (b + 1) * values : samples]
                for c in range(cols):
                    target[c] = (target[c] << wide(8)) | wide(plane[c])


@kernel
def undo_floating_alone(stored: NDArray[np.uint8], out: NDArray[np.unsignedinteger]) -> None:
    """Undo predictor 3 of one sample: `undo_floating` without strides, three times as fast."""
    _, rows, cols = out.shape
    wide = out.dtype.type
    for r in range(rows):
        row = stored[r]
        byte = np.uint8(0)
        for i in range(cols * out.itemsize):
            byte += row[i]
            row[i] = byte
        target = out[0, r]
        target[:] = 0
        for b in range(out.itemsize):
            plane = row[b * cols : (b + 1) * cols]
            for c in range(cols):
                target[c] = (target[c] << wide(8)) | wide(plane[c])
