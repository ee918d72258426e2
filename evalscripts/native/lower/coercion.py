"""JavaScript's conversions and comparisons on values that may depend on the pixel."""

from collections.abc import Callable

from evalscripts.native import ir
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.merging import content_of, unite
from evalscripts.native.lower.texts import number_of_text
from evalscripts.native.lower.values import (
    FUNCTIONS,
    HOLE,
    IR_TYPES,
    NAN,
    DateText,
    Declined,
    Initial,
    Items,
    Js,
    Mask,
    Moment,
    Num,
    Sample,
    Scene,
    Thing,
    Union,
    is_boolean,
    is_constant,
    is_number,
    same,
)
from evalscripts.snapshot import UNDEFINED

_TEXTUAL = frozenset((str, Thing, DateText))
"""What is compared as a text with its like."""
ORDER = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge"}


def living(machine: Machine, value: Js) -> Js:
    """Return the value without the alternatives that cannot be on this path."""
    if type(value) is not Union:
        return value
    kept = []
    for mask, part in value.alternatives:
        settled = machine.knowledge.settled(mask)
        if settled is True:
            return part
        if settled is not False:
            kept.append((mask, part))
    if len(kept) == len(value.alternatives):
        return value
    return kept[0][1] if len(kept) == 1 else Union(tuple(kept))


def present(machine: Machine, value: Js) -> Js:
    """Return the value without null and undefined; the lanes that have them are left to V8."""
    value = living(machine, value)
    if type(value) is not Union:
        return value
    nothing = [mask for mask, part in value.alternatives if part is None or part is UNDEFINED]
    for mask in nothing:
        machine.trap("a property of undefined or null", mask)
    return living(machine, value) if nothing else value


def spread(machine: Machine, value: Js, apply: Callable[[Js], Js]) -> Js:
    """Return what a function without effects gives for each alternative, united."""
    value = living(machine, value)
    if type(value) is not Union:
        return apply(value)
    return unite(machine, [(mask, apply(part)) for mask, part in value.alternatives])


def each(machine: Machine, value: Js, apply: Callable[[Js], Js]) -> Js:
    """Return what a function with effects gives, run for each alternative on its lanes."""
    value = living(machine, value)
    if type(value) is not Union:
        return apply(value)
    rest = value.alternatives

    def from_(i: int) -> Js:
        mask, part = rest[i]
        if i == len(rest) - 1:
            return apply(part)
        return machine.fork(mask, lambda: apply(part), lambda: from_(i + 1))

    return from_(0)


# ---- to number -------------------------------------------------------------------------------


def to_number(machine: Machine, value: Js) -> Num:  # noqa: PLR0911 (one per kind of value)
    """Return ToNumber of a value."""
    kind = type(value)
    if kind is float:
        return value  # type: ignore[no-any-return]
    if kind in IR_TYPES:
        return value if value.type.is_number else machine.builder.as_number(value)
    if kind is Union:
        return _number_of_union(machine, living(machine, value))
    if is_constant(value):
        return _number_of_constant(value)
    if kind is Moment:
        return value.milliseconds  # type: ignore[no-any-return]
    if kind is Thing:
        return _number_of_thing(machine, value)
    if kind is Sample or kind in FUNCTIONS:
        return NAN
    raise Declined(f"arithmetic with {describe(value)}", machine.here)


def _number_of_constant(value: Js) -> float:
    if type(value) is str:
        return number_of_text(value)
    if value is UNDEFINED:
        return NAN
    return 1.0 if value is True else 0.0


def _number_of_union(machine: Machine, value: Js) -> Num:
    if type(value) is not Union:
        return to_number(machine, value)
    parts = value.alternatives
    result = to_number(machine, parts[-1][1])
    for mask, part in reversed(parts[:-1]):
        result = machine.builder.choose(mask, to_number(machine, part), result)
    return result


def _number_of_thing(machine: Machine, thing: Thing) -> Num:
    """Return the number of an array's text: that of its only element, if it has one."""
    content = content_of(machine, thing)
    if type(content) is not Items or content.is_typed:
        raise Declined(f"arithmetic with {describe(thing)}", machine.here)
    if len(content.values) != 1:
        return NAN if content.values else 0.0
    only = spread(machine, content.values[0], lambda part: _number_of_only(machine, part))
    return to_number(machine, only)


def _number_of_only(machine: Machine, value: Js) -> Num:
    if is_number(value):
        # Its text gives the number back, but −0 writes itself as 0.
        return machine.builder.number("add", value, 0.0)
    if is_boolean(value):
        return NAN
    if value is None or value is UNDEFINED or value is HOLE:
        return 0.0
    return to_number(machine, value)


def describe(value: Js) -> str:
    """Return what a value is, for people."""
    if type(value) is Thing:
        return "an array or object"
    if type(value) is Union:
        return "a value that is not always of one kind"
    if type(value) is str:
        return "a string"
    if type(value) is DateText or type(value) is Scene:
        return "what a scene says of itself"
    return "a function" if type(value) in FUNCTIONS else f"a {type(value).__name__}"


