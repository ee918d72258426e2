"""Ops that read bands, facts, tables and buffers, and those that write buffers.

No index is trusted: one out of its range becomes the row behind the last, which is zeros, or for
a write the row behind that, which nobody reads.
"""

from evalscripts.native.emit.arithmetic import to_row
from evalscripts.native.emit.scope import Name, Scope
from evalscripts.native.emit.text import SCALAR, VECTOR, Code, Width
from evalscripts.native.frame import LANES, PLANE, SORTING
from evalscripts.native.ir import Buffer, Op, Value

SORT_SYMBOL = "cogmill_sort"
_ROW_BITS = 6  # of a buffer: 8 lanes of 8 bytes
_LANE_OFFSETS = f"<{', '.join(f'i64 {8 * lane}' for lane in range(LANES))}>"
_OFFSETS = f"<{LANES} x i64>"


def memory(scope: Scope, op: Op) -> None:
    """Emit a load, a lookup or what changes a buffer."""
    if op.name == "write":
        _write(scope, op)
        return
    if op.name == "sort":
        _sort(scope, op)
        return
    width, fixed = scope.find(op)
    if op.name == "load":
        text = _load(scope, op)
    elif op.name == "read":
        text = _read(scope, op)
    elif op.name == "scenes":
        text = _count(scope, scope.layout.scenes(op.attr), SCALAR)
    else:
        text = _look_up(scope, op, width, fixed=fixed)
    scope.set(op, Name(text, is_uniform=not width.is_vector, is_fixed=fixed))


def _word(scope: Scope, word: int, kind: str) -> str:
    """Return a word of the frame, read once."""
    return scope.once(
        ("word", word, kind), lambda code: code.load_word("%frame", word, kind), fixed=True
    )


def _count(scope: Scope, word: int, width: Width) -> str:
    """Return a count in the frame as a number."""
    whole = _word(scope, word, "i64")
    narrow = scope.once(
        ("count", word), lambda code: code.let(f"uitofp i64 {whole} to double"), fixed=True
    )
    if not width.is_vector:
        return narrow
    return scope.once(("wide", narrow), lambda code: code.spread(narrow, "double"), fixed=True)


def _row(scope: Scope, index: Value, width: Width, length_word: int) -> tuple[str, bool]:
    """Return a checked index as i64 or eight of them, and whether it is fixed."""
    fixed = scope.name(index).is_fixed
    number = scope.number(index, width)
    length = _count(scope, length_word, width)
    return _checked(scope, number, width, length, fixed=fixed), fixed


def _checked(scope: Scope, number: str, width: Width, length: str, *, fixed: bool) -> str:
    wide = _OFFSETS if width.is_vector else "i64"

    def make(code: Code) -> str:
        row = to_row(code, width, number, length)
        return code.let(f"zext {width.int32} {row} to {wide}")

    return scope.once(("row", number, length), make, fixed=fixed)


def _load(scope: Scope, op: Op) -> str:
    (index,) = op.operands
    base = _word(scope, scope.layout.slot(scope.slots[op.attr]), "ptr")
    if scope.name(index).constant == 0:
        # Where there are no samples, the first plane is the one behind the last.
        return _load_plane(scope, base)
    plane = _word(scope, PLANE, "i64")
    word = scope.layout.scenes(op.attr.input)
    if scope.name(index).is_uniform:
        row, fixed = _row(scope, index, SCALAR, word)

        def place(code: Code) -> str:
            return code.move(base, code.let(f"mul i64 {row}, {plane}"))

        return _load_plane(scope, scope.once(("plane", base, row), place, fixed=fixed))
    rows, _ = _row(scope, index, VECTOR, word)
    code = scope.body
    planes = scope.once(("wide", plane), lambda code: code.spread(plane, "i64"), fixed=True)
    offsets = code.let(f"mul {_OFFSETS} {rows}, {planes}")
    return _gather(code, code.move(base, "%at"), _by_lane(code, offsets))


def _load_plane(scope: Scope, start: str) -> str:
    def load(code: Code) -> str:
        return code.let(f"load {VECTOR.number}, ptr {code.move(start, '%at')}, align 8")

    return scope.once(("load", start), load, fixed=False)


def _by_lane(code: Code, offsets: str) -> str:
    return code.let(f"add {_OFFSETS} {offsets}, {_LANE_OFFSETS}")


def _gather(code: Code, base: str, offsets: str) -> str:
    """Read a double at each of eight offsets."""
    gathered = "poison"
    for lane in range(LANES):
        offset = code.let(f"extractelement {_OFFSETS} {offsets}, i32 {lane}")
        place = code.move(base, offset)
        element = code.let(f"load double, ptr {place}, align 8")
        gathered = code.let(
            f"insertelement {VECTOR.number} {gathered}, double {element}, i32 {lane}"
        )
    return gathered


def _read(scope: Scope, op: Op) -> str:
    (index,) = op.operands
    word = scope.layout.buffer(scope.kernel.buffers.index(op.attr))
    base = _word(scope, word, "ptr")
    code = scope.body
    if scope.name(index).is_uniform:
        row, _ = _row(scope, index, SCALAR, word + 1)
        place = code.move(base, code.let(f"shl i64 {row}, {_ROW_BITS}"))
        return code.let(f"load {VECTOR.number}, ptr {place}, align 8")
    rows, _ = _row(scope, index, VECTOR, word + 1)
    return _gather(code, base, _by_lane(code, _row_offsets(code, rows)))


