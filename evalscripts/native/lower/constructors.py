"""Visualizers that a pixel makes, of constants: what prelude.js's constructors would leave."""

from collections.abc import Sequence

from evalscripts.native.lower.arrays import argument
from evalscripts.native.lower.coercion import to_number
from evalscripts.native.lower.folding import divide
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.merging import content_of
from evalscripts.native.lower.natives import Function, Table
from evalscripts.native.lower.values import (
    ABSENT,
    Declined,
    Fields,
    Items,
    Js,
    Thing,
)
from evalscripts.snapshot import UNDEFINED

_OVERRIDES = ("gainOverride", "offsetOverride", "gammaOverride", "rangeOverrides")
Pair = tuple[float, tuple[float, float, float], bool]
"""Position, channels in 0..255, whether it was given as a whole number."""


def _constant(machine: Machine, value: Js) -> float:
    number = to_number(machine, value)
    if type(number) is not float:
        raise Declined("a visualizer made of what depends on the pixel", machine.here)
    return number


def _stretch(name: str) -> Function:
    def make(machine: Machine, given: list[Js]) -> Js:
        for override in _OVERRIDES:
            if machine.globals.held(override).value is not ABSENT:
                raise Declined(f"a visualizer made beside {override}", machine.here)
        names = ("minValue", "maxValue", "gain", "offset", "gamma")
        defaults = (0.0, 1.0, 1.0, 0.0, 1.0)
        values: dict[str, Js] = {}
        for i, (key, default) in enumerate(zip(names, defaults, strict=True)):
            value = argument(given, i)
            values[key] = default if value is UNDEFINED else _constant(machine, value)
        values |= {"ranges": UNDEFINED, "settled": True}
        return machine.thing(Fields(values, is_frozen=True, helper=name))

    return make


def _identity(machine: Machine, _: list[Js]) -> Js:
    return machine.thing(Fields({}, is_frozen=True, helper="Identity"))


def _pairs(machine: Machine, value: Js) -> list[Pair]:
    return [_pair(machine, row) for row in _row(machine, value)]


def _pair(machine: Machine, value: Js) -> Pair:
    row = _row(machine, value)
    position, color = _constant(machine, argument(row, 0)), argument(row, 1)
    if type(color) is Thing:
        red, green, blue = (_constant(machine, argument(_row(machine, color), i)) for i in range(3))
        return position, (red * 255, green * 255, blue * 255), False
    whole = _constant(machine, color)
    if not 0 <= whole < 1 << 31:
        raise Declined("a color that is no color", machine.here)
    number = int(whole)
    channels = (float(number >> 16 & 255), float(number >> 8 & 255), float(number & 255))
    return position, channels, True


def _row(machine: Machine, value: Js) -> Sequence[Js]:
    content = content_of(machine, value) if type(value) is Thing else None
    if type(content) is not Items or not content.values:
        raise Declined("a visualizer made of what is no array", machine.here)
    return content.values


def _ramp(machine: Machine, name: str, pairs: Sequence[Pair]) -> Js:
    def numbers(values: Sequence[float]) -> Thing:
        return machine.thing(Items(tuple(values), is_frozen=True, is_typed=True))

    fields = {
        "positions": numbers([position for position, _, _ in pairs]),
        "channels": numbers([channel for _, color, _ in pairs for channel in color]),
        "whole": all(whole for _, _, whole in pairs),
    }
    return machine.thing(Fields(fields, is_frozen=True, helper=name))


def _color_map(machine: Machine, given: list[Js]) -> Js:
    pairs = sorted(_pairs(machine, argument(given, 0)), key=lambda pair: pair[0])
    return _ramp(machine, "ColorMapVisualizer", pairs)


def _color_ramp(machine: Machine, given: list[Js]) -> Js:
    pairs = _pairs(machine, argument(given, 0))
    positions = sorted(position for position, _, _ in pairs)
    first, span = positions[0], positions[-1] - positions[0]
    least, most = argument(given, 1), argument(given, 2)
    if least is not UNDEFINED or most is not UNDEFINED:
        low = first if least is UNDEFINED else _constant(machine, least)
        high = first + span if most is UNDEFINED else _constant(machine, most)
        positions = [low + divide(p - first, span) * (high - low) for p in positions]
    placed = [(p, color, whole) for p, (_, color, whole) in zip(positions, pairs, strict=True)]
    return _ramp(machine, "ColorRampVisualizer", placed)


_STRETCHES = (
    "HighlightCompressVisualizer",
    "HighlightCompressVisualizerSingle",
    "DefaultVisualizer",
)

CONSTRUCTORS = Table(
    classes={
        **{name: _stretch(name) for name in _STRETCHES},
        "Identity": _identity,
        "ColorMapVisualizer": _color_map,
        "ColorRampVisualizer": _color_ramp,
    }
)
