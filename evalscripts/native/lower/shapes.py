"""`Shape`: what of a value changes from turn to turn of a loop, and what stays.

A shape turns a value into a row of IR values (`leaves`), which a loop carries or a buffer keeps,
and such a row into a value again (`rebuilt`). Shapes are joined until they fit every turn.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from evalscripts.native.lower.indexing import is_positive, is_whole
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.merging import content_of
from evalscripts.native.lower.values import (
    IR_TYPES,
    ClassValue,
    Fields,
    Items,
    Js,
    Moment,
    Rows,
    Sample,
    Scene,
    Thing,
    Union,
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


def shape_of(machine: Machine, value: Js, since: int) -> Shape:
    """Return a value's shape; things that are no older than ``since`` by what they hold."""
    if type(value) is Union:
        options = [shape_of(machine, part, since) for _, part in value.alternatives]
        uniform = all(type(mask) is bool or mask.type.is_uniform for mask, _ in value.alternatives)
        return Either(tuple(options), uniform)
    if type(value) in IR_TYPES:
        if value.type.is_number:
            return Number(
                value.type.is_uniform, is_whole(machine, value), is_positive(value, machine)
            )
        return Truth(value.type.is_uniform)
    if type(value) is Sample or type(value) is Scene:
        index = _as_number(machine, value.index)
        return OfSample(type(value), value.input, getattr(value, "is_legacy", False), index)
    if type(value) is Moment:
        return OfSample(Moment, 0, False, _as_number(machine, value.milliseconds))  # noqa: FBT003
    if type(value) is Thing and value.serial > since:
        return content_shape(machine, content_of(machine, value), since)
    return Fixed(value)


def _as_number(machine: Machine, value: Js) -> Number:
    uniform = type(value) is float or value.type.is_uniform
    return Number(uniform, is_whole(machine, value), is_positive(value, machine))


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
    x, y = _opened(machine, a, b), _opened(machine, b, a)
    if type(x) is type(y):
        if type(x) is Number:
            return Number(
                x.is_uniform and y.is_uniform,
                x.is_whole and y.is_whole,
                x.is_positive and y.is_positive,
            )
        if type(x) is Truth:
            return Truth(x.is_uniform and y.is_uniform)
        if type(x) is OfSample and (x.kind, x.input, x.is_legacy) == (y.kind, y.input, y.is_legacy):
            return OfSample(x.kind, x.input, x.is_legacy, join(machine, x.index, y.index))
        if type(x) is OfRows and x.plan is y.plan:
            return OfRows(x.plan, join(machine, x.length, y.length))
        if type(x) is Listed and len(x.parts) == len(y.parts) and x.is_typed == y.is_typed:
            return Listed(_joined(machine, x, y), x.is_frozen or y.is_frozen, x.is_typed)
        if type(x) is Keyed and (x.keys, x.owner, x.helper) == (y.keys, y.owner, y.helper):
            frozen = x.is_frozen or y.is_frozen
            return Keyed(x.keys, _joined(machine, x, y), frozen, x.owner, x.helper)
    return None


def _joined(machine: Machine, x: Listed | Keyed, y: Listed | Keyed) -> tuple[Shape, ...]:
    return tuple([join(machine, p, q) for p, q in zip(x.parts, y.parts, strict=True)])


def _opened(machine: Machine, shape: Shape, other: Shape) -> Shape:
    """Return the shape of a constant as one that others can join."""
    if type(shape) is not Fixed:
        return shape
    value = shape.value
    if type(value) is float:
        return Number(True, value % 1 == 0, value >= 0)  # noqa: FBT003
    if type(value) is bool:
        return Truth(True)  # noqa: FBT003
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
