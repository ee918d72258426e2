"""`Shape`: what of a value changes from turn to turn of a loop, and what stays.

A shape turns a value into a row of IR values (`leaves`), which a loop carries or a buffer keeps,
and such a row into a value again (`rebuilt`). Shapes are joined until they fit every turn.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from evalscripts.native import ir
from evalscripts.native.lower.indexing import is_positive, is_whole
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.merging import alternatives, content_of
from evalscripts.native.lower.values import (
    IR_TYPES,
    ClassValue,
    Fields,
    Items,
    Js,
    Mask,
    Moment,
    Rows,
    Sample,
    Scene,
    Thing,
    Union,
    is_boolean,
    is_number,
    same,
)


class Misfit(Exception):
    """A value does not have the shape."""


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


# ---- to leaves and back ----------------------------------------------------------------------


def leaf_types(shape: Shape) -> Iterator[ir.Type]:
    """Yield the types of a shape's leaves."""
    if type(shape) is Number:
        yield ir.Type.U if shape.is_uniform else ir.Type.F
    elif type(shape) is Truth:
        yield ir.Type.B if shape.is_uniform else ir.Type.M
    elif type(shape) is OfSample:
        yield from leaf_types(shape.index)
    elif type(shape) is OfRows:
        yield from leaf_types(shape.length)
    elif type(shape) is Listed or type(shape) is Keyed:
        for part in shape.parts:
            yield from leaf_types(part)
    elif type(shape) is Either:
        for i, option in enumerate(shape.options):
            if i:
                yield ir.Type.B if shape.is_uniform else ir.Type.M
            yield from leaf_types(option)


def leaves(machine: Machine, shape: Shape, value: Js) -> list[Any]:
    """Return a value's leaves, numbers and masks.

    Raises:
        Misfit: the value does not have the shape.
    """
    if type(shape) is Either:
        return _leaves_of_either(machine, shape, value)
    if type(value) is Union:
        raise Misfit
    return _LEAVES[type(shape)](machine, shape, value)


def _leaves_of_fixed(_: Machine, shape: Fixed, value: Js) -> list[Any]:
    if not same(shape.value, value):
        raise Misfit
    return []


def _leaves_of_number(machine: Machine, shape: Number, value: Js) -> list[Any]:
    if not is_number(value) or _is_looser(value, shape):
        raise Misfit
    if shape.is_whole and not is_whole(machine, value):
        raise Misfit
    if shape.is_positive and not is_positive(value, machine):
        raise Misfit
    return [value]


def _is_looser(value: Js, shape: Number | Truth) -> bool:
    return shape.is_uniform and type(value) in IR_TYPES and not value.type.is_uniform


def _leaves_of_truth(_: Machine, shape: Truth, value: Js) -> list[Any]:
    if not is_boolean(value) or _is_looser(value, shape):
        raise Misfit
    return [value]


def _leaves_of_sample(machine: Machine, shape: OfSample, value: Js) -> list[Any]:
    if type(value) is not shape.kind:
        raise Misfit
    if shape.kind is Moment:
        return leaves(machine, shape.index, value.milliseconds)
    if value.input != shape.input or getattr(value, "is_legacy", False) != shape.is_legacy:
        raise Misfit
    return leaves(machine, shape.index, value.index)


def _leaves_of_rows(machine: Machine, shape: OfRows, value: Js) -> list[Any]:
    content = content_of(machine, value) if type(value) is Thing else value
    if type(content) is not Rows or content.plan is not shape.plan:
        raise Misfit
    return leaves(machine, shape.length, content.length)


def _leaves_of_thing(machine: Machine, shape: Listed | Keyed, value: Js) -> list[Any]:
    content = content_of(machine, value) if type(value) is Thing else value
    if type(shape) is Listed:
        fits = type(content) is Items and len(content.values) == len(shape.parts)
        fits = fits and content.is_typed == shape.is_typed
    else:
        fits = type(content) is Fields and tuple(content.values) == shape.keys
        fits = fits and (content.owner, content.helper) == (shape.owner, shape.helper)
    if not fits or (content.is_frozen and not shape.is_frozen):
        raise Misfit
    values = content.values if type(content) is Items else content.values.values()
    row: list[Any] = []
    for part, item in zip(shape.parts, values, strict=True):
        row += leaves(machine, part, item)
    return row


