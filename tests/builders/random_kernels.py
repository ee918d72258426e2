"""Random kernels of the native tier's IR, drawn by hypothesis."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from evalscripts.native.ir import Buffer, Fact, Kernel, Loop, Phi, Region, Sort, Type, Value
from evalscripts.native.signatures import VALUES
from tests.builders.kernels import Writer, exactly

_CONSTANTS = (0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 3.7, -5.0, 1e9, 4294967297.0, float("nan"), 1e300)


def _named(operands: str, result: str) -> list[str]:
    special = {"math", "load", "fact", "table", "read"}
    return [
        name
        for name, one in VALUES.items()
        if (one.operands, one.result) == (operands, result) and name not in special
    ]


_UNARY = _named("n", "n")
_BINARY = _named("nn", "n")
_COMPARES = _named("nn", "m")
_LOGIC = _named("mm", "m")
_MAX_DEPTH = 3
SCENES = 3
BANDS = ("a", "b")
FACTS = (0, "day")


class _Drawer:
    """Writes a kernel; every draw may only use what is visible where it goes."""

    def __init__(self, draw: DrawFn) -> None:
        self._draw = draw
        self.writer = Writer()
        self._numbers: list[Value] = []
        self._truths: list[Value] = []
        self._buffers = [self.writer.buffer(2, 1), self.writer.buffer(4, 0)]
        zero = self.writer.const(0)
        self._numbers += [zero, self.writer.load(0), self.writer.load(1), self.writer.load(None)]
        self._numbers += [self.writer.op("scenes", attr=0), self.writer.const(1)]
        self._truths += [self.writer.op("lt", *self._numbers[1:3]), self._every()]

    def draw(self) -> Kernel:
        self._region(depth=0, least=5)
        values = [self._number() for _ in range(3)]
        outs = [("FLOAT32", exactly(self.writer, values)), ("INT16", [self._number()])]
        return self.writer.kernel(outs, bands=[BANDS])

    # ---- choices ------------------------------------------------------------------------------

    def _one_of(self, things: Sequence[Any]) -> Any:
        return self._draw(st.sampled_from(things))

    def _number(self) -> Value:
        # The latest are the likeliest, so that chains grow.
        recent = self._numbers[-6:]
        return self._one_of(recent if self._draw(st.booleans()) else self._numbers)

    def _truth(self) -> Value:
        return self._one_of(self._truths)

    def _every(self) -> Value:
        return self.writer.op("truth", attr=True)

    def _known(self, value: Value) -> Value:
        """The number, or 0 for NaN, whose order among others is nobody's business."""
        w = self.writer
        return w.op("select", w.op("eq", value, value), value, w.const(0))

    # ---- nodes --------------------------------------------------------------------------------

    def _region(self, *, depth: int, least: int = 1) -> None:
        for _ in range(self._draw(st.integers(least, 8))):
            kinds = [self._plain] * 6 + [self._logic] * 3 + [self._memory] * 3
            if depth < _MAX_DEPTH:
                kinds += [lambda: self._loop(depth), lambda: self._guard(depth)]
            self._one_of(kinds)()

    def _plain(self) -> None:
        w = self.writer
        kind = self._one_of(("unary", "binary", "binary", "const", "select", "number"))
        if kind == "unary":
            made = w.op(self._one_of(_UNARY), self._number())
        elif kind == "binary":
            made = w.op(self._one_of(_BINARY), self._number(), self._number())
        elif kind == "const":
            made = w.const(self._one_of(_CONSTANTS))
        elif kind == "select":
            made = w.op("select", self._truth(), self._number(), self._number())
        else:
            made = w.op("number", self._truth())
        self._numbers.append(made)

    def _logic(self) -> None:
        w = self.writer
        kind = self._one_of(("compare", "compare", "logic", "not", "select", "any", "all"))
        if kind == "compare":
            made = w.op(self._one_of(_COMPARES), self._number(), self._number())
        elif kind == "logic":
            made = w.op(self._one_of(_LOGIC), self._truth(), self._truth())
        elif kind == "select":
            made = w.op("select", self._truth(), self._truth(), self._truth())
        else:
            made = w.op(kind, self._truth())
        self._truths.append(made)

    def _memory(self) -> None:
        w = self.writer
        kind = self._one_of(("load", "mask", "table", "fact", "read", "write", "write", "sort"))
        index = self._number()
        if kind == "write":
            buffer, value = self._one_of(self._buffers), self._known(self._number())
            w.op("write", index, value, self._truth(), attr=buffer)
        elif kind == "sort":
            key, other = self._draw(st.permutations(self._buffers))
            others: tuple[Buffer, ...] = (other,) if self._draw(st.booleans()) else ()
            w.op("sort", index, attr=Sort(key, others, self._draw(st.booleans())))
        elif kind == "load":
            self._numbers.append(w.load(self._one_of((0, 1)), index=index))
        elif kind == "mask":
            self._numbers.append(w.load(None, index=index))
        elif kind == "table":
            self._numbers.append(w.table((4.0, -0.0, 2.5), index))
        elif kind == "fact":
            self._numbers.append(w.op("fact", index, attr=Fact(*FACTS)))
        else:
            self._numbers.append(w.op("read", index, attr=self._one_of(self._buffers)))

    def _inside(self, region: Region, *, depth: int) -> None:
        with self.writer.into(region):
            self._region(depth=depth + 1)

    def _forget(self, before: tuple[int, int]) -> None:
        del self._numbers[before[0] :]
        del self._truths[before[1] :]

    def _loop(self, depth: int) -> None:
        """A few turns for each lane: a count, and two values that lanes keep once they left."""
        w = self.writer
        loop = Loop(bound=self._one_of((4, "scenes", None)))
        count = Phi(Type.U, w.const(0))
        first, second = (Phi(Type.F, self._number()) for _ in range(2))
        alive = Phi(Type.M, self._truth())
        loop.phis = [count, first, second, alive]
        before = len(self._numbers), len(self._truths)
        with w.into(loop.head):
            is_short = w.op("lt", count, w.const(4))
            mask = w.op("and", is_short, w.op("and", alive, w.op("le", first, second)))
            loop.condition = self._one_of((is_short, mask))
        self._numbers += [count, first, second]
        self._truths.append(alive)
        self._inside(loop.body, depth=depth)
        with w.into(loop.body):
            made = [w.op("select", mask, self._number(), phi) for phi in (first, second)]
            count.next = w.op("add", count, w.const(1))
            first.next, second.next = made
            alive.next = w.op("select", mask, self._truth(), alive)
        self._forget(before)
        w.body.append(loop)
        self._numbers += [count, first, second]
        self._truths.append(alive)

    def _guard(self, depth: int) -> None:
        w = self.writer
        mask, other, no = self._truth(), self._number(), self._truth()
        before = len(self._numbers), len(self._truths)

        def inside() -> list[Value]:
            self._region(depth=depth + 1)
            number = w.op("select", mask, self._number(), other)
            return [number, w.op("select", mask, self._truth(), no)]

        number, truth = w.guard(mask, inside, [other, no])
        self._forget(before)
        self._numbers.append(number)
        self._truths.append(truth)


@st.composite
def kernels(draw: DrawFn) -> Kernel:
    """Kernels over one input of `BANDS` with `SCENES` samples and one fact, `FACTS`."""
    return _Drawer(draw).draw()
