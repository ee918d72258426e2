"""`Real`, `Whole` and `Truth`: formulas over eight lanes, written in Python, that write LLVM.

Each operator appends one instruction to a function's code, in the order in which Python evaluates
it, so that a formula here rounds as it stands: no contraction, no reordering, no fast-math.
"""

import struct
from dataclasses import dataclass
from functools import partial
from typing import Self

from evalscripts.native.emit.text import VECTOR, Code
from evalscripts.native.emit.values import MATH_SYMBOL
from evalscripts.native.frame import LANES

_REALS = VECTOR.number
_TRUTHS = VECTOR.truth
_WHOLES = f"<{LANES} x i64>"
_SHORTS = VECTOR.int32
_LOW_HALF = 0xFFFFFFFF


def double(high: int, low: int = 0) -> float:
    """Return the double whose two halves are these words, as libraries of old write constants."""
    return float(struct.unpack("<d", struct.pack("<Q", high << 32 | low))[0])


def polynomial(x: "Real", *coefficients: float) -> "Real":
    """Return c₀ + x·(c₁ + x·(c₂ + …)), in Horner's order."""
    result: Real | float = coefficients[-1]
    for coefficient in reversed(coefficients[:-1]):
        result = coefficient + x * result
    if isinstance(result, float):
        raise TypeError("a polynomial has two coefficients or more")
    return result


@dataclass(frozen=True, slots=True, eq=False)
class _Lanes:
    code: Code
    name: str
    """Of the vector, in the function's text."""


class Real(_Lanes):
    """A double in each lane."""

    __slots__ = ()

    def _of(self, x: "Real | float") -> str:
        return x.name if isinstance(x, Real) else VECTOR.of(x)

    def _make(self, instruction: str) -> "Real":
        return Real(self.code, self.code.let(instruction))

    def _two(self, operation: str, a: "Real | float", b: "Real | float") -> "Real":
        return self._make(f"{operation} {_REALS} {self._of(a)}, {self._of(b)}")

    def __add__(self, other: "Real | float") -> "Real":
        return self._two("fadd", self, other)

    def __radd__(self, other: float) -> "Real":
        return self._two("fadd", other, self)

    def __sub__(self, other: "Real | float") -> "Real":
        return self._two("fsub", self, other)

    def __rsub__(self, other: float) -> "Real":
        return self._two("fsub", other, self)

    def __mul__(self, other: "Real | float") -> "Real":
        return self._two("fmul", self, other)

    def __rmul__(self, other: float) -> "Real":
        return self._two("fmul", other, self)

    def __truediv__(self, other: "Real | float") -> "Real":
        return self._two("fdiv", self, other)

    def __rtruediv__(self, other: float) -> "Real":
        return self._two("fdiv", other, self)

    def __neg__(self) -> "Real":
        return self._make(f"fneg {_REALS} {self.name}")

    def _intrinsic(self, name: str, *others: "Real | float") -> "Real":
        given = (self.name, *(self._of(other) for other in others))
        return Real(self.code, self.code.intrinsic(name, VECTOR, *given))

    def __abs__(self) -> "Real":
        return self._intrinsic("fabs")

    def sqrt(self) -> "Real":
        """Return the square root."""
        return self._intrinsic("sqrt")

    def trunc(self) -> "Real":
        """Return it without what is behind the point."""
        return self._intrinsic("trunc")

    def floor(self) -> "Real":
        """Return the whole number below."""
        return self._intrinsic("floor")

    def with_sign(self, other: "Real | float") -> "Real":
        """Return it with another's sign."""
        return self._intrinsic("copysign", other)

    def sign_of(self, magnitude: float) -> "Real":
        """Return a constant with this sign."""
        return Real(
            self.code, self.code.intrinsic("copysign", VECTOR, VECTOR.of(magnitude), self.name)
        )

    def _compare(self, relation: str, other: "Real | float") -> "Truth":
        text = f"fcmp {relation} {_REALS} {self.name}, {self._of(other)}"
        return Truth(self.code, self.code.let(text))

    def __lt__(self, other: "Real | float") -> "Truth":
        return self._compare("olt", other)

    def __le__(self, other: "Real | float") -> "Truth":
        return self._compare("ole", other)

    def __gt__(self, other: "Real | float") -> "Truth":
        return self._compare("ogt", other)

    def __ge__(self, other: "Real | float") -> "Truth":
        return self._compare("oge", other)

    def equals(self, other: "Real | float") -> "Truth":
        """Return where both are the same number."""
        return self._compare("oeq", other)

    def is_nan(self) -> "Truth":
        """Return where it is no number."""
        return self._compare("uno", self)

    def is_minus(self) -> "Truth":
        """Return where the sign is set: of −0 too."""
        return self.bits() < 0

    def bits(self) -> "Whole":
        """Return the representation."""
        return Whole(self.code, self.code.let(f"bitcast {_REALS} {self.name} to {_WHOLES}"))

    def high(self) -> "Whole":
        """Return the upper half of the representation; below 2³¹ where it is positive."""
        return self.bits() >> 32

    def cut(self) -> "Real":
        """Return it with the lower half of the representation cleared."""
        return (self.bits() & ~_LOW_HALF).real()

    def whole(self) -> "Whole":
        """Return it as an integer, cut; it must lie within 32 bits."""
        short = self.code.let(f"fptosi {_REALS} {self.name} to {_SHORTS}")
        return Whole(self.code, self.code.let(f"sext {_SHORTS} {short} to {_WHOLES}"))


