"""`Shape`: what of a value changes from turn to turn of a loop, and what stays.

A shape turns a value into a row of IR values (`leaves`), which a loop carries or a buffer keeps,
and such a row into a value again (`rebuilt`). Shapes are joined until they fit every turn.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from evalscripts.native.lower.indexing import is_positive, is_whole
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.merging import content_of
from evalscripts.native.lower.values import (
    ClassValue,
    Fields,
    Items,
    Js,
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


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always the same value."""

    value: Js


@dataclass(frozen=True, slots=True)
class Number:
    """Some number."""

    is_uniform: bool
    is_whole: bool
    is_positive: bool


@dataclass(frozen=True, slots=True)
class Truth:
    """Some boolean."""

    is_uniform: bool


@dataclass(frozen=True, slots=True)
class OfSample:
    """Some sample, scene or date."""

    kind: type
    input: int
    is_legacy: bool
    index: "Shape"


@dataclass(frozen=True, slots=True)
class Listed:
    """An array of constant length: its elements, and whether it is frozen."""

    parts: tuple["Shape", ...]
    is_frozen: bool
    is_typed: bool


@dataclass(frozen=True, slots=True)
class Keyed:
    """An object of known keys."""

    keys: tuple[str, ...]
    parts: tuple["Shape", ...]
    is_frozen: bool
    owner: ClassValue | None
    helper: str | None


@dataclass(frozen=True, slots=True)
class OfRows:
    """An array of varying length: its length."""

    plan: Any
    length: "Shape"


@dataclass(frozen=True, slots=True)
class Either:
    """One of several."""

    options: tuple["Shape", ...]
    is_uniform: bool


Shape = Fixed | Number | Truth | OfSample | Listed | Keyed | OfRows | Either


# ---- which shape -----------------------------------------------------------------------------


def shape_of(machine: Machine, value: Js, since: int) -> Shape:  # noqa: PLR0911 (one per kind of value)
    """Return a value's shape; things that are no older than ``since`` by what they hold."""
    if type(value) is Pending:
        return Number(is_uniform=False, is_whole=False, is_positive=False)
    if type(value) is Union:
        options = [shape_of(machine, part, since) for _, part in value.alternatives]
        uniform = all(_is_uniform(mask) for mask, _ in value.alternatives)
        return Either(tuple(options), uniform)
    if is_number(value) and type(value) is not float:
        return _as_number(machine, value)
    if is_boolean(value) and type(value) is not bool:
        return Truth(value.type.is_uniform)
    if type(value) is Sample or type(value) is Scene:
        index = _as_number(machine, value.index)
        return OfSample(type(value), value.input, getattr(value, "is_legacy", False), index)
    if type(value) is Moment:
        return OfSample(Moment, 0, False, _as_number(machine, value.milliseconds))  # noqa: FBT003
    if type(value) is Thing and value.serial > since:
        return content_shape(machine, content_of(machine, value), since)
    return Fixed(value)


def _is_uniform(mask: Any) -> bool:
    return type(mask) is bool or bool(mask.type.is_uniform)


def _as_number(machine: Machine, value: Js) -> Number:
    uniform = type(value) is float or value.type.is_uniform
    return Number(uniform, is_whole(machine, value), is_positive(machine, value))


def content_shape(machine: Machine, content: Any, since: int) -> Shape:
    """Return the shape of what a thing holds."""
    if type(content) is Items:
        parts = tuple([shape_of(machine, value, since) for value in content.values])
        return Listed(parts, content.is_frozen, content.is_typed)
    if type(content) is Fields:
        parts = tuple([shape_of(machine, value, since) for value in content.values.values()])
        keys = tuple(content.values)
        return Keyed(keys, parts, content.is_frozen, content.owner, content.helper)
    if type(content) is Rows:
        return OfRows(content.plan, _as_number(machine, content.length))
    return Fixed(content)


def join(machine: Machine, a: Shape, b: Shape) -> Shape:
    """Return the shape that both fit."""
    return _one(machine, a, b) or _either(machine, a, b)


