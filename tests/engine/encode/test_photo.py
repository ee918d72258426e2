"""JPEG and WebP lose no more than Pillow's encoders of the same quality."""

import io
from typing import Any

import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.encode.photo import encode_jpeg, encode_webp
from tests.builders.pictures import make_picture, pictures


def _chunky(values: NDArray[Any]) -> NDArray[Any]:
    return values[0] if len(values) == 1 else np.moveaxis(values, 0, -1)


def _decoded(body: bytes) -> tuple[str, NDArray[Any]]:
    with PIL.Image.open(io.BytesIO(body)) as image:
        return image.mode, np.asarray(image)


def _noise(found: NDArray[Any], wanted: NDArray[Any]) -> float:
    """Return the peak signal-to-noise ratio in dB."""
    error = float(np.mean((found.astype(float) - wanted.astype(float)) ** 2))
    return 99.0 if error == 0 else 10 * np.log10(255**2 / error)


def _pillow(values: NDArray[Any], form: str, **options: Any) -> bytes:
    body = io.BytesIO()
    PIL.Image.fromarray(np.ascontiguousarray(_chunky(values))).save(body, form, **options)
    return body.getvalue()


@settings(max_examples=24, deadline=None, derandomize=True)
@given(values=pictures(("uint8",), (1, 3)), quality=st.sampled_from([0, 1, 40, 75, 90, 100]))
def test_jpeg_is_as_good_as_pillows(values: NDArray[Any], quality: int) -> None:
    mode, found = _decoded(encode_jpeg(values, quality=quality))
    # Pillow takes 0 for its own default; libjpeg's 0 and 1 are the same tables.
    _, theirs = _decoded(_pillow(values, "JPEG", quality=max(1, quality)))

    assert mode == ("L" if len(values) == 1 else "RGB")
    assert found.shape == _chunky(values).shape
    assert _noise(found, _chunky(values)) > _noise(theirs, _chunky(values)) - 0.5


@settings(max_examples=16, deadline=None, derandomize=True)
@given(values=pictures(("uint8",), (3, 4)), quality=st.sampled_from([0, 40, 75, 90, 100]))
def test_webp_is_as_good_as_pillows(values: NDArray[Any], quality: int) -> None:
    mode, found = _decoded(encode_webp(values, quality=quality))
    _, theirs = _decoded(_pillow(values, "WEBP", quality=quality, method=1))

    assert found.shape[:2] == values.shape[1:]
    assert mode in ("RGB", "RGBA")
    wanted = _chunky(values)
    seen = min(found.shape[2], wanted.shape[2], theirs.shape[2])
    ours = _noise(found[..., :seen], wanted[..., :seen])
    assert ours > _noise(theirs[..., :seen], wanted[..., :seen]) - 0.5


def test_alpha_of_webp_is_exact() -> None:
    values = make_picture((4, 40, 50), "uint8", 1)

    mode, found = _decoded(encode_webp(values, quality=50))

    assert mode == "RGBA"
    assert np.array_equal(found[..., 3], values[3])


@pytest.mark.parametrize(("bands", "expected"), [(1, "RGB"), (2, "RGBA")])
def test_webp_of_gray_is_gray(bands: int, expected: str) -> None:
    values = make_picture((bands, 40, 50), "uint8", 2)

    mode, found = _decoded(encode_webp(values, quality=95))

    spread = found[..., :3].max(axis=-1).astype(int) - found[..., :3].min(axis=-1)
    assert mode == expected
    assert spread.max() <= 2
    assert _noise(found[..., 0], values[0]) > 30


@pytest.mark.parametrize("encode", [encode_jpeg, encode_webp])
def test_quality_is_90_where_none_is_asked_for_and_lower_is_smaller(encode: Any) -> None:
    values = make_picture((3, 100, 100), "uint8", 3)

    sizes = [len(encode(values, quality=quality)) for quality in (0, 30, 60, 90)]

    assert encode(values) == encode(values, quality=90)
    assert sizes == sorted(sizes)
