"""`scripts`: random evalscripts in the part of JavaScript that scripts for pixels are written in.

They run, mostly: names are declared, loops end, arrays stay short. What their values are is left
to chance: null, undefined, NaN, booleans as numbers, tags, empty lists.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from hypothesis import strategies as st

BANDS = ("B04", "B08", "B11")
_NUMBERS = (
    *("0", "1", "2", "3", "-1", "0.5", "0.1", "0.3", "-0.25", "1.5", "7", "255", "10000"),
    *("NaN", "Infinity", "null", "undefined", "true", "-0", "1e-7", "4294967297", "1e21"),
)
_PLAIN = ("0", "1", "2", "0.5", "0.2", "0.35", "0.8", "(-0.1)", "1.5", "3", "10")
_MATH = (
    *("abs", "floor", "ceil", "round", "trunc", "sqrt", "sign", "fround", "exp", "log", "log10"),
    *("log2", "sin", "cos", "tan", "atan", "cbrt", "tanh", "sinh", "expm1", "log1p", "asin"),
)
_ARITHMETIC = ("+", "-", "*", "/", "+", "-", "*", "/", "%", "**", "&", "|", "^", "<<", ">>", ">>>")
_COMPARISONS = ("<", "<=", ">", ">=", "<", ">", "==", "!=", "===", "!==")
_TAGS = ('"water"', '"land"', '"snow"')
_RAMP = "[[0, 0x000000], [0.2, 0xff8800], [0.5, 0x00ff00], [0.8, 0xffffff]]"
_TABLE = "[0.1, 0.7, 2.5, -1, 0.25]"
_DEPTH = 3
_Chosen = TypeVar("_Chosen")


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A random script."""

    text: str
    is_list: bool
    """Whether its samples come in a list."""


@dataclass(slots=True)
class _Scope:
    """The names that an expression may use."""

    numbers: list[str]
    arrays: list[str]
    objects: list[str]
    tags: list[str]
    fixed: set[str]
    """Of these, those that must not be assigned."""

    def copy(self) -> "_Scope":
        return _Scope([*self.numbers], [*self.arrays], [*self.objects], [*self.tags], {*self.fixed})


