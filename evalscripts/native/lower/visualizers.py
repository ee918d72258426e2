"""The visualizers, over the constants that their constructors have left.

Every formula and its order of operations is prelude.js's.
"""

from collections.abc import Callable, Sequence

from evalscripts.native.lower.coercion import to_number
from evalscripts.native.lower.listing import elements
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.merging import content_of
from evalscripts.native.lower.natives import Method, Table
from evalscripts.native.lower.prelude import run_helper
from evalscripts.native.lower.ramps import MAX_CHAIN, beyond_all, segment_of, step_of
from evalscripts.native.lower.values import (
    Declined,
    Fields,
    Items,
    Js,
    Num,
    Thing,
    is_number,
)
from evalscripts.snapshot import UNDEFINED

_KNEE = 0.92
_SLOPE = 0.08 / 1.08
_MAX_ROW_CELLS = 64


def _fields(machine: Machine, visualizer: Js) -> Fields:
    content = content_of(machine, visualizer)
    if type(content) is not Fields or not content.is_frozen:
        raise Declined("a visualizer that a pixel makes", machine.here)
    return content


def _numbers(machine: Machine, fields: Fields, name: str) -> tuple[float, ...]:
    held = fields.values.get(name)
    content = content_of(machine, held) if type(held) is Thing else None
    if type(content) is not Items or not all(type(value) is float for value in content.values):
        raise Declined("a visualizer whose stops are no numbers", machine.here)
    return content.values


def _value(machine: Machine, given: Sequence[Js]) -> Num:
    return to_number(machine, given[0] if given else UNDEFINED)


def _row(machine: Machine, values: Sequence[Num]) -> Thing:
    return machine.thing(Items(tuple(values)))


def _stops(
    machine: Machine, visualizer: Js
) -> tuple[Fields, tuple[float, ...], list[tuple[float, ...]]]:
    fields = _fields(machine, visualizer)
    positions = _numbers(machine, fields, "positions")
    channels = _numbers(machine, fields, "channels")
    if not positions or len(channels) != 3 * len(positions):
        raise Declined("a visualizer without stops", machine.here)
    return fields, positions, [channels[i : i + 3] for i in range(0, len(channels), 3)]


def _map_process(machine: Machine, visualizer: Js, given: list[Js]) -> Js:
    _, positions, colors = _stops(machine, visualizer)
    shares = [tuple(channel / 255 for channel in color) for color in colors]
    return _row(machine, step_of(machine, _value(machine, given), positions, shares))


def _ramp_process(half: float) -> Method:
    def process(machine: Machine, visualizer: Js, given: list[Js]) -> Js:
        fields, positions, colors = _stops(machine, visualizer)
        value = _value(machine, given)
        if len(positions) == 1:
            return _row(machine, [channel / 255 for channel in colors[0]])
        cut = half if fields.values.get("whole") is True else None
        return _row(machine, _blend(machine, value, positions, colors, half=cut))

    return process


def _blend(
    machine: Machine,
    value: Num,
    positions: Sequence[float],
    colors: Sequence[Sequence[float]],
    *,
    half: float | None,
) -> list[Num]:
    """Return the color; ``half`` is 0.5 to round channels, 0 to cut them, None to leave them."""
    build = machine.builder
    ends = [[channel / 255 for channel in color] for color in (colors[0], colors[-1])]
    rows = [
        (start, end - start, *from_, *(b - a for a, b in zip(from_, to, strict=True)))
        for start, end, from_, to in zip(positions, positions[1:], colors, colors[1:], strict=False)
    ]
    start, span, *rest = segment_of(machine, value, positions, rows)
    share = build.number("div", build.number("sub", value, start), span)
    below = build.negate(build.compare("gt", value, positions[0]))
    above = beyond_all(machine, value, positions)
    result: list[Num] = []
    for i in range(3):
        channel = build.number("add", rest[i], build.number("mul", rest[i + 3], share))
        if half is not None:
            # Channels are 0 … 255 wherever the result is used, so that to floor is to cut.
            channel = build.number("add", channel, half) if half else channel
            channel = build.number("floor", channel)
        inner = build.number("div", channel, 255.0)
        inner = build.choose(above, ends[1][i], inner)
        result.append(build.choose(below, ends[0][i], inner))
    return result


# ---- stretches -------------------------------------------------------------------------------


def _constant(machine: Machine, fields: Fields, name: str) -> Num:
    return to_number(machine, fields.values.get(name, UNDEFINED))


def _linear(machine: Machine, fields: Fields, given: Sequence[Js]) -> Num:
    build = machine.builder
    low, high = _constant(machine, fields, "minValue"), _constant(machine, fields, "maxValue")
    ranges = fields.values.get("ranges", UNDEFINED)
    if ranges is not UNDEFINED or fields.values.get("settled") is not True:
        raise Declined("a visualizer whose ranges are overridden", machine.here)
    scaled = build.number(
        "mul", _constant(machine, fields, "gain"), build.number("sub", _value(machine, given), low)
    )
    stretched = build.number("div", scaled, build.number("sub", high, low))
    return build.number("add", stretched, _constant(machine, fields, "offset"))


def _powered(machine: Machine, value: Num, gamma: Num) -> Num:
    return machine.builder.number(
        "math", machine.builder.number("max", 0.0, value), gamma, attr="pow"
    )


