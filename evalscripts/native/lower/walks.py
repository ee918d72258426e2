"""Methods of arrays of constant length that search, or call back for each element."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from evalscripts.native.lower.arrays import argument, filled, items_of, made
from evalscripts.native.lower.coercion import equal, spread, to_boolean
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.natives import Method, Table
from evalscripts.native.lower.rows import make_rows, push
from evalscripts.native.lower.values import (
    HOLE,
    Declined,
    Items,
    Js,
    Mask,
    Thing,
    is_number,
)
from evalscripts.snapshot import UNDEFINED

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


WALKS = Table(
    methods={
        (Items, "includes"): _includes,
        (Items, "indexOf"): _index_of,
        (Items, "lastIndexOf"): _last_index_of,
        (Items, "map"): _map,
        (Items, "forEach"): _for_each,
        (Items, "filter"): _filter,
        (Items, "reduce"): _reduce(backwards=False),
        (Items, "reduceRight"): _reduce(backwards=True),
        (Items, "find"): _search(UNDEFINED, lambda _m, _i, value, _t: value, stops_at=True),
        (Items, "findIndex"): _search(-1.0, lambda _m, i, _v, _t: float(i), stops_at=True),
        (Items, "some"): _search(default=False, give=lambda _m, _i, _v, _t: True, stops_at=True),
        (Items, "every"): _search(default=True, give=lambda _m, _i, _v, _t: False, stops_at=False),
    }
)
