"""How often a loop of the IR turns at most, read off its condition."""

import math
from typing import Any

from evalscripts.native import ir
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.values import Mask

_MOST_TURNS = 2.0**53


def limit_of(machine: Machine, condition: Mask) -> Any:
    """Return what bounds how often a loop turns: a number, scenes, an array's length, or None."""
    if type(condition) is not ir.Op:
        return None
    waiting, seen = [condition], {condition}
    while waiting:
        part = waiting.pop()
        if part.name != "and":
            limit = _limit_of_test(machine, part)
            if limit is not None:
                return limit
            continue
        fresh = [op for op in part.operands if type(op) is ir.Op and op not in seen]
        waiting += fresh
        seen.update(fresh)
    return None


def _limit_of_test(machine: Machine, condition: ir.Op) -> Any:
    if condition.name not in ("lt", "le"):
        return None
    low, high = condition.operands
    rising, falling = _steps(low), _steps(high)
    if rising is not None and rising[1] > 0:
        return _turns(machine, rising[0], high, rising[1])
    if falling is not None and falling[1] < 0:
        return _turns(machine, low, falling[0], -falling[1])
    return None


def _steps(value: ir.Value) -> tuple[ir.Value, float] | None:
    """Return a counter's first value and its step."""
    if type(value) is not ir.Phi or type(value.next) is not ir.Op:
        return None
    op = value.next
    if op.name == "select" and value in op.operands[1:]:
        moved = [operand for operand in op.operands[1:] if operand is not value]
        if len(moved) != 1 or type(moved[0]) is not ir.Op:
            return None
        op = moved[0]
    if op.name not in ("add", "sub") or len(op.operands) != 2:
        return None
    base, step = op.operands
    if op.name == "add" and base is not value:
        base, step = step, base
    if base is not value or type(step) is not ir.Op or step.name != "const":
        return None
    return value.first, step.attr if op.name == "add" else -step.attr


def _turns(machine: Machine, low: ir.Value, high: ir.Value, step: float) -> Any:
    start, stop = _constant(low), _constant(high)
    if start is None or math.isnan(start):
        return None
    if stop is not None and math.isfinite(stop - start):
        return float(max(0, math.floor((stop - start) / step) + 2))
    return _size(machine, high) if start >= 0 and step >= 1 else None


def _constant(value: ir.Value) -> float | None:
    if type(value) is ir.Op and value.name == "const":
        return float(value.attr)
    return None


def _size(machine: Machine, value: ir.Value) -> ir.Value | None:
    """Return the number of scenes, or the length, that a number is at most."""
    if value in machine.sizes:
        return value
    if type(value) is not ir.Op:
        return None
    if value.name == "scenes":
        return value
    if value.name == "sub":
        taken = _constant(value.operands[1])
        return _size(machine, value.operands[0]) if taken is not None and taken >= 0 else None
    return None


def bound_of(limit: Any) -> int | str | None:
    """Return the bound as the IR writes it."""
    if type(limit) is float:
        return int(limit) if limit < _MOST_TURNS else None
    return "scenes" if type(limit) is ir.Op and limit.name == "scenes" else None
