"""`Natives`: what the language's own functions do, by name.

The files beside register what they know in a `Table`; what no table holds is declined.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from evalscripts.native.lower.coercion import describe
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.merging import content_of
from evalscripts.native.lower.rows import is_rows
from evalscripts.native.lower.values import (
    BoundMethod,
    ClassValue,
    Closure,
    Declined,
    Fields,
    Items,
    Js,
    Members,
    Native,
    Several,
    Thing,
)

Function = Callable[[Machine, list[Js]], Js]
"""(machine, arguments) → result."""
Method = Callable[[Machine, Js, list[Js]], Js]
"""(machine, receiver, arguments) → result."""


@dataclass(frozen=True, slots=True)
class Table:
    """What one file knows."""

    functions: dict[str, Function] = field(default_factory=dict)
    """By name: ``isNaN``, ``Math.max``, ``index``."""
    classes: dict[str, Function] = field(default_factory=dict)
    """By name: what ``new`` makes of the arguments."""
    constants: dict[str, Js] = field(default_factory=dict)
    """``Math.PI``."""
    methods: dict[tuple[Any, str], Method] = field(default_factory=dict)
    """(type of the receiver or of what it holds, name) → method. Of a helper's instance the
    first is the helper's name."""


class Natives:
    """All tables together."""

    def __init__(self, *tables: Table) -> None:
        self._functions: dict[str, Function] = {}
        self._classes: dict[str, Function] = {}
        self._constants: dict[str, Js] = {}
        self._methods: dict[tuple[Any, str], Method] = {}
        for table in tables:
            self._functions.update(table.functions)
            self._classes.update(table.classes)
            self._constants.update(table.constants)
            self._methods.update(table.methods)

    def call(self, machine: Machine, name: str, given: list[Js]) -> Js:
        """Return what a function of the language gives."""
        function = self._functions.get(name)
        if function is not None:
            return function(machine, given)
        raise Declined(f"{name}()", machine.here)

    def construct(self, machine: Machine, name: str, given: list[Js]) -> Js:
        """Return ``new name(...given)``."""
        make = self._classes.get(name)
        if make is None:
            raise Declined(f"new {name}", machine.here)
        return make(machine, given)

    def static(self, machine: Machine, name: str, key: str) -> Js:
        """Return ``name.key`` of a class, function or namespace of the language."""
        full = f"{name}.{key}"
        if full in self._constants:
            return self._constants[full]
        if full in self._functions:
            return Native(full)
        if key in ("call", "apply", "bind"):
            return BoundMethod(Native(name), key)
        raise Declined(full, machine.here)

    def method(self, machine: Machine, bound: BoundMethod, given: list[Js]) -> Js:
        """Return what a built-in method of a value gives."""
        receiver = bound.receiver
        kind: Any = type(receiver)
        if kind is Thing:
            content = content_of(machine, receiver)
            kind = type(content)
            if kind is Fields and content.helper is not None:
                kind = content.helper
        method = self._methods.get((kind, bound.name))
        if method is not None:
            return method(machine, receiver, given)
        if kind is Closure or kind is Native:
            return _of_function(machine, bound, given)
        raise Declined(f".{bound.name}() of {_shown(kind, receiver)}", machine.here)


_WORDS = {Items: "an array", Fields: "an object", Members: "a Set or Map", ClassValue: "a class"}


def _shown(kind: Any, receiver: Js) -> str:
    return kind if type(kind) is str else _WORDS.get(kind) or describe(receiver)


def _of_function(machine: Machine, bound: BoundMethod, given: list[Js]) -> Js:
    this = given[0] if given else None
    if bound.name == "call":
        return machine.invoke(machine, bound.receiver, this, given[1:])
    if bound.name == "apply":
        listed = given[1] if len(given) > 1 else None
        content = content_of(machine, listed) if type(listed) is Thing else None
        if is_rows(machine, listed):
            return machine.invoke(machine, bound.receiver, this, [Several(listed)])
        if listed is None or type(content) is Items:
            values = [] if content is None else list(content.values)
            return machine.invoke(machine, bound.receiver, this, values)
    raise Declined(f".{bound.name}() of a function", machine.here)
