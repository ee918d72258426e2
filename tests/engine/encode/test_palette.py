"""Colors are numbered by first use, whatever slots of the table they share."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.encode.palette import FIBONACCI, SLOTS_BITS, number_colors, pack_numbers


def _numbered(
    values: NDArray[np.uint8], most: int = 256
) -> tuple[int, NDArray[np.uint8], list[int]]:
    numbers = np.zeros(values.shape[1:], dtype=np.uint8)
    colors = np.zeros(256, dtype=np.uint32)
    count = number_colors(values, most, numbers, colors)
    return count, numbers, colors[: max(count, 0)].tolist()


def _as_bands(colors: NDArray[np.uint32], bands: int) -> NDArray[np.uint8]:
    parts = colors.astype("<u4").view(np.uint8).reshape(*colors.shape, 4)
    return np.ascontiguousarray(np.moveaxis(parts, -1, 0)[:bands])


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    bands=st.integers(1, 4),
    kinds=st.integers(1, 300),
    shape=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    seed=st.integers(0, 99),
)
def test_numbers_and_colors_give_the_picture(
    bands: int, kinds: int, shape: tuple[int, int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    values = _as_bands(rng.integers(0, 2**32, kinds, dtype=np.uint32), bands)
    values = np.ascontiguousarray(values[:, rng.integers(0, kinds, shape)])

    count, numbers, colors = _numbered(values)

    distinct = len(np.unique(values.reshape(bands, -1), axis=1).T)
    assert count == (distinct if distinct <= 256 else -1)
    if count > 0:
        assert np.array_equal(_as_bands(np.array(colors, dtype=np.uint32)[numbers], bands), values)
        firsts = [int(np.argmax(numbers.ravel() == number)) for number in range(count)]
        assert firsts == sorted(firsts)


def test_colors_that_share_a_slot_are_told_apart() -> None:
    every = np.arange(2**21, dtype=np.uint64)
    slots = (every * FIBONACCI & 0xFFFFFFFF) >> (32 - SLOTS_BITS)
    same = every[slots == (1 << SLOTS_BITS) - 1][:200].astype(np.uint32)

    count, numbers, colors = _numbered(_as_bands(np.tile(same, (2, 2)), 4))

    assert count == 200
    assert colors == same.tolist()
    assert np.array_equal(numbers, np.tile(np.arange(200, dtype=np.uint8), (2, 2)))


def test_black_that_is_transparent_is_a_color_as_any() -> None:
    values = np.zeros((4, 2, 2), dtype=np.uint8)
    values[:, 1, 1] = 9

    assert _numbered(values)[1].tolist() == [[0, 0], [0, 1]]


def test_one_color_too_many_is_given_up() -> None:
    values = np.arange(12, dtype=np.uint8).reshape(1, 3, 4)

    assert _numbered(values, 12)[0] == 12
    assert _numbered(values, 11)[0] == -1


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_the_first_number_stands_in_the_highest_bits(depth: int) -> None:
    numbers = np.random.default_rng(depth).integers(0, 1 << depth, (5, 24), dtype=np.uint8)
    rows = np.full((5, 1 + 3 * depth), 0xAA, dtype=np.uint8)

    pack_numbers(numbers, depth, rows)

    bits = np.unpackbits(numbers[..., None], axis=-1)[..., 8 - depth :]
    assert (rows[:, 0] == 0).all()
    assert np.array_equal(rows[:, 1:], np.packbits(bits.reshape(5, -1), axis=1))
