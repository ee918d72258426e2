"""Math, and the global functions and constants on numbers."""

import math
from collections.abc import Callable

from evalscripts.native.lower.coercion import to_boolean, to_number
from evalscripts.native.lower.lists import fold
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.natives import Function, Table
from evalscripts.native.lower.operators import power, text_of
from evalscripts.native.lower.texts import leading_number
from evalscripts.native.lower.values import NAN, Declined, Js, Num, Several, is_constant, is_number
from evalscripts.snapshot import UNDEFINED

_OPERATIONS = ("abs", "floor", "ceil", "trunc", "sqrt", "round", "fround")
_FUNCTIONS = [
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "cbrt",
    "cos",
    "cosh",
    "exp",
    "expm1",
    "log",
    "log10",
    "log1p",
    "log2",
    "sin",
    "sinh",
    "tan",
    "tanh",
]


def _first(given: list[Js]) -> Js:
    return given[0] if given else UNDEFINED


def _operation(name: str) -> Function:
    return lambda machine, given: machine.builder.number(name, to_number(machine, _first(given)))


def _function(name: str) -> Function:
    return lambda machine, given: machine.builder.number(
        "math", to_number(machine, _first(given)), attr=name
    )


def _pair(name: str) -> Callable[[Machine, list[Js]], Js]:
    def apply(machine: Machine, given: list[Js]) -> Js:
        padded = [*given, UNDEFINED, UNDEFINED]
        x, y = to_number(machine, padded[0]), to_number(machine, padded[1])
        return machine.builder.number("math", x, y, attr=name)

    return apply


def _extreme(name: str, start: float) -> Function:
    def apply(machine: Machine, given: list[Js]) -> Js:
        result: Num = start
        for i, value in enumerate(given):
            if type(value) is Several:
                result = fold(machine, value.listed, result, name)
                continue
            number = to_number(machine, value)
            result = number if i == 0 else machine.builder.number(name, result, number)
        return result

    return apply


def _power(machine: Machine, given: list[Js]) -> Js:
    padded = [*given, UNDEFINED, UNDEFINED]
    return power(machine, to_number(machine, padded[0]), to_number(machine, padded[1]))


def _hypotenuse(machine: Machine, given: list[Js]) -> Js:
    if len(given) != 2:
        raise Declined("Math.hypot of other than two numbers", machine.here)
    return _pair("hypot")(machine, given)


def _sign(machine: Machine, given: list[Js]) -> Js:
    build, x = machine.builder, to_number(machine, _first(given))
    sign = build.choose(build.compare("lt", x, 0.0), -1.0, x)
    return build.choose(build.compare("gt", x, 0.0), 1.0, sign)


def _is_nan(machine: Machine, given: list[Js]) -> Js:
    x = to_number(machine, _first(given))
    return machine.builder.compare("ne", x, x)


def _is_finite(machine: Machine, given: list[Js]) -> Js:
    x = to_number(machine, _first(given))
    return machine.builder.compare("lt", machine.builder.number("abs", x), math.inf)


def _strictly(test: Function) -> Function:
    """Return the method of Number: what is no number is false."""

    def apply(machine: Machine, given: list[Js]) -> Js:
        value = _first(given)
        if is_number(value):
            return test(machine, given)
        if is_constant(value) or type(value) is bool:
            return False
        raise Declined("a question about a value that is not always a number", machine.here)

    return apply


def _is_integer(machine: Machine, given: list[Js]) -> Js:
    build, x = machine.builder, given[0]
    return build.both(build.compare("eq", build.number("floor", x), x), _is_finite(machine, given))


def _number(machine: Machine, given: list[Js]) -> Js:
    return to_number(machine, given[0]) if given else 0.0


def _boolean(machine: Machine, given: list[Js]) -> Js:
    return to_boolean(machine, _first(given))


def _text(machine: Machine, given: list[Js]) -> Js:
    return text_of(machine, given[0]) if given else ""


def _parse_float(machine: Machine, given: list[Js]) -> Js:
    value = _first(given)
    if is_constant(value):
        return leading_number(text_of(machine, value))
    if is_number(value):
        # Its own text gives the number back, but −0 writes itself as 0.
        return machine.builder.number("add", value, 0.0)
    raise Declined("parseFloat of what is no number", machine.here)


def _parse_int(machine: Machine, given: list[Js]) -> Js:
    value = _first(given)
    base = given[1] if len(given) > 1 else UNDEFINED
    if is_number(value) and type(value) is not float and base in (UNDEFINED, 10.0, 0.0):
        build = machine.builder
        size = build.number("abs", value)
        odd = build.either(
            build.compare("ge", size, 1e21),
            build.both(build.compare("lt", size, 1e-6), build.compare("gt", size, 0.0)),
        )
        machine.trap("parseInt of a number that is written with an exponent", odd)
        # A zero of either sign is written 0.
        is_zero = build.compare("eq", value, 0.0)
        return build.choose(is_zero, 0.0, build.number("trunc", value))
    if is_constant(value) and is_constant(base):
        return _leading_integer(text_of(machine, value), to_number(machine, base))
    raise Declined("parseInt of what is no number", machine.here)


def _leading_integer(text: str, base: Num) -> float:
    text = text.strip()
    sign = -1.0 if text.startswith("-") else 1.0
    text = text.lstrip("+-") if text[:1] in ("+", "-") else text
    radix = 0 if type(base) is not float or base != base else int(base)  # noqa: PLR0124 (NaN)
    if radix in (0, 16) and text[:2].lower() == "0x":
        text, radix = text[2:], 16
    radix = radix or 10
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"[:radix]
    count = 0
    while count < len(text) and text[count].lower() in digits:
        count += 1
    return sign * float(int(text[:count], radix)) if count and 2 <= radix <= 36 else NAN


MATHEMATICS = Table(
    functions={
        **{f"Math.{name}": _operation(name) for name in _OPERATIONS},
        **{f"Math.{name}": _function(name) for name in _FUNCTIONS},
        "Math.atan2": _pair("atan2"),
        "Math.hypot": _hypotenuse,
        "Math.pow": _power,
        "Math.sign": _sign,
        "Math.max": _extreme("max", -math.inf),
        "Math.min": _extreme("min", math.inf),
        "isNaN": _is_nan,
        "isFinite": _is_finite,
        "Number": _number,
        "Number.isNaN": _strictly(_is_nan),
        "Number.isFinite": _strictly(_is_finite),
        "Number.isInteger": _strictly(_is_integer),
        "Number.parseFloat": _parse_float,
        "Number.parseInt": _parse_int,
        "parseFloat": _parse_float,
        "parseInt": _parse_int,
        "Boolean": _boolean,
        "String": _text,
    },
    constants={
        "Math.PI": math.pi,
        "Math.E": math.e,
        "Math.LN2": math.log(2),
        "Math.LN10": math.log(10),
        "Math.LOG2E": 1.4426950408889634,
        "Math.LOG10E": 0.4342944819032518,
        "Math.SQRT2": math.sqrt(2),
        "Math.SQRT1_2": math.sqrt(0.5),
        "Number.MAX_VALUE": 1.7976931348623157e308,
        "Number.MIN_VALUE": 5e-324,
        "Number.EPSILON": 2.0**-52,
        "Number.MAX_SAFE_INTEGER": 2.0**53 - 1,
        "Number.MIN_SAFE_INTEGER": -(2.0**53 - 1),
        "Number.POSITIVE_INFINITY": math.inf,
        "Number.NEGATIVE_INFINITY": -math.inf,
        "Number.NaN": NAN,
    },
)
