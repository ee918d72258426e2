"""`Expressions`: random JavaScript for numbers, truth values and arrays."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

BANDS = ("B04", "B08", "B11")
_NUMBERS = (
    *("0", "1", "2", "3", "-1", "0.5", "0.1", "0.3", "-0.25", "1.5", "7", "255", "10000"),
    *("NaN", "Infinity", "null", "undefined", "true", "-0", "1e-7", "4294967297", "1e21"),
)
PLAIN = ("0", "1", "2", "0.5", "0.2", "0.35", "0.8", "(-0.1)", "1.5", "3", "10")
_MATH = (
    *("abs", "floor", "ceil", "round", "trunc", "sqrt", "sign", "fround", "exp", "log", "log10"),
    *("log2", "sin", "cos", "tan", "atan", "cbrt", "tanh", "sinh", "expm1", "log1p", "asin"),
)
_ARITHMETIC = ("+", "-", "*", "/", "+", "-", "*", "/", "%", "**", "&", "|", "^", "<<", ">>", ">>>")
_COMPARISONS = ("<", "<=", ">", ">=", "<", ">", "==", "!=", "===", "!==")
TAGS = ('"water"', '"land"', '"snow"')
_DEPTH = 3
_Chosen = TypeVar("_Chosen")


@dataclass(slots=True)
class Scope:
    """The names that an expression may use."""

    numbers: list[str]
    arrays: list[str]
    objects: list[str]
    tags: list[str]
    fixed: set[str]
    """Of these, those that must not be assigned."""

    def copy(self) -> "Scope":
        return Scope([*self.numbers], [*self.arrays], [*self.objects], [*self.tags], {*self.fixed})


class Expressions:
    """Writes expressions; ``choose`` gives a number below the one it is given."""

    def __init__(self, choose: Callable[[int], int]) -> None:
        self._choose = choose
        self.scope = Scope(["K"], ["TABLE"], [], [], {"K", "TABLE"})
        self.functions: list[tuple[str, int]] = []
        """Names and numbers of parameters."""
        self.source = ""
        """``sample`` or ``samples``; empty in functions, which see none."""

    def pick(self, choices: Sequence[_Chosen]) -> _Chosen:
        return choices[self._choose(len(choices))]

    def chance(self, of: int) -> bool:
        return self._choose(of) == of - 1

    def number(self, depth: int = 0) -> str:
        if depth >= _DEPTH or self.chance(4):
            return self._atom()
        common = (self._binary, self._binary, self._binary, self._math, self._choice, self._call)
        rare = (self._of_array, self._unary, self._short, self._shown)
        return self.pick((*common, *rare))(depth + 1)

    def _atom(self) -> str:
        if self.scope.numbers and self.chance(2):
            return self.pick(self.scope.numbers)
        if self.scope.objects and self.chance(5):
            return f"{self.pick(self.scope.objects)}.{self.pick(('a', 'b'))}"
        if self.chance(8):
            return f"({self.pick(_NUMBERS)})"
        return self.pick(PLAIN) if self.chance(3) else self._band()

    def _band(self) -> str:
        named = self.pick((*BANDS, *BANDS, "dataMask"))
        samples = [name for name in self.scope.objects if name.startswith("s")]
        if not self.source:
            return "p"
        if self.source == "sample":
            return f"sample.{named}"
        if samples and not self.chance(4):
            return f"{self.pick(samples)}.{named}"
        return "samples.length" if self.chance(2) else f"(samples.length ? samples[0].{named} : -1)"

    def _binary(self, depth: int) -> str:
        return f"({self.number(depth)} {self.pick(_ARITHMETIC)} {self.number(depth)})"

    def _math(self, depth: int) -> str:
        if self.chance(3):
            name = self.pick(("max", "min", "pow", "atan2", "hypot"))
            return f"Math.{name}({self.number(depth)}, {self.number(depth)})"
        if self.chance(6):
            return f"index({self.number(depth)}, {self.number(depth)})"
        return f"Math.{self.pick(_MATH)}({self.number(depth)})"

    def _choice(self, depth: int) -> str:
        return f"({self.truth(depth)} ? {self.number(depth)} : {self.number(depth)})"

    def _call(self, depth: int) -> str:
        if not self.functions:
            return self._binary(depth)
        name, count = self.pick(self.functions)
        given = count - 1 if count and self.chance(6) else count
        return f"{name}({', '.join(self.number(depth) for _ in range(given))})"

    def _of_array(self, depth: int) -> str:
        array = self.array(depth)
        if self.chance(2):
            return f"{array}[{self.pick(('0', '1', '2', self.number(depth)))}]"
        ways = (
            f"{array}.length",
            f"{array}.reduce((p, q) => p + q, 0)",
            f"{array}.filter((q) => q > {self.pick(PLAIN)}).length",
            f"{array}.indexOf({self.pick(PLAIN)})",
            f"{array}.slice().sort((p, q) => p - q)[{self.pick(('0', '1'))}]",
            f"Math.max(...{array})",
            f"({array}.find((q) => q > {self.pick(PLAIN)}) || 0)",
        )
        return self.pick(ways)

    def _unary(self, depth: int) -> str:
        return f"({self.pick(('-', '+', '~', '!'))}({self.number(depth)}))"

    def _short(self, depth: int) -> str:
        return f"({self.number(depth)} {self.pick(('&&', '||'))} {self.number(depth)})"

    def _shown(self, depth: int) -> str:
        channel = self.pick(("0", "1", "2"))
        return f"{self.pick(('ramp', 'map'))}.process({self.number(depth)})[{channel}]"

    def truth(self, depth: int = 0) -> str:
        if depth >= _DEPTH or self.chance(2):
            return f"({self._atom()} {self.pick(_COMPARISONS)} {self._atom()})"
        kinds = [self._both, self._not, self._is_odd, self._includes, self.number]
        if self.scope.tags:
            kinds.append(self._is_tag)
        return self.pick(kinds)(depth + 1)

    def _both(self, depth: int) -> str:
        return f"({self.truth(depth)} {self.pick(('&&', '||'))} {self.truth(depth)})"

    def _not(self, depth: int) -> str:
        return f"!{self.truth(depth)}"

    def _is_odd(self, depth: int) -> str:
        return f"{self.pick(('isNaN', 'isFinite'))}({self.number(depth)})"

    def _includes(self, depth: int) -> str:
        return f"{self.array(depth)}.includes({self.pick(PLAIN)})"

    def _is_tag(self, depth: int) -> str:
        del depth
        return f"({self.pick(self.scope.tags)} {self.pick(('==', '!=='))} {self.pick(TAGS)})"

    def array(self, depth: int = 0) -> str:
        if self.scope.arrays and not self.chance(3):
            return self.pick(self.scope.arrays)
        if self.source == "samples" and self.chance(2):
            band = self.pick(BANDS)
            chosen = self.pick(
                ("", ".filter((q) => q.dataMask)", f".filter((q) => q.{band} > 0.2)")
            )
            return f"samples{chosen}.map((q) => q.{band})"
        listed = ", ".join(self.number(depth + 1) for _ in range(self.pick((1, 2, 3))))
        return f"[{listed}]"
