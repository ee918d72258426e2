"""LLVM's assembly text: names, lines, types of one lane or of eight, literals."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from evalscripts.native.frame import LANES


@dataclass(frozen=True, slots=True, kw_only=True)
class Width:
    """The types of values of one lane, or of all lanes side by side."""

    number: str
    truth: str
    int32: str
    suffix: str
    """Of an intrinsic over numbers."""
    is_vector: bool

    def of(self, x: float) -> str:
        """Return a literal of exactly this double."""
        bits = f"0x{struct.unpack('<Q', struct.pack('<d', x))[0]:016X}"
        return f"splat (double {bits})" if self.is_vector else bits

    def whole(self, n: int) -> str:
        """Return a literal of a 32-bit integer."""
        return f"splat (i32 {n})" if self.is_vector else str(n)

    def bit(self, *, is_set: bool) -> str:
        """Return a literal of a truth value."""
        text = "true" if is_set else "false"
        return f"splat (i1 {text})" if self.is_vector else text


SCALAR = Width(number="double", truth="i1", int32="i32", suffix="f64", is_vector=False)
VECTOR = Width(
    number=f"<{LANES} x double>",
    truth=f"<{LANES} x i1>",
    int32=f"<{LANES} x i32>",
    suffix=f"v{LANES}f64",
    is_vector=True,
)


class Module:
    """What the functions of one module share: fresh names and declarations."""

    def __init__(self) -> None:
        self._names = 0
        self.declared: dict[str, str] = {}
        """Symbol → its declaration."""

    def fresh(self, stem: str) -> str:
        """Return a name that nothing else has, without its sigil."""
        self._names += 1
        return f"{stem}{self._names}"

    def declare(self, symbol: str, result: str, parameters: str) -> None:
        """Let functions call a symbol that lives elsewhere."""
        self.declared[symbol] = f"declare {result} @{symbol}({parameters}) nounwind"

    def declarations(self) -> str:
        """Return the lines that go below the functions."""
        return "\n".join(self.declared.values())


class Code:
    """A run of instructions that grows at its end."""

    def __init__(self, module: Module, label: str) -> None:
        self.module = module
        self.here = label
        """The basic block that instructions go to now."""
        self.lines = [f"{label}:"]

    def let(self, instruction: str) -> str:
        """Append an instruction and return the name of its value."""
        name = "%" + self.module.fresh("v")
        self.lines.append(f"{name} = {instruction}")
        return name

    def do(self, instruction: str) -> None:
        """Append an instruction without a value."""
        self.lines.append(instruction)

    def label(self, name: str) -> None:
        """Begin a basic block."""
        self.here = name
        self.lines.append(f"{name}:")

    @contextmanager
    def each(self, start: str, stop: str, *, step: int = 1) -> Iterator[str]:
        """Run what is emitted inside for start, start + step … while below stop; gives the i64."""
        head, turn, after = (self.module.fresh(stem) for stem in ("head", "turn", "after"))
        index, following = ("%" + self.module.fresh("i") for _ in range(2))
        before = self.here
        self.do(f"br label %{head}")
        self.label(head)
        line = len(self.lines)
        self.do(index)
        is_on = self.let(f"icmp slt i64 {index}, {stop}")
        self.do(f"br i1 {is_on}, label %{turn}, label %{after}")
        self.label(turn)
        yield index
        last = self.here
        self.do(f"{following} = add i64 {index}, {step}")
        self.do(f"br label %{head}")
        self.lines[line] = f"{index} = phi i64 [ {start}, %{before} ], [ {following}, %{last} ]"
        self.label(after)

    @contextmanager
    def when(self, condition: str) -> Iterator[None]:
        """Run what is emitted inside only where an i1 is set; its values end with it."""
        inside, after = (self.module.fresh(stem) for stem in ("inside", "after"))
        self.do(f"br i1 {condition}, label %{inside}, label %{after}")
        self.label(inside)
        yield
        self.do(f"br label %{after}")
        self.label(after)

    def call(self, symbol: str, result: str, *arguments: tuple[str, str]) -> str:
        """Call a function that lives elsewhere with (type, value) pairs; return its value."""
        self.module.declare(symbol, result, ", ".join(kind for kind, _ in arguments))
        given = ", ".join(f"{kind} {value}" for kind, value in arguments)
        return self.let(f"call {result} @{symbol}({given})")

    def intrinsic(self, name: str, width: Width, *numbers: str) -> str:
        """Call an intrinsic of LLVM that takes and gives numbers of one width."""
        arguments = ((width.number, number) for number in numbers)
        return self.call(f"llvm.{name}.{width.suffix}", width.number, *arguments)

    def pick(self, width: Width, condition: str, yes: str, no: str) -> str:
        """Select between numbers."""
        kind = width.number
        return self.let(f"select {width.truth} {condition}, {kind} {yes}, {kind} {no}")

    def is_true(self, width: Width, relation: str, a: str, b: str) -> str:
        """Compare numbers by one of LLVM's relations."""
        return self.let(f"fcmp {relation} {width.number} {a}, {b}")

    def load_word(self, frame: str, word: int, kind: str) -> str:
        """Read a word of the frame."""
        place = self.let(f"getelementptr i64, ptr {frame}, i64 {word}")
        return self.let(f"load {kind}, ptr {place}, align 8")

    def move(self, pointer: str, offset: str) -> str:
        """Return a pointer this many bytes on."""
        return self.let(f"getelementptr i8, ptr {pointer}, i64 {offset}")

    def spread(self, name: str, element: str) -> str:
        """Return a vector with the same element in all lanes."""
        kind = f"<{LANES} x {element}>"
        first = self.let(f"insertelement {kind} poison, {element} {name}, i32 0")
        zeros = f"<{LANES} x i32> zeroinitializer"
        return self.let(f"shufflevector {kind} {first}, {kind} poison, {zeros}")
