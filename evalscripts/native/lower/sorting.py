"""Sorting: comparators are asked once, about two elements that stand for all.

``a - b``, ``b - a`` and their like by a key (``a.date - b.date``, ``f(a) - f(b)``) are recognised,
as are comparators that only say −1, 0 and 1 by comparing two keys. Others are declined. A key that
is NaN somewhere is left to V8, since the order is then whatever its algorithm makes of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evalscripts.native import ir
from evalscripts.native.lower.arrays import argument, changed, items_of
from evalscripts.native.lower.checkpoints import checkpoint, rewind
from evalscripts.native.lower.leaves import leaf_types, rebuilt
from evalscripts.native.lower.lists import count
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.merging import content_of
from evalscripts.native.lower.natives import Table
from evalscripts.native.lower.rows import Leaf, Plan
from evalscripts.native.lower.shapes import Number, Shape
from evalscripts.native.lower.values import (
    HOLE,
    Declined,
    Items,
    Js,
    Num,
    Rows,
    Thing,
    is_number,
)
from evalscripts.snapshot import UNDEFINED

MAX_NETWORK = 16
_MOST = 400
"""Operations of a comparator."""


@dataclass(slots=True)
class Order:
    """What a comparator says."""

    key: ir.Value
    """Of an element, in terms of its stand-ins."""
    stands_for: list[ir.Phi]
    """The element's leaves."""
    is_descending: bool


def ask(machine: Machine, comparator: Js, shape: Shape) -> Order:
    """Return what a comparator says of two elements of a shape."""
    start = checkpoint(machine)
    ours, theirs = _stand_ins(machine, shape), _stand_ins(machine, shape)
    a, b = rebuilt(machine, shape, iter(ours)), rebuilt(machine, shape, iter(theirs))
    before = len(machine.builder.region)
    result = machine.invoke(machine, comparator, UNDEFINED, [a, b])
    has_effects = any(
        type(node) is not ir.Op or node.type is None for node in machine.builder.region[before:]
    )
    rewind(machine, start)
    if not has_effects and type(result) is ir.Op and _size(result) <= _MOST:
        pairs = dict(zip(ours, theirs, strict=True))
        if result.name == "sub":
            low, high = result.operands
            if _mirrors(low, high, pairs):
                return Order(low, ours, is_descending=False)
            if _mirrors(high, low, pairs):
                return Order(high, ours, is_descending=True)
        found = _three_way(result, pairs)
        if found is not None:
            return Order(found[0], ours, is_descending=found[1])
    raise Declined("sort() with this comparator", machine.here)


def _stand_ins(machine: Machine, shape: Shape) -> list[ir.Phi]:
    nothing = machine.builder.operand(0.0)
    return [ir.Phi(kind, nothing) for kind in leaf_types(shape)]


def _mirrors(a: ir.Value, b: ir.Value, pairs: dict[ir.Phi, ir.Phi]) -> bool:
    """Whether b is a with every stand-in of ours exchanged for theirs, and none of theirs in a."""
    return _size(a) <= _MOST and _size(b) <= _MOST and _mirror(a, b, pairs)


def _size(value: ir.Value) -> int:
    """Return of how many operations a value is made, those that come twice counted twice."""
    if type(value) is not ir.Op:
        return 1
    total = 1
    for operand in value.operands:
        total += _size(operand)
        if total > _MOST:
            break
    return total


def _mirror(a: ir.Value, b: ir.Value, pairs: dict[ir.Phi, ir.Phi]) -> bool:
    if type(a) is ir.Phi:
        if a in pairs:
            return pairs[a] is b
        return a is b and a not in pairs.values()
    if type(a) is not ir.Op or type(b) is not ir.Op:
        return a is b
    if a is b:
        return not _mentions(a, pairs)
    return (
        (a.name, a.attr, len(a.operands)) == (b.name, b.attr, len(b.operands))
        and a.name not in ("read", "table")
        and all(_mirror(x, y, pairs) for x, y in zip(a.operands, b.operands, strict=True))
    )


def _mentions(value: ir.Value, pairs: dict[ir.Phi, ir.Phi]) -> bool:
    if type(value) is ir.Phi:
        return value in pairs or value in pairs.values()
    return type(value) is ir.Op and any(_mentions(operand, pairs) for operand in value.operands)


def _three_way(result: ir.Op, pairs: dict[ir.Phi, ir.Phi]) -> tuple[ir.Value, bool] | None:
    """Return key and direction of what is −1 for a < b, 1 for a > b and 0 else, or reversed."""
    tests: list[ir.Op] = []
    _comparisons(result, tests)
    keys = {operand for test in tests for operand in test.operands}
    if len(keys) != 2:
        return None
    key = next((k for k in keys if any(_mirrors(k, other, pairs) for other in keys)), None)
    if key is None:
        return None
    answers = [_answer(result, key, x) for x in (-1.0, 0.0, 1.0)]
    if answers == [-1.0, 0.0, 1.0]:
        return key, False
    return (key, True) if answers == [1.0, 0.0, -1.0] else None


def _comparisons(value: ir.Value, found: list[ir.Op]) -> None:
    if type(value) is not ir.Op:
        return
    if value.name in ("lt", "le", "eq", "ne"):
        found.append(value)
        return
    for operand in value.operands:
        _comparisons(operand, found)


