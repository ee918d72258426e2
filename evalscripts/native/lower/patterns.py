"""Binding values to patterns: declarations, parameters, destructuring assignments."""

from evalscripts.native.lower.coercion import each, living, spread
from evalscripts.native.lower.listing import elements, own_fields
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.members import get, key_of, set_
from evalscripts.native.lower.scopes import assign, find
from evalscripts.native.lower.values import Declined, Fields, Items, Js
from evalscripts.snapshot import UNDEFINED
from evalscripts.syntax import tree


def bind(machine: Machine, pattern: tree.Expression, value: Js, kind: str | None) -> None:
    """Give a pattern's names their values; with kind ``let`` or ``const`` for the first time."""
    kind_of = type(pattern)
    if kind_of is tree.Name:
        _bind_name(machine, pattern.name, value, kind)  # type: ignore[attr-defined]
    elif kind_of is tree.Default:
        bind(machine, pattern.target, _or_default(machine, pattern, value), kind)  # type: ignore[attr-defined,arg-type]
    elif kind_of is tree.ArrayPattern:
        _bind_array(machine, pattern, value, kind)  # type: ignore[arg-type]
    elif kind_of is tree.ObjectPattern:
        _bind_object(machine, pattern, value, kind)  # type: ignore[arg-type]
    elif kind_of is tree.Member:
        owner = machine.value(pattern.object)  # type: ignore[attr-defined]
        key = pattern.key if isinstance(pattern.key, str) else machine.value(pattern.key)  # type: ignore[attr-defined]
        set_(machine, owner, key, value)
    else:
        raise Declined("a pattern", pattern)


def _bind_name(machine: Machine, name: str, value: Js, kind: str | None) -> None:
    if kind in ("let", "const"):
        machine.write(machine.scope.cells[name], value)
    else:
        assign(machine, find(machine.scope, name), value)


def _or_default(machine: Machine, pattern: tree.Default, value: Js) -> Js:
    value = living(machine, value)
    missing = spread(machine, value, lambda part: part is UNDEFINED)
    return machine.fork(missing, lambda: machine.value(pattern.value), lambda: value)


def _bind_array(machine: Machine, pattern: tree.ArrayPattern, value: Js, kind: str | None) -> None:
    rest = pattern.elements[-1] if pattern.elements else None
    if type(rest) is tree.Rest:
        parts = elements(machine, value, pattern)
        for i, target in enumerate(pattern.elements[:-1]):
            if target is not None:
                bind(machine, target, parts[i] if i < len(parts) else UNDEFINED, kind)
        tail = machine.thing(Items(tuple(parts[len(pattern.elements) - 1 :])))
        bind(machine, rest.target, tail, kind)
        return
    for i, target in enumerate(pattern.elements):
        if target is not None:
            bind(machine, target, element(machine, value, i), kind)


def element(machine: Machine, value: Js, i: int) -> Js:
    """Return what an iterable gives at a place: undefined behind its end."""
    return each(machine, value, lambda part: get(machine, part, float(i)))


def _bind_object(
    machine: Machine, pattern: tree.ObjectPattern, value: Js, kind: str | None
) -> None:
    taken = set()
    for key, target in pattern.properties:
        name = key if type(key) is str else key_of(machine, machine.value(key))  # type: ignore[arg-type]
        taken.add(name)
        bind(machine, target, get(machine, value, name), kind)
    if pattern.rest is not None:
        fields = own_fields(machine, value, pattern)
        kept = {name: part for name, part in fields.items() if name not in taken}
        target = pattern.rest
        if type(target) is tree.Rest:
            target = target.target
        bind(machine, target, machine.thing(Fields(kept)), kind)