_LEAVES: dict[type, Callable[..., list[Any]]] = {
    Fixed: _leaves_of_fixed,
    Number: _leaves_of_number,
    Truth: _leaves_of_truth,
    OfSample: _leaves_of_sample,
    Listed: _leaves_of_thing,
    Keyed: _leaves_of_thing,
    OfRows: _leaves_of_rows,
}


def _leaves_of_either(machine: Machine, shape: Either, value: Js) -> list[Any]:
    build = machine.builder
    found: dict[int, tuple[Mask, list[Any]]] = {}
    for mask, part in alternatives(value):
        if shape.is_uniform and type(mask) in IR_TYPES and not mask.type.is_uniform:  # type: ignore[union-attr]
            raise Misfit
        for i, option in enumerate(shape.options):
            try:
                row = leaves(machine, option, part)
            except Misfit:
                continue
            if i in found:
                other_mask, other = found[i]
                row = [_choose(machine, mask, x, y) for x, y in zip(row, other, strict=True)]
                mask = build.either(mask, other_mask)  # noqa: PLW2901
            found[i] = (mask, row)
            break
        else:
            raise Misfit
    result: list[Any] = []
    for i, option in enumerate(shape.options):
        filler = [0.0 if kind.is_number else False for kind in leaf_types(option)]
        mask, row = found.get(i, (False, filler))
        if i:
            result.append(mask)
        result += row
    return result


def _choose(machine: Machine, mask: Mask, x: Any, y: Any) -> Any:
    if is_number(x):
        return machine.builder.choose(mask, x, y)
    return machine.builder.choose_mask(mask, x, y)


def rebuilt(machine: Machine, shape: Shape, row: Iterator[Any]) -> Js:
    """Return the value of these leaves."""
    if type(shape) is Fixed:
        return shape.value
    if type(shape) is Number or type(shape) is Truth:
        leaf = next(row)
        if type(shape) is Number and type(leaf) in IR_TYPES:
            _note(machine, shape, leaf)
        return leaf
    if type(shape) is OfSample:
        index = rebuilt(machine, shape.index, row)
        if shape.kind is Moment:
            return Moment(index)
        return (
            Sample(shape.input, index)
            if shape.kind is Sample
            else Scene(shape.input, index, shape.is_legacy)
        )
    if type(shape) is Either:
        return _rebuilt_either(machine, shape, row)
    return machine.thing(rebuilt_content(machine, shape, row), site=-4, is_blend=True)


def rebuilt_content(machine: Machine, shape: Shape, row: Iterator[Any]) -> Any:
    """Return what a thing holds of these leaves."""
    if type(shape) is Listed:
        parts = tuple([rebuilt(machine, part, row) for part in shape.parts])
        return Items(parts, is_frozen=shape.is_frozen, is_typed=shape.is_typed)
    if type(shape) is Keyed:
        values = [rebuilt(machine, part, row) for part in shape.parts]
        fields = dict(zip(shape.keys, values, strict=True))
        return Fields(fields, shape.is_frozen, shape.owner, shape.helper)
    if type(shape) is OfRows:
        length = rebuilt(machine, shape.length, row)
        if type(length) in IR_TYPES:
            machine.sizes[length] = shape.plan
        return Rows(shape.plan, length)
    return rebuilt(machine, shape, row)


def _note(machine: Machine, shape: Number, leaf: ir.Value) -> None:
    if shape.is_whole:
        machine.whole.add(leaf)
    if shape.is_positive:
        machine.positive.add(leaf)


def _rebuilt_either(machine: Machine, shape: Either, row: Iterator[Any]) -> Js:
    build = machine.builder
    parts: list[tuple[Mask, Js]] = []
    others: Mask = False
    first: Js = None
    for i, option in enumerate(shape.options):
        if i == 0:
            first = rebuilt(machine, option, row)
            continue
        mask = next(row)
        parts.append((mask, rebuilt(machine, option, row)))
        others = build.either(others, mask)
    return Union(((build.negate(others), first), *parts))


def things_in(value: Js) -> Iterator[Thing]:
    """Yield the things that a value refers to, not what they hold."""
    if type(value) is Thing:
        yield value
    elif type(value) is Union:
        for _, part in value.alternatives:
            yield from things_in(part)
