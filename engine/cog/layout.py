"""One directory → `Layout`: size, blocks and encoding of one image, overview or mask."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.cog import tags
from engine.cog.ifd import Form, Ifd, Known, integer, integers, text
from engine.cog.image import Compression, Encoding
from engine.errors import SourceCorrupt

MAX_SIDE = (1 << 31) - 1
"""Pixels a side; GDAL's own limit."""
MAX_BANDS = 65_535
MAX_BLOCK = 256 << 20
"""Bytes of a decoded block. Real blocks have 64 KiB to 8 MiB; whole-scene strips up to 100 MiB."""
SLACK = 1 << 20
"""A compressed block may be twice its decoded size and this much larger, never more."""

RGB, YCBCR = 2, 6
_WITH_PREDICTOR = frozenset({5, 8, 32946, 50000, 34925})
"""Compressions for which libtiff obeys tag 317: LZW, deflate, ZSTD and LZMA."""
_OLD_JPEG = 6
_CODEC_TAGS = (tags.FILL_ORDER, tags.T4_OPTIONS, tags.T6_OPTIONS)
_COMPRESSIONS = {member.value: member for member in Compression}
_DTYPES = {
    (1, 8): "uint8", (1, 16): "uint16", (1, 32): "uint32",
    (2, 8): "int8", (2, 16): "int16", (2, 32): "int32",
    (3, 16): "float32", (3, 24): "float32", (3, 32): "float32", (3, 64): "float64",
}  # fmt: skip
"""(sample format, bits) → the dtype of decoded values; half floats are widened, as GDAL does."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Layout:
    """What one directory says of its pixels; fields as in `Level` and `CogImage`."""

    width: int
    height: int
    bands: int
    dtype: str
    is_planar: bool
    is_tiled: bool
    block_width: int
    block_height: int
    offsets: NDArray[np.uint64]
    byte_counts: NDArray[np.uint64]
    encoding: Encoding
    has_alpha: bool
    gdal_reason: str | None


def read_layout(form: Form, known: Known, ifd: Ifd, *, is_mask: bool = False) -> Layout:
    """Return the layout of the pixels that ``ifd`` describes.

    Raises `SourceCorrupt` where sizes, counts and offsets contradict each other or the object,
    a block would be too large, or the pixels are of a kind that is not read at all.
    """
    width = _within(form, known, ifd, tags.WIDTH, "width", most=MAX_SIDE)
    height = _within(form, known, ifd, tags.HEIGHT, "height", most=MAX_SIDE)
    bands = _within(form, known, ifd, tags.SAMPLES, "bands", most=MAX_BANDS, default=1)
    bits = _uniform(form, known, ifd, tags.BITS, "bits per sample", default=1)
    sample_format = _uniform(form, known, ifd, tags.SAMPLE_FORMAT, "sample formats", default=1)
    dtype = _dtype(sample_format, bits)
    is_planar = bands > 1 and integer(form, known, ifd, tags.PLANAR, default=1) == 2
    encoding = _encoding(form, known, ifd, bits=bits)
    is_tiled = tags.BLOCK_WIDTH in ifd
    if is_tiled:
        block_width = _within(form, known, ifd, tags.BLOCK_WIDTH, "block width", most=MAX_SIDE)
        block_height = _within(form, known, ifd, tags.BLOCK_HEIGHT, "block height", most=MAX_SIDE)
    else:
        block_width = width
        rows = integer(form, known, ifd, tags.ROWS_PER_STRIP, default=height)
        block_height = min(max(rows, 1), height)
    samples = 1 if is_planar else bands
    block_bytes = block_width * block_height * samples * max(bits, 8) // 8
    if block_bytes > MAX_BLOCK:
        message = (
            f"TIFF block of {block_width} × {block_height} pixels has {block_bytes} bytes; "
            f"allowed: {MAX_BLOCK >> 20} MiB"
        )
        raise SourceCorrupt(message)
    shape = (
        bands if is_planar else 1,
        -(-height // block_height),
        -(-width // block_width),
    )
    offsets, byte_counts = _blocks(form, known, ifd, shape=shape, block_bytes=block_bytes)
    reason = _gdal_reason(encoding, dtype=dtype, samples=samples, is_mask=is_mask)
    if is_mask and (bands != 1 or bits not in (1, 8)):
        raise SourceCorrupt(f"TIFF mask of {bands} bands and {bits} bits; allowed: 1 band, 1 or 8")
    if encoding.photometric == YCBCR and (is_planar or bands != 3):
        raise SourceCorrupt(f"TIFF in YCbCr with {bands} bands, planar {is_planar}, is not read")
    return Layout(
        width=width,
        height=height,
        bands=bands,
        dtype=dtype,
        is_planar=is_planar,
        is_tiled=is_tiled,
        block_width=block_width,
        block_height=block_height,
        offsets=offsets,
        byte_counts=byte_counts,
        encoding=encoding,
        has_alpha=_has_alpha(form, known, ifd, bands=bands),
        gdal_reason=reason,
    )


def _within(
    form: Form,
    known: Known,
    ifd: Ifd,
    tag: int,
    name: str,
    *,
    most: int,
    default: int | None = None,
) -> int:
    value = integer(form, known, ifd, tag, default=default)
    if not 1 <= value <= most:
        raise SourceCorrupt(f"TIFF {name} is {value}; allowed: 1 to {most}")
    return value


def _uniform(form: Form, known: Known, ifd: Ifd, tag: int, name: str, *, default: int) -> int:
    field = ifd.get(tag)
    if field is None or field.values == 0:
        return default
    if field.values == 1:
        return integer(form, known, ifd, tag)
    values = integers(form, known, ifd, tag)
    if (values != values[0]).any():
        found = sorted({int(value) for value in values})[:4]
        raise SourceCorrupt(f"TIFF bands differ in {name}: {found}; allowed: one for all")
    return int(values[0])


def _dtype(sample_format: int, bits: int) -> str:
    sample_format = 1 if sample_format == 4 else sample_format
    dtype = _DTYPES.get((sample_format, bits))
    if dtype is not None:
        return dtype
    if sample_format == 1 and 1 <= bits < 32:
        return "uint8" if bits < 8 else "uint16" if bits < 16 else "uint32"
    kinds = {1: "unsigned", 2: "signed", 3: "floating-point", 5: "complex", 6: "complex"}
    message = (
        f"TIFF samples are {kinds.get(sample_format, f'of format {sample_format}')} "
        f"with {bits} bits; allowed: whole numbers up to 32 bits, floats of 16, 32 and 64 bits"
    )
    raise SourceCorrupt(message)


def _encoding(form: Form, known: Known, ifd: Ifd, *, bits: int) -> Encoding:
    number = integer(form, known, ifd, tags.COMPRESSION, default=1)
    compression = _COMPRESSIONS.get(number, Compression.OTHER)
    if number in (0, _OLD_JPEG):
        raise SourceCorrupt(f"TIFF compression {number} is not read (old-style JPEG or unset)")
    predictor = 1
    if number in _WITH_PREDICTOR:
        predictor = integer(form, known, ifd, tags.PREDICTOR, default=1)
    if predictor not in (1, 2, 3) or (predictor > 1 and bits % 8):
        raise SourceCorrupt(f"TIFF predictor {predictor} with {bits} bits; allowed: 1, 2 and 3")
    photometric = integer(form, known, ifd, tags.PHOTOMETRIC, default=1)
    is_jpeg = compression is Compression.JPEG
    knows_color = compression in (Compression.JPEG, Compression.WEBP)
    if photometric >= 8 or (photometric == YCBCR and not knows_color):
        # GDAL turns these into RGBA, whose bands are not those of the file.
        raise SourceCorrupt(f"TIFF photometric interpretation {photometric} is not read")
    subsampling = (1, 1)
    if photometric == YCBCR:
        values = integers(form, known, ifd, tags.SUBSAMPLING).tolist() or [2, 2]
        if len(values) != 2 or any(value not in (1, 2, 4) for value in values):
            raise SourceCorrupt(f"TIFF chroma subsampling {values[:4]}; allowed: 1, 2 or 4, twice")
        subsampling = (int(values[0]), int(values[1]))
    return Encoding(
        compression=compression,
        compression_tag=number,
        predictor=predictor,
        bits=bits,
        photometric=photometric,
        subsampling=subsampling,
        jpeg_tables=(text(known, ifd, tags.JPEG_TABLES) or None) if is_jpeg else None,
        lerc_parameters=tuple(integers(form, known, ifd, tags.LERC_PARAMETERS).tolist()),
        codec_tags=tuple(
            (tag, integer(form, known, ifd, tag))
            for tag in _CODEC_TAGS
            if tag in ifd and integer(form, known, ifd, tag, default=0) > (tag == tags.FILL_ORDER)
        ),
    )


def _blocks(
    form: Form, known: Known, ifd: Ifd, *, shape: tuple[int, int, int], block_bytes: int
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return offsets and byte counts of ``shape``; sparse blocks have 0 in both."""
    number = math.prod(shape)
    arrays = []
    for candidates in (
        (tags.BLOCK_OFFSETS, tags.STRIP_OFFSETS),
        (tags.BLOCK_BYTE_COUNTS, tags.STRIP_BYTE_COUNTS),
    ):
        tag = candidates[0] if candidates[0] in ifd else candidates[1]
        count = ifd[tag].values if tag in ifd else 0
        if count < number:
            raise SourceCorrupt(f"TIFF field {tag} has {count} entries for {number} blocks")
        arrays.append(integers(form, known, ifd, tag)[:number].reshape(shape))
    offsets, byte_counts = arrays
    if not offsets.all() or not byte_counts.all():
        sparse = (offsets == 0) | (byte_counts == 0)
        offsets[sparse] = 0
        byte_counts[sparse] = 0
    ends = offsets + byte_counts
    if int(ends.max()) > known.size or (ends < offsets).any():  # the sum may wrap around
        outside = (ends > known.size) | (ends < offsets)
        plane, row, col = (int(index[0]) for index in np.nonzero(outside))
        message = (
            f"block (plane {plane}, row {row}, column {col}) lies at bytes "
            f"{offsets[plane, row, col]} + {byte_counts[plane, row, col]}, "
            f"but the object has {known.size}: it is cut short"
        )
        raise SourceCorrupt(message)
    largest, most = int(byte_counts.max()), 2 * block_bytes + SLACK
    if largest > most:
        raise SourceCorrupt(f"TIFF has a block of {largest} compressed bytes; allowed: {most}")
    return offsets, byte_counts


