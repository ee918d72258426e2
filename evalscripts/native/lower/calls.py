"""Calls: the script's functions run in place, one run per call."""

from collections.abc import Sequence
from typing import Any

from evalscripts.native.lower.coercion import each, present
from evalscripts.native.lower.listing import elements
from evalscripts.native.lower.machine import MAX_CALL_DEPTH, Machine
from evalscripts.native.lower.members import get, method_of, set_
from evalscripts.native.lower.operators import text_of
from evalscripts.native.lower.patterns import bind
from evalscripts.native.lower.rows import is_rows
from evalscripts.native.lower.scopes import FunctionScope, declare, declare_vars, pattern_names
from evalscripts.native.lower.values import (
    ABSENT,
    BoundMethod,
    Cell,
    ClassValue,
    Closure,
    Declined,
    Fields,
    Items,
    Js,
    Native,
    Several,
    Thing,
)
from evalscripts.snapshot import UNDEFINED
from evalscripts.syntax import tree
from evalscripts.syntax.names import find_names
from evalscripts.syntax.walk import descend


def call(machine: Machine, node: tree.Call) -> Js:
    """Return what a call gives."""
    callee = node.callee
    if type(callee) is tree.Super:
        return _super_call(machine, node)
    if type(callee) is tree.Member:
        return _method_call(machine, node, callee)
    function = machine.value(callee)
    given = arguments(machine, node.arguments)
    machine.here = node
    if node.is_optional:
        return each(
            machine,
            function,
            lambda part: (
                UNDEFINED
                if part is None or part is UNDEFINED
                else machine.invoke(machine, part, UNDEFINED, given)
            ),
        )
    return each(machine, function, lambda part: machine.invoke(machine, part, UNDEFINED, given))


def _method_call(machine: Machine, node: tree.Call, callee: tree.Member) -> Js:
    if type(callee.object) is tree.Super:
        function = machine.scope.function
        parent = function.closure.home.parent if function and function.closure else None
        found = method_of(parent, callee.key) if type(callee.key) is str else None
        if found is None:
            raise Declined("a call of super", node)
        return invoke(machine, found, function.this, arguments(machine, node.arguments))
    owner = machine.value(callee.object)
    key = callee.key if isinstance(callee.key, str) else machine.value(callee.key)
    given = arguments(machine, node.arguments)
    machine.here = node

    def apply(part: Js) -> Js:
        if (callee.is_optional or node.is_optional) and (part is None or part is UNDEFINED):
            return UNDEFINED
        function = get(machine, part, key)
        return each(machine, function, lambda one: machine.invoke(machine, one, part, given))

    if not (callee.is_optional or node.is_optional):
        owner = present(machine, owner)
    return each(machine, owner, apply)


def arguments(machine: Machine, nodes: Sequence[tree.Expression]) -> list[Js]:
    """Return the values of a call's arguments."""
    given: list[Js] = []
    for node in nodes:
        if type(node) is tree.Spread:
            value = machine.value(node.value)
            several = is_rows(machine, value)
            given += [Several(value)] if several else elements(machine, value, node)
        else:
            given.append(machine.value(node))
    return given


def invoke(machine: Machine, function: Js, this: Js, given: Sequence[Js]) -> Js:
    """Return what a function gives for these arguments."""
    kind = type(function)
    if kind is Closure:
        return run_closure(machine, function, this, given)
    if kind is Native:
        return machine.natives.call(machine, function.name, list(given))
    if kind is BoundMethod:
        return machine.natives.method(machine, function, list(given))
    if kind is ClassValue:
        raise Declined("a class called without new", machine.here)
    machine.trap("a call of what is no function", mask=True)
    return UNDEFINED


def run_closure(machine: Machine, closure: Closure, this: Js, given: Sequence[Js]) -> Js:
    """Return what a function of the script gives."""
    function = closure.function
    if any(type(value) is Several for value in given):
        raise Declined("a list spread into a function's arguments", machine.here)
    if not function.is_plain:
        raise Declined("an async function or generator", function)
    if machine.depth >= MAX_CALL_DEPTH:
        raise Declined("recursion, or calls nested too deeply", machine.here)
    if closure.this is not ABSENT:
        this = closure.this
    elif function.is_arrow:
        this = ABSENT
    here, outer = machine.here, machine.scope
    machine.depth += 1
    target = machine.target()
    scope = machine.scope = FunctionScope(closure.scope, closure, this, target)
    _bind_parameters(machine, scope, function, given)
    declare_vars(machine, scope, function)
    declare(machine, scope, function.body.body)
    flow = machine.run_all(function.body.body)
    machine.scope, machine.here = outer, here
    machine.depth -= 1
    arrives, value = machine.reach(target, flow, UNDEFINED)
    return value if arrives else UNDEFINED


