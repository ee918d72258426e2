"""JavaScript's arithmetic in LLVM instructions, alike for one lane and for eight.

Nothing here is contracted, reordered or undefined for any double: no fast-math flag, and each
conversion to an integer is of a number that fits.
"""

import math

from evalscripts.native.emit.text import Code, Width

INSTRUCTIONS = {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv"}
INTRINSICS = {
    "min": "minimum",
    "max": "maximum",
    "abs": "fabs",
    "floor": "floor",
    "ceil": "ceil",
    "trunc": "trunc",
    "sqrt": "sqrt",
}
RELATIONS = {"lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge", "eq": "oeq", "ne": "une"}
LOGIC = {"and": "and", "or": "or", "xor": "xor"}
BITS = {"bit_and": "and", "bit_or": "or", "bit_xor": "xor"}
SHIFTS = {"shl": "shl", "shr": "ashr", "ushr": "lshr"}

_TWO_31 = 2.0**31
_TWO_32 = 2.0**32


def round_up(code: Code, width: Width, x: str) -> str:
    """``Math.round``: up, and back by one where that went further than a half.

    ``floor(x + 0.5)`` would round 0.49999999999999994 to 1, odd numbers above 2⁵² to their
    neighbors, and −0.2 to +0.
    """
    up = code.intrinsic("ceil", width, x)
    below = code.let(f"fsub {width.number} {up}, {width.of(0.5)}")
    is_too_far = code.is_true(width, "ogt", below, x)
    back = code.let(f"fsub {width.number} {up}, {width.of(1.0)}")
    return code.pick(width, is_too_far, back, up)


def round_single(code: Code, width: Width, x: str) -> str:
    """``Math.fround``."""
    single = width.number.replace("double", "float")
    rounded = code.let(f"fptrunc {width.number} {x} to {single}")
    return code.let(f"fpext {single} {rounded} to {width.number}")


def to_int32(code: Code, width: Width, x: str) -> str:
    """ToInt32, as 32-bit integers.

    Each step is exact: dividing by 2³² only moves the exponent of a whole number, and what is
    left is a multiple of the same unit. The last comparison fails for NaN, which infinity has
    become by then.
    """
    whole = code.intrinsic("trunc", width, x)
    turns = code.let(f"fmul {width.number} {whole}, {width.of(1 / _TWO_32)}")
    turns = code.intrinsic("floor", width, turns)
    turned = code.let(f"fmul {width.number} {turns}, {width.of(_TWO_32)}")
    rest = code.let(f"fsub {width.number} {whole}, {turned}")
    is_high = code.is_true(width, "oge", rest, width.of(_TWO_31))
    low = code.let(f"fsub {width.number} {rest}, {width.of(_TWO_32)}")
    signed = code.pick(width, is_high, low, rest)
    is_number = code.is_true(width, "ord", signed, width.of(0.0))
    safe = code.pick(width, is_number, signed, width.of(0.0))
    return code.let(f"fptosi {width.number} {safe} to {width.int32}")


def int32_of(x: float) -> int:
    """Return the ToInt32 of a number that is known now."""
    if not math.isfinite(x):
        return 0
    return (math.trunc(x) + 2**31) % 2**32 - 2**31


def from_int32(code: Code, width: Width, n: str) -> str:
    """Return signed integers as doubles."""
    return code.let(f"sitofp {width.int32} {n} to {width.number}")


def from_uint32(code: Code, width: Width, n: str) -> str:
    """Return unsigned integers as doubles."""
    return code.let(f"uitofp {width.int32} {n} to {width.number}")


def shift(code: Code, width: Width, instruction: str, n: str, by: str) -> str:
    """Shift by the lowest five bits of a count."""
    count = code.let(f"and {width.int32} {by}, {width.whole(31)}")
    return code.let(f"{instruction} {width.int32} {n}, {count}")


def to_row(code: Code, width: Width, index: str, length: str) -> str:
    """Return an index as an i32, or ``length`` where it is not within ``[0, length)``.

    ``length`` is a number of this width, whole and below 2³¹.
    """
    is_low = code.is_true(width, "oge", index, width.of(0.0))
    is_high = code.is_true(width, "olt", index, length)
    is_inside = code.let(f"and {width.truth} {is_low}, {is_high}")
    safe = code.pick(width, is_inside, index, length)
    return code.let(f"fptosi {width.number} {safe} to {width.int32}")


def negate(code: Code, width: Width, x: str) -> str:
    """Flip the sign, also of zeros."""
    return code.let(f"fneg {width.number} {x}")


UNARY = {"neg": negate, "round": round_up, "fround": round_single}
