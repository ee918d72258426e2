"""PNG: rows filtered by a kernel, deflated by libdeflate at its quickest level.

Filters and chunks after the PNG specification (W3C, third edition), 9 and 11. Every row but the
first is Paeth-filtered: over satellite pictures it deflates best, and trying the others costs more
than it saves. Many times quicker than libpng at its default level, and 10 % larger
(`benchmarks/bench_encode.py`).
"""

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.encode.deflate import deflate
from engine.jit import kernel

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
"""Bands → color type: gray, gray and alpha, RGB, RGBA."""
PALETTE = 3
LEVEL = 1
"""libdeflate's quickest; higher ones save a few percent and cost several times as much."""


def encode_png(values: NDArray[Any], *, palette: bool = False) -> bytes:
    """Return a PNG of (band, row, col), uint8 or uint16, with 1 to 4 bands.

    ``palette``: pictures of at most 256 colors are written as indices into them, which is half
    the size and a quarter of the time; browsers do not care, programs that read arrays do.
    """
    bands, height, width = values.shape
    chunky = np.ascontiguousarray(np.moveaxis(values, 0, -1))
    if palette and values.dtype == np.uint8 and bands >= 3:
        indexed = _indexed(chunky)
        if indexed is not None:
            return indexed
    if values.dtype == np.uint16:
        chunky = chunky.astype(">u2")
    step = bands * values.dtype.itemsize
    rows = chunky.reshape(height, -1).view(np.uint8)
    filtered = np.empty((height, rows.shape[1] + 1), dtype=np.uint8)
    filter_rows(rows, step, filtered)
    head = struct.pack(
        ">IIBBBBB", width, height, 8 * values.dtype.itemsize, COLOR_TYPES[bands], 0, 0, 0
    )
    return _join(head, (b"IDAT", deflate(filtered, level=LEVEL)))


def _indexed(chunky: NDArray[np.uint8]) -> bytes | None:
    """Return a PNG with a palette, or None where there are more than 256 colors."""
    height, width, bands = chunky.shape
    colors = np.empty((height, width), dtype=np.uint32)
    pack_colors(chunky, colors)
    rows = np.zeros((height, width + 1), dtype=np.uint8)
    found = np.empty(256, dtype=np.uint32)
    count = index_colors(colors, rows, found)
    if count < 0:
        return None
    table = found[:count].astype("<u4").view(np.uint8).reshape(count, 4)
    head = struct.pack(">IIBBBBB", width, height, 8, PALETTE, 0, 0, 0)
    parts = [(b"PLTE", table[:, :3].tobytes())]
    if bands == 4:
        parts.append((b"tRNS", table[:, 3].tobytes()))
    return _join(head, *parts, (b"IDAT", deflate(rows, level=LEVEL)))


def _join(head: bytes, *parts: tuple[bytes, bytes]) -> bytes:
    chunks = ((b"IHDR", head), *parts, (b"IEND", b""))
    return SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


@kernel
def filter_rows(rows: NDArray[np.uint8], step: int, out: NDArray[np.uint8]) -> None:
    """Write rows (row, byte) Paeth-filtered into ``out`` (row, 1 + byte); ``step``: bytes a pixel.

    The first row is Sub-filtered, which is what Paeth becomes where nothing lies above.
    """
    height, width = rows.shape
    for row in range(height):
        line = rows[row]
        target = out[row]
        if row == 0:
            target[0] = 1
            for i in range(width):
                target[i + 1] = line[i] - line[i - step] if i >= step else line[i]
            continue
        above = rows[row - 1]
        target[0] = 4
        for i in range(min(step, width)):
            target[i + 1] = line[i] - above[i]
        for i in range(step, width):
            a = np.int32(line[i - step])
            b = np.int32(above[i])
            c = np.int32(above[i - step])
            to_a, to_b = abs(b - c), abs(a - c)
            to_c = abs(a + b - c - c)
            near = b if to_b <= to_c else c
            if to_a <= to_b and to_a <= to_c:
                near = a
            target[i + 1] = np.uint8(np.int32(line[i]) - near)


@kernel
def pack_colors(chunky: NDArray[np.uint8], out: NDArray[np.uint32]) -> None:
    """Write each pixel of (row, col, band) as one number, red lowest; without alpha it is 255."""
    height, width, bands = chunky.shape
    for row in range(height):
        for col in range(width):
            value = np.uint32(chunky[row, col, 0])
            value |= np.uint32(chunky[row, col, 1]) << np.uint32(8)
            value |= np.uint32(chunky[row, col, 2]) << np.uint32(16)
            alpha = chunky[row, col, 3] if bands == 4 else np.uint8(255)
            out[row, col] = value | (np.uint32(alpha) << np.uint32(24))


@kernel
def index_colors(
    colors: NDArray[np.uint32], rows: NDArray[np.uint8], found: NDArray[np.uint32]
) -> int:
    """Number the colors of (row, col) by first use; return how many, or -1 above 256.

    The numbers go to ``rows`` (row, 1 + col), the colors to ``found``.
    """
    table = np.full(1024, -1, dtype=np.int32)
    count = 0
    height, width = colors.shape
    last = np.uint32(0)
    last_index = -1
    for row in range(height):
        for col in range(width):
            color = colors[row, col]
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
