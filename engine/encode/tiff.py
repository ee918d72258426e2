"""GeoTIFF: tiled, chunky, deflate; predictor 2 for integers, none for floats.

Readable by GDAL and by a plain tifffile, which brings deflate and predictor 2 of its own but
neither ZSTD nor predictor 3. A CRS without an EPSG code goes through GDAL, which writes its keys.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.io import MemoryFile

from engine.encode.deflate import deflate_quickly
from engine.encode.tiff_tags import (
    HEADER,
    LARGEST,
    LONG,
    SHORT,
    Tag,
    can_tag,
    directory_size,
    nodata_tag,
    pack_directory,
    place_tags,
    sample_tags,
)
from engine.errors import TooLarge
from engine.geo.crs import definition
from engine.geo.geobox import GeoBox
from engine.jit import kernel

BLOCK = 512
"""Rows and columns of a block; smaller images are one block."""

Spread = Callable[[Callable[[int], None], int], None]
"""Calls a job with 0, 1 … up to a count, less 1, in any order and in several threads, and waits."""


def in_turn(job: Callable[[int], None], count: int) -> None:
    """Call ``job`` with 0, 1 … ``count`` - 1: the `Spread` of one thread."""
    for number in range(count):
        job(number)


def encode_tiff(
    values: NDArray[Any], geobox: GeoBox, *, nodata: float | None, spread: Spread = in_turn
) -> bytes:
    """Return a GeoTIFF of (band, row, col); integers of 8 to 32 bits, float32 or float64.

    ``nodata`` is left out where no sample can be that number: it would label nothing. Blocks are
    compressed by ``spread``.
    """
    if nodata is not None and not _can_hold(values.dtype, nodata):
        nodata = None
    if not can_tag(geobox):
        return _by_gdal(values, geobox, nodata)
    bands, height, width = values.shape
    block = min(BLOCK, -(-max(height, width) // 16) * 16)
    if not (values.flags.c_contiguous and values.flags.writeable):
        # Of other arrays the kernel would have to be compiled again.
        values = values.copy()
    across = -(-width // block)
    blocks = [b""] * (across * -(-height // block))

    def fill(number: int) -> None:
        row, col = divmod(number, across)
        blocks[number] = _block(values, row * block, col * block, block)

    spread(fill, len(blocks))
    sizes = [len(body) for body in blocks]
    tags: dict[int, Tag] = {
        256: (LONG, (width,)),
        257: (LONG, (height,)),
        259: (SHORT, (8,)),
        317: (SHORT, (1 if values.dtype.kind == "f" else 2,)),
        322: (SHORT, (block,)),
        323: (SHORT, (block,)),
        324: (LONG, [0] * len(blocks)),
        325: (LONG, sizes),
        **sample_tags(values.dtype, bands),
        **nodata_tag(nodata),
        **place_tags(geobox),
    }
    start = len(HEADER) + directory_size(tags)
    total = start + sum(sizes)
    if total > LARGEST:
        message = f"the file would have {total} bytes; a classic TIFF holds {LARGEST}"
        raise TooLarge(message, found=total, limit=LARGEST)
    offsets = np.cumsum([start, *sizes[:-1]]).tolist()
    tags[324] = (LONG, offsets)
    return b"".join([HEADER, pack_directory(tags, start=len(HEADER), follows=0), *blocks])


def _can_hold(dtype: np.dtype[Any], number: float) -> bool:
    if dtype.kind == "f":
        return not np.isfinite(number) or abs(number) <= float(np.finfo(dtype).max)
    limits = np.iinfo(dtype)
    return float(number).is_integer() and limits.min <= number <= limits.max


def _block(values: NDArray[Any], row: int, col: int, block: int) -> bytes:
    """Return one compressed block; what lies beyond the image's edge means nothing."""
    # The kernel moves and subtracts bits of any meaning: four sizes are all that is to be compiled.
    stored = f"u{values.dtype.itemsize}"
    out = np.zeros((block, block * values.shape[0]), dtype=stored)
    reach = 0 if values.dtype.kind == "f" else 1
    lay_block(values.view(stored), row, col, reach, out)
    return deflate_quickly(out)


@kernel
def lay_block(
    values: NDArray[np.unsignedinteger],
    top: int,
    left: int,
    reach: int,
    out: NDArray[np.unsignedinteger],
) -> None:
    """Write (band, row, col) from ``top``, ``left`` on to ``out``, the bands of a pixel together.

    ``reach`` 1: each sample less the one at its left in the block, TIFF's predictor 2; 0: samples
    as they are. ``out``: (row, col and band), square; what no sample reaches is left alone.
    """
    bands, height, width = values.shape
    block = out.shape[0]
    wide = min(block, width - left)
    for row in range(min(block, height - top)):
        target = out[row]
        for band in range(bands):
            line = values[band, top + row, left : left + wide]
            target[band] = line[0]
            if bands == 1:
                for col in range(1, wide):
                    target[col] = line[col] - reach * line[col - 1]
                continue
            for col in range(1, wide):
                target[col * bands + band] = line[col] - reach * line[col - 1]


def _by_gdal(values: NDArray[Any], geobox: GeoBox, nodata: float | None) -> bytes:
    bands, height, width = values.shape
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff",
            count=bands,
            height=height,
            width=width,
            dtype=values.dtype,
            crs=rasterio.CRS.from_wkt(definition(geobox.crs).to_wkt()),
            transform=geobox.affine,
            nodata=nodata,
            tiled=True,
            interleave="pixel",
            compress="deflate",
            zlevel=1,
            predictor=1 if values.dtype.kind == "f" else 2,
        ) as dataset:
            dataset.write(values)
        return bytes(memory.read())