def _answer(value: ir.Value, key: ir.Value, ours: float) -> float | None:
    """Return what the comparator gives where our key is −1, 0 or 1 and theirs is 0."""
    if type(value) is not ir.Op:
        return None
    if value.name in ("const", "truth"):
        return float(value.attr)
    if value.name in ("lt", "le", "eq", "ne"):
        x, y = (ours if operand is key else 0.0 for operand in value.operands)
        return {"lt": x < y, "le": x <= y, "eq": x == y, "ne": x != y}[value.name]
    parts = [_answer(operand, key, ours) for operand in value.operands]
    if None in parts or value.name not in _LOGIC:
        return None
    return _LOGIC[value.name](*parts)


_LOGIC: dict[str, Callable[..., float]] = {
    "select": lambda test, x, y: x if test else y,
    "and": lambda x, y: x and y,
    "or": lambda x, y: x or y,
    "not": lambda x: not x,
    "neg": lambda x: -x,
    "sub": lambda x, y: x - y,
    "number": float,
}


def _substituted(machine: Machine, value: ir.Value, row: dict[ir.Value, Num]) -> Num:
    """Return a key with an element's leaves in place of their stand-ins, written again."""
    if value in row:
        return row[value]
    if type(value) is not ir.Op or not value.operands:
        return value
    operands = [_substituted(machine, operand, row) for operand in value.operands]
    result: Num = machine.builder.again(value, operands)
    row[value] = result
    return result


# ---- arrays of constant length ---------------------------------------------------------------


def _sort_items(machine: Machine, thing: Thing, given: list[Js]) -> Js:
    values = list(items_of(machine, thing))
    comparator = argument(given, 0)
    if comparator is UNDEFINED:
        raise Declined("sort() without a comparator", machine.here)
    if len(values) < 2:
        return thing
    if HOLE in values or len(values) > MAX_NETWORK:
        raise Declined("sort() of a long array", machine.here)
    if not all(is_number(value) for value in values):
        raise Declined("sort() of what is not always a number", machine.here)
    order = ask(machine, comparator, _as_any(values))
    keys = [_substituted(machine, order.key, {order.stands_for[0]: v}) for v in values]
    _refuse_nan(machine, keys)
    changed(machine, thing, _network(machine, values, keys, descending=order.is_descending))
    return thing


def _as_any(_: Sequence[Js]) -> Shape:
    return Number(is_uniform=False, is_whole=False, is_positive=False)


def _refuse_nan(machine: Machine, keys: Sequence[Num]) -> None:
    for key in keys:
        machine.trap("sort() of NaN", machine.builder.compare("ne", key, key))


def _network(
    machine: Machine, values: Sequence[Num], keys: Sequence[Num], *, descending: bool
) -> list[Num]:
    """Return the values in order: neighbors change places, so that equal ones stay as they are."""
    build = machine.builder
    row = list(zip(keys, values, strict=True))
    for last in range(len(row) - 1, 0, -1):
        for i in range(last):
            (key, value), (next_key, next_value) = row[i], row[i + 1]
            swap = build.compare("lt" if descending else "gt", key, next_key)
            if swap is False:
                continue
            row[i] = (build.choose(swap, next_key, key), build.choose(swap, next_value, value))
            row[i + 1] = (build.choose(swap, key, next_key), build.choose(swap, value, next_value))
    return [value for _, value in row]


# ---- lists -----------------------------------------------------------------------------------


def _sort_rows(machine: Machine, thing: Thing, given: list[Js]) -> Js:
    rows, build, node = content_of(machine, thing), machine.builder, machine.here
    comparator = argument(given, 0)
    if comparator is UNDEFINED:
        raise Declined("sort() without a comparator", machine.here)
    plan, shape = rows.plan, rows.plan.shape
    if shape is None:
        plan.is_read = True
        return thing
    order = ask(machine, comparator, shape)
    key = plan.leaves[order.stands_for.index(order.key)] if order.key in order.stands_for else None
    keys = Plan(plan.site, plan.depth, Number(False, False, False))  # noqa: FBT003
    keys.like = plan
    made = key is None
    if key is None:
        key = Leaf(keys, 0)
    counter = machine.cell("the turn", 0.0)

    def body() -> None:
        leaves = [
            number if kind.is_number else build.compare("ne", number, 0.0)
            for kind, number in zip(
                leaf_types(shape),
                [build.read(leaf, counter.now) for leaf in plan.leaves],
                strict=True,
            )
        ]
        value = _substituted(machine, order.key, dict(zip(order.stands_for, leaves, strict=True)))
        machine.trap("sort() of NaN", build.compare("ne", value, value))
        if made:
            build.effect("write", counter.now, value, machine.here_mask(), attr=key)

    count(machine, counter, rows.length, body)
    machine.here = node
    alive = build.choose(machine.here_mask(), rows.length, 0.0)
    others = tuple(leaf for leaf in plan.leaves if leaf is not key)
    build.effect("sort", alive, attr=(key, others, order.is_descending))
    return thing


SORTING = Table(methods={(Items, "sort"): _sort_items, (Rows, "sort"): _sort_rows})