def _has_alpha(form: Form, known: Known, ifd: Ifd, *, bands: int) -> bool:
    extra = integers(form, known, ifd, tags.EXTRA_SAMPLES)
    return bands > 1 and extra.size > 0 and int(extra[-1]) in (1, 2)


def _gdal_reason(encoding: Encoding, *, dtype: str, samples: int, is_mask: bool) -> str | None:
    """Return why the blocks go to GDAL, or None where `engine.cog.decode` takes them."""
    compression = encoding.compression
    is_photo = compression in (Compression.JPEG, Compression.WEBP)
    reasons = (
        (
            compression is Compression.OTHER,
            f"TIFF compression {encoding.compression_tag} is decoded by GDAL",
        ),
        (
            compression is Compression.LERC,
            "LERC blocks are decoded by GDAL, in a process of its own",
        ),
        (
            encoding.bits not in (8, 16, 32, 64) and not (is_mask and encoding.bits == 1),
            f"samples of {encoding.bits} bits are unpacked by GDAL",
        ),
        (
            any(tag == tags.FILL_ORDER for tag, _ in encoding.codec_tags),
            "bytes with the lowest bit first (FillOrder 2) are decoded by GDAL",
        ),
        (
            is_photo and (dtype != "uint8" or samples not in (1, 3, 4)),
            f"{compression.name} blocks of {samples} bands of {dtype} are decoded by GDAL",
        ),
    )
    return next((reason for applies, reason in reasons if applies), None)
