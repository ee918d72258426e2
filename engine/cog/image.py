"""`CogImage`, `Level`: a parsed header as a value."""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from engine.geo.crs import Crs


class Compression(Enum):
    """TIFF compression schemes by the number in tag 259."""

    NONE = 1
    LZW = 5
    JPEG = 7
    DEFLATE = 8
    DEFLATE_OLD = 32946
    PACKBITS = 32773
    LERC = 34887
    ZSTD = 50000
    WEBP = 50001
    OTHER = 0
    """Anything else; GDAL decodes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How the blocks of a level, or of a mask, are stored."""

    compression: Compression
    compression_tag: int
    """The number in tag 259, also where `compression` is OTHER."""
    predictor: int
    """1 none, 2 horizontal, 3 floating point."""
    bits: int
    """Bits of one stored sample."""
    photometric: int
    """Tag 262."""
    subsampling: tuple[int, int] = (1, 1)
    """Tag 530, for JPEG in YCbCr."""
    jpeg_tables: bytes | None = None
    lerc_parameters: tuple[int, ...] = ()
    """Tag 50674."""
    codec_tags: tuple[tuple[int, int], ...] = ()
    """Other (tag, value) pairs that the codec obeys: bit order, CCITT options."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Level:
    """One resolution of an image."""

    width: int
    height: int
    """Pixels."""
    block_width: int
    block_height: int
    """Pixels of a full block; of a striped image the width and the rows per strip."""
    offsets: NDArray[np.uint64]
    """(plane, block row, block column): where each block starts; one plane where chunky."""
    byte_counts: NDArray[np.uint64]
    """Same shape: compressed bytes of each block; 0 for a sparse block (no data, or zeros)."""
    mask: "Level | None" = None
    """The internal mask of this level: one bit a pixel, set where there is data."""
    is_tiled: bool = True
    """False: blocks are strips, and the last one holds only the rows that are left."""
    encoding: Encoding | None = None
    """How its blocks are stored, where not as the image's own fields say: masks always differ,
    and overviews may have another codec or other JPEG tables. See `encoding_of`."""

    @property
    def blocks_across(self) -> int:
        """Block columns."""
        return -(-self.width // self.block_width)

    @property
    def blocks_down(self) -> int:
        """Block rows."""
        return -(-self.height // self.block_height)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CogImage:
    """Everything needed to plan and decode reads of one TIFF, without touching it again."""

    identity: str
    """Of the object that this header was read from; see `ObjectInfo.identity`."""
    size: int
    """Bytes of the object."""
    width: int
    height: int
    bands: int
    dtype: str
    """numpy's name, native byte order: ``uint8`` … ``float64``."""
    affine: Affine
    """(col, row) of level 0 → (x, y); pixel-is-point is already moved by half a pixel."""
    crs: Crs | None
    """None where the header gives none that is understood."""
    nodata: float | None
    """From GDAL_NODATA; NaN is possible."""
    scale: tuple[float, ...]
    offset: tuple[float, ...]
    """Per band, from GDAL_METADATA: ``value = stored * scale + offset``; 1 and 0 where absent."""
    levels: tuple[Level, ...]
    """Finest first; level 0 is the full image."""
    compression: Compression
    compression_tag: int
    """The number in tag 259, also where `compression` is OTHER."""
    predictor: int
    """1 none, 2 horizontal, 3 floating point."""
    is_planar: bool
    """True: each band in blocks of its own; False (chunky): a block holds every band."""
    is_little_endian: bool
    bits: int
    """Bits of one stored sample."""
    photometric: int
    """Tag 262."""
    subsampling: tuple[int, int] = (1, 1)
    """Tag 530, for JPEG in YCbCr."""
    jpeg_tables: bytes | None = None
    lerc_parameters: tuple[int, ...] = ()
    """Tag 50674."""
    has_alpha: bool = False
    """True where the last band is alpha (tag 338)."""
    sparse_is_nodata: bool = True
    """Blocks without bytes read as no-data where the image has a no-data number, else as 0."""
    band_names: tuple[str, ...] = ()
    """Descriptions from GDAL_METADATA, where given; one per band, "" where missing."""
    codec_tags: tuple[tuple[int, int], ...] = ()
    """Other (tag, value) pairs that the codec obeys: bit order, CCITT options."""
    gdal_reason: str | None = None
    """Why GDAL decodes the blocks of this image, or None where we do it ourselves."""
    is_cog: bool = True
    """False where blocks are strips or overviews are missing, so that reads cost more."""
    warnings: tuple[str, ...] = ()
    """What a person who registers this file should know, one sentence each."""


def encoding_of(image: CogImage, level: Level) -> Encoding:
    """Return how the blocks of ``level``, a level or a mask of ``image``, are stored."""
    if level.encoding is not None:
        return level.encoding
    return Encoding(
        compression=image.compression,
        compression_tag=image.compression_tag,
        predictor=image.predictor,
        bits=image.bits,
        photometric=image.photometric,
        subsampling=image.subsampling,
        jpeg_tables=image.jpeg_tables,
        lerc_parameters=image.lerc_parameters,
        codec_tags=image.codec_tags,
    )
