"""Sorting of arrays that eight lanes hold side by side, stable, each lane up to its own count.

Batcher's network (Knuth, The Art of Computer Programming 3, 5.2.2, algorithm M) compares the same
rows in all lanes, whatever they hold. Rows behind a lane's count stand as +∞ meanwhile. Equal
numbers cannot be told apart but for −0 and +0: where no −0 is seen, and no other array moves
along, a minimum and a maximum for each pair suffice. Otherwise each key travels with its number,
which decides between equals, and that makes any network stable.
"""

from collections.abc import Callable, Iterator

from evalscripts.native.emit.memory import SORT_SYMBOL
from evalscripts.native.emit.text import VECTOR, Code, Module
from evalscripts.native.frame import LANES

_KIND = VECTOR.number
_MAX_UNROLLED = 16
_NEGATIVE_ZERO = f"splat (i64 {-(2**63)})"
_LANE_OFFSETS = f"<{', '.join(f'i64 {8 * lane}' for lane in range(LANES))}>"
TEMPORARIES = 3
"""Sorting's own rows: keys, their numbers, and a copy of what moves along."""


def sorting(module: Module) -> str:
    """Return the function's text."""
    code = Code(module, "entry")
    zeros = code.let("alloca i8, align 1")
    code.do(f"store i8 0, ptr {zeros}, align 1")
    most = code.call("llvm.vector.reduce.umax.v8i32", "i32", (VECTOR.int32, "%counts"))
    most = code.let(f"zext i32 {most} to i64")
    size = code.let("shl i64 %capacity, 6")
    order = code.move("%rows", size)
    moved = code.move(order, size)
    _take(code, most, order, zeros)
    found = code.let(f"load i8, ptr {zeros}, align 1")
    has_zeros = code.let(f"icmp ne i8 {found}, 0")
    is_alone = code.let("icmp eq i64 %other_count, 0")
    is_plain = code.let(f"xor i1 {has_zeros}, true")
    is_plain = code.let(f"and i1 {is_plain}, {is_alone}")
    with code.when(is_plain):
        for n in range(2, _MAX_UNROLLED + 1):
            with code.when(code.let(f"icmp eq i64 {most}, {n}")):
                _unrolled(code, n)
        with code.when(code.let(f"icmp sgt i64 {most}, {_MAX_UNROLLED}")):
            _network(code, most, _exchange)
    with code.when(code.let(f"xor i1 {is_plain}, true")):
        _network(code, most, lambda code, i, j: _exchange_with_number(code, order, i, j))
    _give_back(code, most)
    with code.each("0", "%other_count") as i:
        place = code.let(f"getelementptr ptr, ptr %others, i64 {i}")
        _move_along(code, most, code.let(f"load ptr, ptr {place}, align 8"), order, moved)
    code.do("ret void")
    parameters = (
        "ptr noalias %key, i64 %capacity, ptr noalias %rows, <8 x i32> %counts, i1 %descending, "
        "ptr noalias %others, i64 %other_count"
    )
    return "\n".join((f"define void @{SORT_SYMBOL}({parameters}) nounwind {{", *code.lines, "}"))


def _row(code: Code, base: str, index: str) -> str:
    return code.let(f"getelementptr {_KIND}, ptr {base}, i64 {index}")


def _get(code: Code, place: str) -> str:
    return code.let(f"load {_KIND}, ptr {place}, align 8")


def _put(code: Code, number: str, place: str) -> None:
    code.do(f"store {_KIND} {number}, ptr {place}, align 8")


def _turned(code: Code, number: str) -> str:
    """Return the number, or its negative where the order is descending."""
    negative = code.let(f"fneg {_KIND} {number}")
    return code.let(f"select i1 %descending, {_KIND} {negative}, {_KIND} {number}")


def _counted(code: Code, index: str) -> str:
    """Return the lanes whose count goes beyond a row."""
    narrow = code.let(f"trunc i64 {index} to i32")
    rows = code.spread(narrow, "i32")
    return code.let(f"icmp ult {VECTOR.int32} {rows}, %counts")


def _take(code: Code, most: str, order: str, zeros: str) -> None:
    """Copy the keys, number them, and note whether any is −0."""
    with code.each("0", most) as i:
        key = _turned(code, _get(code, _row(code, "%key", i)))
        key = code.pick(VECTOR, _counted(code, i), key, VECTOR.of(float("inf")))
        _put(code, key, _row(code, "%rows", i))
        number = code.spread(code.let(f"sitofp i64 {i} to double"), "double")
        _put(code, number, _row(code, order, i))
        bits = code.let(f"bitcast {_KIND} {key} to <{LANES} x i64>")
        is_zero = code.let(f"icmp eq <{LANES} x i64> {bits}, {_NEGATIVE_ZERO}")
        seen = code.let(f"bitcast {VECTOR.truth} {is_zero} to i{LANES}")
        before = code.let(f"load i8, ptr {zeros}, align 1")
        code.do(f"store i8 {code.let(f'or i8 {seen}, {before}')}, ptr {zeros}, align 1")


def _lower_and_higher(code: Code, a: str, b: str) -> tuple[str, str]:
    low = code.pick(VECTOR, code.is_true(VECTOR, "olt", a, b), a, b)
    return low, code.pick(VECTOR, code.is_true(VECTOR, "ogt", a, b), a, b)


def _unrolled(code: Code, n: int) -> None:
    """Sort n rows in registers."""
    places = [_row(code, "%rows", str(i)) for i in range(n)]
    rows = [_get(code, place) for place in places]
    for i, j in comparators(n):
        rows[i], rows[j] = _lower_and_higher(code, rows[i], rows[j])
    for number, place in zip(rows, places, strict=True):
        _put(code, number, place)


