"""JPEG and WebP, by libjpeg-turbo and libwebp."""

from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

QUALITY = 90
"""Where none is asked for, as Sentinel Hub has it for JPEG."""


def encode_jpeg(values: NDArray[Any], *, quality: int | None = None) -> bytes:
    """Return a JPEG of (band, row, col), uint8, 1 or 3 bands; quality 0 to 100, 4:2:0."""
    chunky = _chunky(values)
    return bytes(imagecodecs.jpeg8_encode(chunky, level=QUALITY if quality is None else quality))


def encode_webp(values: NDArray[Any], *, quality: int | None = None) -> bytes:
    """Return a lossy WebP of (band, row, col), uint8; quality 0 to 100.

    WebP knows only RGB and RGBA: one band becomes gray RGB, two gray RGB and alpha.
    """
    if values.shape[0] <= 2:
        values = np.concatenate([np.repeat(values[:1], 3, axis=0), values[1:]])
    return bytes(
        imagecodecs.webp_encode(
            _chunky(values), level=QUALITY if quality is None else quality, lossless=False, method=1
        )
    )


def _chunky(values: NDArray[Any]) -> NDArray[Any]:
    """Return (row, col, band), or (row, col) of a single band."""
    if values.shape[0] == 1:
        return np.ascontiguousarray(values[0])
    return np.ascontiguousarray(np.moveaxis(values, 0, -1))
