"""`CogImage` ↔ bytes, for the catalog: compact, versioned, no pickle.

A record is a head, the facts as JSON, the block arrays of all levels and masks in one ZSTD
frame, and a CRC-32 of all that. In a COG each block starts where the one
before ends, plus a constant, so offsets are kept as their differences from that and vanish.
"""

import base64
import math
import struct
import zlib
from collections.abc import Callable, Mapping
from typing import Any, Self

import imagecodecs
import numpy as np
import orjson
from affine import Affine
from numpy.typing import NDArray

from engine.cog.image import CogImage, Compression, Encoding, Level
from engine.errors import SourceCorrupt
from engine.geo.crs import Crs

_HEAD = struct.Struct("<4sII")
_CHECK = struct.Struct("<I")
_MAGIC = b"cog\x01"
"""The last byte is the version; another one is read as unknown, and the file registered anew."""
_PLAIN = (
    "identity", "size", "width", "height", "bands", "dtype", "scale", "offset", "compression_tag",
    "predictor", "is_planar", "is_little_endian", "bits", "photometric", "subsampling",
    "lerc_parameters", "codec_tags", "has_alpha", "sparse_is_nodata", "band_names",
    "gdal_reason", "is_cog", "warnings",
)  # fmt: skip
"""Fields that JSON holds as they are; lists come back as tuples."""


def to_record(image: CogImage) -> bytes:
    """Return ``image`` as bytes that `from_record` reads; about 1 kB for a Sentinel-2 band."""
    facts = {name: getattr(image, name) for name in _PLAIN}
    facts["affine"] = tuple(image.affine)[:6]
    facts["crs"] = None if image.crs is None else image.crs.name
    facts["nodata"] = None if image.nodata is None else image.nodata.hex()
    facts["compression"] = image.compression.value
    facts["jpeg_tables"] = _encode_bytes(image.jpeg_tables)
    arrays: list[NDArray[np.uint64]] = []
    facts["levels"] = [_level_facts(level, arrays) for level in image.levels]
    words = orjson.dumps(facts)
    numbers = np.concatenate(arrays)
    packed = imagecodecs.zstd_encode(numbers.tobytes(), level=3)
    body = _HEAD.pack(_MAGIC, len(words), numbers.size) + words + packed
    return body + _CHECK.pack(zlib.crc32(body))


def from_record(record: bytes) -> CogImage:
    """Return the image of a record; raises `SourceCorrupt` where the record is damaged."""
    if not record.startswith(_MAGIC):
        raise SourceCorrupt("image record is of another kind or version; register the file again")
    body = memoryview(record)[: -_CHECK.size]
    if len(body) < _HEAD.size or record[-_CHECK.size :] != _CHECK.pack(zlib.crc32(body)):
        raise SourceCorrupt("image record is damaged; register the file again")
    _, length, count = _HEAD.unpack_from(body)
    body = body[_HEAD.size :]
    return _RecordedImage.of(orjson.loads(body[:length]), body[length:], count)


class _RecordedImage(CogImage):
    """An image whose fields are made of its record when they are first looked at.

    Of most scenes that a search finds little is asked: parsing all of it takes ten times as long.
    Safe to use from many threads: two that look first together find the same.
    """

    __slots__ = ("_count", "_facts", "_packed")

    _facts: dict[str, Any]
    _packed: memoryview
    _count: int

    @classmethod
    def of(cls, facts: dict[str, Any], packed: memoryview, count: int) -> Self:
        """Return the image whose facts are JSON's and whose ``count`` numbers are ``packed``."""
        # Its fields stay unset, so that `__getattr__` is asked for them.
        image = cls.__new__(cls)
        for name, value in (("_facts", facts), ("_packed", packed), ("_count", count)):
            object.__setattr__(image, name, value)
        return image

    def __reduce__(self) -> tuple[Any, ...]:
        return from_record, (to_record(self),)

    def __getattr__(self, name: str) -> Any:
        if name not in self.__dataclass_fields__:
            raise AttributeError(name)
        fact = self._facts[name]
        if name == "levels":
            numbers = np.empty(self._count, dtype="<u8")
            imagecodecs.zstd_decode(bytes(self._packed), out=numbers.data.cast("B"))
            cursor = _Cursor(numbers)
            value: Any = tuple(_level(one, cursor) for one in fact)
        else:
            read = _READ.get(name, _tuples)
            value = None if fact is None else read(fact)
        object.__setattr__(self, name, value)
        return value


class _Cursor:
    """Hands out the next numbers of a flat array."""

    __slots__ = ("_at", "_numbers")

    def __init__(self, numbers: NDArray[np.uint64]) -> None:
        self._numbers = numbers
        self._at = 0

    def take(self, shape: tuple[int, int, int]) -> NDArray[np.uint64]:
        count = math.prod(shape)
        part = self._numbers[self._at : self._at + count]
        self._at += count
        return part


def _level_facts(level: Level, arrays: list[NDArray[np.uint64]]) -> dict[str, Any]:
    counts, offsets = level.byte_counts.ravel(), level.offsets.ravel()
    steps = offsets.copy()
    steps[1:] -= offsets[:-1] + counts[:-1]  # wraps around, and back again when read
    arrays += [counts, steps]
    return {
        "size": (level.width, level.height, level.block_width, level.block_height),
        "shape": level.offsets.shape,
        "is_tiled": level.is_tiled,
        "encoding": None if level.encoding is None else _encoding_facts(level.encoding),
        "mask": None if level.mask is None else _level_facts(level.mask, arrays),
    }


def _level(facts: dict[str, Any], cursor: _Cursor) -> Level:
    width, height, block_width, block_height = facts["size"]
    shape = _tuples(facts["shape"])
    counts = cursor.take(shape)
    offsets = cursor.take(shape)
    offsets[1:] += counts[:-1]
    np.cumsum(offsets, out=offsets)
    return Level(
        width=width,
        height=height,
        block_width=block_width,
        block_height=block_height,
        offsets=offsets.reshape(shape),
        byte_counts=counts.reshape(shape),
        is_tiled=facts["is_tiled"],
        encoding=None if facts["encoding"] is None else _encoding(facts["encoding"]),
        mask=None if facts["mask"] is None else _level(facts["mask"], cursor),
    )


def _encoding_facts(encoding: Encoding) -> dict[str, Any]:
    return {
        "compression": encoding.compression.value,
        "compression_tag": encoding.compression_tag,
        "predictor": encoding.predictor,
        "bits": encoding.bits,
        "photometric": encoding.photometric,
        "subsampling": encoding.subsampling,
        "jpeg_tables": _encode_bytes(encoding.jpeg_tables),
        "lerc_parameters": encoding.lerc_parameters,
        "codec_tags": encoding.codec_tags,
    }


def _encoding(facts: dict[str, Any]) -> Encoding:
    plain = {name: _tuples(value) for name, value in facts.items()}
    plain["compression"] = Compression(facts["compression"])
    plain["jpeg_tables"] = _decode_bytes(facts["jpeg_tables"])
    return Encoding(**plain)


def _tuples(value: Any) -> Any:
    """Return JSON's value with tuples for its lists."""
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value


def _encode_bytes(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


def _decode_bytes(words: str | None) -> bytes | None:
    return None if words is None else base64.b64decode(words)


_READ: Mapping[str, Callable[[Any], Any]] = {
    "affine": lambda six: Affine(*six),
    "crs": Crs,
    "nodata": float.fromhex,
    "compression": Compression,
    "jpeg_tables": _decode_bytes,
}
"""How JSON's words for a field are read, where they are not its value; none of null."""