def _row_offsets(code: Code, rows: str) -> str:
    return code.let(f"shl {_OFFSETS} {rows}, splat (i64 {_ROW_BITS})")


def _write(scope: Scope, op: Op) -> None:
    index, value, mask = op.operands
    word = scope.layout.buffer(scope.kernel.buffers.index(op.attr))
    base = _word(scope, word, "ptr")
    number, truth = scope.number(value, VECTOR), scope.truth(mask, VECTOR)
    code = scope.body
    if scope.name(index).is_uniform:
        row, _ = _row(scope, index, SCALAR, word + 1)
        capacity = _word(scope, word + 1, "i64")
        is_outside = code.let(f"icmp eq i64 {row}, {capacity}")
        spare = code.let(f"zext i1 {is_outside} to i64")
        row = code.let(f"add i64 {row}, {spare}")
        place = code.move(base, code.let(f"shl i64 {row}, {_ROW_BITS}"))
        old = code.let(f"load {VECTOR.number}, ptr {place}, align 8")
        new = code.pick(VECTOR, truth, number, old)
        code.do(f"store {VECTOR.number} {new}, ptr {place}, align 8")
        return
    rows, _ = _row(scope, index, VECTOR, word + 1)
    capacity = _word(scope, word + 1, "i64")
    zeros = scope.once(("wide", capacity), lambda code: code.spread(capacity, "i64"), fixed=True)
    spare_row = scope.once(
        ("spare", capacity),
        lambda code: code.let(f"add {_OFFSETS} {zeros}, splat (i64 1)"),
        fixed=True,
    )
    is_inside = code.let(f"icmp ult {_OFFSETS} {rows}, {zeros}")
    is_written = code.let(f"and {VECTOR.truth} {is_inside}, {truth}")
    chosen = code.let(
        f"select {VECTOR.truth} {is_written}, {_OFFSETS} {rows}, {_OFFSETS} {spare_row}"
    )
    offsets = _by_lane(code, _row_offsets(code, chosen))
    for lane in range(LANES):
        offset = code.let(f"extractelement {_OFFSETS} {offsets}, i32 {lane}")
        element = code.let(f"extractelement {VECTOR.number} {number}, i32 {lane}")
        code.do(f"store double {element}, ptr {code.move(base, offset)}, align 8")


def _sort(scope: Scope, op: Op) -> None:
    """Call the library: sorting is the same for all scripts."""
    layout, buffers = scope.layout, scope.kernel.buffers
    moved: tuple[Buffer, ...] = (op.attr.key, *op.attr.others)
    words = [layout.buffer(buffers.index(buffer)) for buffer in moved]
    count = scope.number(op.operands[0], VECTOR)
    code = scope.body
    for word in words:
        capacity = _count(scope, word + 1, VECTOR)
        is_more = code.is_true(VECTOR, "ogt", count, capacity)
        count = code.pick(VECTOR, is_more, capacity, count)
    is_some = code.is_true(VECTOR, "ogt", count, VECTOR.of(0.0))
    count = code.pick(VECTOR, is_some, count, VECTOR.of(0.0))
    counts = code.let(f"fptosi {VECTOR.number} {count} to {VECTOR.int32}")
    others = scope.entry.let(f"alloca ptr, i32 {max(1, len(words) - 1)}")
    for i, word in enumerate(words[1:]):
        place = code.let(f"getelementptr ptr, ptr {others}, i64 {i}")
        code.do(f"store ptr {_word(scope, word, 'ptr')}, ptr {place}, align 8")
    key, rows = _word(scope, words[0], "ptr"), _word(scope, SORTING, "ptr")
    capacity = _word(scope, words[0] + 1, "i64")
    parameters = "ptr, i64, ptr, <8 x i32>, i1, ptr, i64"
    scope.module.declare(SORT_SYMBOL, "void", parameters)
    descending = "true" if op.attr.descending else "false"
    code.do(
        f"call void @{SORT_SYMBOL}(ptr {key}, i64 {capacity}, ptr {rows}, "
        f"{VECTOR.int32} {counts}, i1 {descending}, ptr {others}, i64 {len(words) - 1})"
    )


def _look_up(scope: Scope, op: Op, width: Width, *, fixed: bool) -> str:
    (index,) = op.operands
    if op.name == "table":
        base, length = f"@table{op.attr}", width.of(float(len(scope.kernel.tables[op.attr])))
    else:
        word = scope.layout.fact(scope.facts[op.attr])
        base, length = _word(scope, word, "ptr"), _count(scope, word + 1, width)
    number = scope.number(index, width)
    row = _checked(scope, number, width, length, fixed=fixed)
    code = scope.code(fixed=fixed)
    if width.is_vector:
        return _gather(code, base, code.let(f"shl {_OFFSETS} {row}, splat (i64 3)"))
    place = code.move(base, code.let(f"shl i64 {row}, 3"))
    return code.let(f"load double, ptr {place}, align 8")
