"""Pictures deflated for PNG: Huffman codes made for them, and few matches.

libdeflate's and ISA-L's searches for matches are most of their time, and over Paeth-filtered
satellite pictures their matches cost more than the bytes that they stand for. So only two are
looked for: the last word or pixel again, and the row above again. The picture is smaller than
theirs then, and three times quicker and more (`benchmarks/bench_encode.py`). Format: RFC 1950 and
1951.
"""

import numpy as np
from numpy.typing import NDArray

from engine.encode.huffman import (
    DISTANCES,
    END,
    LONGEST,
    SYMBOLS,
    Writer,
    assign_codes,
    code_lengths,
    put,
    put_code,
    put_tables,
)
from engine.encode.matches import (
    FARTHEST,
    LONGEST_MATCH,
    Distance,
    count_match,
    distance_symbol,
    put_match,
)
from engine.encode.paeth import MODULUS, PAETH, filter_line, load_row, pack_row, sum_line
from engine.jit import kernel

BLOCK = 1 << 18
"""Bytes of a picture that share codes: what a core's second cache holds."""
SAMPLED = 1 << 16
"""Bytes of a block, at least, from whose rows the codes are made."""
NEAREST_ROW = 17
"""Bytes of a row, at least, that may be matched as a whole: nearer is where words are matched."""
RUNS = 12
"""Of so many words of a row one must equal the word before it for runs to be looked for.

In noise equal neighbors are chance, and each costs the processor a wrong guess.
"""
STORED = 65_535
"""Bytes of a stored block at most."""

Layout = tuple[int, int, int]
"""Bytes of a word, words of a pixel where it has several, else 1, and the bytes of the row's last
word where they are fewer, else 0."""


