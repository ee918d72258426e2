"""Array, Object, Set and Map: their functions, constructors and methods, on what is constant."""

from evalscripts.native.lower.arrays import MAX_ITEMS, argument, made
from evalscripts.native.lower.coercion import equal, spread, to_number
from evalscripts.native.lower.indexing import within
from evalscripts.native.lower.listing import elements, own_fields
from evalscripts.native.lower.lists import copy, count
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.members import get, key_of, set_
from evalscripts.native.lower.merging import content_of
from evalscripts.native.lower.natives import Table
from evalscripts.native.lower.rows import is_rows, make_rows, push
from evalscripts.native.lower.values import (
    HOLE,
    BoundMethod,
    Declined,
    Fields,
    Items,
    Js,
    Mask,
    Members,
    Num,
    Rows,
    SampleList,
    Thing,
    is_constant,
    is_number,
)
from evalscripts.snapshot import UNDEFINED


def _is_array(machine: Machine, given: list[Js]) -> Js:
    return spread(machine, argument(given, 0), lambda part: _is_one(machine, part))


def _is_one(machine: Machine, value: Js) -> bool:
    if type(value) is SampleList:
        return True
    if type(value) is not Thing:
        return False
    content = content_of(machine, value)
    return type(content) is Rows or (type(content) is Items and not content.is_typed)


def _array(machine: Machine, given: list[Js]) -> Js:
    if len(given) != 1:
        return made(machine, given)
    length = given[0]
    if type(length) is not float:
        if is_number(length):
            return _of_length(machine, length)
        return made(machine, given)
    if not 0 <= length <= MAX_ITEMS or length % 1:
        raise Declined("a very long array", machine.here)
    return made(machine, [HOLE] * int(length))


def _of_length(machine: Machine, length: Num) -> Js:
    """Return an array of undefined; nobody can tell those from holes but by going through them."""
    inside, safe = within(machine, length, 4294967296.0)
    machine.trap("an array of no length", machine.builder.negate(inside))
    rows = make_rows(machine, [], -1 if machine.here is None else machine.here.start)
    machine.holed.add(rows.now.plan)
    counter = machine.cell("the turn", 0.0)

    def body() -> None:
        push(machine, rows, UNDEFINED)

    count(machine, counter, safe, body)
    return rows


def _from(machine: Machine, given: list[Js]) -> Js:
    source, callback = argument(given, 0), argument(given, 1)
    content = content_of(machine, source) if type(source) is Thing else None
    if type(content) is Fields:
        length = to_number(machine, get(machine, source, "length"))
        if type(length) is not float or not 0 <= length <= MAX_ITEMS:
            raise Declined("an array of a length that depends on the pixel", machine.here)
        values = [get(machine, source, float(i)) for i in range(int(length))]
    elif is_rows(machine, source):
        return (
            copy(machine, source)
            if callback is UNDEFINED
            else machine.natives.method(machine, BoundMethod(source, "map"), [callback])
        )
    else:
        values = elements(machine, source, machine.here)
    site = machine.here
    if callback is not UNDEFINED:
        values = [
            machine.invoke(machine, callback, UNDEFINED, [value, float(i)])
            for i, value in enumerate(values)
        ]
    machine.here = site
    return made(machine, values)


def _keys(machine: Machine, given: list[Js]) -> Js:
    return made(machine, list(own_fields(machine, argument(given, 0), machine.here)))


def _values(machine: Machine, given: list[Js]) -> Js:
    return made(machine, list(own_fields(machine, argument(given, 0), machine.here).values()))


def _entries(machine: Machine, given: list[Js]) -> Js:
    fields = own_fields(machine, argument(given, 0), machine.here)
    return made(machine, [made(machine, pair) for pair in fields.items()])


def _assign(machine: Machine, given: list[Js]) -> Js:
    target = argument(given, 0)
    for source in given[1:]:
        for name, value in own_fields(machine, source, machine.here).items():
            set_(machine, target, name, value)
    return target


def _from_entries(machine: Machine, given: list[Js]) -> Js:
    fields: dict[str, Js] = {}
    for pair in elements(machine, argument(given, 0), machine.here):
        key = key_of(machine, get(machine, pair, 0.0))
        if type(key) is not str:
            raise Declined("an object's key that depends on the pixel", machine.here)
        fields[key] = get(machine, pair, 1.0)
    return machine.thing(Fields(fields))


# ---- Set and Map -----------------------------------------------------------------------------


def _set(machine: Machine, given: list[Js]) -> Js:
    source = argument(given, 0)
    values = [] if source in (None, UNDEFINED) else elements(machine, source, machine.here)
    if not all(is_constant(value) for value in values):
        raise Declined("a Set of what depends on the pixel", machine.here)
    kept = [value for i, value in enumerate(values) if not _is_among(value, values[:i])]
    return machine.thing(Members(tuple(kept)))


def _is_among(value: Js, others: list[Js]) -> bool:
    return any(type(value) is type(other) and value == other for other in others)


def _has(machine: Machine, thing: Thing, given: list[Js]) -> Js:
    wanted = argument(given, 0)
    found: Mask = False
    for key in content_of(machine, thing).keys:
        if type(key) is float and key != key:  # noqa: PLR0124 (NaN)
            raise Declined("a Set or Map with NaN", machine.here)
        found = machine.builder.either(found, equal(machine, key, wanted, strictly=True))
    return found


def _get(machine: Machine, thing: Thing, given: list[Js]) -> Js:
    wanted, content = argument(given, 0), content_of(machine, thing)
    if content.values is None:
        raise Declined("get() of a Set", machine.here)
    result: Js = UNDEFINED
    for key, value in zip(content.keys, content.values, strict=True):
        if type(key) is float and key != key:  # noqa: PLR0124 (NaN)
            raise Declined("a Map with NaN", machine.here)
        match = equal(machine, key, wanted, strictly=True)
        result = machine.merge(machine, match, value, result)
    return result


def _own_property(machine: Machine, thing: Js, given: list[Js]) -> Js:
    key = key_of(machine, argument(given, 0))
    if type(key) is not str:
        raise Declined("hasOwnProperty of a name that depends on the pixel", machine.here)
    return key in own_fields(machine, thing, machine.here)


OBJECTS = Table(
    functions={
        "Array": _array,
        "Array.isArray": _is_array,
        "Array.from": _from,
        "Array.of": made,
        "Object.keys": _keys,
        "Object.values": _values,
        "Object.entries": _entries,
        "Object.assign": _assign,
        "Object.fromEntries": _from_entries,
    },
    classes={"Array": _array, "Set": _set},
    methods={
        (Members, "has"): _has,
        (Members, "get"): _get,
        (Fields, "hasOwnProperty"): _own_property,
        (Items, "hasOwnProperty"): _own_property,
    },
)
