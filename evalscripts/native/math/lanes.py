"""`Real`, `Whole` and `Truth`: formulas over eight lanes, written in Python, that write LLVM.

Each operator appends one instruction to a function's code, in the order in which Python evaluates
it, so that a formula here rounds as it stands: no contraction, no reordering, no fast-math.
"""

import struct
from dataclasses import dataclass
from typing import Self

from evalscripts.native.emit.text import Code, Module, Width
from evalscripts.native.emit.values import MATH_SYMBOL
from evalscripts.native.frame import LANES

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


class Formula(Code):
    """A function's code, over all lanes or over one."""

    def __init__(self, module: Module, *, lanes: int = LANES) -> None:
        super().__init__(module, "entry")
        self.lanes = lanes
        self.width = Width(
            number=f"<{lanes} x double>",
            truth=f"<{lanes} x i1>",
            int32=f"<{lanes} x i32>",
            suffix=f"v{lanes}f64",
            is_vector=True,
        )
        self.reals, self.truths, self.shorts = (
            self.width.number,
            self.width.truth,
            self.width.int32,
        )
        self.wholes = f"<{lanes} x i64>"


@dataclass(frozen=True, slots=True, eq=False)
class _Lanes:
    code: Formula
    name: str
    """Of the vector, in the function's text."""


class Real(_Lanes):
    """A double in each lane."""

    __slots__ = ()

    def _of(self, x: "Real | float") -> str:
        return x.name if isinstance(x, Real) else self.code.width.of(x)

    def _make(self, instruction: str) -> "Real":
        return Real(self.code, self.code.let(instruction))

    def _two(self, operation: str, a: "Real | float", b: "Real | float") -> "Real":
        return self._make(f"{operation} {self.code.reals} {self._of(a)}, {self._of(b)}")

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
        return self._make(f"fneg {self.code.reals} {self.name}")

    def _intrinsic(self, name: str, *others: "Real | float") -> "Real":
        given = (self.name, *(self._of(other) for other in others))
        return Real(self.code, self.code.intrinsic(name, self.code.width, *given))

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
        code = self.code
        given = (code.width.of(magnitude), self.name)
        return Real(code, code.intrinsic("copysign", code.width, *given))

    def _compare(self, relation: str, other: "Real | float") -> "Truth":
        text = f"fcmp {relation} {self.code.reals} {self.name}, {self._of(other)}"
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
        code = self.code
        return Whole(code, code.let(f"bitcast {code.reals} {self.name} to {code.wholes}"))

    def high(self) -> "Whole":
        """Return the upper half of the representation; below 2³¹ where it is positive."""
        return self.bits() >> 32

    def cut(self) -> "Real":
        """Return it with the lower half of the representation cleared."""
        return (self.bits() & ~_LOW_HALF).real()

    def whole(self) -> "Whole":
        """Return it as an integer, cut; it must lie within 32 bits."""
        code = self.code
        short = code.let(f"fptosi {code.reals} {self.name} to {code.shorts}")
        return Whole(code, code.let(f"sext {code.shorts} {short} to {code.wholes}"))


class Whole(_Lanes):
    """A 64-bit integer in each lane."""

    __slots__ = ()

    def _two(self, operation: str, other: "Whole | int") -> "Whole":
        right = other.name if isinstance(other, Whole) else f"splat (i64 {other})"
        text = f"{operation} {self.code.wholes} {self.name}, {right}"
        return Whole(self.code, self.code.let(text))

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
        text = f"icmp {relation} {self.code.wholes} {self.name}, {right}"
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
        code = self.code
        return Real(code, code.let(f"bitcast {code.wholes} {self.name} to {code.reals}"))

    def number(self) -> Real:
        """Return it as a double; it must lie within 32 bits."""
        code = self.code
        short = code.let(f"trunc {code.wholes} {self.name} to {code.shorts}")
        return Real(code, code.let(f"sitofp {code.shorts} {short} to {code.reals}"))

    def power_of_two(self) -> Real:
        """Return 2 to this, which must be from −1022 to 1023."""
        return ((self + 1023) << 52).real()

    def look_up(self, table: str) -> Real:
        """Return the doubles at these places of a table of the module; they must be inside."""
        code, n = self.code, self.code.lanes
        places = code.let(f"getelementptr double, ptr @{table}, {code.wholes} {self.name}")
        given = (
            (f"<{n} x ptr>", places),
            ("i32", "8"),
            (code.truths, code.width.bit(is_set=True)),
            (code.reals, "zeroinitializer"),
        )
        return Real(code, code.call(f"llvm.masked.gather.v{n}f64.v{n}p0", code.reals, *given))


class Truth(_Lanes):
    """A truth value in each lane."""

    __slots__ = ()

    def _two(self, operation: str, other: str) -> "Truth":
        text = f"{operation} {self.code.truths} {self.name}, {other}"
        return Truth(self.code, self.code.let(text))

    def __and__(self, other: Self) -> "Truth":
        return self._two("and", other.name)

    def __or__(self, other: Self) -> "Truth":
        return self._two("or", other.name)

    def __invert__(self) -> "Truth":
        return self._two("xor", self.code.width.bit(is_set=True))

    def pick(self, yes: Real | float, no: Real | float) -> Real:
        """Return one number where it is true, and another where not."""
        left, right = (x.name if isinstance(x, Real) else self.code.width.of(x) for x in (yes, no))
        return Real(self.code, self.code.pick(self.code.width, self.name, left, right))

    def pick_whole(self, yes: Whole | int, no: Whole | int) -> Whole:
        """Return one integer where it is true, and another where not."""
        left, right = (x.name if isinstance(x, Whole) else f"splat (i64 {x})" for x in (yes, no))
        choice = f"{self.code.wholes} {left}, {self.code.wholes} {right}"
        return Whole(self.code, self.code.let(f"select {self.code.truths} {self.name}, {choice}"))

    def any(self) -> str:
        """Return the i1 that says whether it is true in some lane."""
        bits = self.code.let(f"bitcast {self.code.truths} {self.name} to i{self.code.lanes}")
        return self.code.let(f"icmp ne i{self.code.lanes} {bits}, 0")


def call(name: str, *arguments: Real) -> Real:
    """Return what a function of Math gives for eight lanes."""
    code = arguments[0].code
    given = ((code.reals, x.name) for x in arguments)
    return Real(code, code.call(MATH_SYMBOL + name, code.reals, *given))
