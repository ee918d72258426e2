"""TIFF directories as bytes: tags, their types, and the keys that say where on Earth.

Facts from TIFF 6.0 and from OGC 19-008r4 (GeoTIFF 1.1). Files are little-endian classic TIFFs.
"""

import struct
from collections.abc import Mapping, Sequence

import numpy as np

from engine.geo.crs import definition
from engine.geo.geobox import GeoBox

HEADER = struct.pack("<2sHI", b"II", 42, 8)
"""Little-endian classic TIFF whose first directory starts at byte 8."""
LARGEST = 2**32 - 1
"""Bytes that a classic TIFF can address."""

ASCII, SHORT, LONG, DOUBLE = 2, 3, 4, 12
_FORMATS = {SHORT: "H", LONG: "I", DOUBLE: "d"}
_SIZES = {ASCII: 1, SHORT: 2, LONG: 4, DOUBLE: 8}

SAMPLE_FORMATS = {"u": 1, "i": 2, "f": 3}
"""numpy's kind of a dtype → tag 339."""

Tag = tuple[int, Sequence[float] | str]
"""Type and value of a tag."""


def directory_size(tags: Mapping[int, Tag]) -> int:
    """Return the bytes that `pack_directory` will give for ``tags``."""
    size = 2 + 12 * len(tags) + 4
    for kind, value in tags.values():
        length = _length(kind, value) * _SIZES[kind]
        size += length + (length & 1) if length > 4 else 0
    return size + (size & 1)


def pack_directory(tags: Mapping[int, Tag], *, start: int, follows: int) -> bytes:
    """Return a directory and its values, as they stand from byte ``start`` of the file on.

    ``follows``: where the next directory starts, 0 for the last one.
    """
    place = start + 2 + 12 * len(tags) + 4
    entries = [struct.pack("<H", len(tags))]
    values = []
    for number in sorted(tags):
        kind, value = tags[number]
        packed = _pack(kind, value)
        head = struct.pack("<HHI", number, kind, _length(kind, value))
        if len(packed) <= 4:
            entries.append(head + packed.ljust(4, b"\0"))
            continue
        packed += b"\0" * (len(packed) & 1)
        entries.append(head + struct.pack("<I", place))
        values.append(packed)
        place += len(packed)
    body = b"".join([*entries, struct.pack("<I", follows), *values])
    return body + b"\0" * (len(body) & 1)


def _length(kind: int, value: Sequence[float] | str) -> int:
    return len(value) + 1 if kind == ASCII else len(value)


def _pack(kind: int, value: Sequence[float] | str) -> bytes:
    if isinstance(value, str):
        return value.encode("ascii") + b"\0"
    return struct.pack(f"<{len(value)}{_FORMATS[kind]}", *value)


def can_tag(geobox: GeoBox) -> bool:
    """Return True where plain keys say all of the place: an EPSG code and a north-up grid."""
    epsg = geobox.crs.epsg
    upright = geobox.affine.b == 0 and geobox.affine.d == 0 and geobox.affine.e < 0
    return epsg is not None and epsg < 32_767 and upright and geobox.affine.a > 0


def place_tags(geobox: GeoBox) -> dict[int, Tag]:
    """Return pixel size, tie point and keys of a grid for which `can_tag` is True.

    GTModelType 1 projected or 2 geographic, GTRasterType 1 (pixel is area).
    """
    affine = geobox.affine
    is_geographic = definition(geobox.crs).is_geographic
    epsg = geobox.crs.epsg or 0
    keys = [1, 1, 0, 3]
    keys += [1024, 0, 1, 2 if is_geographic else 1]
    keys += [1025, 0, 1, 1]
    keys += [2048 if is_geographic else 3072, 0, 1, epsg]
    return {
        33550: (DOUBLE, (affine.a, -affine.e, 0.0)),
        33922: (DOUBLE, (0.0, 0.0, 0.0, affine.c, affine.f, 0.0)),
        34735: (SHORT, keys),
    }


def sample_tags(dtype: np.dtype[np.generic], bands: int) -> dict[int, Tag]:
    """Return bits, format and count of the samples of a pixel, and what extra ones mean.

    Three or four bands of 8 bits without sign are RGB and an alpha that is not multiplied in; of
    everything else the first band is gray and the rest unspecified, as GDAL writes them.
    """
    is_color = bands in (3, 4) and dtype == np.uint8
    tags: dict[int, Tag] = {
        258: (SHORT, (8 * dtype.itemsize,) * bands),
        262: (SHORT, (2 if is_color else 1,)),
        277: (SHORT, (bands,)),
        284: (SHORT, (1,)),
        339: (SHORT, (SAMPLE_FORMATS[dtype.kind],) * bands),
    }
    extra = bands - (3 if is_color else 1)
    if extra:
        tags[338] = (SHORT, (2,) if is_color else (0,) * extra)
    return tags


def nodata_tag(nodata: float | None) -> dict[int, Tag]:
    """Return GDAL_NODATA, as GDAL writes numbers: ``nan``, integers without a point."""
    if nodata is None:
        return {}
    text = "nan" if np.isnan(nodata) else f"{nodata:.17g}"
    return {42113: (ASCII, text)}
