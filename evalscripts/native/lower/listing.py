"""What properties and elements there are: in, instanceof, spreads, keys, delete."""

from typing import Any

from evalscripts.native import ir
from evalscripts.native.lower.coercion import describe
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.members import OF_EVERY_OBJECT, get, key_of
from evalscripts.native.lower.merging import content_of
from evalscripts.native.lower.values import (
    HOLE,
    Declined,
    Fields,
    Items,
    Js,
    Mask,
    Members,
    Native,
    Sample,
    Thing,
)
from evalscripts.snapshot import UNDEFINED
from evalscripts.syntax import tree


def has(machine: Machine, key: Js, owner: Js) -> Mask:
    """Return ``key in owner``."""
    name = key_of(machine, key)
    if type(name) is str and type(owner) is Thing:
        content = content_of(machine, owner)
        if type(content) is Fields and content.owner is None and content.helper is None:
            return name in content.values or name in OF_EVERY_OBJECT
    if type(name) is str and type(owner) is Sample:
        return name in machine.slots[owner.input] or name in OF_EVERY_OBJECT
    raise Declined("in", machine.here)


def instance_of(machine: Machine, value: Js, owner: Js) -> Mask:
    """Return ``value instanceof owner``."""
    if owner == Native("Array"):
        return bool(type(value) is Thing and type(content_of(machine, value)) is not Fields)
    raise Declined("instanceof", machine.here)


def elements(machine: Machine, value: Js, node: tree.Node | None) -> list[Js]:
    """Return what an iterable of constant length gives."""
    if type(value) is Thing:
        content = content_of(machine, value)
        if type(content) is Items:
            return [UNDEFINED if item is HOLE else item for item in content.values]
        if type(content) is Members and content.values is None:
            return list(content.keys)
    if type(value) is str:
        return list(value)
    raise Declined(f"a spread of {describe(value)}", node or machine.here)


def own_fields(machine: Machine, value: Js, node: tree.Node | None) -> dict[str, Js]:
    """Return an object's own properties, in JavaScript's order."""
    if value is None or value is UNDEFINED:
        return {}
    if type(value) is Sample:
        slots: dict[str, ir.Slot] = machine.slots[value.input]
        return {name: machine.builder.load(slot, value.index) for name, slot in slots.items()}
    content: Any = content_of(machine, value) if type(value) is Thing else None
    if type(content) is Fields and content.helper is None:
        return in_order({name: get(machine, value, name) for name in content.values})
    if type(content) is Items:
        return {str(i): item for i, item in enumerate(content.values) if item is not HOLE}
    raise Declined(f"the properties of {describe(value)}", node or machine.here)


def in_order(fields: dict[str, Js]) -> dict[str, Js]:
    """Return an object's properties as JavaScript lists them: whole numbers first."""
    whole = [name for name in fields if name.isdecimal() and str(int(name)) == name]
    if not whole:
        return fields
    first = {name: fields[name] for name in sorted(whole, key=int)}
    return {**first, **{name: value for name, value in fields.items() if name not in first}}


def remove(machine: Machine, node: tree.Unary) -> Js:
    """Do ``delete owner.key``."""
    target = node.value
    if type(target) is tree.Member:
        owner = machine.value(target.object)
        key = target.key if isinstance(target.key, str) else machine.value(target.key)
        content = content_of(machine, owner) if type(owner) is Thing else None
        if type(content) is Fields and type(key) is str and not content.is_frozen:
            kept = {name: value for name, value in content.values.items() if name != key}
            machine.write(owner, Fields(kept, owner=content.owner))
            return True
    raise Declined("delete", node)
