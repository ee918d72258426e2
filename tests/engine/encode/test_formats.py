"""Which pixels a format can hold; what it cannot is refused with a clear reason."""

import io

import numpy as np
import PIL.Image
import pytest

from engine.encode.formats import FORMATS, NUMBERS, check_format, encode_output
from engine.errors import RequestError, UnsupportedFormat
from tests.builders.pictures import make_picture, make_pixels

ALLOWED = {
    "image/png": (("uint8", "uint16"), (1, 2, 3, 4)),
    "image/jpeg": (("uint8",), (1, 3)),
    "image/webp": (("uint8",), (1, 2, 3, 4)),
    "image/tiff": (NUMBERS, (1, 2, 3, 4, 5, 12)),
    "application/x-npy": (NUMBERS, (1, 2, 3, 4, 5, 12)),
    "application/octet-stream": (NUMBERS, (1, 2, 3, 4, 5, 12)),
}
PAIRS = [
    (media_type, dtype, bands)
    for media_type in ALLOWED
    for dtype in NUMBERS
    for bands in (1, 2, 3, 4, 5, 12)
]
GOOD = [
    (media, dtype, bands)
    for media, dtype, bands in PAIRS
    if dtype in ALLOWED[media][0] and bands in ALLOWED[media][1]
]
BAD = [pair for pair in PAIRS if pair not in GOOD]


def test_the_table_is_the_one_of_the_reference() -> None:
    assert set(FORMATS) == set(ALLOWED)


@pytest.mark.parametrize(("media_type", "dtype", "bands"), GOOD)
def test_what_a_format_can_hold_is_encoded(media_type: str, dtype: str, bands: int) -> None:
    pixels = make_pixels(ndvi=make_picture((bands, 20, 24), dtype, 1))

    found = encode_output(pixels, "ndvi", media_type)

    assert found.media_type == media_type
    assert found.name == f"ndvi.{FORMATS[media_type].extension}"
    assert found.body


@pytest.mark.parametrize(("media_type", "dtype", "bands"), BAD)
def test_what_a_format_cannot_hold_is_refused(media_type: str, dtype: str, bands: int) -> None:
    pixels = make_pixels(default=make_picture((bands, 4, 4), dtype, 1))

    with pytest.raises(UnsupportedFormat) as raised:
        encode_output(pixels, "default", media_type)

    dtypes, counts = ALLOWED[media_type]
    message = raised.value.message
    assert media_type in message
    if dtype not in dtypes:
        assert dtype in message
        assert all(name in message for name in dtypes)
    else:
        assert f"{bands} bands" in message
        assert " or ".join(map(str, counts)) in message


def test_an_unknown_format_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(UnsupportedFormat) as raised:
        check_format("image/gif", bands=3, dtype="uint8")

    assert "'image/gif'" in raised.value.message
    assert all(media_type in raised.value.message for media_type in FORMATS)


@pytest.mark.parametrize(("media_type", "side"), [("image/jpeg", 65_535), ("image/webp", 16_382)])
def test_the_longest_side_is_held_and_one_more_is_refused(media_type: str, side: int) -> None:
    held = encode_output(
        make_pixels(default=np.zeros((3, 1, side), "uint8")), "default", media_type
    )

    with PIL.Image.open(io.BytesIO(held.body)) as image:
        assert image.size == (side, 1)
    with pytest.raises(UnsupportedFormat, match=f"longest side is {side}"):
        encode_output(
            make_pixels(default=np.zeros((3, side + 1, 1), "uint8")), "default", media_type
        )


@pytest.mark.parametrize("quality", [-1, 101])
def test_a_quality_out_of_range_is_refused(quality: int) -> None:
    pixels = make_pixels(default=make_picture((3, 4, 4), "uint8", 1))

    with pytest.raises(RequestError, match=f"quality is {quality}; allowed: 0 to 100"):
        encode_output(pixels, "default", "image/jpeg", quality=quality)
