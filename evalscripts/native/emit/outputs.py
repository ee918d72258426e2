"""Rounding and clamping to an output's sample type, as the V8 tier does it."""

import math

from evalscripts.native.emit.arithmetic import round_up
from evalscripts.native.emit.text import VECTOR, Code
from evalscripts.native.frame import LANES

_RANGES = {
    "AUTO": (0, 255, "i8"),
    "UINT8": (0, 255, "i8"),
    "INT8": (-128, 127, "i8"),
    "UINT16": (0, 65535, "i16"),
    "INT16": (-32768, 32767, "i16"),
}
_NEARLY_HALF = VECTOR.of(math.nextafter(0.5, 0.0))


def store(code: Code, kind: str, number: str, place: str, *, whole_bits: int) -> None:
    """Write eight pixels of one band to ``place``, which need not be aligned.

    ``whole_bits`` is the size of the integers on the way, 32 or 64: what the processor is faster
    with; the result is the same.
    """
    if kind == "FLOAT32":
        rounded = code.let(f"fptrunc {VECTOR.number} {number} to <{LANES} x float>")
        code.do(f"store <{LANES} x float> {rounded}, ptr {place}, align 1")
        return
    low, high, stored = _RANGES[kind]
    if kind == "AUTO":
        number = code.let(f"fmul {VECTOR.number} {number}, {VECTOR.of(255.0)}")
    whole = _positive(code, number, high) if low == 0 else _signed(code, number, low, high)
    integers = f"<{LANES} x i{whole_bits}>"
    wide = code.let(f"fptosi {VECTOR.number} {whole} to {integers}")
    narrow = code.let(f"trunc {integers} {wide} to <{LANES} x {stored}>")
    code.do(f"store <{LANES} x {stored}> {narrow}, ptr {place}, align 1")


def _positive(code: Code, number: str, high: int) -> str:
    """Return what cutting makes the nearest of, halves up; NaN is 0.

    The summand is the double below a half: with a half itself, 0.49999999999999994 would become
    1, while all true halves below 2⁵² still reach the next whole number by rounding.
    """
    is_some = code.is_true(VECTOR, "ogt", number, VECTOR.of(0.0))
    some = code.pick(VECTOR, is_some, number, VECTOR.of(0.0))
    return code.let(f"fadd {VECTOR.number} {_at_most(code, some, high)}, {_NEARLY_HALF}")


def _signed(code: Code, number: str, low: int, high: int) -> str:
    is_number = code.is_true(VECTOR, "ord", number, VECTOR.of(0.0))
    known = code.pick(VECTOR, is_number, number, VECTOR.of(0.0))
    is_above = code.is_true(VECTOR, "ogt", known, VECTOR.of(low))
    raised = code.pick(VECTOR, is_above, known, VECTOR.of(low))
    return round_up(code, VECTOR, _at_most(code, raised, high))


def _at_most(code: Code, number: str, high: int) -> str:
    is_below = code.is_true(VECTOR, "olt", number, VECTOR.of(high))
    return code.pick(VECTOR, is_below, number, VECTOR.of(high))