# ---- to boolean ------------------------------------------------------------------------------


def to_boolean(machine: Machine, value: Js) -> Mask:  # noqa: PLR0911 (one per kind of value)
    """Return ToBoolean of a value."""
    kind = type(value)
    if kind is bool:
        return value  # type: ignore[no-any-return]
    if kind in IR_TYPES:
        if not value.type.is_number:
            return machine.knowledge.settled(value)
        build = machine.builder
        if kind is ir.Op and value.name == "number":
            return value.operands[0]  # type: ignore[no-any-return]
        return build.compare("gt", build.number("abs", value), 0.0)
    if kind is Union:
        return mask_of_union(machine, value, lambda part: to_boolean(machine, part))
    if kind is float:
        return bool(value == value and value != 0)  # noqa: PLR0124 (NaN)
    if value is None or value is UNDEFINED:
        return False
    if kind is str:
        return bool(value)
    if kind is Initial:
        raise Declined(f"{value.name} is read where it may not be assigned", machine.here)
    return True


def mask_of_union(machine: Machine, value: Js, test: Callable[[Js], Mask]) -> Mask:
    """Return a mask that says of each lane what the test says of its alternative."""
    value = living(machine, value)
    if type(value) is not Union:
        return test(value)
    parts = value.alternatives
    result = test(parts[-1][1])
    for mask, part in reversed(parts[:-1]):
        result = machine.builder.choose_mask(mask, test(part), result)
    return result


# ---- equality --------------------------------------------------------------------------------


def equal(machine: Machine, a: Js, b: Js, *, strictly: bool) -> Mask:
    """Return ``a === b`` or ``a == b``."""
    if is_number(a) and is_number(b):
        return machine.builder.compare("eq", a, b)
    if type(a) is Union:
        return mask_of_union(machine, a, lambda part: equal(machine, part, b, strictly=strictly))
    if type(b) is Union:
        return mask_of_union(machine, b, lambda part: equal(machine, a, part, strictly=strictly))
    nothing, other = a is None or a is UNDEFINED, b is None or b is UNDEFINED
    if nothing or other:
        return a is b if strictly else nothing and other
    if _is_scalar(a) or _is_scalar(b):
        return _equal_scalars(machine, a, b, strictly=strictly)
    return _identical(machine, a, b)


def _equal_scalars(machine: Machine, a: Js, b: Js, *, strictly: bool) -> Mask:
    if is_boolean(a) and is_boolean(b):
        return machine.builder.negate(machine.builder.differ(a, b))
    if type(a) is str and type(b) is str:
        return a == b
    if strictly:
        return False
    both_texts = type(a) in _TEXTUAL and type(b) in _TEXTUAL
    if not both_texts and all(_is_scalar(one) or type(one) is Thing for one in (a, b)):
        return machine.builder.compare("eq", to_number(machine, a), to_number(machine, b))
    raise Declined(f"a comparison of {describe(a)} and {describe(b)}", machine.here)


def _is_scalar(value: Js) -> bool:
    return is_number(value) or is_boolean(value) or type(value) is str


def _identical(machine: Machine, a: Js, b: Js) -> Mask:
    if type(a) is Sample and type(b) is Sample and a.input == b.input:
        return machine.builder.compare("eq", a.index, b.index)
    if type(a) is Thing and type(b) is Thing:
        if a is b:
            return True
        if a.is_blend or b.is_blend:
            raise Declined("a comparison of objects", machine.here)
        return False
    if type(a) is type(b) and not same(a, b):
        raise Declined(f"a comparison of {describe(a)} and {describe(b)}", machine.here)
    return same(a, b)


# ---- order -----------------------------------------------------------------------------------


def ordered(machine: Machine, name: str, a: Js, b: Js) -> Mask:
    """Return ``a < b`` and its like; ``name`` as in the IR."""
    if type(a) is Union:
        return mask_of_union(machine, a, lambda part: ordered(machine, name, part, b))
    if type(b) is Union:
        return mask_of_union(machine, b, lambda part: ordered(machine, name, a, part))
    if type(a) is str and type(b) is str:
        x, y = a.encode("utf-16-be", "surrogatepass"), b.encode("utf-16-be", "surrogatepass")
        return {"lt": x < y, "le": x <= y, "gt": x > y, "ge": x >= y}[name]
    if type(a) in _TEXTUAL and type(b) in _TEXTUAL:
        raise Declined(f"a comparison of {describe(a)} and {describe(b)}", machine.here)
    return machine.builder.compare(name, to_number(machine, a), to_number(machine, b))


def type_of(machine: Machine, value: Js) -> str:
    """Return ``typeof`` of a value that is no union."""
    if is_number(value):
        return "number"
    if is_boolean(value):
        return "boolean"
    if value is UNDEFINED:
        return "undefined"
    if type(value) is str or type(value) is DateText:
        return "string"
    if type(value) in FUNCTIONS:
        return "function"
    if type(value) is Initial:
        raise Declined(f"{value.name} is read where it may not be assigned", machine.here)
    return "object"