class Whole(_Lanes):
    """A 64-bit integer in each lane."""

    __slots__ = ()

    def _two(self, operation: str, other: "Whole | int") -> "Whole":
        right = other.name if isinstance(other, Whole) else f"splat (i64 {other})"
        return Whole(self.code, self.code.let(f"{operation} {_WHOLES} {self.name}, {right}"))

    def __add__(self, other: "Whole | int") -> "Whole":
        return self._two("add", other)

    def __sub__(self, other: "Whole | int") -> "Whole":
        return self._two("sub", other)

    def __mul__(self, other: "Whole | int") -> "Whole":
        return self._two("mul", other)

    def __and__(self, other: "Whole | int") -> "Whole":
        return self._two("and", other)

    def __or__(self, other: "Whole | int") -> "Whole":
        return self._two("or", other)

    def __xor__(self, other: "Whole | int") -> "Whole":
        return self._two("xor", other)

    def __lshift__(self, other: "Whole | int") -> "Whole":
        return self._two("shl", other)

    def __rshift__(self, other: "Whole | int") -> "Whole":
        """Shift zeros in."""
        return self._two("lshr", other)

    def _compare(self, relation: str, other: "Whole | int") -> "Truth":
        right = other.name if isinstance(other, Whole) else f"splat (i64 {other})"
        text = f"icmp {relation} {_WHOLES} {self.name}, {right}"
        return Truth(self.code, self.code.let(text))

    def __lt__(self, other: "Whole | int") -> "Truth":
        return self._compare("slt", other)

    def __le__(self, other: "Whole | int") -> "Truth":
        return self._compare("sle", other)

    def __gt__(self, other: "Whole | int") -> "Truth":
        return self._compare("sgt", other)

    def __ge__(self, other: "Whole | int") -> "Truth":
        return self._compare("sge", other)

    def equals(self, other: "Whole | int") -> "Truth":
        """Return where both are the same."""
        return self._compare("eq", other)

    def has(self, bit: int) -> "Truth":
        """Return where a bit is set."""
        return (self & bit).equals(bit)

    def real(self) -> Real:
        """Return the double with this representation."""
        return Real(self.code, self.code.let(f"bitcast {_WHOLES} {self.name} to {_REALS}"))

    def number(self) -> Real:
        """Return it as a double; it must lie within 32 bits."""
        short = self.code.let(f"trunc {_WHOLES} {self.name} to {_SHORTS}")
        return Real(self.code, self.code.let(f"sitofp {_SHORTS} {short} to {_REALS}"))

    def power_of_two(self) -> Real:
        """Return 2 to this, which must be from −1022 to 1023."""
        return ((self + 1023) << 52).real()

    def look_up(self, table: str) -> Real:
        """Return the doubles at these places of a table of the module; they must be inside."""
        pointers = f"<{LANES} x ptr>"
        places = self.code.let(f"getelementptr double, ptr @{table}, {_WHOLES} {self.name}")
        call = partial(self.code.call, f"llvm.masked.gather.v{LANES}f64.v{LANES}p0", _REALS)
        every = VECTOR.bit(is_set=True)
        found = call(
            (pointers, places), ("i32", "8"), (_TRUTHS, every), (_REALS, "zeroinitializer")
        )
        return Real(self.code, found)


class Truth(_Lanes):
    """A truth value in each lane."""

    __slots__ = ()

    def _two(self, operation: str, other: str) -> "Truth":
        return Truth(self.code, self.code.let(f"{operation} {_TRUTHS} {self.name}, {other}"))

    def __and__(self, other: Self) -> "Truth":
        return self._two("and", other.name)

    def __or__(self, other: Self) -> "Truth":
        return self._two("or", other.name)

    def __invert__(self) -> "Truth":
        return self._two("xor", VECTOR.bit(is_set=True))

    def pick(self, yes: Real | float, no: Real | float) -> Real:
        """Return one number where it is true, and another where not."""
        left, right = (x.name if isinstance(x, Real) else VECTOR.of(x) for x in (yes, no))
        return Real(self.code, self.code.pick(VECTOR, self.name, left, right))

    def pick_whole(self, yes: Whole | int, no: Whole | int) -> Whole:
        """Return one integer where it is true, and another where not."""
        left, right = (x.name if isinstance(x, Whole) else f"splat (i64 {x})" for x in (yes, no))
        choice = f"{_WHOLES} {left}, {_WHOLES} {right}"
        return Whole(self.code, self.code.let(f"select {_TRUTHS} {self.name}, {choice}"))

    def any(self) -> str:
        """Return the i1 that says whether it is true in some lane."""
        bits = self.code.let(f"bitcast {_TRUTHS} {self.name} to i{LANES}")
        return self.code.let(f"icmp ne i{LANES} {bits}, 0")


def call(name: str, *arguments: Real) -> Real:
    """Return what a function of Math gives for eight lanes."""
    code = arguments[0].code
    return Real(code, code.call(MATH_SYMBOL + name, _REALS, *((_REALS, x.name) for x in arguments)))
