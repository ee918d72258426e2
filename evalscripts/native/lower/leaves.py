"""A value of some `Shape` as a row of IR values, its leaves, and back."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from evalscripts.native import ir
from evalscripts.native.lower.indexing import is_positive, is_whole
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.merging import alternatives, content_of, met
from evalscripts.native.lower.shapes import (
    Either,
    Fixed,
    Keyed,
    Listed,
    Number,
    OfRows,
    OfSample,
    Shape,
    Truth,
)
from evalscripts.native.lower.values import (
    IR_TYPES,
    Fields,
    Items,
    Js,
    Mask,
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


class Misfit(Exception):
    """A value does not have the shape."""


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
    if type(value) is Pending:
        value = met(machine, value)
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
    if shape.is_positive and not is_positive(machine, value):
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
    found: Any = value
    if shape.kind is Moment:
        return leaves(machine, shape.index, found.milliseconds)
    if found.input != shape.input or getattr(found, "is_legacy", False) != shape.is_legacy:
        raise Misfit
    return leaves(machine, shape.index, found.index)


def _leaves_of_rows(machine: Machine, shape: OfRows, value: Js) -> list[Any]:
    content = content_of(machine, value) if type(value) is Thing else value
    if type(content) is not Rows or content.plan is not shape.plan:
        raise Misfit
    return leaves(machine, shape.length, content.length)


def _leaves_of_thing(machine: Machine, shape: Listed | Keyed, value: Js) -> list[Any]:
    content = content_of(machine, value) if type(value) is Thing else value
    if isinstance(shape, Listed):
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
        machine.whole[leaf] = True
    if shape.is_positive:
        machine.positive[leaf] = True


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


def differ(kinds: Sequence[ir.Type], row: Sequence[Any]) -> bool:
    """Whether a leaf differs between lanes where its phi must not."""
    return any(
        kind.is_uniform and type(leaf) in IR_TYPES and not leaf.type.is_uniform
        for kind, leaf in zip(kinds, row, strict=True)
    )
