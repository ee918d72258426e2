"""Methods of arrays of constant length."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from evalscripts.native.lower.coercion import equal, spread, to_boolean, to_number
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.merging import content_of
from evalscripts.native.lower.natives import Method, Table
from evalscripts.native.lower.operators import text_of
from evalscripts.native.lower.rows import is_rows, make_rows, new_array, push
from evalscripts.native.lower.values import (
    HOLE,
    BoundMethod,
    Declined,
    Items,
    Js,
    Mask,
    Several,
    Thing,
    Union,
    is_number,
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
        machine.vary(thing)
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


# ---- searching -------------------------------------------------------------------------------


def _includes(machine: Machine, thing: Thing, given: list[Js]) -> Js:
    wanted = argument(given, 0)
    if len(given) > 1:
        raise Declined("includes() from a place on", machine.here)
    found: Mask = False
    for value in filled(items_of(machine, thing)):
        found = machine.builder.either(found, _same_value_zero(machine, value, wanted))
    return found


def _same_value_zero(machine: Machine, value: Js, wanted: Js) -> Mask:
    match = equal(machine, value, wanted, strictly=True)
    if type(value) is float and value == value:  # noqa: PLR0124 (NaN)
        return match
    return machine.builder.either(
        match, machine.builder.both(_is_nan(machine, value), _is_nan(machine, wanted))
    )


def _is_nan(machine: Machine, value: Js) -> Mask:
    result = spread(
        machine,
        value,
        lambda part: machine.builder.compare("ne", part, part) if is_number(part) else False,
    )
    return to_boolean(machine, result)


def _index_of(machine: Machine, thing: Thing, given: list[Js]) -> Js:
    if len(given) > 1:
        raise Declined("indexOf() from a place on", machine.here)
    return _position(machine, list(enumerate(items_of(machine, thing)))[::-1], argument(given, 0))


def _last_index_of(machine: Machine, thing: Thing, given: list[Js]) -> Js:
    if len(given) > 1:
        raise Declined("lastIndexOf() from a place on", machine.here)
    return _position(machine, list(enumerate(items_of(machine, thing))), argument(given, 0))


def _position(machine: Machine, values: Sequence[tuple[int, Js]], wanted: Js) -> Js:
    """Return the index of the last of these that is equal."""
    result: Js = -1.0
    for i, value in values:
        if value is not HOLE:
            match = equal(machine, value, wanted, strictly=True)
            result = machine.builder.choose(match, float(i), result)
    return result


# ---- calling back ----------------------------------------------------------------------------


def _each(machine: Machine, thing: Thing, given: list[Js]) -> Callable[[int, Js], Js]:
    callback, this = argument(given, 0), argument(given, 1)
    return lambda i, value: machine.invoke(machine, callback, this, [value, float(i), thing])


def _map(machine: Machine, thing: Thing, given: list[Js]) -> Js:
    call, site = _each(machine, thing, given), machine.here
    values = [
        HOLE if value is HOLE else call(i, value)
        for i, value in enumerate(items_of(machine, thing))
    ]
    machine.here = site
    return made(machine, values)


def _for_each(machine: Machine, thing: Thing, given: list[Js]) -> Js:
    call = _each(machine, thing, given)
    for i, value in enumerate(items_of(machine, thing)):
        if value is not HOLE:
            call(i, value)
    return UNDEFINED


def _reduce(*, backwards: bool) -> Method:
    def reduce(machine: Machine, thing: Thing, given: list[Js]) -> Js:
        callback = argument(given, 0)
        pairs = [(i, v) for i, v in enumerate(items_of(machine, thing)) if v is not HOLE]
        if backwards:
            pairs.reverse()
        if len(given) > 1:
            result = given[1]
        elif pairs:
            result = pairs.pop(0)[1]
        else:
            machine.trap("reduce of an empty array without a start", mask=True)
            return UNDEFINED
        for i, value in pairs:
            result = machine.invoke(machine, callback, UNDEFINED, [result, value, float(i), thing])
        return result

    return reduce


def _search(default: Js, give: Callable[[Machine, int, Js, Js], Js], *, stops_at: bool) -> Method:
    """Return a method that stops at the first element for which the callback is that."""

    def search(machine: Machine, thing: Thing, given: list[Js]) -> Js:
        call = _each(machine, thing, given)
        pairs = list(enumerate(filled(items_of(machine, thing))))

        def from_(place: int) -> Js:
            if place == len(pairs):
                return default
            i, value = pairs[place]
            truth = to_boolean(machine, call(i, value))
            stop = truth if stops_at else machine.builder.negate(truth)
            return machine.fork(
                stop, lambda: give(machine, i, value, thing), lambda: from_(place + 1)
            )

        return from_(0)

    return search


def _filter(machine: Machine, thing: Thing, given: list[Js]) -> Js:
    call, site = _each(machine, thing, given), machine.here
    kept: list[tuple[Any, Js]] = []
    for i, value in enumerate(items_of(machine, thing)):
        if value is not HOLE:
            truth = machine.knowledge.settled(to_boolean(machine, call(i, value)))
            kept.append((truth, value))
    machine.here = site
    if all(type(truth) is bool for truth, _ in kept):
        return made(machine, [value for truth, value in kept if truth])
    found = make_rows(machine, [], -1 if site is None else site.start)
    for truth, value in kept:
        machine.fork(truth, partial(_put, machine, found, value), _nothing)
    return found


def _put(machine: Machine, rows: Thing, value: Js) -> None:
    push(machine, rows, value)


def _nothing() -> None:
    return None


ITEM_METHODS: dict[str, Method] = {
    "push": _push,
    "unshift": _unshift,
    "pop": _pop,
    "shift": _shift,
    "reverse": _reverse,
    "fill": _fill,
    "splice": _splice,
    "slice": _slice,
    "concat": _concat,
    "flat": _flat,
    "join": _join,
    "entries": _entries,
    "keys": _keys,
    "values": _values,
    "includes": _includes,
    "indexOf": _index_of,
    "lastIndexOf": _last_index_of,
    "map": _map,
    "forEach": _for_each,
    "filter": _filter,
    "reduce": _reduce(backwards=False),
    "reduceRight": _reduce(backwards=True),
    "find": _search(UNDEFINED, lambda _m, _i, value, _t: value, stops_at=True),
    "findIndex": _search(-1.0, lambda _m, i, _v, _t: float(i), stops_at=True),
    "some": _search(default=False, give=lambda _m, _i, _v, _t: True, stops_at=True),
    "every": _search(default=True, give=lambda _m, _i, _v, _t: False, stops_at=False),
}

ARRAYS = Table(methods={(Items, name): method for name, method in ITEM_METHODS.items()})
