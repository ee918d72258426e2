"""The arithmetic of JavaScript's numbers over numpy arrays; part of the IR's interpreter."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalscripts.setup import SampleType

Number = Any
"""float64, or bool, of shape (pixels,), or () where it is the same for all."""

_RANGES = {
    "AUTO": (0, 255),
    "UINT8": (0, 255),
    "INT8": (-128, 127),
    "UINT16": (0, 65535),
    "INT16": (-32768, 32767),
}
DTYPES = {kind.value: kind.dtype for kind in SampleType}
"""Sample type's name → numpy's name of how it is stored."""


def _uint32(x: Number) -> Number:
    whole = np.where(np.isfinite(x), np.trunc(x), 0.0)
    return np.mod(whole, 4294967296.0) + 0.0


def _int32(x: Number) -> Number:
    wrapped = _uint32(x)
    return np.where(wrapped >= 2147483648.0, wrapped - 4294967296.0, wrapped)


def _bits(function: Callable[[Any, Any], Any]) -> Callable[[Number, Number], Number]:
    def run(a: Number, b: Number) -> Number:
        left, right = (np.asarray(_int32(x)).astype(np.int64) for x in (a, b))
        return _int32(np.asarray(function(left, right)).astype(np.float64))

    return run


def _ushr(a: Number, b: Number) -> Number:
    left, right = (np.asarray(_uint32(x)).astype(np.int64) for x in (a, b))
    return (left >> (right & 31)).astype(np.float64)


def _min(a: Number, b: Number) -> Number:
    zero = np.where(np.signbit(a), a, b)
    return np.where((a == 0) & (b == 0), zero, np.minimum(a, b))


def _max(a: Number, b: Number) -> Number:
    zero = np.where(np.signbit(a), b, a)
    return np.where((a == 0) & (b == 0), zero, np.maximum(a, b))


def _round(x: Number) -> Number:
    up = np.ceil(x)
    return np.where(up - 0.5 > x, up - 1.0, up)


def convert(value: NDArray[np.float64], kind: str) -> NDArray[Any]:
    """Return numbers as an output of this sample type stores them."""
    if kind == "FLOAT32":
        return value.astype(np.float32)
    low, high = _RANGES[kind]
    if kind == "AUTO":
        value = value * 255.0
    rounded = np.where(np.isnan(value), 0.0, _round(value))
    return np.clip(rounded, low, high).astype(DTYPES[kind])


OPERATIONS: dict[str, Callable[..., Number]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "rem": np.fmod,
    "min": _min,
    "max": _max,
    "neg": np.negative,
    "abs": np.abs,
    "floor": np.floor,
    "ceil": np.ceil,
    "trunc": np.trunc,
    "sqrt": np.sqrt,
    "round": _round,
    "fround": lambda x: np.asarray(x).astype(np.float32).astype(np.float64),
    "int32": _int32,
    "uint32": _uint32,
    "bit_and": _bits(np.bitwise_and),
    "bit_or": _bits(np.bitwise_or),
    "bit_xor": _bits(np.bitwise_xor),
    "shl": _bits(lambda a, b: a << (b & 31)),
    "shr": _bits(lambda a, b: a >> (b & 31)),
    "ushr": _ushr,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "eq": np.equal,
    "ne": np.not_equal,
    "and": np.logical_and,
    "or": np.logical_or,
    "xor": np.logical_xor,
    "not": np.logical_not,
    "select": np.where,
    "number": lambda m: np.where(m, 1.0, 0.0),
    "any": lambda m: np.bool_(np.any(m)),
    "all": lambda m: np.bool_(np.all(m)),
}
"""Name of an op → its result, of ops that need nothing but their operands."""