def comparators(n: int) -> Iterator[tuple[int, int]]:
    """Yield the pairs of rows that Batcher's network compares, in their order."""
    top = 1 << max(0, (n - 1).bit_length() - 1)
    p = top
    while p > 0 and n > 1:
        q, r, d = top, 0, p
        while True:
            yield from ((i, i + d) for i in range(n - d) if i & p == r)
            if q == p:
                break
            d, q, r = q - p, q >> 1, p
        p >>= 1


def _exchange(code: Code, i: str, j: str) -> None:
    first, second = _row(code, "%rows", i), _row(code, "%rows", j)
    low, high = _lower_and_higher(code, _get(code, first), _get(code, second))
    _put(code, low, first)
    _put(code, high, second)


def _exchange_with_number(code: Code, order: str, i: str, j: str) -> None:
    keys = [_row(code, "%rows", index) for index in (i, j)]
    numbers = [_row(code, order, index) for index in (i, j)]
    a, b = (_get(code, place) for place in keys)
    m, n = (_get(code, place) for place in numbers)
    is_more = code.is_true(VECTOR, "ogt", a, b)
    is_equal = code.is_true(VECTOR, "oeq", a, b)
    is_later = code.is_true(VECTOR, "ogt", m, n)
    is_tie = code.let(f"and {VECTOR.truth} {is_equal}, {is_later}")
    swap = code.let(f"or {VECTOR.truth} {is_more}, {is_tie}")
    for places, one, other in ((keys, a, b), (numbers, m, n)):
        _put(code, code.pick(VECTOR, swap, other, one), places[0])
        _put(code, code.pick(VECTOR, swap, one, other), places[1])


def _network(code: Code, most: str, exchange: Callable[[Code, str, str], None]) -> None:
    """Run `comparators` of a number that is known late; in memory, in three loops."""
    state = [code.let("alloca i64, align 8") for _ in range(4)]
    p, q, r, d = state

    def get(place: str) -> str:
        return code.let(f"load i64, ptr {place}, align 8")

    def put(value: str, place: str) -> None:
        code.do(f"store i64 {value}, ptr {place}, align 8")

    zeros = code.call(
        "llvm.ctlz.i64", "i64", ("i64", code.let(f"sub i64 {most}, 1")), ("i1", "false")
    )
    # Half of the power of two that holds all rows; there is one where there are two rows.
    bits = code.let(f"sub i64 63, {zeros}")
    has_some = code.let(f"icmp sgt i64 {most}, 1")
    shift = code.let(f"select i1 {has_some}, i64 {bits}, i64 0")
    one = code.let(f"select i1 {has_some}, i64 1, i64 0")
    top = code.let(f"shl i64 {one}, {shift}")
    put(top, p)
    outer, turn, inner, again, after = (
        code.module.fresh(stem) for stem in ("outer", "turn", "inner", "again", "after")
    )
    code.do(f"br label %{outer}")
    code.label(outer)
    is_on = code.let(f"icmp sgt i64 {get(p)}, 0")
    code.do(f"br i1 {is_on}, label %{turn}, label %{after}")
    code.label(turn)
    put(top, q)
    put("0", r)
    put(get(p), d)
    code.do(f"br label %{inner}")
    code.label(inner)
    stop = code.let(f"sub i64 {most}, {get(d)}")
    with code.each("0", stop) as i:
        bit = code.let(f"and i64 {i}, {get(p)}")
        with code.when(code.let(f"icmp eq i64 {bit}, {get(r)}")):
            exchange(code, i, code.let(f"add i64 {i}, {get(d)}"))
    is_last = code.let(f"icmp eq i64 {get(q)}, {get(p)}")
    following = code.module.fresh("next")
    code.do(f"br i1 {is_last}, label %{following}, label %{again}")
    code.label(again)
    put(code.let(f"sub i64 {get(q)}, {get(p)}"), d)
    put(code.let(f"lshr i64 {get(q)}, 1"), q)
    put(get(p), r)
    code.do(f"br label %{inner}")
    code.label(following)
    put(code.let(f"lshr i64 {get(p)}, 1"), p)
    code.do(f"br label %{outer}")
    code.label(after)


def _give_back(code: Code, most: str) -> None:
    with code.each("0", most) as i:
        key = _turned(code, _get(code, _row(code, "%rows", i)))
        place = _row(code, "%key", i)
        _put(code, code.pick(VECTOR, _counted(code, i), key, _get(code, place)), place)


def _move_along(code: Code, most: str, other: str, order: str, moved: str) -> None:
    """Bring one more array into the order of the keys."""
    with code.each("0", most) as i:
        _put(code, _get(code, _row(code, other, i)), _row(code, moved, i))
    with code.each("0", most) as i:
        numbers = _get(code, _row(code, order, i))
        rows = code.let(f"fptosi {_KIND} {numbers} to <{LANES} x i64>")
        offsets = code.let(f"shl <{LANES} x i64> {rows}, splat (i64 6)")
        offsets = code.let(f"add <{LANES} x i64> {offsets}, {_LANE_OFFSETS}")
        found = "poison"
        for lane in range(LANES):
            offset = code.let(f"extractelement <{LANES} x i64> {offsets}, i32 {lane}")
            element = code.let(f"load double, ptr {code.move(moved, offset)}, align 8")
            found = code.let(f"insertelement {_KIND} {found}, double {element}, i32 {lane}")
        place = _row(code, other, i)
        _put(code, code.pick(VECTOR, _counted(code, i), found, _get(code, place)), place)