def _clamped(machine: Machine, value: Num) -> Num:
    build = machine.builder
    upper = build.choose(build.compare("gt", value, 1.0), 1.0, value)
    return build.choose(build.compare("lt", value, 0.0), 0.0, upper)


def _compressed(machine: Machine, visualizer: Js, given: list[Js]) -> Js:
    build, fields = machine.builder, _fields(machine, visualizer)
    value = _linear(machine, fields, given)
    gamma = _constant(machine, fields, "gamma")
    if gamma != 1:
        value = _powered(machine, value, gamma)
    highest = _constant(machine, fields, "maxValue")
    if type(highest) is float and 0 < highest < 1:
        bent = build.number("mul", build.number("sub", value, _KNEE), _SLOPE)
        bright = build.compare("gt", value, _KNEE)
        value = build.choose(bright, build.number("add", _KNEE, bent), value)
    return _clamped(machine, value)


def _single(machine: Machine, visualizer: Js, given: list[Js]) -> Js:
    return _row(machine, [_compressed(machine, visualizer, given)])


def _default(machine: Machine, visualizer: Js, given: list[Js]) -> Js:
    fields = _fields(machine, visualizer)
    value = _linear(machine, fields, given)
    gamma = _constant(machine, fields, "gamma")
    return _powered(machine, value, gamma) if gamma != 1 else _clamped(machine, value)


def _identity(machine: Machine, _: Js, given: list[Js]) -> Js:
    return machine.thing(Items((given[0] if given else UNDEFINED,)))


def _listed(process: Method) -> Method:
    def each_of(machine: Machine, visualizer: Js, given: list[Js]) -> Js:
        values = elements(machine, given[0] if given else UNDEFINED, machine.here)
        row = [process(machine, visualizer, [value, float(i)]) for i, value in enumerate(values)]
        return machine.thing(Items(tuple(row)))

    return each_of


# ---- interpolation ---------------------------------------------------------------------------


def _interpolate(machine: Machine, given: list[Js]) -> Js:
    stops = _constant_row(machine, given[1]) if len(given) > 2 else None
    rows = _number_rows(machine, given[2]) if stops is not None else None
    fits = rows is not None and stops is not None and 2 <= len(stops) == len(rows)
    if stops is None or rows is None or not fits or _is_unsure(rows):
        return run_helper(machine, "valueInterpolate", given)
    build, value = machine.builder, to_number(machine, given[0])
    segments = [
        (start, end - start, *a, *(build.number("sub", q, p) for p, q in zip(a, b, strict=True)))
        for start, end, a, b in zip(stops, stops[1:], rows, rows[1:], strict=False)
    ]
    start, span, *rest = segment_of(machine, value, stops, segments)
    share = build.number("div", build.number("sub", value, start), span)
    below = build.negate(build.compare("gt", value, stops[0]))
    above = build.compare("ge", value, stops[-1])
    width = len(rows[0])
    result = []
    for i in range(width):
        inner = build.number("add", rest[i], build.number("mul", rest[i + width], share))
        inner = build.choose(above, rows[-1][i], inner)
        result.append(build.choose(below, rows[0][i], inner))
    first = content_of(machine, given[2]).values[0]
    return result[0] if is_number(first) else _row(machine, result)


def _is_unsure(rows: Sequence[Sequence[Num]]) -> bool:
    """Whether the rows are too many to be told apart, and no constants either."""
    return len(rows) > MAX_CHAIN and not all(type(x) is float for row in rows for x in row)


def _constant_row(machine: Machine, value: Js) -> tuple[float, ...] | None:
    content = content_of(machine, value) if type(value) is Thing else None
    if type(content) is Items and all(type(item) is float for item in content.values):
        return content.values
    return None


def _number_row(machine: Machine, value: Js) -> tuple[Num, ...] | None:
    content = content_of(machine, value) if type(value) is Thing else None
    if type(content) is Items and all(is_number(item) for item in content.values):
        return content.values
    return None


def _number_rows(machine: Machine, value: Js) -> list[tuple[Num, ...]] | None:
    """Return numbers, or arrays of numbers of one length, as rows."""
    flat = _number_row(machine, value)
    if flat is not None:
        return [(number,) for number in flat]
    content = content_of(machine, value) if type(value) is Thing else None
    if type(content) is not Items:
        return None
    rows = [_number_row(machine, item) for item in content.values]
    widths = {0 if row is None else len(row) for row in rows}
    if len(widths) != 1 or widths == {0} or max(widths) > _MAX_ROW_CELLS:
        return None
    return [row for row in rows if row is not None]


_PROCESSES: dict[str, Callable[[Machine, Js, list[Js]], Js]] = {
    "ColorMapVisualizer": _map_process,
    "ColorRampVisualizer": _ramp_process(0.0),
    "ColorGradientVisualizer": _ramp_process(0.5),
    "HighlightCompressVisualizer": _compressed,
    "HighlightCompressVisualizerSingle": _single,
    "DefaultVisualizer": _default,
    "Identity": _identity,
}

VISUALIZERS = Table(
    functions={"valueInterpolate": _interpolate, "colorBlend": _interpolate},
    methods={
        **{(name, "process"): process for name, process in _PROCESSES.items()},
        **{(name, "processList"): _listed(process) for name, process in _PROCESSES.items()},
    },
)
