"""PNG: rows Paeth-filtered and deflated in one kernel, or numbers of few colors by ISA-L.

Chunks after the PNG specification (W3C, third edition), 11. Some thirty times quicker than libpng
at its default level, and about as small (`benchmarks/bench_encode.py`).
"""

import struct
from typing import Any

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from engine.encode.deflate import deflate_quickly
from engine.encode.interleave import interleave
from engine.encode.palette import MOST, number_colors, pack_numbers
from engine.encode.squeeze import squeeze, squeezed_limit

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
"""Bands → color type: gray, gray and alpha, RGB, RGBA."""
PALETTE = 3
OPAQUE = 255
FEW = {1: 32, 2: 32, 3: 96, 4: 96}
"""Bands → colors up to which a picture repeats itself more than it changes slowly."""


def encode_png(values: NDArray[Any], *, palette: bool = False) -> bytes:
    """Return a PNG of (band, row, col), uint8 or uint16, with 1 to 4 bands.

    ``palette``: what is seen stays, the bands do not. Pictures of at most 256 colors are written
    as numbers of a palette, others without an alpha that is 255 everywhere: browsers and maps do
    not care, programs that read arrays do.
    """
    if not (values.flags.c_contiguous and values.flags.writeable):
        # Of other arrays the kernels would have to be compiled again.
        values = values.copy()
    bands, height, width = values.shape
    if values.dtype == np.uint8:
        body = _few_colored(values, palette=palette)
        if body is not None:
            return body
        if palette and bands in (2, 4) and values[-1].min() == OPAQUE:
            bands -= 1
            values = values[:bands]
    words = np.empty(squeezed_limit(height, values.nbytes // height), dtype=np.uint64)
    count = squeeze(values.view(np.uint8), values.dtype.itemsize, words)
    head = _head(width, height, 8 * values.dtype.itemsize, COLOR_TYPES[bands])
    return _join(head, (b"IDAT", words.view(np.uint8).data[:count]))


def _few_colored(values: NDArray[np.uint8], *, palette: bool) -> bytes | None:
    """Return a PNG of rows without a filter, or None where there are too many colors for it."""
    bands, height, width = values.shape
    is_indexed = palette and bands >= 3
    # Padded to whole bytes of eight numbers.
    numbers = np.zeros((height, (width + 7) // 8 * 8), dtype=np.uint8)
    colors = np.empty(MOST, dtype=np.uint32)
    most = MOST if is_indexed else FEW[bands]
    count = number_colors(values, most, numbers, colors)
    if count < 0 or (count == 1 and not is_indexed):
        return None
    if not is_indexed:
        rows = np.zeros((height, 1 + width * bands), dtype=np.uint8)
        rows[:, 1:] = interleave(values).reshape(height, -1)
        head = _head(width, height, 8, COLOR_TYPES[bands])
        return _join(head, (b"IDAT", deflate_quickly(rows)))
    depth = next(bits for bits in (1, 2, 4, 8) if count <= 1 << bits)
    rows = np.empty((height, 1 + (width * depth + 7) // 8), dtype=np.uint8)
    pack_numbers(numbers, depth, rows)
    table = colors[:count].astype("<u4").view(np.uint8).reshape(count, 4)
    parts = [(b"PLTE", table[:, :3].tobytes())]
    if table[:, 3].min() < OPAQUE:
        parts.append((b"tRNS", table[:, 3].tobytes()))
    head = _head(width, height, depth, PALETTE)
    return _join(head, *parts, (b"IDAT", deflate_quickly(rows)))


def _head(width: int, height: int, depth: int, color_type: int) -> bytes:
    return struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, 0)


def _join(head: bytes, *parts: tuple[bytes, bytes | memoryview]) -> bytes:
    chunks: list[bytes | memoryview] = [SIGNATURE]
    for kind, body in ((b"IHDR", head), *parts, (b"IEND", b"")):
        checksum = isal_zlib.crc32(body, isal_zlib.crc32(kind))
        chunks += [struct.pack(">I", len(body)), kind, body, struct.pack(">I", checksum)]
    return b"".join(chunks)
