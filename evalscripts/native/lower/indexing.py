"""Elements of arrays at an index that depends on the pixel."""

from collections.abc import Callable, Sequence

from evalscripts.native import ir
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.merging import content_of
from evalscripts.native.lower.values import (
    HOLE,
    Declined,
    Fields,
    Items,
    Js,
    Mask,
    Num,
    Thing,
    is_number,
)
from evalscripts.snapshot import UNDEFINED

_FEW = 4
_MANY = 512
_KEEP_WHOLE = frozenset(("add", "sub", "mul", "min", "max", "neg", "abs"))
_MAKE_WHOLE = frozenset(
    ("int32", "uint32", "bit_and", "bit_or", "bit_xor", "shl", "shr", "ushr", "number", "scenes")
)


def index_key(machine: Machine, key: Js) -> Num:
    """Return a key that can only mean an element, as a number."""
    if is_number(key):
        return key  # type: ignore[no-any-return]
    if type(key) is str:
        raise Declined(f"the property {key}", machine.here)
    raise Declined("a property whose name depends on the pixel", machine.here)


def is_whole(machine: Machine, value: Num) -> bool:
    """Whether a number is surely whole (and finite)."""
    return _surely(value, machine.whole, _is_whole_op, lambda number: number % 1 == 0)


def is_positive(machine: Machine, value: Num) -> bool:
    """Whether a number is surely 0 or above."""
    return _surely(value, machine.positive, _is_positive_op, lambda number: number >= 0)


def _surely(
    value: Num,
    known: dict[ir.Value, bool],
    decide: Callable[[ir.Op, Callable[[Num], bool]], bool],
    holds: Callable[[float], bool],
) -> bool:
    """Answer a question about a number, each operation asked once."""
    if isinstance(value, float):
        return holds(value)
    if value not in known:
        if type(value) is not ir.Op:
            return False
        if value.name == "const":
            known[value] = holds(value.attr)
        else:
            known[value] = decide(value, lambda part: _surely(part, known, decide, holds))
    return known[value]


def _is_whole_op(op: ir.Op, ask: Callable[[Num], bool]) -> bool:
    if op.name in _KEEP_WHOLE:
        return all(ask(operand) for operand in op.operands)
    if op.name == "select":
        return all(ask(operand) for operand in op.operands[1:])
    return op.name in _MAKE_WHOLE


def _is_positive_op(op: ir.Op, ask: Callable[[Num], bool]) -> bool:
    if op.name in ("add", "mul", "min"):
        return all(ask(operand) for operand in op.operands)
    if op.name == "select":
        return all(ask(operand) for operand in op.operands[1:])
    return op.name in ("number", "scenes", "ushr", "uint32")


def within(machine: Machine, index: Num, count: Num) -> tuple[Mask, Num]:
    """Return where an index means an element, and the index, made 0 elsewhere."""
    build = machine.builder
    inside: Mask = True
    if not is_whole(machine, index):
        inside = build.compare("eq", index, build.number("floor", index))
    if not is_positive(machine, index):
        inside = build.both(inside, machine.knowledge.settled(build.compare("le", 0.0, index)))
    inside = build.both(inside, machine.knowledge.settled(build.compare("lt", index, count)))
    return inside, build.choose(inside, index, 0.0)


def pick(machine: Machine, values: Sequence[Js], index: Num, *, site: int) -> Js:
    """Return the element at an index, undefined where there is none."""
    inside, safe = within(machine, index, float(len(values)))
    if inside is False or not values:
        return UNDEFINED
    known = [UNDEFINED if value is HOLE else value for value in values]
    return machine.merge(machine, inside, _inside(machine, known, safe, site), UNDEFINED)


def _inside(machine: Machine, values: Sequence[Js], index: Num, site: int) -> Js:
    first = values[0]
    if len(values) > _FEW:
        if all(type(value) is float for value in values):
            return machine.builder.table(tuple(values), index)
        whole = _columns(machine, values, index, site)
        if whole is not None:
            return whole
    if len(values) > _MANY:
        raise Declined("an element of a long array, by an index of the pixel", machine.here)
    result = values[-1] if len(values) > 1 else first
    for i in range(len(values) - 2, -1, -1):
        match = machine.builder.compare("eq", index, float(i))
        result = machine.merge(machine, match, values[i], result)
    return result


def _columns(machine: Machine, values: Sequence[Js], index: Num, site: int) -> Js | None:
    """Return the element of an array of constant rows that are all built alike."""
    if not all(type(value) is Thing for value in values):
        return None
    rows = [content_of(machine, value) for value in values]
    first = rows[0]
    if not all(type(row) in (Items, Fields) and row.is_frozen for row in rows):
        return None
    if type(first) is Items and all(
        type(row) is Items and len(row.values) == len(first.values) for row in rows
    ):
        parts = [
            _inside(machine, [row.values[i] for row in rows], index, site)
            for i in range(len(first.values))
        ]
        return machine.thing(Items(tuple(parts), is_frozen=True), site=site, is_blend=True)
    if type(first) is Fields and all(
        type(row) is Fields
        and list(row.values) == list(first.values)
        and row.owner is first.owner
        and row.helper is None
        for row in rows
    ):
        fields = {
            name: _inside(machine, [row.values[name] for row in rows], index, site)
            for name in first.values
        }
        content = Fields(fields, is_frozen=True, owner=first.owner)
        return machine.thing(content, site=site, is_blend=True)
    return None


def put(machine: Machine, values: Sequence[Js], index: Num, value: Js) -> tuple[Js, ...]:
    """Return the elements with one changed; an index outside is left to V8."""
    inside, safe = within(machine, index, float(len(values)))
    machine.trap("an element is set outside of its array", machine.builder.negate(inside))
    if len(values) > _MANY:
        raise Declined("an element of a long array is set, by an index of the pixel", machine.here)
    if HOLE in values:
        raise Declined("an element of an array with holes is set, by an index of the pixel")
    return tuple(
        [
            machine.merge(machine, machine.builder.compare("eq", safe, float(i)), value, old)
            for i, old in enumerate(values)
        ]
    )