def _bind_parameters(
    machine: Machine, scope: FunctionScope, function: tree.Function, given: Sequence[Js]
) -> None:
    cells = scope.cells
    if machine.mentions_arguments and machine.kept(function, _uses_arguments):
        if not machine.kept(function, _only_reads_arguments):
            raise Declined("arguments, changed or handed on", function)
        cells["arguments"] = machine.cell("arguments", machine.thing(Items(tuple(given))))
    if scope.closure is not None and scope.closure.knows_itself and function.name:
        cells[function.name] = machine.cell(function.name, scope.closure)
    for i, pattern in enumerate(function.parameters):
        if type(pattern) is tree.Name:
            value = given[i] if i < len(given) else UNDEFINED
            cells[pattern.name] = machine.cell(pattern.name, value)
        elif type(pattern) is tree.Rest:
            _declare_pattern(machine, cells, pattern.target)
            bind(machine, pattern.target, machine.thing(Items(tuple(given[i:]))), "let")
        else:
            _declare_pattern(machine, cells, pattern)
            bind(machine, pattern, given[i] if i < len(given) else UNDEFINED, "let")


def _declare_pattern(machine: Machine, cells: dict[str, Cell], pattern: tree.Expression) -> None:
    for name in pattern_names(pattern):
        cells[name] = machine.cell(name, UNDEFINED)


def _uses_arguments(function: tree.Function) -> bool:
    if function.is_arrow:
        return False
    return any(type(n) is tree.Name and n.name == "arguments" for n in descend(function.body))


def _only_reads_arguments(function: tree.Function) -> bool:
    """Whether ``arguments`` may stand for an array: it is none, and the parameters' other name."""
    written = find_names(function).written
    if any(name in written for p in function.parameters for name in pattern_names(p)):
        return False
    nodes = list(descend(function.body))
    harmless = 0
    for node in nodes:
        match node:
            case tree.Assign() | tree.Update() | tree.ForIn() | tree.ForOf():
                harmless -= _sets_arguments(node.target)
            case tree.Unary(operator="delete"):
                harmless -= _sets_arguments(node.value)
            case tree.Member(key=key):
                is_element = key == "length" or not isinstance(key, str | tree.String)
                harmless += is_element and _is_arguments(node.object)
            case tree.Spread():
                harmless += _is_arguments(node.value)
            case tree.Call(callee=tree.Member(key="from" | "apply" | "call")):
                harmless += sum(map(_is_arguments, node.arguments))
            case _:
                pass
    return harmless == sum(map(_is_arguments, nodes))


def _sets_arguments(target: tree.Expression) -> int:
    """Return how often a target is an element of ``arguments``, or may be."""
    if type(target) is tree.Member:
        return int(_is_arguments(target.object))
    return sum(map(_is_arguments, descend(target)))


def _is_arguments(node: tree.Node) -> bool:
    return type(node) is tree.Name and node.name == "arguments"


# ---- classes ---------------------------------------------------------------------------------


def make_class(machine: Machine, node: tree.Class) -> ClassValue:
    """Return a class of the script."""
    parent: Any = None
    if node.parent is not None:
        parent = machine.value(node.parent)
        if type(parent) is not ClassValue:
            raise Declined("a class that extends something else than a class of the script", node)
    if any(m.is_static and m.kind != "method" for m in node.members):
        raise Declined("a static field", node)
    return ClassValue(node, machine.scope, parent)


def construct(machine: Machine, node: tree.New) -> Js:
    """Return a new object."""
    callee = machine.value(node.callee)
    given = arguments(machine, node.arguments)
    machine.here = node
    return new(machine, callee, given)


def new(machine: Machine, callee: Js, given: list[Js]) -> Js:
    """Return ``new callee(...given)``."""
    kind = type(callee)
    if kind is Native:
        return machine.natives.construct(machine, callee.name, given)
    if kind is ClassValue:
        thing = machine.thing(Fields({}, owner=callee))
        _initialize(machine, callee, thing, given)
        return thing
    if kind is Closure and not callee.function.is_arrow:
        thing = machine.thing(Fields({}))
        result = run_closure(machine, callee, thing, given)
        if type(result) is Thing:
            return result
        return thing
    raise Declined("new of something else than a class", machine.here)


def _initialize(machine: Machine, owner: ClassValue, thing: Thing, given: Sequence[Js]) -> None:
    constructor = None
    for member in owner.definition.members:
        if member.kind in ("get", "set"):
            raise Declined("an accessor", member)
        if member.kind == "constructor":
            constructor = member.value
    if constructor is None and owner.parent is not None:
        _initialize(machine, owner.parent, thing, given)
    if owner.parent is None or constructor is None:
        _make_fields(machine, owner, thing)
    if type(constructor) is tree.Function:
        run_closure(machine, Closure(constructor, owner.scope, home=owner), thing, given)


def _make_fields(machine: Machine, owner: ClassValue, thing: Thing) -> None:
    for member in owner.definition.members:
        if member.kind == "field" and not member.is_static:
            if type(member.key) is not str:
                raise Declined("a computed field", member)
            value = UNDEFINED if member.value is None else machine.value(member.value)
            set_(machine, thing, member.key, value)


def _super_call(machine: Machine, node: tree.Call) -> Js:
    function = machine.scope.function
    home = function.closure.home if function is not None and function.closure is not None else None
    if home is None or home.parent is None:
        raise Declined("a call of super", node)
    _initialize(machine, home.parent, function.this, arguments(machine, node.arguments))
    _make_fields(machine, home, function.this)
    return UNDEFINED


def template(machine: Machine, node: tree.Template) -> Js:
    """Return a template's text."""
    texts = [node.texts[0]]
    for text, value in zip(node.texts[1:], node.values, strict=True):
        texts += [text_of(machine, machine.value(value)), text]
    return "".join(texts)
