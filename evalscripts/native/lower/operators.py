"""Unary and binary operators on values."""

from collections.abc import Callable

from evalscripts.native.lower.coercion import (
    ORDER,
    describe,
    equal,
    ordered,
    spread,
    to_boolean,
    to_number,
    type_of,
)
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.texts import text_of_number
from evalscripts.native.lower.values import (
    FUNCTIONS,
    DateText,
    Declined,
    Js,
    Moment,
    Sample,
    Scene,
    Thing,
    is_constant,
    is_number,
)
from evalscripts.snapshot import UNDEFINED

_ARITHMETIC = {
    "-": "sub",
    "*": "mul",
    "/": "div",
    "%": "rem",
    "&": "bit_and",
    "|": "bit_or",
    "^": "bit_xor",
    "<<": "shl",
    ">>": "shr",
    ">>>": "ushr",
}
_OBJECTS = frozenset((Thing, Sample, Scene)) | FUNCTIONS


def binary(machine: Machine, operator: str, a: Js, b: Js) -> Js:  # noqa: PLR0911 (one per operator)
    """Return ``a operator b``; the logical operators are not among them."""
    name = _ARITHMETIC.get(operator)
    if name is not None:
        return arithmetic(machine, name, a, b)
    if operator == "+":
        return add(machine, a, b)
    if operator in ORDER:
        return ordered(machine, ORDER[operator], a, b)
    if operator in ("===", "=="):
        return equal(machine, a, b, strictly=operator == "===")
    if operator in ("!==", "!="):
        if is_number(a) and is_number(b):
            return machine.builder.compare("ne", a, b)
        return machine.builder.negate(equal(machine, a, b, strictly=operator == "!=="))
    if operator == "**":
        return power(machine, to_number(machine, a), to_number(machine, b))
    raise Declined(f"the operator {operator}", machine.here)


def arithmetic(machine: Machine, name: str, a: Js, b: Js) -> Js:
    """Return the result of an operator on two numbers."""
    x, y = to_number(machine, a), to_number(machine, b)
    if name == "bit_or" and y == 0 and type(y) is float:
        return machine.builder.number("int32", x)
    return machine.builder.number(name, x, y)


def power(machine: Machine, x: Js, y: Js) -> Js:
    """Return ``x ** y``."""
    return machine.builder.number("math", x, y, attr="pow")


def add(machine: Machine, a: Js, b: Js) -> Js:
    """Return ``a + b``: a sum, or a text where one of them is one."""
    if is_number(a) and is_number(b):
        return machine.builder.number("add", a, b)
    return spread(machine, a, lambda x: spread(machine, b, lambda y: _add(machine, x, y)))


def _add(machine: Machine, a: Js, b: Js) -> Js:
    if type(a) is str or type(b) is str:
        return text_of(machine, a) + text_of(machine, b)
    for value in (a, b):
        if type(value) in _OBJECTS or type(value) is DateText or type(value) is Moment:
            raise Declined(f"a sum with {describe(value)}", machine.here)
    return machine.builder.number("add", to_number(machine, a), to_number(machine, b))


def text_of(machine: Machine, value: Js) -> str:
    """Return String(value) of a constant."""
    if not is_constant(value):
        raise Declined("a text made of what depends on the pixel", machine.here)
    if type(value) is float:
        return text_of_number(value)
    if type(value) is bool:
        return "true" if value else "false"
    if value is None:
        return "null"
    return "undefined" if value is UNDEFINED else str(value)


def negative(machine: Machine, value: Js) -> Js:
    """Return ``-value``."""
    return machine.builder.number("neg", to_number(machine, value))


def inverted(machine: Machine, value: Js) -> Js:
    """Return ``~value``."""
    return machine.builder.number("bit_xor", to_number(machine, value), -1.0)


def negated(machine: Machine, value: Js) -> Js:
    """Return ``!value``."""
    return machine.builder.negate(to_boolean(machine, value))


def typeof(machine: Machine, value: Js) -> Js:
    """Return ``typeof value``."""
    return spread(machine, value, lambda part: type_of(machine, part))


UNARY: dict[str, Callable[[Machine, Js], Js]] = {
    "-": negative,
    "+": to_number,
    "!": negated,
    "~": inverted,
    "typeof": typeof,
    "void": lambda _machine, _value: UNDEFINED,
}
