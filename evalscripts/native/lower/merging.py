"""`merge`: one value out of two, where two paths meet.

Numbers become selects, as do booleans and samples of one input. Two arrays of one length, or
objects of the same keys, become a new thing that stands for both; whoever then still asks one of
the two is poisoned, and a second attempt keeps them apart. Everything else becomes a `Union`.
"""

from collections.abc import Callable, Iterable
from typing import Any

from evalscripts.native.lower.flow import Retry, Uneven
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.values import (
    ABSENT,
    IR_TYPES,
    POISON,
    UNSET,
    Closure,
    Declined,
    Fields,
    Items,
    Js,
    Lost,
    Mask,
    Moment,
    Pending,
    Rows,
    Sample,
    Scene,
    Thing,
    Union,
    is_boolean,
    is_number,
    same,
)


def merge(machine: Machine, mask: Mask, first: Any, second: Any) -> Any:  # noqa: PLR0911 (one per kind)
    """Return a value that is the first where the mask is on, and the second elsewhere."""
    if first is second:
        return first
    if first is ABSENT:
        return second
    if second is ABSENT:
        return first
    if type(mask) is bool:
        return first if mask else second
    kind, other = type(first), type(second)
    if (kind is float or (kind in IR_TYPES and first.type.is_number)) and (
        other is float or (other in IR_TYPES and second.type.is_number)
    ):
        return machine.builder.choose(mask, first, second)
    if is_boolean(first) and is_boolean(second):
        return machine.builder.choose_mask(mask, first, second)
    if kind is other and kind in _CONTENTS:
        return _CONTENTS[kind](machine, mask, first, second)
    if same(first, second):
        return first
    if first is POISON or second is POISON:
        return POISON
    return _merge_alternatives(machine, mask, list(alternatives(first)), list(alternatives(second)))


def _merge_alternatives(
    machine: Machine,
    mask: Mask,
    firsts: list[tuple[Mask, Js]],
    seconds: list[tuple[Mask, Js]],
) -> Js:
    """Return the union of two values of which one is a union, or which do not fit each other."""
    build = machine.builder
    parts: list[tuple[Mask, Js]] = []
    for own, value in firsts:
        for i, (theirs, other) in enumerate(seconds):
            if _fit(machine, value, other):
                whole = merge(machine, mask, value, other)
                parts.append((build.choose_mask(mask, own, theirs), whole))
                del seconds[i]
                break
        else:
            parts.append((build.both(mask, own), value))
    if seconds:
        negated = build.negate(mask)
        parts += [(build.both(negated, theirs), other) for theirs, other in seconds]
    return _closed(machine, [(part, value) for part, value in parts if part is not False])


def _closed(machine: Machine, parts: list[tuple[Mask, Js]]) -> Js:
    """Return the union, the last alternative being where no other is."""
    if len(parts) == 1:
        return parts[0][1]
    others: Mask = False
    for mask, _ in parts[:-1]:
        others = machine.builder.either(others, mask)
    parts[-1] = (machine.builder.negate(others), parts[-1][1])
    return Union(tuple(parts))


def alternatives(value: Js) -> tuple[tuple[Mask, Js], ...]:
    """Return a union's alternatives, or the value as the only one."""
    return value.alternatives if type(value) is Union else ((True, value),)


def unite(machine: Machine, parts: Iterable[tuple[Mask, Js]]) -> Js:
    """Return the value of these alternatives, whose masks exclude each other."""
    build = machine.builder
    found: list[tuple[Mask, Js]] = []
    for mask, value in parts:
        if mask is False:
            continue
        for i, (other_mask, other) in enumerate(found):
            if _fit(machine, value, other):
                whole = value if same(value, other) else merge(machine, mask, value, other)
                found[i] = (build.either(mask, other_mask), whole)
                break
        else:
            found.append((mask, value))
    if len(found) == 1:
        return found[0][1]
    return Union(tuple(found))


def _fit(machine: Machine, a: Js, b: Js) -> bool:  # noqa: PLR0911 (one per kind of value)
    """Whether two values become one without a union."""
    if is_number(a):
        return is_number(b)
    if is_boolean(a):
        return is_boolean(b)
    if same(a, b):
        return True
    kind = type(a)
    if kind is not type(b):
        return False
    if kind is Sample or kind is Scene:
        return bool(a.input == b.input)
    if kind is Thing:
        return _can_blend(machine, a, b)
    return kind is Moment


