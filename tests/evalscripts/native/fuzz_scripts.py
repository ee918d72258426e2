"""`scripts`: random evalscripts in the part of JavaScript that scripts for pixels are written in.

They run, mostly: names are declared, loops end, arrays stay short. What their values are is left
to chance: null, undefined, NaN, booleans as numbers, tags, empty lists.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.evalscripts.native.fuzz_expressions import BANDS, PLAIN, TAGS, Expressions, Scope
from tests.evalscripts.native.fuzz_idioms import OF_LISTS, OF_ONE

_RAMP = "[[0, 0x000000], [0.2, 0xff8800], [0.5, 0x00ff00], [0.8, 0xffffff]]"
_TABLE = "[0.1, 0.7, 2.5, -1, 0.25]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A random script."""

    text: str
    is_list: bool
    """Whether its samples come in a list."""


class Author:
    """Writes one script; ``choose`` gives a number below the one it is given."""

    def __init__(self, choose: Callable[[int], int]) -> None:
        self._ex = Expressions(choose)
        self._count = 0
        self._lines: list[str] = []
        self._indent = 0
        self._in_loop = False
        self._result: Callable[[], str] = lambda: "0"
        self.is_list = self._ex.chance(2)

    def _fresh(self, stem: str) -> str:
        self._count += 1
        return f"{stem}{self._count}"

    def _say(self, line: str) -> None:
        self._lines.append("  " * self._indent + line)

    @contextmanager
    def _block(self, head: str, tail: str = "}") -> Iterator[None]:
        outer, self._ex.scope = self._ex.scope, self._ex.scope.copy()
        self._say(head)
        self._indent += 1
        yield
        self._indent -= 1
        self._say(tail)
        self._ex.scope = outer

    def statements(self, count: int, depth: int = 0) -> None:
        for _ in range(count):
            simple = (self._declare, self._assign, self._push, self._tag, self._idiom)
            nested = (self._if, self._if, self._loop, self._over_samples, self._later, self._switch)
            self._ex.pick(simple if depth >= 2 else (*simple, *nested))(depth)

    def _declare(self, depth: int) -> None:
        kind = self._ex.pick(("number", "number", "number", "array", "object"))
        keyword = self._ex.pick(("let", "let", "const", "var") if depth == 0 else ("let", "const"))
        if kind == "object":
            name = self._fresh("o")
            self._say(f"{keyword} {name} = {{ a: {self._ex.number()}, b: {self._ex.number()} }};")
            self._ex.scope.objects.append(name)
            return
        name = self._fresh("n" if kind == "number" else "a")
        self._say(
            f"{keyword} {name} = {self._ex.number() if kind == 'number' else self._ex.array()};"
        )
        (self._ex.scope.numbers if kind == "number" else self._ex.scope.arrays).append(name)
        if keyword == "const":
            self._ex.scope.fixed.add(name)

    def _idiom(self, depth: int) -> None:
        del depth
        lines = self._ex.pick((*OF_LISTS, *OF_ONE) if self._ex.source == "samples" else OF_ONE)
        names = {mark: self._fresh("n") for mark in ("@1", "@2", "@3")}
        parts = {"#x": lambda: self._ex.number(2), "#t": lambda: self._ex.truth(2)}
        parts |= {"#B": lambda: self._ex.pick(BANDS), "#K": lambda: self._ex.pick(PLAIN)}
        filled = re.sub("#[xtBK]", lambda found: parts[found[0]](), lines)
        filled = re.sub("@[123]", lambda found: names[found[0]], filled)
        for line in filled.split("\n"):
            self._say(line)
        self._ex.scope.numbers.append(names["@1"])

    def _assign(self, depth: int) -> None:
        del depth
        places = [name for name in self._ex.scope.numbers if name not in self._ex.scope.fixed]
        places += [f"{name}.a" for name in self._ex.scope.objects if name.startswith("o")]
        if not places:
            self._declare(1)
            return
        place = self._ex.pick(places)
        how = self._ex.pick(("=", "=", "+=", "-=", "*=", "++"))
        self._say(f"{place}++;" if how == "++" else f"{place} {how} {self._ex.number()};")

    def _push(self, depth: int) -> None:
        del depth
        own = [name for name in self._ex.scope.arrays if name.startswith("a")]
        if not own:
            name = self._fresh("a")
            self._say(f"let {name} = [];")
            self._ex.scope.arrays.append(name)
            self._say(f"{name}.push({self._ex.number()});")
            return
        name = self._ex.pick(own)
        ways = (
            f"{name}.push({self._ex.number()});",
            f"{name}.push({self._ex.number()});",
            f"{name}.sort((p, q) => {self._ex.pick(('p - q', 'q - p'))});",
            f"{name}[{self._ex.pick(('0', '1'))}] = {self._ex.number()};",
        )
        self._say(self._ex.pick(ways))

    def _tag(self, depth: int) -> None:
        name = self._fresh("t")
        self._say(f"let {name} = {self._ex.pick(TAGS)};")
        self._say(f"if ({self._ex.truth(depth + 1)}) {name} = {self._ex.pick(TAGS)};")
        self._ex.scope.tags.append(name)

    def _if(self, depth: int) -> None:
        with self._block(f"if ({self._ex.truth()}) {{"):
            self.statements(self._ex.pick((1, 2)), depth + 1)
            if self._in_loop and self._ex.chance(4):
                self._say(self._ex.pick(("break;", "continue;")))
            elif not self._in_loop and self._ex.chance(3):
                self._say(f"return {self._result()};")
        if self._ex.chance(2):
            with self._block("else {"):
                self.statements(1, depth + 1)

    def _loop(self, depth: int) -> None:
        name = self._fresh("i")
        outer, self._in_loop = self._in_loop, True
        with self._block(
            f"for (let {name} = 0; {name} < {self._ex.pick(('2', '3', '4'))}; {name}++) {{"
        ):
            self._ex.scope.numbers.append(name)
            self._ex.scope.fixed.add(name)
            self.statements(self._ex.pick((1, 2)), depth + 1)
        self._in_loop = outer

    def _over_samples(self, depth: int) -> None:
        if self._ex.source != "samples":
            self._loop(depth)
            return
        name, sample = self._fresh("i"), self._fresh("s")
        head = self._ex.pick(
            (
                f"for (let {name} = 0; {name} < samples.length; {name}++) {{",
                f"for (const {sample} of samples) {{",
            )
        )
        outer, self._in_loop = self._in_loop, True
        with self._block(head):
            if " of " not in head:
                self._say(f"const {sample} = samples[{name}];")
            self._ex.scope.objects.append(sample)
            self._ex.scope.fixed.add(sample)
            self.statements(self._ex.pick((1, 2, 3)), depth + 1)
        self._in_loop = outer

    def _later(self, depth: int) -> None:
        """A number that is null, or nothing at all, until something sets it."""
        name = self._fresh("n")
        self._say(f"let {name}{self._ex.pick((' = null', '', ' = undefined'))};")
        self._say(f"if ({self._ex.truth(depth + 1)}) {name} = {self._ex.number()};")
        self._ex.scope.numbers.append(name)
        test = self._ex.pick((f"{name} === null", f"{name} == null", f"!{name}"))
        self._say(f"if ({test}) {name} = {self._ex.number()};")

    def _switch(self, depth: int) -> None:
        if self._ex.scope.tags:
            subject, cases = self._ex.pick(self._ex.scope.tags), TAGS[:2]
        else:
            subject, cases = f"Math.floor({self._ex.number()})", ("0", "1")
        outer, self._in_loop = self._in_loop, False
        with self._block(f"switch ({subject}) {{"):
            for case in cases:
                with self._block(f"case {case}: {{", self._ex.pick(("} break;", "}"))):
                    self._assign(depth + 1)
            with self._block("default: {"):
                self._assign(depth + 1)
        self._in_loop = outer

    # ---- the whole -----------------------------------------------------------------------------

    def script(self) -> Script:
        values = self._ex.pick((1, 2))
        output = self._output("default", 2 * values)
        self._result = lambda: f"both([{', '.join(self._ex.number() for _ in range(values))}])"
        if self._ex.chance(3):
            output += ", " + self._output("index", 1)
            first = self._result
            self._result = lambda: f"{{ default: {first()}, index: [{self._ex.number()}] }}"
        listed = ', mosaicking: "ORBIT"' if self.is_list else ""
        bands = ", ".join(f'"{band}"' for band in (*BANDS, "dataMask"))
        self._say("//VERSION=3")
        self._say(f"const K = {self._ex.pick(PLAIN)}, TABLE = {_TABLE};")
        self._say(f"const ramp = new ColorRampVisualizer({_RAMP});")
        self._say(f"const map = new ColorMapVisualizer({_RAMP});")
        wanted = f"input: [{bands}], output: [{output}]{listed}"
        self._say(f"function setup() {{ return {{ {wanted} }}; }}")
        # What single precision cuts off is shown as well.
        self._say("function both(v) { return v.concat(v.map((x) => x - Math.fround(x))); }")
        for _ in range(self._ex.pick((0, 1, 2))):
            self._function()
        name = self._ex.source = "samples" if self.is_list else "sample"
        with self._block(f"function evaluatePixel({name}) {{"):
            self.statements(self._ex.pick((1, 2, 3, 4, 5, 6)))
            self._say(f"return {self._result()};")
        return Script(text="\n".join(self._lines) + "\n", is_list=self.is_list)

    def _output(self, name: str, bands: int) -> str:
        kind = self._ex.pick(("FLOAT32", "FLOAT32", "FLOAT32", "AUTO", "UINT8", "INT16"))
        return f'{{ id: "{name}", bands: {bands}, sampleType: "{kind}" }}'

    def _function(self) -> None:
        name, given = self._fresh("f"), ["p", "q"][: self._ex.pick((1, 2))]
        outer, result = self._ex.scope, self._result
        self._ex.scope = Scope(["K", *given], ["TABLE"], [], [], {"K", "TABLE"})
        self._result = self._ex.number
        if self._ex.chance(2):
            self._say(f"const {name} = ({', '.join(given)}) => {self._ex.number()};")
        else:
            with self._block(f"function {name}({', '.join(given)}) {{"):
                self.statements(self._ex.pick((1, 2)), 1)
                self._say(f"return {self._ex.number()};")
        self._ex.scope, self._result = outer, result
        self._ex.functions.append((name, len(given)))


@st.composite
def scripts(draw: Callable[[Any], Any]) -> Script:
    """Draw a script."""
    return Author(lambda below: draw(st.integers(0, below - 1))).script()