def squeezed_limit(height: int, row_bytes: int) -> int:
    """Return the words of 64 bits that `squeeze` may touch for so many rows of so many bytes."""
    row = row_bytes + 1
    block = max(1, BLOCK // row) * row
    blocks = height * row // block + 1
    stored = height * row + blocks * (5 * (block // STORED + 1) + 2)
    # Before a block is found to be better stored, it has up to 15 bits a byte.
    return (stored + 2 * block + 1_024) // 8


@kernel
def squeeze(samples: NDArray[np.uint8], size: int, words: NDArray[np.uint64]) -> int:
    """Write a zlib stream of a picture to ``words``; return how many bytes it has.

    ``samples``: (band, row, byte), C order; ``size``: bytes of a sample, 1 or 2. The bytes are
    those of a PNG's IDAT: filtered rows, the bands of a pixel side by side.
    """
    bands, height, width = samples.shape
    width //= size
    step = bands * size
    lanes = 3 if step % 3 == 0 else 4
    row_bytes = width * step
    layout = (lanes, 1 if step <= 4 else 2, row_bytes % lanes)
    span = min(height, max(1, BLOCK // (row_bytes + 1)))
    lines = np.zeros((2, step, width + 1), dtype=np.uint8)
    filtered = np.zeros((step, (width + 7) // 8 * 8), dtype=np.uint8)
    rows = np.zeros((span + 1, (row_bytes + lanes - 1) // lanes), dtype=np.uint32)
    alike = np.zeros(span, dtype=np.bool_)
    checksum = 1
    writer = np.uint64(0), np.uint64(0x0178), np.uint64(16)
    for start in range(0, height, span):
        held = min(span, height - start)
        for word in range(rows.shape[1]):
            rows[0, word] = rows[span, word]
        for row in range(held):
            now, above = lines[(start + row) & 1], lines[(start + row + 1) & 1]
            load_row(samples, start + row, size, now)
            for plane in range(step):
                filter_line(now[plane], above[plane], filtered[plane, :width])
            checksum = _sum_row(filtered[:, :width], checksum)
            pack_row(filtered, rows[row + 1])
            alike[row] = start + row > 0 and _should_match(rows[row], rows[row + 1], row_bytes)
        is_last = np.uint64(start + held == height)
        writer = _put_block(words, writer, rows[1 : held + 1], alike[:held], layout, is_last)
    place, waiting, bits = writer
    words[place] = waiting
    out = words.view(np.uint8)
    end = 8 * int(place) + (int(bits) + 7) // 8
    for number in range(4):
        out[end + number] = np.uint8(checksum >> (24 - 8 * number))
    return end + 4


@kernel
def _sum_row(filtered: NDArray[np.uint8], checksum: int) -> int:
    """Return the Adler-32 of all rows so far, of (byte of the pixel, col) and that before it."""
    step, width = filtered.shape
    row_bytes = step * width
    total, weighted = np.int64(PAETH), np.int64(PAETH * (row_bytes + 1))
    for plane in range(step):
        plain, by_column = sum_line(filtered[plane])
        total += plain
        weighted += (row_bytes - plane) * plain - step * by_column
    first, second = checksum & 0xFFFF, checksum >> 16
    second = (second + (row_bytes + 1) * first + weighted) % MODULUS
    return int(second << 16 | (first + total) % MODULUS)


@kernel
def _should_match(above: NDArray[np.uint32], row: NDArray[np.uint32], row_bytes: int) -> bool:
    """Return True where a row comes again and its own runs would not say so in fewer bits."""
    if not NEAREST_ROW <= row_bytes + 1 <= FARTHEST:
        return False
    for place in range(row.size):
        if row[place] != above[place]:
            return False
    return bool(_breaks(row, 1) > row_bytes // LONGEST_MATCH)


@kernel
def _breaks(row: NDArray[np.uint32], lag: int) -> int:
    """Return how many words do not equal the one ``lag`` before them."""
    count = np.uint32(0)
    for place in range(lag, row.size):
        count = np.uint32(count + np.uint32(row[place] != row[place - lag]))
    return int(count)


@kernel
def _run(row: NDArray[np.uint32], place: int, lag: int) -> int:
    """Return how many words from ``place`` on equal the one ``lag`` before them."""
    stop = place
    while stop < row.size and row[stop] == row[stop - lag]:
        stop += 1
    return stop - place


@kernel
def _put_block(  # noqa: PLR0917 - numba has no keyword-only arguments
    words: NDArray[np.uint64],
    writer: Writer,
    rows: NDArray[np.uint32],
    alike: NDArray[np.bool_],
    layout: Layout,
    is_last: np.uint64,
) -> Writer:
    """Append rows as one block of codes made for them, or stored where that is shorter."""
    lanes, lag, tail = layout
    row_bytes = rows.shape[1] * lanes + 1 - (lanes - tail if tail else 0)
    counts, has_runs, has_rows = _count_symbols(rows, alike, layout, row_bytes)
    lengths = np.empty(SYMBOLS, dtype=np.int64)
    code_lengths(counts, LONGEST, lengths)
    codes = np.empty(SYMBOLS, dtype=np.uint64)
    assign_codes(lengths, codes)
    # Two distances at most, so a bit tells them apart: the smaller one is 0.
    distances = np.zeros(DISTANCES, dtype=np.int64)
    symbol, extra, more = distance_symbol(lag * lanes)
    distances[symbol] = has_runs
    run = np.uint64(extra << 1), np.uint64(1 + more)
    symbol, extra, more = distance_symbol(row_bytes)
    distances[symbol] |= has_rows
    above = np.uint64(extra << 1 | has_runs), np.uint64(1 + more)
    begin = writer
    writer = put(words, writer, is_last | np.uint64(2 << 1), np.uint64(3))
    writer = put_tables(words, writer, lengths, distances)
    pending = 0
    for row in range(rows.shape[0]):
        if alike[row]:
            pending += row_bytes
            continue
        writer = put_match(words, writer, codes, pending, above)
        pending = 0
        writer = put_code(words, writer, codes[PAETH])
        writer = _put_row(words, writer, codes, rows[row], layout, run)
    writer = put_match(words, writer, codes, pending, above)
    writer = put_code(words, writer, codes[END])
    size = rows.shape[0] * row_bytes
    taken = np.int64(np.uint64(64) * (writer[0] - begin[0]) + writer[2] - begin[2])
    if taken > 8 * (size + 5 * (size // STORED + 1)):
        return _put_stored(words, begin, rows, (lanes, row_bytes), is_last)
    return writer


@kernel
def _count_symbols(
    rows: NDArray[np.uint32], alike: NDArray[np.bool_], layout: Layout, row_bytes: int
) -> tuple[NDArray[np.int64], int, int]:
    """Return how often each symbol comes, and 1 where there are runs, 1 where rows come again.

    Where not all rows are looked at, whatever might come counts for a little.
    """
    every = max(1, min(rows.shape[0], rows.shape[0] * row_bytes // SAMPLED))
    literals = np.zeros((4, 256), dtype=np.uint32)
    counts = np.zeros(SYMBOLS, dtype=np.int64)
    has_rows = 0
    pending = 0
    for row in range(rows.shape[0]):
        if alike[row]:
            has_rows = 1
            pending += row_bytes
            continue
        count_match(counts, pending)
        pending = 0
        if row % every == every // 2:
            counts[PAETH] += 1
            _count_row(literals, counts, rows[row], layout)
    count_match(counts, pending)
    has_runs = int(every > 1)
    for symbol in range(SYMBOLS):
        if symbol < END:
            for lane in range(4):
                counts[symbol] += np.int64(literals[lane, symbol])
        elif counts[symbol] > 0:
            has_runs = 1
        if every > 1:
            counts[symbol] = 4 * counts[symbol] + 1
    counts[END] = 1
    return counts, has_runs, has_rows


@kernel
def _count_row(
    literals: NDArray[np.uint32],
    counts: NDArray[np.int64],
    row: NDArray[np.uint32],
    layout: Layout,
) -> None:
    """Count the bytes of a row, each of a word for itself, and the lengths of its runs."""
    lanes, lag, tail = layout
    byte = np.uint32(0xFF)
    whole = row[: row.size - (tail > 0)]
    has_runs = (whole.size - _breaks(whole, lag)) * RUNS > whole.size
    unused = np.zeros(256, dtype=np.uint32)
    last = literals[3] if lanes == 4 else unused
    place = 0
    while place < whole.size:
        word = whole[place]
        if has_runs and place >= lag and word == whole[place - lag]:
            run = _run(whole, place, lag)
            if run > 1:
                count_match(counts, run * lanes)
                place += run
                continue
        literals[0, word & byte] += np.uint32(1)
        literals[1, word >> np.uint32(8) & byte] += np.uint32(1)
        literals[2, word >> np.uint32(16) & byte] += np.uint32(1)
        last[word >> np.uint32(24)] += np.uint32(1)
        place += 1
    for lane in range(tail):
        counts[row[place] >> np.uint32(8 * lane) & byte] += 1


@kernel
def _put_row(  # noqa: PLR0917 - numba has no keyword-only arguments
    words: NDArray[np.uint64],
    writer: Writer,
    codes: NDArray[np.uint64],
    row: NDArray[np.uint32],
    layout: Layout,
    distance: Distance,
) -> Writer:
    """Append a row's words, and its runs as matches."""
    lanes, lag, tail = layout
    whole = row[: row.size - (tail > 0)]
    last_codes = codes if lanes == 4 else np.zeros(256, dtype=np.uint64)
    place = 0
    if (whole.size - _breaks(whole, lag)) * RUNS <= whole.size:
        for word in whole:
            writer = _put_word(words, writer, codes, last_codes, word)
        place = whole.size
    while place < whole.size:
        if place >= lag and whole[place] == whole[place - lag]:
            run = _run(whole, place, lag)
            if run > 1:
                writer = put_match(words, writer, codes, run * lanes, distance)
                place += run
                continue
        writer = _put_word(words, writer, codes, last_codes, whole[place])
        place += 1
    for lane in range(tail):
        code = codes[row[place] >> np.uint32(8 * lane) & np.uint32(0xFF)]
        writer = put_code(words, writer, code)
    return writer


@kernel
def _put_word(
    words: NDArray[np.uint64],
    writer: Writer,
    codes: NDArray[np.uint64],
    last_codes: NDArray[np.uint64],
    word: np.uint32,
) -> Writer:
    """Append the codes of four bytes, or of three, at once."""
    byte, size = np.uint32(0xFF), np.uint64(0x3F)
    a, b = codes[word & byte], codes[word >> np.uint32(8) & byte]
    c, d = codes[word >> np.uint32(16) & byte], last_codes[word >> np.uint32(24)]
    # Sizes stand in the lowest bits: the sum of codes has the sum of sizes there, 60 at most.
    first = a >> np.uint64(8) | b >> np.uint64(8) << (a & size)
    second = c >> np.uint64(8) | d >> np.uint64(8) << (c & size)
    half = a + b & size
    return put(words, writer, first | second << half, half + (c + d & size))


@kernel
def _put_stored(
    words: NDArray[np.uint64],
    writer: Writer,
    rows: NDArray[np.uint32],
    widths: tuple[int, int],
    is_last: np.uint64,
) -> Writer:
    """Append rows as stored blocks: what does not get smaller does not get larger either.

    ``widths``: bytes of a word, bytes of a row with its filter.
    """
    lanes, row_bytes = widths
    left = rows.shape[0] * row_bytes
    out = words.view(np.uint8)
    row, column = 0, 0
    while left > 0:
        held = min(left, STORED)
        left -= held
        final = is_last if left == 0 else np.uint64(0)
        writer = put(words, writer, final, np.uint64(3))
        padding = (np.uint64(8) - (writer[2] & np.uint64(7))) & np.uint64(7)
        writer = put(words, writer, np.uint64(0), padding)
        sizes = np.uint64(held | (held ^ 0xFFFF) << 16)
        place, waiting, bits = put(words, writer, sizes, np.uint64(32))
        words[place] = waiting
        at = 8 * np.int64(place) + np.int64(bits) // 8
        for _ in range(held):
            if column == 0:
                out[at] = PAETH
            else:
                word = rows[row, (column - 1) // lanes]
                out[at] = np.uint8(word >> np.uint32(8 * ((column - 1) % lanes)))
            at += 1
            column += 1
            if column == row_bytes:
                row, column = row + 1, 0
        place, bits = np.uint64(at // 8), np.uint64(8 * (at % 8))
        writer = place, words[place] & ((np.uint64(1) << bits) - np.uint64(1)), bits
    return writer
