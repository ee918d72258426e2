"""What each op of the IR takes and gives, as a table: the typed half of ``ir.py``'s grammar."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signature:
    """Operands and result of an op."""

    operands: str
    """One letter each: ``n`` a number (F or U), ``m`` a truth value (M or B)."""
    result: str
    """``n``, ``m``, or empty for effects."""
    is_uniform: bool = False
    """The result is U or B whatever the operands are."""
    is_varying: bool = False
    """The result is F or M whatever the operands are."""


_UNARY = (
    "neg abs floor ceil trunc sqrt round fround int32 uint32",
    Signature("n", "n"),
)
_BINARY = (
    "add sub mul div rem min max bit_and bit_or bit_xor shl shr ushr",
    Signature("nn", "n"),
)
_COMPARE = ("lt le gt ge eq ne", Signature("nn", "m"))
_LOGIC = ("and or xor", Signature("mm", "m"))

VALUES: dict[str, Signature] = {
    **{
        name: signature
        for names, signature in (_UNARY, _BINARY, _COMPARE, _LOGIC)
        for name in names.split()
    },
    "const": Signature("", "n", is_uniform=True),
    "truth": Signature("", "m", is_uniform=True),
    "math": Signature("n", "n"),
    "not": Signature("m", "m"),
    "select": Signature("mnn", "n"),
    "number": Signature("m", "n"),
    "any": Signature("m", "m", is_uniform=True),
    "all": Signature("m", "m", is_uniform=True),
    "load": Signature("n", "n", is_varying=True),
    "scenes": Signature("", "n", is_uniform=True),
    "fact": Signature("n", "n"),
    "table": Signature("n", "n"),
    "read": Signature("n", "n", is_varying=True),
}
"""Name → signature of all that have a value. ``math`` takes as many operands as `MATH` says, and
``select`` also chooses between truth values."""

EFFECTS: dict[str, Signature] = {
    "write": Signature("nnm", ""),
    "sort": Signature("n", ""),
    "trap": Signature("m", ""),
    "out": Signature("n", ""),
}

_TRIGONOMETRIC = "acos acosh asin asinh atan atanh cos cosh sin sinh tan tanh"
_EXPONENTIAL = "cbrt exp expm1 log log10 log1p log2"
MATH: dict[str, int] = {
    **dict.fromkeys((*_TRIGONOMETRIC.split(), *_EXPONENTIAL.split()), 1),
    **dict.fromkeys(("atan2", "hypot", "pow"), 2),
}
"""Functions of Math that are more than an instruction → how many numbers they take."""
