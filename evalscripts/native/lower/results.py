"""What evaluatePixel returned → `out` of every band of every output.

As answers.js settles it: an array for one output, an object by id for several, a scalar for one
band, nothing for zeros. What it would refuse, and whatever is rare, is a trap, so that V8 words
the error.
"""

from collections.abc import Sequence

from evalscripts.native.lower.coercion import each, living, to_number
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.members import get
from evalscripts.native.lower.merging import content_of
from evalscripts.native.lower.rows import element
from evalscripts.native.lower.values import (
    FUNCTIONS,
    HOLE,
    Fields,
    Items,
    Js,
    Native,
    Num,
    Rows,
    Sample,
    Thing,
    Union,
    is_boolean,
    is_number,
)
from evalscripts.setup import SetupOutput
from evalscripts.snapshot import UNDEFINED

_WRONG = "evaluatePixel returned what no output takes"


def write_results(machine: Machine, value: Js, outputs: Sequence[SetupOutput]) -> None:
    """Emit what the pixel returned."""
    machine.here = None
    value = living(machine, value)
    if len(outputs) == 1:
        _write(machine, 0, _only(machine, value, outputs[0]))
        return
    for i, output in enumerate(outputs):
        _write(machine, i, _one_of(machine, value, output))


def _write(machine: Machine, output: int, values: Sequence[Num]) -> None:
    for band, number in enumerate(values):
        machine.builder.effect("out", number, attr=(output, band))


def _only(machine: Machine, value: Js, output: SetupOutput) -> Sequence[Num]:
    """Return the numbers of the only output."""

    def settle(part: Js) -> Js:
        if part is None or part is UNDEFINED:
            return _row(machine, [0.0] * output.bands)
        if type(part) is Thing and type(content_of(machine, part)) is Fields:
            return _settled(machine, get(machine, part, output.id), output)
        if type(part) is Sample:
            return _settled(machine, get(machine, part, output.id), output)
        return _settled(machine, part, output)

    return _numbers(machine, each(machine, value, settle), output)


def _one_of(machine: Machine, value: Js, output: SetupOutput) -> Sequence[Num]:
    """Return the numbers of one of several outputs."""

    def settle(part: Js) -> Js:
        if part is None or part is UNDEFINED:
            return _row(machine, [0.0] * output.bands)
        if type(part) is Thing and type(content_of(machine, part)) is Fields:
            return _settled(machine, get(machine, part, output.id), output)
        return _wrong(machine, output)

    return _numbers(machine, each(machine, value, settle), output)


def _numbers(machine: Machine, row: Js, output: SetupOutput) -> Sequence[Num]:
    content = content_of(machine, row) if type(row) is Thing else None
    if type(content) is not Items:
        raise TypeError(f"the rows of output {output.id} were not merged")
    return content.values


def _row(machine: Machine, numbers: Sequence[Js]) -> Js:
    return machine.thing(Items(tuple(numbers)), site=-3)


def _wrong(machine: Machine, output: SetupOutput) -> Js:
    machine.trap(_WRONG, mask=True)
    return _row(machine, [0.0] * output.bands)


def _settled(machine: Machine, value: Js, output: SetupOutput) -> Js:
    """Return a row of an output's numbers of what was returned for it."""
    return each(machine, value, lambda part: _settle_part(machine, part, output))


def _settle_part(machine: Machine, value: Js, output: SetupOutput) -> Js:
    content = content_of(machine, value) if type(value) is Thing else None
    if type(content) is Items:
        return _settle_items(machine, content, output)
    if type(content) is Rows:
        too_few = machine.builder.compare("lt", content.length, float(output.bands))
        machine.trap(_WRONG, too_few)
        values = [element(machine, content.plan, float(i)) for i in range(output.bands)]
        if any(_is_list(machine, item) for item in values):
            return _wrong(machine, output)
        return _row(machine, [_loose(machine, item) for item in values])
    if output.bands == 1 and (
        is_number(value) or is_boolean(value) or type(value) is str or value is None
    ):
        return _row(machine, [to_number(machine, value)])
    return _wrong(machine, output)


def _settle_items(machine: Machine, items: Items, output: SetupOutput) -> Js:
    values = [UNDEFINED if item is HOLE else item for item in items.values]
    if len(values) >= output.bands:
        # What is too much is dropped, as answers.js does.
        values = values[: output.bands]
        if not any(_is_list(machine, value) for value in values):
            return _row(machine, [_loose(machine, value) for value in values])
        if all(_is_single(machine, value) for value in values):
            return _row(machine, [_loose(machine, value) for value in values])
        return _wrong(machine, output)
    flat: list[Js] = []
    for value in values:
        if type(value) is Union and _is_list(machine, value):
            return _wrong(machine, output)
        flat += _inner(machine, value) if _is_list(machine, value) else [value]
    if len(flat) < output.bands:
        return _wrong(machine, output)
    return _row(machine, [_loose(machine, value) for value in flat[: output.bands]])


def _inner(machine: Machine, value: Js) -> list[Js]:
    content = content_of(machine, value)
    return [UNDEFINED if item is HOLE else item for item in content.values]


def _is_list(machine: Machine, value: Js) -> bool:
    """Whether a value is an array in some lane."""
    if type(value) is Union:
        return any(_is_list(machine, part) for _, part in value.alternatives)
    return type(value) is Thing and type(content_of(machine, value)) is Items


def _is_single(machine: Machine, value: Js) -> bool:
    """Whether `loose` has a number for it."""
    if type(value) is Union:
        return all(_is_single(machine, part) for _, part in value.alternatives)
    if not _is_list(machine, value):
        return True
    inner = _inner(machine, value)
    return len(inner) == 1 and _is_single(machine, inner[0])


def _loose(machine: Machine, value: Js) -> Js:
    """Return the number of one element."""
    return to_number(machine, each(machine, value, lambda part: _loose_part(machine, part)))


def _loose_part(machine: Machine, value: Js) -> Js:
    if _is_list(machine, value):
        inner = _inner(machine, value)
        if len(inner) == 1:
            return _loose(machine, inner[0])
        machine.trap(_WRONG, mask=True)
        return 0.0
    if type(value) in FUNCTIONS or type(value) is Native or type(value) is Thing:
        machine.trap(_WRONG, mask=True)
        return 0.0
    return to_number(machine, value)
