"""What each kind of expression means."""

from collections.abc import Callable
from typing import Any

from evalscripts.native.lower.calls import call, construct, make_class, template
from evalscripts.native.lower.coercion import each, spread, to_boolean, to_number
from evalscripts.native.lower.listing import elements, has, instance_of, own_fields, remove
from evalscripts.native.lower.lists import append
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.members import get, key_of, set_
from evalscripts.native.lower.operators import UNARY, binary
from evalscripts.native.lower.patterns import bind
from evalscripts.native.lower.rows import is_rows, make_rows, new_array
from evalscripts.native.lower.scopes import assign, find, is_local, read
from evalscripts.native.lower.values import (
    ABSENT,
    HOLE,
    NAN,
    BoundMethod,
    Cell,
    Closure,
    Declined,
    Fields,
    Initial,
    Items,
    Js,
    Union,
    is_boolean,
)
from evalscripts.snapshot import UNDEFINED
from evalscripts.syntax import tree

_GLOBAL_CONSTANTS: dict[str, Js] = {
    "undefined": UNDEFINED,
    "NaN": NAN,
    "Infinity": float("inf"),
}


def _literal(_: Machine, node: Any) -> Js:
    return node.value


def _null(_: Machine, _node: tree.Null) -> Js:
    return None


def _name(machine: Machine, node: tree.Name) -> Js:
    if node.name in _GLOBAL_CONSTANTS and not is_local(machine.scope, node.name):
        return _GLOBAL_CONSTANTS[node.name]
    return read(machine, find(machine.scope, node.name))


def _this(machine: Machine, node: tree.This) -> Js:
    function = machine.scope.function
    if function is None or function.this is ABSENT:
        raise Declined("this outside of a method", node)
    return function.this


def _array(machine: Machine, node: tree.Array) -> Js:
    values: list[Js] = []
    rows = None
    for element in node.elements:
        if element is None:
            values.append(HOLE)
        elif type(element) is not tree.Spread:
            values.append(machine.value(element))
        else:
            value = machine.value(element.value)
            machine.here = node
            if not is_rows(machine, value):
                values += elements(machine, value, element)
            else:
                rows = rows or make_rows(machine, [], node.start)
                for part in values:
                    append(machine, rows, machine.thing(Items((part,))))
                append(machine, rows, value)
                values = []
    if rows is None:
        return new_array(machine, values, node.start)
    for part in values:
        append(machine, rows, machine.thing(Items((part,))))
    return rows


def _object(machine: Machine, node: tree.Object) -> Js:
    values: dict[str, Js] = {}
    for part in node.properties:
        if isinstance(part, tree.Spread):
            values.update(own_fields(machine, machine.value(part.value), part))
        elif part.kind != "init":
            raise Declined("an accessor", part)
        else:
            key = (
                part.key if isinstance(part.key, str) else key_of(machine, machine.value(part.key))
            )
            if type(key) is not str:
                raise Declined("an object's key that depends on the pixel", part)
            if key == "__proto__":
                raise Declined("__proto__", part)
            values[key] = machine.value(part.value)
    return machine.thing(Fields(values), site=node.start)


def _function(machine: Machine, node: tree.Function) -> Js:
    if node.is_arrow:
        function = machine.scope.function
        return Closure(node, machine.scope, ABSENT if function is None else function.this)
    return Closure(node, machine.scope, knows_itself=node.name is not None)


def _class(machine: Machine, node: tree.Class) -> Js:
    return make_class(machine, node)


def _unary(machine: Machine, node: tree.Unary) -> Js:
    if node.operator == "delete":
        return remove(machine, node)
    if node.operator == "typeof" and type(node.value) is tree.Name:
        cell = None
        if node.value.name not in _GLOBAL_CONSTANTS:
            cell = find(machine.scope, node.value.name)
        if cell is not None and type(cell.now) is Initial and cell.now.value is ABSENT:
            machine.globals.read.setdefault(cell.name, node)
            return "undefined"
    return UNARY[node.operator](machine, machine.value(node.value))


def _binary(machine: Machine, node: tree.Binary) -> Js:
    left = machine.value(node.left)
    right = machine.value(node.right)
    operator = node.operator
    if operator == "in":
        return has(machine, left, right)
    if operator == "instanceof":
        return instance_of(machine, left, right)
    return binary(machine, operator, left, right)


def _logical(machine: Machine, node: tree.Logical) -> Js:
    return logical(
        machine, node.operator, machine.value(node.left), lambda: machine.value(node.right)
    )


def logical(machine: Machine, operator: str, left: Js, right: Callable[[], Js]) -> Js:
    """Return ``left operator right``, the right side run only where it is."""
    if operator == "??":
        test = spread(machine, left, lambda part: part is not None and part is not UNDEFINED)
        return machine.fork(test, lambda: _kept(left), right)
    truth = to_boolean(machine, left)
    if is_boolean(left):
        if operator == "&&":
            return machine.fork(truth, right, lambda: False)
        return machine.fork(truth, lambda: True, right)
    if operator == "&&":
        return machine.fork(truth, right, lambda: _falsy(machine, left))
    return machine.fork(truth, lambda: _kept(left), right)


