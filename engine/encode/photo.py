"""JPEG and WebP, by libjpeg-turbo and libwebp."""

from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from engine.encode.interleave import interleave

QUALITY = 90
"""Where none is asked for, as Sentinel Hub has it for JPEG."""
METHOD = 1
"""Of libwebp: 4, its default, takes four times as long for a quarter fewer bytes."""


def encode_jpeg(values: NDArray[Any], *, quality: int | None = None) -> bytes:
    """Return a JPEG of (band, row, col), uint8, 1 or 3 bands; quality 0 to 100, 4:2:0."""
    chunky = interleave(values)
    return bytes(
        imagecodecs.jpeg8_encode(
            chunky[..., 0] if values.shape[0] == 1 else chunky,
            level=QUALITY if quality is None else quality,
        )
    )


def encode_webp(values: NDArray[Any], *, quality: int | None = None) -> bytes:
    """Return a lossy WebP of (band, row, col), uint8; quality 0 to 100.

    WebP knows only RGB and RGBA: one band becomes gray RGB, two gray RGB and alpha.
    """
    if values.shape[0] <= 2:
        values = np.concatenate([np.repeat(values[:1], 3, axis=0), values[1:]])
    return bytes(
        imagecodecs.webp_encode(
            interleave(values),
            level=QUALITY if quality is None else quality,
            lossless=False,
            method=METHOD,
        )
    )
