"""Plain arrays: ``.npy`` and raw samples."""

import io
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.encode.interleave import interleave


def encode_npy(values: NDArray[Any]) -> bytes:
    """Return an ``.npy`` file that holds (band, row, col) as it is."""
    body = io.BytesIO()
    np.save(body, np.ascontiguousarray(values), allow_pickle=False)
    return body.getvalue()


def encode_raw(values: NDArray[Any]) -> bytes:
    """Return the samples alone: little-endian, row by row, the bands of a pixel side by side."""
    chunky = interleave(values)
    if sys.byteorder == "big":
        chunky = chunky.byteswap()
    return chunky.tobytes()
