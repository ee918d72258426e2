"""Squeezed pictures: zlib takes every stream, strictly, and finds the filtered rows."""

import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.encode.squeeze import squeeze, squeezed_limit
from tests.builders.pictures import make_picture

STYLES = ("noise", "flat", "runs", "rows", "tall", "classes", "ramp", "half")


def _squeezed(values: NDArray[Any]) -> bytes:
    height = values.shape[1]
    limit = squeezed_limit(height, values.nbytes // height)
    # What lies beyond the limit is watched: a kernel does not know where an array ends.
    words = np.full(limit + 8, 0xA5A5A5A5A5A5A5A5, dtype=np.uint64)
    count = squeeze(values.view(np.uint8), values.dtype.itemsize, words[:limit])
    assert (words[limit:] == 0xA5A5A5A5A5A5A5A5).all()
    return words.view(np.uint8)[:count].tobytes()


def _filtered(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the rows of a PNG, Paeth-filtered: 9.4 of the specification, word by word."""
    chunky = np.moveaxis(values.astype(values.dtype.newbyteorder(">")), 0, -1).copy()
    height, step = chunky.shape[0], values.shape[0] * values.dtype.itemsize
    pixels = chunky.view(np.uint8).reshape(height, -1, step).astype(int)
    padded = np.pad(pixels, ((1, 0), (1, 0), (0, 0)))
    a, b, c = padded[1:, :-1], padded[:-1, 1:], padded[:-1, :-1]
    guess = a + b - c
    to_a, to_b, to_c = abs(guess - a), abs(guess - b), abs(guess - c)
    near = np.where((to_a <= to_b) & (to_a <= to_c), a, np.where(to_b <= to_c, b, c))
    rows = (pixels - near).astype(np.uint8).reshape(height, -1)
    return np.concatenate([np.full((height, 1), 4, dtype=np.uint8), rows], axis=1)


def _read(body: bytes) -> bytes:
    """Return what the stream holds; it must be whole, and nothing may follow."""
    reader = zlib.decompressobj()
    plain = reader.decompress(body)
    assert reader.eof
    assert reader.unused_data == b""
    return plain


def _styled(style: str, shape: tuple[int, int, int], dtype: str, seed: int) -> NDArray[Any]:
    rng = np.random.default_rng(seed)
    top = np.iinfo(dtype).max
    values = rng.integers(0, top, shape, dtype=dtype, endpoint=True)
    if style == "flat":
        values[:] = rng.integers(0, top)
    elif style == "runs":
        values = np.repeat(values, 1 + seed % 90, axis=2)[:, :, : shape[2]]
    elif style == "rows":
        values[:] = values[:, :1]
    elif style == "tall":
        values[:] = values[:, :, :1]
    elif style == "classes":
        values %= 3
    elif style == "ramp":
        values = make_picture(shape, dtype, seed)
    elif style == "half":
        values[:, :, shape[2] // 2 :] = 0
        values[:, shape[1] // 2 :] = 7
    return np.ascontiguousarray(values)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    style=st.sampled_from(STYLES),
    bands=st.integers(1, 4),
    dtype=st.sampled_from(["uint8", "uint16"]),
    shape=st.tuples(
        st.one_of(st.integers(1, 9), st.just(150)),
        st.one_of(st.integers(1, 40), st.sampled_from([257, 258, 259, 600])),
    ),
    seed=st.integers(0, 1_000),
)
def test_zlib_finds_the_filtered_rows(
    style: str, bands: int, dtype: str, shape: tuple[int, int], seed: int
) -> None:
    values = _styled(style, (bands, *shape), dtype, seed)

    body = _squeezed(values)

    assert _read(body) == _filtered(values).tobytes()


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        ((4, 1, 70_000), "uint8"),
        ((3, 70_000, 1), "uint8"),
        ((1, 2, 40_000), "uint16"),
        ((4, 2, 8_191), "uint8"),
        ((4, 3, 8_192), "uint8"),
        ((4, 120, 2_500), "uint16"),
    ],
)
@pytest.mark.parametrize("style", ["noise", "flat", "half", "rows"])
def test_rows_longer_than_a_match_or_a_block_are_kept(
    shape: tuple[int, int, int], dtype: str, style: str
) -> None:
    values = _styled(style, shape, dtype, 1)

    assert _read(_squeezed(values)) == _filtered(values).tobytes()


@pytest.mark.parametrize("shape", [(4, 300, 300), (3, 700, 500), (1, 1, 3), (2, 200, 2_000)])
def test_noise_grows_by_less_than_a_thousandth(shape: tuple[int, int, int]) -> None:
    values = _styled("noise", shape, "uint8", 5)
    size = _filtered(values).size

    assert len(_squeezed(values)) <= size * 1.001 + 11


def test_noise_among_the_flat_that_no_sampled_row_shows_is_stored() -> None:
    values = np.zeros((4, 512, 512), dtype=np.uint8)
    rng = np.random.default_rng(3)
    for row in range(512):
        # Rows 2, 6, 10 … are those that the codes are made from.
        if row % 4 != 2:
            values[:, row] = rng.integers(0, 256, (4, 512))
    values[:, 3::4] = values[:, 2::4]

    body = _squeezed(values)

    assert _read(body) == _filtered(values).tobytes()
    assert len(body) < values.size * 1.003


def test_counts_that_ask_for_codes_above_fifteen_bits_are_kept() -> None:
    # Bytes as often as Fibonacci's numbers: Huffman's own codes would have 22 bits.
    counts = [1, 1]
    while sum(counts) < 60_000:
        counts.append(counts[-1] + counts[-2])
    values = np.repeat(np.arange(len(counts), dtype=np.uint8), counts)
    values = np.random.default_rng(1).permutation(values)
    steps = np.cumsum(values.astype(np.uint64)).astype(np.uint8).reshape(1, 1, -1)

    body = _squeezed(steps)

    assert _read(body) == _filtered(steps).tobytes()
    assert len(body) < steps.size / 2


@pytest.mark.parametrize("style", ["flat", "rows", "tall", "half"])
def test_the_flat_is_as_small_as_zlib_makes_it(style: str) -> None:
    values = _styled(style, (4, 512, 512), "uint8", 4)

    assert len(_squeezed(values)) < 1.25 * len(zlib.compress(_filtered(values).tobytes(), 1)) + 100


def test_a_single_long_row_is_made_smaller() -> None:
    values = make_picture((4, 1, 70_000), "uint8", 6)

    assert len(_squeezed(values)) < 0.7 * values.size
