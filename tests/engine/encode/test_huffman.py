"""Codes: as short as Huffman's where they may be, and always a full prefix code."""

import heapq

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.encode.huffman import assign_codes, code_lengths


def _lengths(counts: NDArray[np.int64], limit: int) -> NDArray[np.int64]:
    lengths = np.empty(counts.size, dtype=np.int64)
    code_lengths(counts, limit, lengths)
    return lengths


def _least_bits(counts: NDArray[np.int64]) -> int:
    """Return the bits of all symbols under Huffman's code: the sum of all inner nodes."""
    heap = [int(count) for count in counts if count]
    heapq.heapify(heap)
    total = 0
    while len(heap) > 1:
        both = heapq.heappop(heap) + heapq.heappop(heap)
        total += both
        heapq.heappush(heap, both)
    return total


@settings(max_examples=60, deadline=None, derandomize=True)
@given(counts=st.lists(st.integers(0, 5_000), min_size=2, max_size=286))
def test_no_code_is_shorter_in_all(counts: list[int]) -> None:
    numbers = np.array(counts, dtype=np.int64)
    if (numbers > 0).sum() < 2:
        numbers[:2] = 1

    lengths = _lengths(numbers, 40)

    assert ((lengths > 0) == (numbers > 0)).all()
    assert (lengths * numbers).sum() == _least_bits(numbers)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    exponents=st.lists(st.floats(0, 40), min_size=2, max_size=286), limit=st.sampled_from([9, 15])
)
def test_a_limit_is_kept_and_no_bit_is_left_over(exponents: list[float], limit: int) -> None:
    numbers = np.array([int(2.0**exponent) for exponent in exponents], dtype=np.int64)

    lengths = _lengths(numbers, limit)

    assert lengths.min() >= 1
    assert lengths.max() <= limit
    assert sum(1 << (limit - int(length)) for length in lengths) == 1 << limit


@pytest.mark.parametrize(("symbols", "limit"), [(19, 7), (40, 15), (60, 15)])
def test_fibonacci_counts_which_ask_for_the_longest_codes_fit(symbols: int, limit: int) -> None:
    counts = np.ones(symbols, dtype=np.int64)
    for symbol in range(2, symbols):
        counts[symbol] = counts[symbol - 1] + counts[symbol - 2]

    lengths = _lengths(counts, limit)

    assert lengths.max() == limit
    assert sum(1 << (limit - int(length)) for length in lengths) == 1 << limit
    assert (np.diff(lengths) <= 0).all()


def test_one_symbol_has_one_bit_and_none_has_none() -> None:
    assert _lengths(np.array([0, 0, 7, 0]), 15).tolist() == [0, 0, 1, 0]
    assert _lengths(np.zeros(4, dtype=np.int64), 15).tolist() == [0, 0, 0, 0]


def test_codes_are_those_of_the_standards_example() -> None:
    # RFC 1951, 3.2.2: A to H of these lengths; codes are read from their first bit on.
    codes = np.empty(8, dtype=np.uint64)
    assign_codes(np.array([3, 3, 3, 3, 3, 2, 4, 4]), codes)

    texts = [f"{int(code) >> 8:0{int(code) & 255}b}"[::-1] for code in codes]
    assert texts == ["010", "011", "100", "101", "110", "00", "1110", "1111"]
