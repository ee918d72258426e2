"""One block's raw bytes → a small TIFF of just that block, which any TIFF reader decodes."""

import struct

from engine.cog import tags
from engine.cog.image import Encoding

_SHORT, _LONG, _BYTES = 3, 4, 7
_PALETTE, _TRANSPARENCY = 3, 4
_GRAY, _RGB = 1, 2


def wrap_block(
    encoding: Encoding,
    data: bytes | memoryview,
    *,
    shape: tuple[int, int, int],
    sample_format: int,
    is_tiled: bool,
    is_little_endian: bool,
    has_alpha: bool,
) -> bytes:
    """Return a classic TIFF whose only block is ``data``, stored as ``encoding`` says.

    ``shape`` is (bands, rows, columns); bands are chunky. A TIFF of a palette or of a mask
    becomes one of gray, so that its numbers come back as they are stored.
    """
    bands, rows, cols = shape
    photometric = encoding.photometric
    if photometric in (_PALETTE, _TRANSPARENCY) or (photometric >= _RGB and bands < 3):
        photometric = _GRAY
    fields: dict[int, tuple[int, tuple[int, ...] | bytes]] = {
        tags.WIDTH: (_LONG, (cols,)),
        tags.HEIGHT: (_LONG, (rows,)),
        tags.BITS: (_SHORT, (encoding.bits,) * bands),
        tags.COMPRESSION: (_SHORT, (encoding.compression_tag,)),
        tags.PHOTOMETRIC: (_SHORT, (photometric,)),
        tags.SAMPLES: (_SHORT, (bands,)),
        tags.PLANAR: (_SHORT, (1,)),
        tags.PREDICTOR: (_SHORT, (encoding.predictor,)),
        tags.SAMPLE_FORMAT: (_SHORT, (sample_format,) * bands),
    }
    extra = bands - (1 if photometric <= _GRAY else 3 if photometric in (_RGB, 6) else 4)
    if extra > 0:
        fields[tags.EXTRA_SAMPLES] = (_SHORT, (*(0,) * (extra - 1), 2 if has_alpha else 0))
    if encoding.lerc_parameters:
        fields[tags.LERC_PARAMETERS] = (_LONG, encoding.lerc_parameters)
    if encoding.jpeg_tables is not None:
        fields[tags.JPEG_TABLES] = (_BYTES, encoding.jpeg_tables)
    if photometric == 6:
        fields[tags.SUBSAMPLING] = (_SHORT, encoding.subsampling)
    for tag, value in encoding.codec_tags:
        fields[tag] = (_SHORT if tag == tags.FILL_ORDER else _LONG, (value,))
    if is_tiled:
        fields[tags.BLOCK_WIDTH] = (_LONG, (cols,))
        fields[tags.BLOCK_HEIGHT] = (_LONG, (rows,))
        fields[tags.BLOCK_OFFSETS] = (_LONG, (8,))
        fields[tags.BLOCK_BYTE_COUNTS] = (_LONG, (len(data),))
    else:
        fields[tags.ROWS_PER_STRIP] = (_LONG, (rows,))
        fields[tags.STRIP_OFFSETS] = (_LONG, (8,))
        fields[tags.STRIP_BYTE_COUNTS] = (_LONG, (len(data),))
    return _write(fields, bytes(data), order="<" if is_little_endian else ">")


def _write(
    fields: dict[int, tuple[int, tuple[int, ...] | bytes]], block: bytes, *, order: str
) -> bytes:
    block += b"\0" * (len(block) % 2)
    at = 8 + len(block)
    behind = at + 2 + 12 * len(fields) + 4
    entries, values = [], []
    for tag in sorted(fields):
        kind, numbers = fields[tag]
        if isinstance(numbers, bytes):
            packed = numbers
        else:
            packed = struct.pack(f"{order}{len(numbers)}{'H' if kind == _SHORT else 'I'}", *numbers)
        entry = struct.pack(f"{order}HHI", tag, kind, len(numbers))
        if len(packed) > 4:
            entry += struct.pack(f"{order}I", behind)
            packed += b"\0" * (len(packed) % 2)
            values.append(packed)
            behind += len(packed)
        else:
            entry += packed.ljust(4, b"\0")
        entries.append(entry)
    magic = b"II" if order == "<" else b"MM"
    head = magic + struct.pack(f"{order}HI", 42, at)
    count = struct.pack(f"{order}H", len(fields))
    return b"".join([head, block, count, *entries, b"\0\0\0\0", *values])
