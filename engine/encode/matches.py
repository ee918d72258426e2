"""Matches of a deflate block: bytes that come again, as symbols (RFC 1951, 3.2.5)."""

import numpy as np
from numpy.typing import NDArray

from engine.encode.huffman import END, Writer, put, put_code
from engine.jit import kernel

LONGEST_MATCH = 258
FARTHEST = 32_768
"""Bytes that a match may reach back."""

_EXTRA = np.array([0] * 8 + [n for n in range(1, 6) for _ in range(4)] + [0], dtype=np.int64)
_BASE = np.concatenate([3 + np.cumsum([0, *(1 << _EXTRA[:27])]), [LONGEST_MATCH]])
"""Symbol, less 257 → bits that follow it, shortest length."""
_SYMBOL = np.searchsorted(_BASE, np.arange(3, LONGEST_MATCH + 1), side="right") - 1
"""Length, less 3 → symbol, less 257."""

Distance = tuple[np.uint64, np.uint64]
"""A distance's bits, code and extra, and how many."""


@kernel
def distance_symbol(distance: int) -> tuple[int, int, int]:
    """Return the symbol of a distance, what its extra bits say, and how many they are."""
    less = distance - 1
    if less < 4:
        return less, 0, 0
    extra = 1
    while less >> (extra + 2):
        extra += 1
    return 2 * extra + (less >> extra), less & ((1 << extra) - 1), extra


@kernel
def count_match(counts: NDArray[np.int64], size: int) -> None:
    """Count the symbols of the lengths that `put_match` will append."""
    while size > 0:
        length = _next_length(size)
        counts[END + 1 + _SYMBOL[length - 3]] += 1
        size -= length


@kernel
def put_match(
    words: NDArray[np.uint64],
    writer: Writer,
    codes: NDArray[np.uint64],
    size: int,
    distance: Distance,
) -> Writer:
    """Append matches of ``size`` bytes in all, 0 or at least 3, all from one distance."""
    while size > 0:
        length = _next_length(size)
        symbol = _SYMBOL[length - 3]
        writer = put_code(words, writer, codes[END + 1 + symbol])
        extra, more = np.uint64(length - _BASE[symbol]), np.uint64(_EXTRA[symbol])
        writer = put(words, writer, extra, more)
        writer = put(words, writer, distance[0], distance[1])
        size -= length
    return writer


@kernel
def _next_length(size: int) -> int:
    """Return the length of the first match of ``size`` bytes, so that the last has 3 or more."""
    if size <= LONGEST_MATCH:
        return size
    return min(LONGEST_MATCH, size - 3)
