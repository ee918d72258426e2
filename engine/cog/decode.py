"""`decode_block`: the bytes of a block → its values and which of them are valid."""

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.cog.blocks import BlockRead
from engine.cog.codecs import Bytes, decode_photo, unpack
from engine.cog.image import CogImage, Compression, Encoding, Level, encoding_of
from engine.cog.predictor import (
    separate,
    undo_floating,
    undo_floating_alone,
    undo_horizontal,
)
from engine.errors import SourceCorrupt
from engine.geo.window import Window

Values = NDArray[np.generic]
Valid = NDArray[np.bool_]


class Rest(Protocol):
    """The rows of a block that are not decoded yet."""

    @property
    def nbytes(self) -> int:
        """Bytes of memory that are held to decode them."""
        ...

    def reach(self, rows: int) -> "DecodedBlock":
        """Return the block with at least its first ``rows`` rows, or with all where it has fewer.

        Safe from any thread, and decodes no row twice. Raises `SourceCorrupt`, naming the block.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DecodedBlock:
    """A block's pixels, clipped to its level: all of them, or those of its first rows."""

    window: Window
    """The pixels that are here, within the level."""
    values: Values
    """(bands in the block, rows, columns), native byte order, each band C-contiguous; one band
    where the image is planar, else all of them."""
    valid: Valid | None
    """(rows, columns), True = valid, by the internal mask or else by alpha; None: all are.
    The no-data number is not looked at here."""
    rest: Rest | None = None
    """Where the other rows come from; None: there are none."""

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the block holds."""
        held = self.values.nbytes + (0 if self.valid is None else self.valid.nbytes)
        return held if self.rest is None else held + self.rest.nbytes

    def holds(self, window: Window | None) -> bool:
        """Return whether the block's rows of ``window`` are here; None stands for all rows."""
        if self.rest is None:
            return True
        return window is not None and window.row_stop <= self.window.row_stop


Decode = Callable[[CogImage, Level, int, Bytes, int], Values]
"""(image, level or mask, block row, bytes, bands) → (bands, rows, columns), padding included."""


def decode_block(
    image: CogImage,
    block: BlockRead,
    data: Bytes | None,
    masks: Sequence[Bytes | None] = (),
) -> DecodedBlock:
    """Return the pixels of ``block``, given the bytes of its data and of each of its masks.

    None stands for what `BlockRead` has None for. Costs about 5 ms for 1024² uint16 deflate
    (`engine.cog.partial` decodes no more rows than are needed); runs without the GIL. Raises
    `SourceCorrupt`, naming the block, where bytes do not decode to exactly the pixels that the
    header declares. An image with a `CogImage.gdal_reason` is
    refused: `engine.cog.gdal.GdalDecoder` has the same method for it.
    """
    if image.gdal_reason is not None:
        raise SourceCorrupt(f"image cannot be decoded in this process: {image.gdal_reason}")
    return build_block(image, block, data, masks, decode=decode_stored)


def build_block(
    image: CogImage,
    block: BlockRead,
    data: Bytes | None,
    masks: Sequence[Bytes | None],
    *,
    decode: Decode,
) -> DecodedBlock:
    """Return the pixels of ``block``; ``decode`` turns the bytes of one stored block to values."""
    with naming(block):
        values = _values(image, block, data, decode=decode)
        valid = decode_masks(image, block, masks, decode=decode)
        if valid is None and image.has_alpha:
            valid = np.not_equal(values[-1], 0)
    return DecodedBlock(window=block.window, values=values, valid=valid)


@contextmanager
def naming(block: BlockRead) -> Iterator[None]:
    """Put the block's place before the message of every `SourceCorrupt` that is raised inside."""
    try:
        yield
    except SourceCorrupt as error:
        message = f"block row {block.row}, column {block.col} of level {block.level} "
        raise SourceCorrupt(message + error.message) from error


def sparse_value(image: CogImage) -> float | int:
    """Return what a block without bytes reads as: the no-data number, forced into the dtype.

    As GDAL does: 0 without one, halves rounded away from zero, the nearest number that the
    dtype holds; infinite where a float32 overflows.
    """
    nodata, dtype = image.nodata, np.dtype(image.dtype)
    if nodata is None or not image.sparse_is_nodata:
        return 0
    if dtype.kind == "f":
        overflows = math.isfinite(nodata) and abs(nodata) > float(np.finfo(dtype).max)
        return math.copysign(math.inf, nodata) if overflows else nodata
    if math.isnan(nodata):
        return 0
    limits = np.iinfo(dtype)
    inside = min(max(nodata, float(limits.min)), float(limits.max))
    return int(math.copysign(math.floor(abs(inside) + 0.5), inside))


def stored_rows(level: Level, row: int) -> int:
    """Return the rows that a block of block row ``row`` stores: fewer in a last strip."""
    if level.is_tiled:
        return level.block_height
    return min(level.block_height, level.height - row * level.block_height)