class Author:
    """Writes one script; ``choose`` gives a number below the one it is given."""

    def __init__(self, choose: Callable[[int], int]) -> None:
        self._choose = choose
        self._count = 0
        self._lines: list[str] = []
        self._indent = 0
        self._in_loop = False
        self._result: Callable[[], str] = lambda: "0"
        self.is_list = self.chance(2)
        self._scope = _Scope(["K"], ["TABLE"], [], [], {"K", "TABLE"})
        self._functions: list[tuple[str, int]] = []

    # ---- chance --------------------------------------------------------------------------------

    def pick(self, choices: Sequence[_Chosen]) -> _Chosen:
        return choices[self._choose(len(choices))]

    def chance(self, of: int) -> bool:
        return self._choose(of) == of - 1

    def _fresh(self, stem: str) -> str:
        self._count += 1
        return f"{stem}{self._count}"

    # ---- expressions ---------------------------------------------------------------------------

    def number(self, depth: int = 0) -> str:
        if depth >= _DEPTH or self.chance(4):
            return self._atom()
        common = (self._binary, self._binary, self._binary, self._math, self._choice, self._call)
        rare = (self._of_array, self._unary, self._short, self._shown)
        return self.pick((*common, *rare))(depth + 1)

    def _atom(self) -> str:
        if self._scope.numbers and self.chance(2):
            return self.pick(self._scope.numbers)
        if self._scope.objects and self.chance(5):
            return f"{self.pick(self._scope.objects)}.{self.pick(('a', 'b'))}"
        if self.chance(8):
            return f"({self.pick(_NUMBERS)})"
        return self.pick(_PLAIN) if self.chance(3) else self._band()

    def _band(self) -> str:
        named = self.pick((*BANDS, *BANDS, "dataMask"))
        samples = [name for name in self._scope.objects if name.startswith("s")]
        if not self.is_list:
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
        if not self._functions:
            return self._binary(depth)
        name, count = self.pick(self._functions)
        given = count - 1 if count and self.chance(6) else count
        return f"{name}({', '.join(self.number(depth) for _ in range(given))})"

    def _of_array(self, depth: int) -> str:
        array = self.array(depth)
        if self.chance(2):
            return f"{array}[{self.pick(('0', '1', '2', self.number(depth)))}]"
        ways = (
            f"{array}.length",
            f"{array}.reduce((p, q) => p + q, 0)",
            f"{array}.filter((q) => q > {self.pick(_PLAIN)}).length",
            f"{array}.indexOf({self.pick(_PLAIN)})",
            f"{array}.slice().sort((p, q) => p - q)[{self.pick(('0', '1'))}]",
            f"Math.max(...{array})",
            f"({array}.find((q) => q > {self.pick(_PLAIN)}) || 0)",
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
        if self._scope.tags:
            kinds.append(self._is_tag)
        return self.pick(kinds)(depth + 1)

    def _both(self, depth: int) -> str:
        return f"({self.truth(depth)} {self.pick(('&&', '||'))} {self.truth(depth)})"

    def _not(self, depth: int) -> str:
        return f"!{self.truth(depth)}"

    def _is_odd(self, depth: int) -> str:
        return f"{self.pick(('isNaN', 'isFinite'))}({self.number(depth)})"

    def _includes(self, depth: int) -> str:
        return f"{self.array(depth)}.includes({self.pick(_PLAIN)})"

    def _is_tag(self, depth: int) -> str:
        del depth
        return f"({self.pick(self._scope.tags)} {self.pick(('==', '!=='))} {self.pick(_TAGS)})"

    def array(self, depth: int = 0) -> str:
        if self._scope.arrays and not self.chance(3):
            return self.pick(self._scope.arrays)
        if self.is_list and self.chance(2):
            band = self.pick(BANDS)
            chosen = self.pick(
                ("", ".filter((q) => q.dataMask)", f".filter((q) => q.{band} > 0.2)")
            )
            return f"samples{chosen}.map((q) => q.{band})"
        listed = ", ".join(self.number(depth + 1) for _ in range(self.pick((1, 2, 3))))
        return f"[{listed}]"

    # ---- statements ----------------------------------------------------------------------------

    def _say(self, line: str) -> None:
        self._lines.append("  " * self._indent + line)

    @contextmanager
    def _block(self, head: str, tail: str = "}") -> Iterator[None]:
        outer, self._scope = self._scope, self._scope.copy()
        self._say(head)
        self._indent += 1
        yield
        self._indent -= 1
        self._say(tail)
        self._scope = outer

    def statements(self, count: int, depth: int = 0) -> None:
        for _ in range(count):
            simple = (self._declare, self._declare, self._assign, self._push, self._tag)
            nested = (self._if, self._if, self._loop, self._over_samples, self._later, self._switch)
            self.pick(simple if depth >= 2 else (*simple, *nested))(depth)

    def _declare(self, depth: int) -> None:
        kind = self.pick(("number", "number", "number", "array", "object"))
        keyword = self.pick(("let", "let", "const", "var") if depth == 0 else ("let", "const"))
        if kind == "object":
            name = self._fresh("o")
            self._say(f"{keyword} {name} = {{ a: {self.number()}, b: {self.number()} }};")
            self._scope.objects.append(name)
            return
        name = self._fresh("n" if kind == "number" else "a")
        self._say(f"{keyword} {name} = {self.number() if kind == 'number' else self.array()};")
        (self._scope.numbers if kind == "number" else self._scope.arrays).append(name)
        if keyword == "const":
            self._scope.fixed.add(name)

    def _assign(self, depth: int) -> None:
        del depth
        places = [name for name in self._scope.numbers if name not in self._scope.fixed]
        places += [f"{name}.a" for name in self._scope.objects if name.startswith("o")]
        if not places:
            self._declare(1)
            return
        place = self.pick(places)
        how = self.pick(("=", "=", "+=", "-=", "*=", "++"))
        self._say(f"{place}++;" if how == "++" else f"{place} {how} {self.number()};")

    def _push(self, depth: int) -> None:
        del depth
        own = [name for name in self._scope.arrays if name.startswith("a")]
        if not own:
            name = self._fresh("a")
            self._say(f"let {name} = [];")
            self._scope.arrays.append(name)
            self._say(f"{name}.push({self.number()});")
            return
        name = self.pick(own)
        ways = (
            f"{name}.push({self.number()});",
            f"{name}.push({self.number()});",
            f"{name}.sort((p, q) => {self.pick(('p - q', 'q - p'))});",
            f"{name}[{self.pick(('0', '1'))}] = {self.number()};",
        )
        self._say(self.pick(ways))

    def _tag(self, depth: int) -> None:
        name = self._fresh("t")
        self._say(f"let {name} = {self.pick(_TAGS)};")
        self._say(f"if ({self.truth(depth + 1)}) {name} = {self.pick(_TAGS)};")
        self._scope.tags.append(name)

    def _if(self, depth: int) -> None:
        with self._block(f"if ({self.truth()}) {{"):
            self.statements(self.pick((1, 2)), depth + 1)
            if self._in_loop and self.chance(4):
                self._say(self.pick(("break;", "continue;")))
            elif not self._in_loop and self.chance(3):
                self._say(f"return {self._result()};")
        if self.chance(2):
            with self._block("else {"):
                self.statements(1, depth + 1)

    def _loop(self, depth: int) -> None:
        name = self._fresh("i")
        outer, self._in_loop = self._in_loop, True
        with self._block(
            f"for (let {name} = 0; {name} < {self.pick(('2', '3', '4'))}; {name}++) {{"
        ):
            self._scope.numbers.append(name)
            self._scope.fixed.add(name)
            self.statements(self.pick((1, 2)), depth + 1)
        self._in_loop = outer

    def _over_samples(self, depth: int) -> None:
        if not self.is_list:
            self._loop(depth)
            return
        name, sample = self._fresh("i"), self._fresh("s")
        head = self.pick(
            (
                f"for (let {name} = 0; {name} < samples.length; {name}++) {{",
                f"for (const {sample} of samples) {{",
            )
        )
        outer, self._in_loop = self._in_loop, True
        with self._block(head):
            if " of " not in head:
                self._say(f"const {sample} = samples[{name}];")
            self._scope.objects.append(sample)
            self._scope.fixed.add(sample)
            self.statements(self.pick((1, 2, 3)), depth + 1)
        self._in_loop = outer

    def _later(self, depth: int) -> None:
        """A number that is null, or nothing at all, until something sets it."""
        name = self._fresh("n")
        self._say(f"let {name}{self.pick((' = null', '', ' = undefined'))};")
        self._say(f"if ({self.truth(depth + 1)}) {name} = {self.number()};")
        self._scope.numbers.append(name)
        test = self.pick((f"{name} === null", f"{name} == null", f"!{name}"))
        self._say(f"if ({test}) {name} = {self.number()};")

    def _switch(self, depth: int) -> None:
        if self._scope.tags:
            subject, cases = self.pick(self._scope.tags), _TAGS[:2]
        else:
            subject, cases = f"Math.floor({self.number()})", ("0", "1")
        outer, self._in_loop = self._in_loop, False
        with self._block(f"switch ({subject}) {{"):
            for case in cases:
                with self._block(f"case {case}: {{", self.pick(("} break;", "}"))):
                    self._assign(depth + 1)
            with self._block("default: {"):
                self._assign(depth + 1)
        self._in_loop = outer

    # ---- the whole -----------------------------------------------------------------------------

    def script(self) -> Script:
        kind = self.pick(("FLOAT32", "FLOAT32", "FLOAT32", "AUTO", "UINT8", "INT16"))
        values = self.pick((1, 2))
        self._result = lambda: f"both([{', '.join(self.number() for _ in range(values))}])"
        listed = ', mosaicking: "ORBIT"' if self.is_list else ""
        bands = ", ".join(f'"{band}"' for band in (*BANDS, "dataMask"))
        self._say("//VERSION=3")
        self._say(f"const K = {self.pick(_PLAIN)}, TABLE = {_TABLE};")
        self._say(f"const ramp = new ColorRampVisualizer({_RAMP});")
        self._say(f"const map = new ColorMapVisualizer({_RAMP});")
        output = f'{{ bands: {2 * values}, sampleType: "{kind}" }}'
        self._say(
            f"function setup() {{ return {{ input: [{bands}], output: {output}{listed} }}; }}"
        )
        # What single precision cuts off is shown as well.
        self._say("function both(v) { return v.concat(v.map((x) => x - Math.fround(x))); }")
        for _ in range(self.pick((0, 1, 2))):
            self._function()
        name = "samples" if self.is_list else "sample"
        with self._block(f"function evaluatePixel({name}) {{"):
            self.statements(self.pick((1, 2, 3, 4, 5, 6)))
            self._say(f"return {self._result()};")
        return Script(text="\n".join(self._lines) + "\n", is_list=self.is_list)

    def _function(self) -> None:
        name, given = self._fresh("f"), ["p", "q"][: self.pick((1, 2))]
        is_list, self.is_list = self.is_list, False
        outer, result = self._scope, self._result
        self._scope = _Scope(["K", *given], ["TABLE"], [], [], {"K", "TABLE"})
        band, self._band = self._band, lambda: "p"  # type: ignore[method-assign]
        self._result = self.number
        if self.chance(2):
            self._say(f"const {name} = ({', '.join(given)}) => {self.number()};")
        else:
            with self._block(f"function {name}({', '.join(given)}) {{"):
                self.statements(self.pick((1, 2)), 1)
                self._say(f"return {self.number()};")
        self._band = band  # type: ignore[method-assign]
        self._scope, self._result, self.is_list = outer, result, is_list
        self._functions.append((name, len(given)))


@st.composite
def scripts(draw: Callable[[Any], Any]) -> Script:
    """Draw a script."""
    return Author(lambda below: draw(st.integers(0, below - 1))).script()
