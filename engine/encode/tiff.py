"""GeoTIFF: tiled, chunky, deflate; predictor 2 for integers, none for floats.

Readable by GDAL and by a plain tifffile, which brings deflate and predictor 2 of its own but
neither ZSTD nor predictor 3. A CRS without an EPSG code goes through GDAL, which writes its keys.
"""

from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.io import MemoryFile

from engine.encode.deflate import deflate
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
LEVEL = 1
"""libdeflate's quickest: higher levels hardly make imagery smaller."""


def encode_tiff(values: NDArray[Any], geobox: GeoBox, *, nodata: float | None) -> bytes:
    """Return a GeoTIFF of (band, row, col); integers of 8 to 32 bits, float32 or float64."""
    if not can_tag(geobox):
        return _by_gdal(values, geobox, nodata)
    bands, height, width = values.shape
    block = min(BLOCK, -(-max(height, width) // 16) * 16)
    has_predictor = values.dtype.kind != "f"
    blocks = [
        _block(values, row, col, block, has_predictor=has_predictor)
        for row in range(0, height, block)
        for col in range(0, width, block)
    ]
    sizes = [len(body) for body in blocks]
    tags: dict[int, Tag] = {
        256: (LONG, (width,)),
        257: (LONG, (height,)),
        259: (SHORT, (8,)),
        317: (SHORT, (2 if has_predictor else 1,)),
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


def _block(values: NDArray[Any], row: int, col: int, block: int, *, has_predictor: bool) -> bytes:
    """Return one compressed block; beyond the image's edge it holds zeros."""
    part = values[:, row : row + block, col : col + block]
    chunky = np.zeros((block, block, values.shape[0]), dtype=values.dtype)
    chunky[: part.shape[1], : part.shape[2]] = np.moveaxis(part, 0, -1)
    if has_predictor:
        difference(chunky.view(f"u{values.dtype.itemsize}"))
    return deflate(chunky, level=LEVEL)


@kernel
def difference(chunky: NDArray[np.unsignedinteger]) -> None:
    """Replace each sample of (row, col, band) by its difference to the one at its left."""
    height, width, bands = chunky.shape
    for row in range(height):
        for col in range(width - 1, 0, -1):
            for band in range(bands):
                chunky[row, col, band] -= chunky[row, col - 1, band]


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
            zlevel=LEVEL,
            predictor=1 if values.dtype.kind == "f" else 2,
        ) as dataset:
            dataset.write(values)
        return bytes(memory.read())
