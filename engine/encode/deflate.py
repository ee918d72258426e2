"""Bytes deflated by libdeflate, inside a zlib envelope as PNG and TIFF want it."""

from typing import Any

import imagecodecs
from numpy.typing import NDArray


def deflate(values: NDArray[Any], *, level: int) -> bytes:
    """Return the array's bytes, in C order, compressed at ``level`` (1 quick to 12 small)."""
    # Its stubs know bytes alone; any buffer is taken.
    buffer: Any = values.data
    return bytes(imagecodecs.deflate_encode(buffer, level=level, raw=False))
