"""The TIFF tags and field types that are understood.

Numbers from TIFF 6.0, the BigTIFF design, OGC GeoTIFF 1.1 and GDAL's GTiff driver. A tag that
is not in `WANTED` is never read, so that rubbish in it cannot hurt.
"""

SUBFILE_TYPE = 254
WIDTH = 256
HEIGHT = 257
BITS = 258
COMPRESSION = 259
PHOTOMETRIC = 262
FILL_ORDER = 266
STRIP_OFFSETS = 273
SAMPLES = 277
ROWS_PER_STRIP = 278
STRIP_BYTE_COUNTS = 279
PLANAR = 284
T4_OPTIONS = 292
T6_OPTIONS = 293
PREDICTOR = 317
BLOCK_WIDTH = 322
BLOCK_HEIGHT = 323
BLOCK_OFFSETS = 324
BLOCK_BYTE_COUNTS = 325
EXTRA_SAMPLES = 338
SAMPLE_FORMAT = 339
JPEG_TABLES = 347
SUBSAMPLING = 530
PIXEL_SCALE = 33550
TIEPOINT = 33922
TRANSFORMATION = 34264
GEO_KEYS = 34735
GEO_DOUBLES = 34736
GEO_ASCII = 34737
GDAL_METADATA = 42112
GDAL_NODATA = 42113
LERC_PARAMETERS = 50674

REDUCED = 1
"""Bit 0 of SUBFILE_TYPE: an overview."""
MASK = 4
"""Bit 2 of SUBFILE_TYPE: a transparency mask."""

INTEGERS = {1: "u1", 3: "u2", 4: "u4", 6: "i1", 8: "i2", 9: "i4", 13: "u4", 16: "u8", 18: "u8"}
"""Field type → numpy's code, for whole numbers: BYTE, SHORT, LONG, signed or not, IFD, LONG8."""
UNSIGNED = frozenset({1, 3, 4, 13, 16, 18})
"""The field types among them that hold no negative numbers."""
REALS = {11: "f4", 12: "f8"}
"""Field type → numpy's code: FLOAT and DOUBLE."""
TEXTS = {1: "u1", 2: "u1", 7: "u1"}
"""Field type → numpy's code: BYTE, ASCII and UNDEFINED."""

SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
BIG_SIZES = {**SIZES, 16: 8, 17: 8, 18: 8}
"""Field type → bytes of one value; types 16 to 18 exist in BigTIFF only."""

BLOCK_ARRAYS = frozenset(
    {STRIP_OFFSETS, STRIP_BYTE_COUNTS, BLOCK_OFFSETS, BLOCK_BYTE_COUNTS},
)
"""The only tags whose size follows from the size of the image."""

MOST_VALUES = {
    SUBFILE_TYPE: 1,
    WIDTH: 1,
    HEIGHT: 1,
    BITS: 65_535,
    COMPRESSION: 1,
    PHOTOMETRIC: 1,
    FILL_ORDER: 1,
    SAMPLES: 1,
    ROWS_PER_STRIP: 1,
    PLANAR: 1,
    T4_OPTIONS: 1,
    T6_OPTIONS: 1,
    PREDICTOR: 1,
    BLOCK_WIDTH: 1,
    BLOCK_HEIGHT: 1,
    EXTRA_SAMPLES: 65_535,
    SAMPLE_FORMAT: 65_535,
    JPEG_TABLES: 65_536,
    SUBSAMPLING: 2,
    PIXEL_SCALE: 3,
    TIEPOINT: 12,
    TRANSFORMATION: 16,
    GEO_KEYS: 4_096,
    GEO_DOUBLES: 4_096,
    GEO_ASCII: 65_536,
    GDAL_METADATA: 1 << 20,
    GDAL_NODATA: 256,
    LERC_PARAMETERS: 16,
}
"""How many values of each tag are read at most; what lies behind is left alone."""

WANTED = frozenset(MOST_VALUES) | BLOCK_ARRAYS
