"""What a kernel's tables, buffers and outputs may be, and which attributes its ops may have."""

from collections.abc import Callable
from typing import Any

from evalscripts.native.ir import Buffer, Fact, Kernel, Slot, Sort
from evalscripts.native.signatures import MATH
from evalscripts.setup import SampleType

MAX_TABLE_ENTRIES = 1_000_000
MAX_CAPACITY = 1_000_000
"""Of a buffer, constant and for each scene; what it comes to with the scenes is the host's care."""
MAX_BANDS = 20_000
_SAMPLE_TYPES = frozenset(kind.value for kind in SampleType)


class Malformed(ValueError):
    """The kernel breaks a rule of the IR; the fault is ours, never the script's."""


def check_constants(kernel: Kernel) -> None:
    """Raise `Malformed` where outputs, tables or buffers are not what they must be."""
    for kind, bands in kernel.outputs:
        if kind not in _SAMPLE_TYPES or not is_count(bands, most=MAX_BANDS) or bands == 0:
            raise Malformed(f"an output has {bands!r} bands of {kind!r}")
    if sum(len(table) for table in kernel.tables) > MAX_TABLE_ENTRIES:
        raise Malformed(f"the tables have more than {MAX_TABLE_ENTRIES} entries")
    if not all(type(entry) is float for table in kernel.tables for entry in table):
        raise Malformed("a table has an entry that is no float")
    if len({buffer.id for buffer in kernel.buffers}) != len(kernel.buffers):
        raise Malformed("two buffers have the same id")
    for buffer in kernel.buffers:
        sizes = (buffer.constant, *buffer.per_scene)
        if not all(is_count(size, most=MAX_CAPACITY) for size in sizes):
            raise Malformed(f"buffer {buffer.id} has capacity {sizes}")
        if len(buffer.per_scene) != len(kernel.inputs):
            raise Malformed(f"buffer {buffer.id} does not count all inputs")


def is_count(value: object, *, most: int) -> bool:
    """Whether a value is an int, and no bool, from 0 to ``most``."""
    return type(value) is int and 0 <= value <= most


def is_attribute(kernel: Kernel, name: str, attr: object) -> bool:
    """Whether an op of that name may have this attribute."""
    check = _CHECKS.get(name)
    return attr is None if check is None else check(kernel, attr)


def _is_one_of(value: object, things: Any) -> bool:
    return len(things) > 0 and is_count(value, most=len(things) - 1)


def _is_slot(kernel: Kernel, attr: Any) -> bool:
    if not isinstance(attr, Slot) or not _is_one_of(attr.input, kernel.inputs):
        return False
    return attr.band is None or _is_one_of(attr.band, kernel.inputs[attr.input])


def _is_fact(kernel: Kernel, attr: Any) -> bool:
    return (
        isinstance(attr, Fact)
        and _is_one_of(attr.input, kernel.inputs)
        and isinstance(attr.name, str)
    )


def _is_buffer(kernel: Kernel, attr: Any) -> bool:
    return isinstance(attr, Buffer) and attr in kernel.buffers


def _is_sort(kernel: Kernel, attr: Any) -> bool:
    if not isinstance(attr, Sort) or type(attr.descending) is not bool:
        return False
    moved = (attr.key, *attr.others)
    return all(_is_buffer(kernel, one) for one in moved) and len(set(moved)) == len(moved)


def _is_band(kernel: Kernel, attr: Any) -> bool:
    if not isinstance(attr, tuple) or len(attr) != 2 or not _is_one_of(attr[0], kernel.outputs):
        return False
    return is_count(attr[1], most=kernel.outputs[attr[0]][1] - 1)


_CHECKS: dict[str, Callable[[Kernel, Any], bool]] = {
    "const": lambda _, attr: type(attr) is float,
    "truth": lambda _, attr: type(attr) is bool,
    "math": lambda _, attr: isinstance(attr, str) and attr in MATH,
    "load": _is_slot,
    "scenes": lambda kernel, attr: _is_one_of(attr, kernel.inputs),
    "fact": _is_fact,
    "table": lambda kernel, attr: _is_one_of(attr, kernel.tables),
    "read": _is_buffer,
    "write": _is_buffer,
    "sort": _is_sort,
    "trap": lambda kernel, attr: _is_one_of(attr, kernel.reasons),
    "out": _is_band,
}
"""Op → whether its attribute is one; ops that are not named have none."""
