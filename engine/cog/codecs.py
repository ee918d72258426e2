"""Compressed bytes of one block → its decompressed bytes, never more than were declared.

`unpack` serves the codecs of bytes (deflate, LZW, ZSTD, PackBits, none), `decode_photo` those of
pictures (JPEG, WebP). The output is allocated here, before decoding, from the header's numbers;
what does not fit into it is refused by the codec, so a decompression bomb costs one block.
"""

from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from engine.cog.image import Compression, Encoding
from engine.errors import SourceCorrupt

Bytes = bytes | memoryview
Array = NDArray[np.uint8]


def _stored(data: Bytes, *, out: Array) -> Array:
    if len(data) > len(out):
        raise ValueError(f"{len(data)} bytes")
    out[: len(data)] = np.frombuffer(data, dtype=np.uint8)
    return out[: len(data)]


_CODECS: dict[Compression, Callable[..., Any]] = {
    Compression.NONE: _stored,
    Compression.LZW: imagecodecs.lzw_decode,
    Compression.DEFLATE: imagecodecs.deflate_decode,
    Compression.DEFLATE_OLD: imagecodecs.deflate_decode,
    Compression.PACKBITS: imagecodecs.packbits_decode,
    Compression.ZSTD: imagecodecs.zstd_decode,
}


def unpack(encoding: Encoding, data: Bytes, *, size: int, full: int) -> Array:
    """Return ``size`` bytes, uint8, of a block that decompresses to at least as many.

    A last strip holds ``size`` bytes, but some writers pad it to the ``full`` strip; anything
    else raises `SourceCorrupt`, without the block's place (the caller knows it).
    """
    # imagecodecs' LZW stops without an error where the output is full: one byte more tells.
    spare = 1 if encoding.compression is Compression.LZW else 0
    out = np.empty(full + spare, dtype=np.uint8)
    try:
        found: Array = _CODECS[encoding.compression](data, out=out)
    except (RuntimeError, ValueError) as error:
        name = encoding.compression.name.lower()
        raise SourceCorrupt(f"does not decompress as {name}: {error}") from error
    if len(found) not in (size, full):
        raise SourceCorrupt(f"decompresses to {len(found)} bytes, expected {size}")
    return out[:size]


_FRAMES = frozenset({0xC0, 0xC1})
"""JPEG frames that are decoded: baseline and extended sequential, as TIFF allows."""
_MAX_SCANS = 16
"""Scans of one JPEG block; each costs a pass over the whole block."""


def decode_photo(
    encoding: Encoding, data: Bytes, *, rows: int, cols: int, bands: int
) -> NDArray[np.uint8]:
    """Return (rows, columns, bands), uint8, of a JPEG or WebP block; YCbCr becomes RGB.

    The size in the block's own header is compared with ``rows`` × ``cols`` before anything is
    allocated. Raises `SourceCorrupt` without the block's place (the caller knows it).
    """
    try:
        if encoding.compression is Compression.WEBP:
            found = _decode_webp(bytes(data), rows=rows, cols=cols, bands=bands)
        else:
            found = _decode_jpeg(encoding, bytes(data), rows=rows, cols=cols, bands=bands)
    except (RuntimeError, ValueError) as error:
        name = encoding.compression.name
        raise SourceCorrupt(f"does not decompress as {name}: {error}") from error
    picture = found.reshape(found.shape[0], found.shape[1], -1)
    if picture.shape != (rows, cols, bands):
        raise SourceCorrupt(f"decompresses to {picture.shape}, expected {(rows, cols, bands)}")
    return picture


def _decode_jpeg(
    encoding: Encoding, data: bytes, *, rows: int, cols: int, bands: int
) -> NDArray[np.uint8]:
    frame = _jpeg_frame(data)
    if frame != (rows, cols, bands):
        message = f"holds a JPEG of (rows, columns, bands) {frame}, expected {(rows, cols, bands)}"
        raise SourceCorrupt(message)
    stored, wanted = {
        1: ("GRAYSCALE", "GRAYSCALE"),
        3: ("YCBCR" if encoding.photometric == 6 else "RGB", "RGB"),
        4: ("CMYK", "CMYK"),  # libjpeg's only way to leave four bands as they are
    }[bands]
    decoded: NDArray[np.uint8] = imagecodecs.jpeg8_decode(
        data,
        tables=encoding.jpeg_tables,
        colorspace=stored,
        outcolorspace=wanted,
        out=np.empty((rows, cols) if bands == 1 else (rows, cols, bands), dtype=np.uint8),
    )
    return decoded


def _jpeg_frame(data: bytes) -> tuple[int, int, int]:
    """Return rows, columns and bands from the frame header of a JPEG stream."""
    if data[:2] != b"\xff\xd8":
        raise SourceCorrupt("does not start as a JPEG")
    if data.count(b"\xff\xda") > _MAX_SCANS:
        raise SourceCorrupt(f"holds a JPEG of more than {_MAX_SCANS} scans")
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            if marker not in _FRAMES or data[at + 4] != 8:
                raise SourceCorrupt("holds a progressive, lossless or 12-bit JPEG; not allowed")
            height = int.from_bytes(data[at + 5 : at + 7], "big")
            width = int.from_bytes(data[at + 7 : at + 9], "big")
            return height, width, data[at + 9]
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    raise SourceCorrupt("holds a JPEG without a frame")


def _decode_webp(data: bytes, *, rows: int, cols: int, bands: int) -> NDArray[np.uint8]:
    if len(data) < 30 or data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise SourceCorrupt("does not start as a WebP")
    if data[12:16] == b"VP8X" and data[20] & 2:
        raise SourceCorrupt("holds a moving WebP; not allowed")
    out = np.empty((rows, cols, bands), dtype=np.uint8)
    decoded: NDArray[np.uint8] = imagecodecs.webp_decode(data, hasalpha=bands == 4, out=out)
    return decoded
