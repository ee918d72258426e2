"""Kernels of the native tier's IR, made by hand, and the arrays they run over."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalscripts.native import ir
from evalscripts.native.emit import emit
from evalscripts.native.ir import Guard, Kernel, Loop, Op, Phi, Region, Result, Slot, Type, Value
from evalscripts.native.load import load
from evalscripts.native.run import DEFAULT_FUEL, AbortFlag, Status, Stripe
from evalscripts.native.signatures import EFFECTS, VALUES
from evalscripts.program import BandData, InputData


class Writer:
    """Writes regions op by op, with the types that follow from the operands."""

    def __init__(self) -> None:
        self.body: Region = []
        self.buffers: list[ir.Buffer] = []
        self.tables: list[tuple[float, ...]] = []
        self.reasons: list[str] = []

    def op(self, name: str, *operands: Value, attr: Any = None) -> Op:
        op = Op(name, self._type(name, operands), operands, attr)
        self.body.append(op)
        return op

    def const(self, x: float) -> Op:
        return self.op("const", attr=float(x))

    def load(self, band: int | None, *, index: Value | None = None, source: int = 0) -> Op:
        return self.op("load", index or self.const(0), attr=Slot(source, band))

    def table(self, entries: Sequence[float], index: Value) -> Op:
        self.tables.append(tuple(map(float, entries)))
        return self.op("table", index, attr=len(self.tables) - 1)

    def buffer(self, constant: int, *per_scene: int) -> ir.Buffer:
        made = ir.Buffer(len(self.buffers), constant, per_scene or (0,))
        self.buffers.append(made)
        return made

    def trap(self, mask: Value, reason: str) -> Op:
        self.reasons.append(reason)
        return self.op("trap", mask, attr=len(self.reasons) - 1)

    @contextmanager
    def into(self, region: Region) -> Iterator[None]:
        outer, self.body = self.body, region
        yield
        self.body = outer

    def loop(
        self,
        firsts: Sequence[tuple[Type, Value]],
        condition: Callable[..., Value],
        turn: Callable[..., Sequence[Value]],
        *,
        bound: int | str | None,
    ) -> list[Phi]:
        loop = Loop(phis=[Phi(kind, first) for kind, first in firsts], bound=bound)
        with self.into(loop.head):
            loop.condition = condition(*loop.phis)
        with self.into(loop.body):
            nexts = turn(*loop.phis)
        for phi, following in zip(loop.phis, nexts, strict=True):
            phi.next = following
        self.body.append(loop)
        return loop.phis

    def each(self, count: Value, turn: Callable[..., Sequence[Value]], *carried: Value) -> Any:
        """A loop over 0 … count - 1 that carries numbers of each lane."""
        one = self.const(1)

        def step(i: Phi, *phis: Phi) -> list[Value]:
            made = turn(i, *phis)
            return [self.op("add", i, one), *made]

        firsts = [(Type.U, self.const(0)), *((Type.F, one) for one in carried)]
        phis = self.loop(firsts, lambda i, *_: self.op("lt", i, count), step, bound="scenes")
        return phis[1:]

    def guard(
        self, mask: Value, inside: Callable[[], Sequence[Value]], otherwise: Sequence[Value]
    ) -> list[Result]:
        guard = Guard(mask=mask)
        with self.into(guard.body):
            made = inside()
        for one, other in zip(made, otherwise, strict=True):
            is_number = other.type is not None and other.type.is_number
            guard.results.append(Result(Type.F if is_number else Type.M, one, other))
        self.body.append(guard)
        return guard.results

    def kernel(
        self, outs: Sequence[tuple[str, Sequence[Value]]], *, bands: Sequence[Sequence[str]]
    ) -> Kernel:
        """Give values to outputs, each of a sample type, and close the kernel."""
        for output, (_, values) in enumerate(outs):
            for band, value in enumerate(values):
                self.op("out", value, attr=(output, band))
        return Kernel(
            inputs=tuple(map(tuple, bands)),
            outputs=tuple((kind, len(values)) for kind, values in outs),
            tables=self.tables,
            buffers=self.buffers,
            body=self.body,
            reasons=self.reasons,
        )

    @staticmethod
    def _type(name: str, operands: Sequence[Value]) -> Type | None:
        if name in EFFECTS:
            return None
        signature = VALUES[name]
        is_number = signature.result == "n"
        if name == "select":
            kind = operands[1].type
            is_number = kind is not None and kind.is_number
        is_uniform = all(one.type is not None and one.type.is_uniform for one in operands)
        if signature.is_uniform or (is_uniform and not signature.is_varying):
            return Type.U if is_number else Type.B
        return Type.F if is_number else Type.M


def exactly(writer: Writer, values: Sequence[Value]) -> list[Value]:
    """Numbers as pairs whose single-precision parts show all their bits."""
    pairs: list[Value] = []
    for value in values:
        rest = writer.op("sub", value, writer.op("fround", value))
        pairs += [value, rest, writer.op("sub", rest, writer.op("fround", rest))]
    return pairs


def made_input(
    names: Sequence[str],
    values: Sequence[NDArray[Any]],
    *,
    valid: NDArray[np.bool_] | None = None,
    scale: float = 1.0,
    offset: float = 0.0,
    missing: float = 0.0,
) -> InputData:
    """One input of bands with the same scale."""
    shape = values[0].shape
    return InputData(
        bands={
            name: BandData(values=band, scale=scale, offset=offset, missing=missing)
            for name, band in zip(names, values, strict=True)
        },
        valid=np.ones(shape, dtype=bool) if valid is None else valid,
    )


def run_kernel(
    kernel: Kernel,
    inputs: Sequence[InputData],
    facts: Mapping[tuple[int, str], NDArray[np.float64]] | None = None,
    *,
    block: int | None = None,
    fuel: int = DEFAULT_FUEL,
) -> tuple[tuple[NDArray[Any], ...], Status]:
    """A kernel's outputs and how it ended, through machine code."""
    stripe = Stripe(
        load(emit(kernel)), inputs, facts or {}, abort=AbortFlag(), fuel=fuel, block=block
    )
    status = stripe.run(0, stripe.pixels)
    return stripe.outputs, status


def assert_same_bits(actual: NDArray[Any], expected: NDArray[Any]) -> None:
    """Equal arrays, where all NaN are one and −0 is not +0."""
    assert actual.dtype == expected.dtype
    assert actual.shape == expected.shape

    np.testing.assert_array_equal(actual, expected)
    if actual.dtype.kind == "f":
        known = ~np.isnan(expected)
        np.testing.assert_array_equal(np.signbit(actual[known]), np.signbit(expected[known]))
