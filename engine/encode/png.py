"""PNG: rows Paeth-filtered and deflated in one kernel.

Chunks after the PNG specification (W3C, third edition), 11. Some thirty times quicker than libpng
at its default level, and about as small (`benchmarks/bench_encode.py`).
"""

import struct
from typing import Any

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from engine.encode.deflate import deflate_quickly
from engine.encode.squeeze import squeeze, squeezed_limit
from engine.jit import kernel

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
"""Bands → color type: gray, gray and alpha, RGB, RGBA."""
PALETTE = 3


def encode_png(values: NDArray[Any], *, palette: bool = False) -> bytes:
    """Return a PNG of (band, row, col), uint8 or uint16, with 1 to 4 bands.

    ``palette``: pictures of at most 256 colors are written as indices into them, which is half
    the size and a quarter of the time; browsers do not care, programs that read arrays do.
    """
    bands, height, width = values.shape
    if palette and values.dtype == np.uint8 and bands >= 3:
        indexed = _indexed(np.ascontiguousarray(values))
        if indexed is not None:
            return indexed
    head = struct.pack(
        ">IIBBBBB", width, height, 8 * values.dtype.itemsize, COLOR_TYPES[bands], 0, 0, 0
    )
    return _join(head, (b"IDAT", _squeezed(values)))


def _squeezed(values: NDArray[Any]) -> memoryview:
    if not (values.flags.c_contiguous and values.flags.writeable):
        # Of other arrays the kernel would have to be compiled again.
        values = values.copy()
    height = values.shape[1]
    words = np.empty(squeezed_limit(height, values.nbytes // height), dtype=np.uint64)
    count = squeeze(values.view(np.uint8), values.dtype.itemsize, words)
    return words.view(np.uint8).data[:count]


def _indexed(values: NDArray[np.uint8]) -> bytes | None:
    """Return a PNG with a palette, or None where there are more than 256 colors."""
    bands, height, width = values.shape
    rows = np.zeros((height, width + 1), dtype=np.uint8)
    found = np.empty(256, dtype=np.uint32)
    count = index_colors(values, rows, found)
    if count < 0:
        return None
    table = found[:count].astype("<u4").view(np.uint8).reshape(count, 4)
    head = struct.pack(">IIBBBBB", width, height, 8, PALETTE, 0, 0, 0)
    parts = [(b"PLTE", table[:, :3].tobytes())]
    if bands == 4:
        parts.append((b"tRNS", table[:, 3].tobytes()))
    return _join(head, *parts, (b"IDAT", deflate_quickly(rows)))


def _join(head: bytes, *parts: tuple[bytes, bytes | memoryview]) -> bytes:
    chunks: list[bytes | memoryview] = [SIGNATURE]
    for kind, body in ((b"IHDR", head), *parts, (b"IEND", b"")):
        checksum = isal_zlib.crc32(body, isal_zlib.crc32(kind))
        chunks += [struct.pack(">I", len(body)), kind, body, struct.pack(">I", checksum)]
    return b"".join(chunks)


@kernel
def index_colors(
    values: NDArray[np.uint8], rows: NDArray[np.uint8], found: NDArray[np.uint32]
) -> int:
    """Number the colors of (band, row, col) by first use; return how many, or -1 above 256.

    The numbers go to ``rows`` (row, 1 + col); the colors to ``found``, red in the lowest byte,
    alpha in the highest (255 where there is no fourth band).
    """
    table = np.full(1024, -1, dtype=np.int32)
    count = 0
    bands, height, width = values.shape
    last = np.uint32(0)
    last_index = -1
    for row in range(height):
        for col in range(width):
            color = np.uint32(values[0, row, col])
            color |= np.uint32(values[1, row, col]) << np.uint32(8)
            color |= np.uint32(values[2, row, col]) << np.uint32(16)
            alpha = values[3, row, col] if bands == 4 else np.uint8(255)
            color |= np.uint32(alpha) << np.uint32(24)
            if color != last or last_index < 0:
                # Fibonacci hashing: numba multiplies in 64 bits, so the middle bits are taken.
                slot = (
                    np.int64((np.uint64(color) * np.uint64(2_654_435_761)) >> np.uint64(22)) & 1023
                )
                while table[slot] >= 0 and found[table[slot]] != color:
                    slot = (slot + 1) % 1024
                if table[slot] < 0:
                    if count == 256:
                        return -1
                    table[slot] = count
                    found[count] = color
                    count += 1
                last, last_index = color, table[slot]
            rows[row, col + 1] = last_index
    return count
