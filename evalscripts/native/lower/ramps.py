"""Lookups over constant stops, as prelude.js does them, to the last bit.

Up to `MAX_CHAIN` stops are told apart by a chain of selects; more, where they ascend, by halving
over a table.
"""

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.values import Mask, Num

MAX_CHAIN = 16


def ascends(stops: Sequence[float]) -> bool:
    """Whether each stop is below the next one."""
    return all(a < b for a, b in pairwise(stops)) and not any(math.isnan(stop) for stop in stops)


def step_of(
    machine: Machine, value: Num, stops: Sequence[float], rows: Sequence[Sequence[float]]
) -> list[Num]:
    """Return the row of the last stop that is not above the value, or the first row."""
    build = machine.builder
    if len(stops) > MAX_CHAIN and ascends(stops):
        index = _halved(machine, stops, lambda stop: build.compare("le", stop, value))
        return [build.table(tuple(column), index) for column in zip(*rows, strict=True)]
    row: list[Num] = list(rows[0])
    for stop, other in zip(stops[1:], rows[1:], strict=True):
        reached = build.compare("le", stop, value)
        row = [build.choose(reached, x, y) for x, y in zip(other, row, strict=True)]
    return row


def segment_of(
    machine: Machine, value: Num, stops: Sequence[float], rows: Sequence[Sequence[Num]]
) -> list[Num]:
    """Return the row of the segment that ends at the first stop not below the value.

    ``rows[k]`` is of the segment from ``stops[k]`` to ``stops[k + 1]``. Outside of all stops it
    is any row. Rows that depend on the pixel need at most `MAX_CHAIN` stops.
    """
    build = machine.builder
    if len(stops) > MAX_CHAIN and ascends(stops):
        index = _halved(machine, stops[:-1], lambda stop: build.compare("lt", stop, value))
        return [build.table(tuple(column), index) for column in zip(*rows, strict=True)]
    row: list[Num] = list(rows[-1])
    for k in range(len(rows) - 2, -1, -1):
        beyond = build.compare("gt", value, stops[k + 1])
        row = [build.choose(beyond, y, x) for x, y in zip(rows[k], row, strict=True)]
    return row


def _halved(machine: Machine, stops: Sequence[float], is_passed: Callable[[Num], Mask]) -> Num:
    """Return the index of the last stop that is passed, or 0."""
    build = machine.builder
    # Padded to a power of two, so that no step can lead outside.
    size = 1 << (len(stops) - 1).bit_length()
    table = tuple(stops) + (math.inf,) * (size - len(stops))
    index: Num = 0.0
    step = size // 2
    while step:
        there = build.number("add", index, float(step))
        passed = is_passed(build.table(table, there))
        index = build.choose(passed, there, index)
        step //= 2
    # A value of infinity passes the padding too.
    return build.number("min", index, float(len(stops) - 1))


def beyond_all(machine: Machine, value: Num, stops: Sequence[Num]) -> Mask:
    """Return whether the value is above every stop."""
    build = machine.builder
    if all(type(stop) is float for stop in stops) and ascends(stops):  # type: ignore[arg-type]
        return build.compare("gt", value, stops[-1])
    result: Mask = True
    for stop in stops:
        result = build.both(result, build.compare("gt", value, stop))
    return result