def _one(machine: Machine, a: Shape, b: Shape) -> Shape | None:
    """Return the shape that both fit where it needs no alternatives."""
    if type(a) is Fixed and type(b) is Fixed and same(a.value, b.value):
        return a
    return _alike(machine, _opened(machine, a, b), _opened(machine, b, a))


def _alike(machine: Machine, x: Shape, y: Shape) -> Shape | None:  # noqa: PLR0911 (one per kind)
    """Return the shape that both fit where they are of one kind."""
    match x, y:
        case Number(), Number():
            return Number(
                x.is_uniform and y.is_uniform,
                x.is_whole and y.is_whole,
                x.is_positive and y.is_positive,
            )
        case Truth(), Truth():
            return Truth(x.is_uniform and y.is_uniform)
        case OfSample(), OfSample() if (x.kind, x.input, x.is_legacy) == (
            y.kind,
            y.input,
            y.is_legacy,
        ):
            return replace(x, index=join(machine, x.index, y.index))
        case OfRows(), OfRows() if x.plan is y.plan:
            return replace(x, length=join(machine, x.length, y.length))
        case Listed(), Listed() if len(x.parts) == len(y.parts) and x.is_typed == y.is_typed:
            frozen = x.is_frozen or y.is_frozen
            return replace(x, parts=_joined(machine, x, y), is_frozen=frozen)
        case Keyed(), Keyed() if (x.keys, x.owner, x.helper) == (y.keys, y.owner, y.helper):
            frozen = x.is_frozen or y.is_frozen
            return replace(x, parts=_joined(machine, x, y), is_frozen=frozen)
    return None


def varying(shape: Shape) -> Shape:
    """Return the shape whose leaves need not be the same in every lane."""
    match shape:
        case Number() | Truth():
            return replace(shape, is_uniform=False)
        case OfSample():
            return replace(shape, index=varying(shape.index))
        case OfRows():
            return replace(shape, length=varying(shape.length))
        case Listed() | Keyed():
            return replace(shape, parts=tuple(map(varying, shape.parts)))
        case Either():
            return Either(tuple(map(varying, shape.options)), is_uniform=False)
    return shape


def _joined(machine: Machine, x: Listed | Keyed, y: Listed | Keyed) -> tuple[Shape, ...]:
    return tuple([join(machine, p, q) for p, q in zip(x.parts, y.parts, strict=True)])


def as_variable(shape: Fixed) -> Number | Truth | None:
    """Return the shape of numbers like a constant, or of booleans."""
    value = shape.value
    if type(value) is float:
        return Number(is_uniform=True, is_whole=value % 1 == 0, is_positive=value >= 0)
    return Truth(is_uniform=True) if type(value) is bool else None


def _opened(machine: Machine, shape: Shape, other: Shape) -> Shape:
    """Return the shape of a constant as one that others can join."""
    if type(shape) is not Fixed:
        return shape
    value = shape.value
    variable = as_variable(shape)
    if variable is not None:
        return variable
    if type(value) is Thing and (type(other) in (Listed, Keyed) or _is_thing(other)):
        if value.site in machine.memory:
            return shape
        return content_shape(machine, content_of(machine, value), machine.serial)
    return shape


def _is_thing(shape: Shape) -> bool:
    return type(shape) is Fixed and type(shape.value) is Thing


def _either(machine: Machine, a: Shape, b: Shape) -> Shape:
    options: list[Shape] = []
    uniform = True
    for shape in (a, b):
        if type(shape) is Either:
            uniform = uniform and shape.is_uniform
        for option in shape.options if type(shape) is Either else (shape,):
            for i, known in enumerate(options):
                whole = _one(machine, known, option)
                if whole is not None:
                    options[i] = whole
                    break
            else:
                options.append(option)
    return Either(tuple(options), uniform)


def things_in(value: Js) -> Iterator[Thing]:
    """Yield the things that a value refers to, not what they hold."""
    if type(value) is Thing:
        yield value
    elif type(value) is Union:
        for _, part in value.alternatives:
            yield from things_in(part)


def keeps(shape: Shape, thing: Thing) -> bool:
    """Whether a shape refers to the thing itself, not to what it holds."""
    if type(shape) is Fixed:
        return shape.value is thing
    return any(keeps(option, thing) for option in getattr(shape, "options", ()))