def _kept(value: Js) -> Js:
    """Return the alternatives of a value that are true somewhere."""
    if type(value) is Union:
        kept = [(m, v) for m, v in value.alternatives if v is not None and v is not UNDEFINED]
        if len(kept) == 1:
            return kept[0][1]
        return Union(tuple(kept)) if kept else UNDEFINED
    return value


def _falsy(machine: Machine, value: Js) -> Js:
    """Return the alternatives of a value that are false somewhere."""
    if type(value) is not Union:
        return value
    kept = [
        (mask, part) for mask, part in value.alternatives if to_boolean(machine, part) is not True
    ]
    if len(kept) == 1:
        return kept[0][1]
    return Union(tuple(kept)) if kept else UNDEFINED


def _conditional(machine: Machine, node: tree.Conditional) -> Js:
    truth = to_boolean(machine, machine.value(node.test))
    return machine.fork(
        truth, lambda: machine.value(node.then), lambda: machine.value(node.otherwise)
    )


def _sequence(machine: Machine, node: tree.Sequence) -> Js:
    result: Js = UNDEFINED
    for value in node.values:
        result = machine.value(value)
    return result


# ---- assignment ------------------------------------------------------------------------------


def reference(
    machine: Machine, target: tree.Expression
) -> tuple[Callable[[], Js], Callable[[Js], None]]:
    """Return how to read and how to write a variable or property, its parts run once."""
    if type(target) is tree.Name:
        cell: Cell = find(machine.scope, target.name)
        return lambda: read(machine, cell), lambda value: assign(machine, cell, value)
    if type(target) is tree.Member:
        owner = machine.value(target.object)
        key = target.key if isinstance(target.key, str) else machine.value(target.key)
        machine.here = target
        return lambda: get(machine, owner, key), lambda value: set_(machine, owner, key, value)
    raise Declined("an assignment", target)


def _assign(machine: Machine, node: tree.Assign) -> Js:
    if type(node.target) in (tree.ArrayPattern, tree.ObjectPattern):
        value = machine.value(node.value)
        bind(machine, node.target, value, None)
        return value
    fetch, store = reference(machine, node.target)
    operator = node.operator[:-1]
    if not operator:
        value = machine.value(node.value)
    elif operator in ("&&", "||", "??"):
        value = logical(machine, operator, fetch(), lambda: machine.value(node.value))
    else:
        left = fetch()
        value = binary(machine, operator, left, machine.value(node.value))
    store(value)
    return value


def _update(machine: Machine, node: tree.Update) -> Js:
    fetch, store = reference(machine, node.target)
    old = to_number(machine, fetch())
    new = machine.builder.number("add" if node.operator == "++" else "sub", old, 1.0)
    store(new)
    return new if node.is_prefix else old


def _member(machine: Machine, node: tree.Member) -> Js:
    owner = machine.value(node.object)
    key = node.key if isinstance(node.key, str) else machine.value(node.key)
    machine.here = node
    if node.is_optional:
        return _uncalled(machine, each(machine, owner, lambda part: _optional(machine, part, key)))
    return _uncalled(machine, get(machine, owner, key))


def _uncalled(machine: Machine, value: Js) -> Js:
    """Return what a property gives, which is no method: whether there is one, nobody asked."""
    parts = [part for _, part in value.alternatives] if type(value) is Union else [value]
    if any(type(part) is BoundMethod for part in parts):
        raise Declined("a method that is not called", machine.here)
    return value


def _optional(machine: Machine, owner: Js, key: Js) -> Js:
    if owner is None or owner is UNDEFINED:
        return UNDEFINED
    return get(machine, owner, key)


def _other(_: Machine, node: tree.Other) -> Js:
    raise Declined(f"a {node.word}", node)


def _lonely(_: Machine, node: tree.Expression) -> Js:
    raise Declined(f"a {type(node).__name__.lower()} here", node)


EXPRESSIONS: dict[type, Callable[..., Js]] = {
    tree.Number: _literal,
    tree.String: _literal,
    tree.Boolean: _literal,
    tree.Null: _null,
    tree.Name: _name,
    tree.This: _this,
    tree.Super: _lonely,
    tree.Template: template,
    tree.Spread: _lonely,
    tree.Array: _array,
    tree.Object: _object,
    tree.Function: _function,
    tree.Class: _class,
    tree.Unary: _unary,
    tree.Binary: _binary,
    tree.Logical: _logical,
    tree.Conditional: _conditional,
    tree.Assign: _assign,
    tree.Update: _update,
    tree.Member: _member,
    tree.Call: call,
    tree.New: construct,
    tree.Sequence: _sequence,
    tree.Other: _other,
}