# ---- things ----------------------------------------------------------------------------------


def _can_blend(machine: Machine, a: Thing, b: Thing) -> bool:
    """Whether one new thing can stand for both."""
    if a.site in machine.memory or b.site in machine.memory:
        return False
    x, y = a.now, b.now
    if type(x) is Items and type(y) is Items:
        return len(x.values) == len(y.values) and x.is_typed == y.is_typed
    if type(x) is Fields and type(y) is Fields:
        return (
            list(x.values) == list(y.values) and x.owner is y.owner and x.helper is y.helper is None
        )
    return False


def _merge_things(machine: Machine, mask: Mask, a: Thing, b: Thing) -> Js:
    if not _can_blend(machine, a, b):
        negated = machine.builder.negate(mask)
        return Union(((mask, a), (negated, b)))
    blend = machine.thing(merge(machine, mask, a.now, b.now), is_blend=True, site=a.site)
    for thing in (a, b):
        if not thing.now.is_frozen:
            machine.write(thing, POISON)
    return blend


def _merge_items(machine: Machine, mask: Mask, a: Items, b: Items) -> Items:
    if len(a.values) != len(b.values):
        raise Uneven
    values = tuple([merge(machine, mask, x, y) for x, y in zip(a.values, b.values, strict=True)])
    return Items(values, is_frozen=a.is_frozen or b.is_frozen, is_typed=a.is_typed)


def _merge_rows(machine: Machine, mask: Mask, a: Rows, b: Rows) -> Rows:
    if a.plan is not b.plan:
        raise Declined("arrays of different lengths that become one", machine.here)
    length = machine.builder.choose(mask, a.length, b.length)
    if not isinstance(length, float):
        machine.sizes[length] = a.plan
    return Rows(a.plan, length)


def met(machine: Machine, value: Js) -> Js:
    """Return what a field holds, now that it is asked for."""
    if type(value) is Pending:
        return machine.builder.load(value.slot, 0.0)
    if type(value) is Lost:
        raise Declined(value.word, machine.here)
    return value


def _merge_fields(machine: Machine, mask: Mask, a: Fields, b: Fields) -> Fields:
    if list(a.values) != list(b.values):
        raise Declined("an object whose keys depend on the pixel", machine.here)
    values = {}
    for key, value in a.values.items():
        other = b.values[key]
        if not same(value, other):
            value, other = met(machine, value), met(machine, other)  # noqa: PLW2901 (the same field)
        values[key] = merge(machine, mask, value, other)
    return Fields(values, is_frozen=a.is_frozen or b.is_frozen, owner=a.owner, helper=a.helper)


# ---- other values ----------------------------------------------------------------------------


def _merge_samples(machine: Machine, mask: Mask, a: Sample, b: Sample) -> Js:
    if a.input != b.input:
        return Union(((mask, a), (machine.builder.negate(mask), b)))
    return Sample(a.input, machine.builder.choose(mask, a.index, b.index))


def _merge_scenes(machine: Machine, mask: Mask, a: Scene, b: Scene) -> Js:
    if a.input != b.input or a.is_legacy != b.is_legacy:
        return Union(((mask, a), (machine.builder.negate(mask), b)))
    return Scene(a.input, machine.builder.choose(mask, a.index, b.index), a.is_legacy)


def _merge_moments(machine: Machine, mask: Mask, a: Moment, b: Moment) -> Moment:
    return Moment(machine.builder.choose(mask, a.milliseconds, b.milliseconds))


def _merge_closures(machine: Machine, mask: Mask, a: Closure, b: Closure) -> Js:
    if a.function is b.function and a.scope is b.scope and same(a.this, b.this):
        return a
    return Union(((mask, a), (machine.builder.negate(mask), b)))


_CONTENTS: dict[type, Callable[[Machine, Mask, Any, Any], Any]] = {
    Thing: _merge_things,
    Items: _merge_items,
    Rows: _merge_rows,
    Fields: _merge_fields,
    Sample: _merge_samples,
    Scene: _merge_scenes,
    Moment: _merge_moments,
    Closure: _merge_closures,
}


def content_of(machine: Machine, thing: Thing) -> Any:
    """Return what a thing holds here.

    Raises:
        Retry: it was merged with another one; they must be kept apart.
    """
    content = thing.now
    if content is POISON:
        machine.memory[thing.site] = True
        raise Retry
    if content is ABSENT or content is UNSET:
        raise Declined("an object that does not exist on this path", machine.here)
    return content
