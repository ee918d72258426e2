"""Huffman codes of a deflate block, and the bits that tell a reader of them.

Facts from RFC 1951, 3.2. Bits wait in a word of 64 until it is full, so a writer is three numbers:
the place of the next word, the bits that wait, and how many.
"""

import numpy as np
from numpy.typing import NDArray

from engine.jit import kernel

SYMBOLS = 286
"""256 bytes, the end of a block, 29 lengths of matches."""
DISTANCES = 30
END = 256
LONGEST = 15
"""Bits of a code of bytes and lengths."""
LONGEST_OF_LENGTHS = 7
"""Bits of a code that codes the lengths of codes."""
ORDER = np.array([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15], dtype=np.int64)
"""In which a block's header names the lengths of the codes of code lengths."""
REPEAT, ZEROS, MANY_ZEROS = 16, 17, 18
"""Run symbols of a header: the last length 3 to 6 times, 0 3 to 10 times, 0 11 to 138 times."""

Writer = tuple[np.uint64, np.uint64, np.uint64]
"""Place of the next word, bits that wait, how many."""


@kernel
def put(words: NDArray[np.uint64], writer: Writer, code: np.uint64, length: np.uint64) -> Writer:
    """Append ``length`` bits of ``code``, at most 63; return the writer after it.

    The last bits may still wait: whoever stops stores them.
    """
    place, waiting, bits = writer
    waiting |= code << bits
    total = bits + length
    # Without branches, which nobody could foretell: the word is stored whether full or not. Where
    # it is full, bits > 0, as length < 64.
    words[place] = waiting
    rest = code >> ((np.uint64(64) - bits) & np.uint64(63))
    waiting = rest if total >= np.uint64(64) else waiting
    return place + (total >> np.uint64(6)), waiting, total & np.uint64(63)


@kernel
def put_code(words: NDArray[np.uint64], writer: Writer, code: np.uint64) -> Writer:
    """Append a code as `assign_codes` writes it."""
    return put(words, writer, code >> np.uint64(8), code & np.uint64(0xFF))


@kernel
def code_lengths(counts: NDArray[np.int64], limit: int, lengths: NDArray[np.int64]) -> None:
    """Write each symbol's length to ``lengths``: 0 where never counted, else 1 to ``limit``.

    Huffman's lengths, and where they exceed ``limit``, those shortened and others made longer
    until the codes fit again (the sum of 2 to the power of minus length is 1).
    """
    order = np.empty(counts.size, dtype=np.int64)
    used = 0
    for symbol in range(counts.size):
        lengths[symbol] = 0
        if counts[symbol] > 0:
            order[used] = (counts[symbol] << 9) | symbol
            used += 1
    if used == 1:
        lengths[order[0] & 511] = 1
    if used <= 1:
        return
    _sort(order, used)
    deep = _depths(_tree(order, used), used, limit)
    place = 0
    for length in range(limit, 0, -1):
        for _ in range(deep[length]):
            lengths[order[place] & 511] = length
            place += 1


@kernel
def _depths(parent: NDArray[np.int64], leaves: int, limit: int) -> NDArray[np.int64]:
    """Return how many leaves there are of each depth, none below ``limit``."""
    # Nodes come after their children, so parents are known when walking down.
    depth = np.zeros(parent.size, dtype=np.int64)
    deep = np.zeros(limit + 1, dtype=np.int64)
    for node in range(parent.size - 2, -1, -1):
        depth[node] = depth[parent[node]] + 1
        if node < leaves:
            deep[min(depth[node], limit)] += 1
    excess = -(1 << limit)
    for length in range(1, limit + 1):
        excess += deep[length] << (limit - length)
    for _ in range(excess):
        # One of the longest codes hangs itself beside a shorter one, which moves a step down.
        deep[limit] -= 1
        length = limit - 1
        while deep[length] == 0:
            length -= 1
        deep[length] -= 1
        deep[length + 1] += 2
    return deep


@kernel
def _sort(numbers: NDArray[np.int64], count: int) -> None:
    """Sort the first ones in place, in Shell's way: quick to compile, and quick for so few."""
    for gap in (132, 57, 23, 10, 4, 1):
        for end in range(gap, count):
            number = numbers[end]
            place = end
            while place >= gap and numbers[place - gap] > number:
                numbers[place] = numbers[place - gap]
                place -= gap
            numbers[place] = number


