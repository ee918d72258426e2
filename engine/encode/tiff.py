"""GeoTIFF: tiled, chunky, deflate; predictor 2 for integers, none for floats.

Readable by GDAL and by a plain tifffile, which brings deflate and predictor 2 of its own but
neither ZSTD nor predictor 3. A CRS without an EPSG code goes through GDAL, which writes its keys.
"""

from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.io import MemoryFile

from engine.encode.deflate import deflate_quickly
from engine.encode.interleave import interleave
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


def encode_tiff(values: NDArray[Any], geobox: GeoBox, *, nodata: float | None) -> bytes:
    """Return a GeoTIFF of (band, row, col); integers of 8 to 32 bits, float32 or float64.

    ``nodata`` is left out where no sample can be that number: it would label nothing.
    """
    if nodata is not None and not _can_hold(values.dtype, nodata):
        nodata = None
    if not can_tag(geobox):
        return _by_gdal(values, geobox, nodata)
    bands, height, width = values.shape
    block = min(BLOCK, -(-max(height, width) // 16) * 16)
    blocks = [
        _block(values, row, col, block)
        for row in range(0, height, block)
        for col in range(0, width, block)
    ]
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
    part = values[:, row : row + block, col : col + block]
    if values.dtype.kind == "f":
        chunky = np.zeros((block, block, values.shape[0]), dtype=values.dtype)
        chunky[: part.shape[1], : part.shape[2]] = interleave(part)
        return deflate_quickly(chunky)
    stored = f"u{values.dtype.itemsize}"
    differences = np.zeros((block, block, values.shape[0]), dtype=stored)
    difference(part.view(stored), differences)
    return deflate_quickly(differences)


@kernel
def difference(values: NDArray[np.unsignedinteger], out: NDArray[np.unsignedinteger]) -> None:
    """Write each sample of (band, row, col), less the one at its left, to ``out`` (row, col, band).

    TIFF's predictor 2. ``out`` may be larger; the rest of it is left alone.
    """
    bands, height, width = values.shape
    for row in range(height):
        for band in range(bands):
            line = values[band, row]
            out[row, 0, band] = line[0]
            for col in range(1, width):
                out[row, col, band] = line[col] - line[col - 1]


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
