"""The IR's pure operations on constants, exactly as JavaScript computes them."""

import math
import struct
from collections.abc import Callable
from typing import Any

_NAN = float("nan")
_INFINITY = float("inf")
_WRAP = 1 << 32
_SIGN = 1 << 31
_WHOLE = 2.0**52


def divide(x: float, y: float) -> float:
    """Return x / y as IEEE 754 has it."""
    if y != 0:
        return x / y
    if x == 0 or math.isnan(x) or math.isnan(y):
        return _NAN
    return math.copysign(_INFINITY, math.copysign(1, x) * math.copysign(1, y))


def remainder(x: float, y: float) -> float:
    """Return x % y."""
    if math.isnan(x) or math.isnan(y) or math.isinf(x) or y == 0:
        return _NAN
    return math.fmod(x, y)


def lower(x: float, y: float) -> float:
    """Return Math.min(x, y)."""
    if math.isnan(x) or math.isnan(y):
        return _NAN
    if x == y:
        return x if math.copysign(1, x) < 0 else y
    return min(x, y)


def higher(x: float, y: float) -> float:
    """Return Math.max(x, y)."""
    return -lower(-x, -y)


def rounded(x: float) -> float:
    """Return Math.round(x)."""
    if math.isnan(x) or math.isinf(x) or abs(x) >= _WHOLE or x == 0:
        return x
    down = math.floor(x)
    return math.copysign(float(down + 1 if x - down >= 0.5 else down), x)


def to_uint32(x: float) -> float:
    """Return ToUint32(x)."""
    if math.isnan(x) or math.isinf(x):
        return 0.0
    return float(math.trunc(x) % _WRAP)


def to_int32(x: float) -> float:
    """Return ToInt32(x)."""
    whole = int(to_uint32(x))
    return float(whole - _WRAP if whole >= _SIGN else whole)


def to_single(x: float) -> float:
    """Return Math.fround(x)."""
    try:
        return float(struct.unpack("f", struct.pack("f", x))[0])
    except OverflowError:
        return math.copysign(_INFINITY, x)


def _whole(round_: Callable[[float], int]) -> Callable[[float], float]:
    def apply(x: float) -> float:
        if math.isnan(x) or math.isinf(x) or x == 0:
            return x
        return math.copysign(float(round_(x)), x)

    return apply


def _bits(combine: Callable[[int, int], int]) -> Callable[[float, float], float]:
    return lambda x, y: to_int32(float(combine(int(to_int32(x)), int(to_int32(y)))))


def _shift(x: float, y: float) -> float:
    return to_int32(float((int(to_int32(x)) << (int(to_uint32(y)) & 31)) % _WRAP))


FOLDS: dict[str, Callable[..., Any]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": divide,
    "rem": remainder,
    "min": lower,
    "max": higher,
    "neg": lambda x: -x,
    "abs": abs,
    "floor": _whole(math.floor),
    "ceil": _whole(math.ceil),
    "trunc": _whole(math.trunc),
    "sqrt": lambda x: math.sqrt(x) if x >= 0 else _NAN,
    "round": rounded,
    "fround": to_single,
    "int32": to_int32,
    "uint32": to_uint32,
    "bit_and": _bits(lambda x, y: x & y),
    "bit_or": _bits(lambda x, y: x | y),
    "bit_xor": _bits(lambda x, y: x ^ y),
    "shl": _shift,
    "shr": lambda x, y: float(int(to_int32(x)) >> (int(to_uint32(y)) & 31)),
    "ushr": lambda x, y: float(int(to_uint32(x)) >> (int(to_uint32(y)) & 31)),
    "lt": lambda x, y: x < y,
    "le": lambda x, y: x <= y,
    "gt": lambda x, y: x > y,
    "ge": lambda x, y: x >= y,
    "eq": lambda x, y: x == y,
    "ne": lambda x, y: x != y,
}
"""Operation → its result; comparisons give bools."""