@kernel
def _tree(order: NDArray[np.int64], leaves: int) -> NDArray[np.int64]:
    """Return each node's parent: leaves by rising count, then the inner nodes as they are made."""
    nodes = 2 * leaves - 1
    weight = np.empty(nodes, dtype=np.int64)
    for leaf in range(leaves):
        weight[leaf] = order[leaf] >> 9
    parent = np.zeros(nodes, dtype=np.int64)
    leaf, inner = 0, leaves
    for node in range(leaves, nodes):
        weight[node] = 0
        for _ in range(2):
            if leaf < leaves and (inner >= node or weight[leaf] <= weight[inner]):
                child = leaf
                leaf += 1
            else:
                child = inner
                inner += 1
            weight[node] += weight[child]
            parent[child] = node
    return parent


@kernel
def assign_codes(lengths: NDArray[np.int64], codes: NDArray[np.uint64]) -> None:
    """Write canonical codes: their size in the lowest 8 bits, then their bits, first one lowest."""
    count = np.zeros(LONGEST + 1, dtype=np.int64)
    for symbol in range(lengths.size):
        count[lengths[symbol]] += 1
    count[0] = 0
    following = np.zeros(LONGEST + 2, dtype=np.int64)
    for length in range(1, LONGEST + 1):
        following[length + 1] = (following[length] + count[length]) << 1
    for symbol in range(lengths.size):
        length = lengths[symbol]
        code = following[length]
        following[length] += 1
        turned = 0
        for _ in range(length):
            turned = (turned << 1) | (code & 1)
            code >>= 1
        codes[symbol] = np.uint64(turned << 8 | length)


@kernel
def put_tables(
    words: NDArray[np.uint64],
    writer: Writer,
    lengths: NDArray[np.int64],
    distances: NDArray[np.int64],
) -> Writer:
    """Append the header of a block with codes of its own, after the three bits that begin it."""
    named = _trimmed(lengths, END + 1)
    named_distances = _trimmed(distances, 1)
    both = np.empty(named + named_distances, dtype=np.int64)
    for number in range(both.size):
        both[number] = lengths[number] if number < named else distances[number - named]
    runs, extras, count = _runs(both)
    counts = np.zeros(ORDER.size, dtype=np.int64)
    for number in range(count):
        counts[runs[number]] += 1
    sizes = np.empty(ORDER.size, dtype=np.int64)
    code_lengths(counts, LONGEST_OF_LENGTHS, sizes)
    codes = np.empty(ORDER.size, dtype=np.uint64)
    assign_codes(sizes, codes)
    ordered = np.empty(ORDER.size, dtype=np.int64)
    for number in range(ORDER.size):
        ordered[number] = sizes[ORDER[number]]
    told = _trimmed(ordered, 4)
    head = (named - END - 1) | (named_distances - 1) << 5 | (told - 4) << 10
    writer = put(words, writer, np.uint64(head), np.uint64(14))
    for number in range(told):
        writer = put(words, writer, np.uint64(ordered[number]), np.uint64(3))
    for number in range(count):
        run = runs[number]
        writer = put_code(words, writer, codes[run])
        if run >= REPEAT:
            size = np.uint64(2 if run == REPEAT else 3 if run == ZEROS else 7)
            extra = np.uint64(extras[number])
            writer = put(words, writer, extra, size)
    return writer


@kernel
def _trimmed(lengths: NDArray[np.int64], least: int) -> int:
    """Return how many lengths there are without the zeros at the end, but at least ``least``."""
    count = lengths.size
    while count > least and lengths[count - 1] == 0:
        count -= 1
    return count


@kernel
def _runs(lengths: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Return the lengths as run symbols, what each adds, and how many there are."""
    total = lengths.size
    runs = np.empty(total, dtype=np.int64)
    extras = np.zeros(total, dtype=np.int64)
    count = 0
    start = 0
    while start < total:
        length = lengths[start]
        stop = start + 1
        while stop < total and lengths[stop] == length:
            stop += 1
        symbol, least, most = REPEAT, 3, 6
        if length == 0:
            symbol, most = (MANY_ZEROS, 138) if stop - start > 10 else (ZEROS, 10)
            least = 11 if symbol == MANY_ZEROS else 3
        elif start == 0 or lengths[start - 1] != length:
            stop = start + 1
        size = min(stop - start, most)
        if size < least:
            symbol, size = length, 1
        else:
            extras[count] = size - least
        runs[count] = symbol
        count += 1
        start += size
    return runs, extras, count
