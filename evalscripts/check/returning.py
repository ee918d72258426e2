"""Remarks on what a script returns: how many values, in which range, with which mask."""

import re
from collections.abc import Iterator

from evalscripts.check.subject import Remark, Subject, is_name
from evalscripts.setup import SampleType, SetupOutput
from evalscripts.syntax import tree
from evalscripts.syntax.walk import descend

_MASK = "dataMask"
_REFLECTANCE = re.compile(r"B(?:0[1-9]|1[0-2]|8A)")
_WHOLE = frozenset({SampleType.UINT8, SampleType.INT8, SampleType.UINT16, SampleType.INT16})
_PICTURES = frozenset({SampleType.AUTO, SampleType.UINT8})
_SCALARS = tree.Number | tree.Boolean | tree.Unary | tree.Binary


def returning_remarks(subject: Subject) -> Iterator[Remark]:
    """Yield what is wrong with what the script returns."""
    yield from _missing_mask(subject)
    for output, value in _returned(subject):
        yield from _wrong_count(subject, output, value)
        yield from _wrong_range(subject, output, value)


def _returned(subject: Subject) -> Iterator[tuple[SetupOutput, tree.Expression]]:
    """Yield each output with what a return gives it, where that is written out."""
    outputs = {output.id: output for output in subject.setup.outputs}
    for statement in subject.returns():
        if statement.value is None:
            continue
        value = subject.meant(statement.value)
        if isinstance(value, tree.Object):
            for part in value.properties:
                if isinstance(part, tree.Property) and part.key in outputs:
                    yield outputs[str(part.key)], subject.meant(part.value)
        elif len(outputs) == 1:
            yield subject.setup.outputs[0], value


def _elements(value: tree.Expression) -> list[tree.Expression] | None:
    """Return the values of a list that is written out whole; None where it is not."""
    if not isinstance(value, tree.Array):
        return [value] if isinstance(value, _SCALARS) else None
    parts = [part for part in value.elements if part is not None]
    spread = any(isinstance(part, tree.Spread) for part in parts)
    return None if spread or len(parts) < len(value.elements) else parts


def _wrong_count(subject: Subject, output: SetupOutput, value: tree.Expression) -> Iterator[Remark]:
    parts = _elements(value)
    if parts is None or subject.is_bare or "updateOutput" in subject.names.declared:
        return
    # A name or a call may stand for several values.
    sure = all(isinstance(part, _SCALARS) or _is_sample_band(subject, part) for part in parts)
    if sure and len(parts) != output.bands:
        yield subject.remark(
            f'output "{output.id}" has {output.bands} bands; {len(parts)} values are returned',
            value,
        )


def _is_sample_band(subject: Subject, node: tree.Expression) -> bool:
    return (
        isinstance(node, tree.Member)
        and subject.samples is not None
        and is_name(node.object, subject.samples)
    )


def _wrong_range(subject: Subject, output: SetupOutput, value: tree.Expression) -> Iterator[Remark]:
    for part in _elements(value) or []:
        found = subject.meant(part)
        if output.sample_type is SampleType.AUTO and _is_large(found):
            yield subject.remark(
                f'output "{output.id}" is AUTO, which takes 0 to 1; this is larger: divide by 255, '
                "or set sampleType to UINT8",
                part,
            )
            return
        if output.sample_type in _WHOLE and (word := _is_small(subject, found)):
            yield subject.remark(
                f'output "{output.id}" is {output.sample_type.value}, whole numbers; {word}', part
            )
            return


def _is_large(value: tree.Expression) -> bool:
    match value:
        case tree.Number(value=number):
            return 2 <= number <= 255
        case tree.Binary(operator="*", left=tree.Number(value=255)):
            return True
        case tree.Binary(operator="*", right=tree.Number(value=255)):
            return True
        case _:
            return False


def _is_small(subject: Subject, value: tree.Expression) -> str:
    """Return why a value is a fraction, or nothing."""
    if _is_sample_band(subject, value) and isinstance(value, tree.Member):
        one = subject.setup.inputs[0]
        units = dict(zip(one.bands, one.units, strict=True))
        key = value.key if isinstance(value.key, str) else ""
        unit = units.get(key, "none")
        if _REFLECTANCE.fullmatch(key) and (unit is None or unit.upper() == "REFLECTANCE"):
            return "reflectance is 0 to 1: multiply it, or set units to DN"
    ours = "index" in subject.names.free
    if ours and isinstance(value, tree.Call) and is_name(value.callee, "index"):
        return "an index is -1 to 1: multiply it, or set sampleType to FLOAT32"
    return ""


def _missing_mask(subject: Subject) -> Iterator[Remark]:
    """A picture without a mask shows pixels without data as black ones."""
    if subject.source.form != "V3" or any(_MASK in one.bands for one in subject.setup.inputs):
        return
    if any(is_name(node, _MASK) for node in descend(subject.program)):
        return
    for output in subject.setup.outputs:
        if output.sample_type in _PICTURES and output.bands == 4:
            yield subject.remark(
                f'output "{output.id}" has 4 bands, but dataMask is not requested: pixels without '
                "data are not transparent",
                name="setup",
            )
        elif output.sample_type in _PICTURES and output.bands == 3:
            yield subject.remark(
                f'output "{output.id}" shows pixels without data in black: request dataMask and '
                "return it as fourth band",
                name="setup",
            )
