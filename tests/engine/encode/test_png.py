"""PNG: what Pillow and GDAL decode is what was encoded."""

import io
import struct
import zlib
from typing import Any

import imagecodecs
import numpy as np
import PIL.Image
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile

from engine.encode.png import encode_png
from tests.builders.pictures import make_picture, pictures

GDAL_IGNORES_PLACES = pytest.mark.filterwarnings(
    f"ignore::{NotGeoreferencedWarning.__module__}.{NotGeoreferencedWarning.__name__}"
)


def _by_gdal(body: bytes) -> NDArray[Any]:
    with MemoryFile(body) as memory, memory.open(driver="PNG") as dataset:
        return np.asarray(dataset.read())


@GDAL_IGNORES_PLACES
@settings(max_examples=40, deadline=None, derandomize=True)
@given(values=pictures(("uint8", "uint16"), (1, 2, 3, 4)))
def test_gdal_decodes_what_was_encoded(values: NDArray[Any]) -> None:
    found = _by_gdal(encode_png(values))

    assert found.dtype == values.dtype
    assert np.array_equal(found, values)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(values=pictures(("uint8",), (1, 2, 3, 4)))
def test_pillow_decodes_what_was_encoded(values: NDArray[Any]) -> None:
    with PIL.Image.open(io.BytesIO(encode_png(values))) as image:
        image.load()
        mode, found = image.mode, np.asarray(image)

    assert mode == ("L", "LA", "RGB", "RGBA")[len(values) - 1]
    assert np.array_equal(found.reshape(*values.shape[1:], -1), np.moveaxis(values, 0, -1))


def test_pillow_decodes_sixteen_bits() -> None:
    values = make_picture((1, 31, 17), "uint16", 1)

    with PIL.Image.open(io.BytesIO(encode_png(values))) as image:
        assert np.array_equal(np.asarray(image), values[0])


@GDAL_IGNORES_PLACES
def test_random_bytes_survive_every_filter() -> None:
    values = np.random.default_rng(2).integers(0, 256, (4, 65, 63), dtype=np.uint8)

    assert np.array_equal(_by_gdal(encode_png(values)), values)


@GDAL_IGNORES_PLACES
def test_a_view_into_a_larger_array_is_encoded_as_its_copy() -> None:
    large = make_picture((4, 90, 80), "uint16", 3)
    part = large[::-1, 5:70:2, 3:71]

    assert encode_png(part) == encode_png(part.copy())


def _few_colors(bands: int, count: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(count)
    colors = (rng.choice(1 << 16, count, replace=False) * 251).astype("<u4")
    table = colors.view(np.uint8).reshape(count, 4)
    table[:, 3] = rng.integers(0, 256, count)
    index = np.concatenate([np.arange(count), rng.integers(0, count, 3_000 - count)])
    return np.ascontiguousarray(table[index, :bands].T.reshape(bands, 50, 60))


@pytest.mark.parametrize(
    ("count", "depth"),
    [(1, 1), (2, 1), (3, 2), (4, 2), (5, 4), (16, 4), (17, 8), (255, 8), (256, 8)],
)
@pytest.mark.parametrize("bands", [3, 4])
def test_few_colors_become_a_palette_of_no_more_bits_than_needed(
    bands: int, count: int, depth: int
) -> None:
    values = _few_colors(bands, count)[:, :, :53]

    body = encode_png(values, palette=True)

    assert (body[24], body[25]) == (depth, 3)
    assert np.array_equal(np.moveaxis(imagecodecs.png_decode(body), -1, 0)[:bands], values)
    with PIL.Image.open(io.BytesIO(body)) as image:
        assert image.mode == "P"
        found = np.asarray(image.convert("RGB" if bands == 3 else "RGBA"))
    assert np.array_equal(np.moveaxis(found, -1, 0), values)


def test_more_than_256_colors_are_written_whole() -> None:
    values = _few_colors(4, 257)

    assert encode_png(values, palette=True) == encode_png(values)


@GDAL_IGNORES_PLACES
@pytest.mark.parametrize("count", [1, 2, 11, 30, 97, 256])
@pytest.mark.parametrize("bands", [1, 2, 3, 4])
def test_bands_stay_where_no_palette_is_asked_for(bands: int, count: int) -> None:
    values = _few_colors(bands, count)

    assert np.array_equal(_by_gdal(encode_png(values)), values)


@GDAL_IGNORES_PLACES
@pytest.mark.parametrize("bands", [2, 4])
def test_an_alpha_that_hides_nothing_is_left_out_where_a_palette_may_be(bands: int) -> None:
    values = make_picture((bands, 60, 50), "uint8", 4)
    hidden = values.copy()
    values[-1] = 255

    assert np.array_equal(_by_gdal(encode_png(values)), values)
    assert np.array_equal(_by_gdal(encode_png(values, palette=True)), values[:-1])
    assert np.array_equal(_by_gdal(encode_png(hidden, palette=True)), hidden)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("bands", [1, 2, 3, 4])
@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (700, 1), (7, 2_500)])
def test_imagecodecs_decodes_what_was_encoded(
    dtype: str, bands: int, shape: tuple[int, int]
) -> None:
    values = make_picture((bands, *shape), dtype, 8)

    found = imagecodecs.png_decode(encode_png(values))

    assert np.array_equal(found.reshape(*shape, bands), np.moveaxis(values, 0, -1))


def test_an_array_that_must_not_be_written_to_is_encoded() -> None:
    values = make_picture((3, 20, 30), "uint8", 9)
    frozen = values.copy()
    frozen.flags.writeable = False

    assert encode_png(frozen) == encode_png(values)


@pytest.mark.parametrize("values", [make_picture((1, 9, 9), "uint8", 1), _few_colors(3, 5)])
def test_chunks_are_those_of_the_standard_with_right_checksums(values: NDArray[Any]) -> None:
    body = encode_png(values, palette=True)

    names = []
    place = 8
    while place < len(body):
        (size,) = struct.unpack_from(">I", body, place)
        chunk = body[place + 4 : place + 8 + size]
        names.append(chunk[:4])
        assert struct.unpack_from(">I", body, place + 8 + size) == (zlib.crc32(chunk),)
        place += 12 + size
    assert body.startswith(b"\x89PNG\r\n\x1a\n")
    assert names[0] == b"IHDR"
    assert names[-2:] == [b"IDAT", b"IEND"]
