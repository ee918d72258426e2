"""Methods of arrays of constant length."""

from collections.abc import Sequence

from evalscripts.native.lower.coercion import to_number
from evalscripts.native.lower.joining import vary
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.merging import content_of
from evalscripts.native.lower.natives import Table
from evalscripts.native.lower.operators import text_of
from evalscripts.native.lower.rows import is_rows, new_array
from evalscripts.native.lower.values import (
    HOLE,
    BoundMethod,
    Declined,
    Items,
    Js,
    Several,
    Thing,
    Union,
)
from evalscripts.snapshot import UNDEFINED

MAX_ITEMS = 4096


def items_of(machine: Machine, thing: Js) -> tuple[Js, ...]:
    """Return an array's elements, holes included."""
    content = content_of(machine, thing)
    values: tuple[Js, ...] = content.values
    return values


def made(machine: Machine, values: Sequence[Js]) -> Thing:
    """Return a new array, made by the call that runs."""
    site = -1 if machine.here is None else machine.here.start
    return new_array(machine, values, site)


def argument(given: Sequence[Js], i: int) -> Js:
    """Return an argument, undefined where there is none."""
    return given[i] if i < len(given) else UNDEFINED


def changed(machine: Machine, thing: Thing, values: Sequence[Js]) -> None:
    """Give an array other elements."""
    content = content_of(machine, thing)
    if content.is_frozen or content.is_typed:
        raise Declined("a change of what outlives the pixel", machine.here)
    if len(values) > MAX_ITEMS:
        raise Declined("a very long array", machine.here)
    machine.write(thing, Items(tuple(values)))


def filled(values: Sequence[Js]) -> list[Js]:
    """Return the elements with undefined for holes."""
    return [UNDEFINED if value is HOLE else value for value in values]


# ---- changing --------------------------------------------------------------------------------


def _push(machine: Machine, thing: Thing, given: list[Js]) -> Js:
    if any(type(value) is Several for value in given):
        vary(machine, thing)
    values = (*items_of(machine, thing), *given)
    changed(machine, thing, values)
    return float(len(values))


def _unshift(machine: Machine, thing: Thing, given: list[Js]) -> Js:
    values = (*given, *items_of(machine, thing))
    changed(machine, thing, values)
    return float(len(values))


def _pop(machine: Machine, thing: Thing, _: list[Js]) -> Js:
    values = filled(items_of(machine, thing))
    changed(machine, thing, values[:-1])
    return values[-1] if values else UNDEFINED


def _shift(machine: Machine, thing: Thing, _: list[Js]) -> Js:
    values = items_of(machine, thing)
    changed(machine, thing, values[1:])
    return filled(values)[0] if values else UNDEFINED


def _reverse(machine: Machine, thing: Thing, _: list[Js]) -> Js:
    changed(machine, thing, items_of(machine, thing)[::-1])
    return thing


def _fill(machine: Machine, thing: Thing, given: list[Js]) -> Js:
    values = list(items_of(machine, thing))
    start, stop = _range(machine, given[1:], len(values))
    values[start:stop] = [argument(given, 0)] * max(0, stop - start)
    changed(machine, thing, values)
    return thing


def _splice(machine: Machine, thing: Thing, given: list[Js]) -> Js:
    values = list(items_of(machine, thing))
    start, _ = _range(machine, given[:1], len(values))
    count = len(values) - start
    if len(given) > 1:
        count = min(count, max(0, int(_whole(machine, given[1]))))
    taken = values[start : start + count] if given else []
    if given:
        values[start : start + count] = given[2:]
    changed(machine, thing, values)
    return made(machine, taken)


def _whole(machine: Machine, value: Js) -> float:
    """Return ToIntegerOrInfinity of a constant, brought into an array's range."""
    number = to_number(machine, value)
    if type(number) is not float:
        raise Declined("an array's part that depends on the pixel", machine.here)
    if number != number:  # noqa: PLR0124 (NaN)
        return 0.0
    return float(int(max(-1e9, min(1e9, number))))


def _range(machine: Machine, given: Sequence[Js], length: int) -> tuple[int, int]:
    """Return start and stop as slice and fill read them."""
    bounds = []
    for value, default in ((argument(given, 0), 0), (argument(given, 1), length)):
        bound = default if value is UNDEFINED else int(_whole(machine, value))
        bounds.append(max(0, bound + length) if bound < 0 else min(bound, length))
    return bounds[0], bounds[1]


# ---- copying ---------------------------------------------------------------------------------


def _slice(machine: Machine, thing: Thing, given: list[Js]) -> Js:
    values = items_of(machine, thing)
    start, stop = _range(machine, given, len(values))
    return made(machine, values[start:stop])


def _concat(machine: Machine, thing: Thing, given: list[Js]) -> Js:
    if any(is_rows(machine, value) for value in given):
        return machine.natives.method(machine, BoundMethod(thing, "concat lists"), given)
    values = list(items_of(machine, thing))
    for value in given:
        values += _spread_one(machine, value)
    return made(machine, values)


def _spread_one(machine: Machine, value: Js) -> list[Js]:
    if type(value) is Thing and type(content_of(machine, value)) is Items:
        return list(items_of(machine, value))
    if is_rows(machine, value):
        raise Declined("flat() of an array whose length depends on the pixel", machine.here)
    if type(value) is Union and any(type(part) is Thing for _, part in value.alternatives):
        raise Declined("concat of what is not always an array", machine.here)
    return [value]


def _flat(machine: Machine, thing: Thing, given: list[Js]) -> Js:
    depth = 1 if argument(given, 0) is UNDEFINED else int(_whole(machine, given[0]))
    values = [value for value in items_of(machine, thing) if value is not HOLE]
    for _ in range(depth):
        flat = [part for value in values for part in _spread_one(machine, value)]
        if len(flat) == len(values):
            break
        values = [value for value in flat if value is not HOLE]
    return made(machine, values)


def _join(machine: Machine, thing: Thing, given: list[Js]) -> Js:
    mark = argument(given, 0)
    between = "," if mark is UNDEFINED else text_of(machine, mark)
    values = filled(items_of(machine, thing))
    return between.join(
        ["" if v is None or v is UNDEFINED else text_of(machine, v) for v in values]
    )


def _entries(machine: Machine, thing: Thing, _: list[Js]) -> Js:
    values = filled(items_of(machine, thing))
    return made(machine, [made(machine, (float(i), value)) for i, value in enumerate(values)])


def _keys(machine: Machine, thing: Thing, _: list[Js]) -> Js:
    return made(machine, [float(i) for i in range(len(items_of(machine, thing)))])


def _values(machine: Machine, thing: Thing, _: list[Js]) -> Js:
    return made(machine, filled(items_of(machine, thing)))


ARRAYS = Table(
    methods={
        (Items, "push"): _push,
        (Items, "unshift"): _unshift,
        (Items, "pop"): _pop,
        (Items, "shift"): _shift,
        (Items, "reverse"): _reverse,
        (Items, "fill"): _fill,
        (Items, "splice"): _splice,
        (Items, "slice"): _slice,
        (Items, "concat"): _concat,
        (Items, "flat"): _flat,
        (Items, "join"): _join,
        (Items, "entries"): _entries,
        (Items, "keys"): _keys,
        (Items, "values"): _values,
    }
)