def decode_stored(image: CogImage, level: Level, row: int, data: Bytes, bands: int) -> Values:
    """Return (bands, rows, columns) of one stored block of a level or of a mask.

    Padding of edge blocks is still there. Masks give uint8, where anything but 0 is valid.
    """
    encoding = encoding_of(image, level)
    rows, cols = stored_rows(level, row), level.block_width
    if encoding.compression in (Compression.JPEG, Compression.WEBP):
        return _planes(decode_photo(encoding, data, rows=rows, cols=cols, bands=bands))
    stride = stored_stride(encoding, cols=cols, bands=bands)
    raw = unpack(encoding, data, size=rows * stride, full=level.block_height * stride)
    return arrange(image, encoding, raw, cols=cols, bands=bands)


def stored_stride(encoding: Encoding, *, cols: int, bands: int) -> int:
    """Return the bytes that a decompressed row takes; rows begin at whole bytes."""
    return -(-cols * bands * encoding.bits // 8)


def arrange(
    image: CogImage, encoding: Encoding, raw: NDArray[np.uint8], *, cols: int, bands: int
) -> Values:
    """Return (bands, rows, columns) of decompressed rows, the predictor undone.

    Every row stands for itself, so any number of whole ones will do. The values may lie where
    ``raw`` lay, unless that may not be written to.
    """
    stride = stored_stride(encoding, cols=cols, bands=bands)
    rows = len(raw) // stride
    if encoding.bits == 1:
        return np.unpackbits(raw.reshape(1, rows, stride), axis=2, count=cols)
    size = encoding.bits // 8
    # Only a mask has 8 bits where the image has not.
    dtype = np.dtype("uint8" if encoding.bits == 8 and image.bits != 8 else image.dtype)
    if encoding.predictor == 3:
        found = np.empty((bands, rows, cols), dtype=f"u{size}")
        undo = undo_floating_alone if bands == 1 else undo_floating
        undo(raw.reshape(rows, stride), found)
        return found.view(f"f{size}").astype(dtype, copy=False)
    unsigned = raw.view(f"u{size}")
    if size > 1 and image.is_little_endian != (sys.byteorder == "little"):
        unsigned = unsigned.byteswap(inplace=unsigned.flags.writeable)
    stored = unsigned.reshape(rows, cols, bands)
    if encoding.predictor == 2:
        # One band is undone where it lies; fresh memory would cost as much as the sums.
        in_place = bands == 1 and stored.flags.writeable
        out = stored.reshape(1, rows, cols) if in_place else _empty_planes(stored)
        undo_horizontal(stored, out)
    else:
        out = _planes(stored)
    if dtype.kind == "f":
        return out.view(f"f{size}").astype(dtype, copy=False)
    return out.view(dtype)


def _planes(stored: NDArray[np.unsignedinteger]) -> NDArray[np.unsignedinteger]:
    """Return (rows, columns, bands) as (bands, rows, columns), each band contiguous."""
    rows, cols, bands = stored.shape
    if bands == 1:
        return stored.reshape(1, rows, cols)
    out = _empty_planes(stored)
    separate(stored, out)
    return out


def _empty_planes(stored: NDArray[np.unsignedinteger]) -> NDArray[np.unsignedinteger]:
    rows, cols, bands = stored.shape
    return np.empty((bands, rows, cols), dtype=stored.dtype)


def _values(image: CogImage, block: BlockRead, data: Bytes | None, *, decode: Decode) -> Values:
    bands = 1 if image.is_planar else image.bands
    height, width = block.window.height, block.window.width
    if data is None:
        return np.full((bands, height, width), sparse_value(image), dtype=image.dtype)
    stored = decode(image, image.levels[block.level], block.row, data, bands)
    return np.ascontiguousarray(stored[:, :height, :width])


def decode_masks(
    image: CogImage, block: BlockRead, masks: Sequence[Bytes | None], *, decode: Decode
) -> Valid | None:
    """Return which of the block's pixels are valid by its masks, or None where it has none."""
    if len(masks) != len(block.masks):
        raise SourceCorrupt(f"came with {len(masks)} masks, expected {len(block.masks)}")
    if not block.masks:
        return None
    valid = np.zeros((block.window.height, block.window.width), dtype=np.bool_)
    level = image.levels[block.level]
    holder = level if level.mask is None else level.mask
    for read, data in zip(block.masks, masks, strict=True):
        if data is not None:
            part = decode(image, holder, read.row, data, 1)[0]
            common = read.window.intersect(block.window)
            found = part[_slices(common, read.window)]
            valid[_slices(common, block.window)] = np.not_equal(found, 0)
    return valid


def _slices(part: Window, whole: Window) -> tuple[slice, slice]:
    top, left = part.row_start - whole.row_start, part.col_start - whole.col_start
    return slice(top, top + part.height), slice(left, left + part.width)
