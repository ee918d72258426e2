"""A plain interpreter of the native tier's IR, over numpy arrays with one element per pixel.

The oracle of the emitter, which must give the same bits, and, beside V8, of the lowering. It is
written from ``evalscripts/native/ir.py`` and shares nothing with either. A block of pixels runs at
once, an F is an array of it and a U has no axis. ``any``, ``all``, guards and traps look at one
block, so that a kernel that is right must give the same for every size of block; `interpret` takes
the size for that reason.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalscripts.native import ir
from evalscripts.program import InputData
from tests.oracle.ir_arithmetic import DTYPES, OPERATIONS, Number, convert
from tests.oracle.v8_math import call_math

Facts = Mapping[tuple[int, str], NDArray[np.float64]]

_FUEL = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a kernel made of its pixels."""

    outputs: tuple[NDArray[Any], ...]
    """One (band, row, col) per output in its dtype; meaningless after a trap."""
    trap: str | None
    """Why the kernel gave up, or None."""


class BrokenKernelError(Exception):
    """The kernel breaks a rule of the grammar."""


class _TrapError(Exception):
    """A lane asked for V8."""


def interpret(
    kernel: ir.Kernel,
    inputs: Sequence[InputData],
    facts: Facts,
    *,
    lanes: int | None = None,
    unwritten: float = float("nan"),
) -> Outcome:
    """Return what the kernel makes of these pixels.

    Args:
        kernel: What to run.
        inputs: One per input of the kernel, all of the same rows and columns.
        facts: (input, name) → a number per scene.
        lanes: Pixels per block; None: all in one.
        unwritten: What a buffer holds where nothing was written; no answer may depend on it.
    """
    rows, cols = inputs[0].valid.shape[1:]
    pixels = rows * cols
    flat = [_flat(data, names) for data, names in zip(inputs, kernel.inputs, strict=True)]
    outputs = [np.zeros((bands, pixels), dtype=DTYPES[kind]) for kind, bands in kernel.outputs]
    step = lanes or max(1, pixels)
    trap = None
    with np.errstate(all="ignore"):
        for start in range(0, pixels, step):
            part = slice(start, min(pixels, start + step))
            block = _Block(kernel, [{k: v[:, part] for k, v in one.items()} for one in flat], facts)
            block.make_buffers(unwritten)
            try:
                block.run(kernel.body)
            except _TrapError as reason:
                trap = str(reason)
                break
            for i, (_, bands) in enumerate(kernel.outputs):
                for band in range(bands):
                    outputs[i][band, part] = block.result(i, band)
    shaped = tuple(output.reshape(-1, rows, cols) for output in outputs)
    return Outcome(outputs=shaped, trap=trap)


def _flat(data: InputData, names: tuple[str, ...]) -> dict[int | None, NDArray[np.float64]]:
    """Band's number → what the script reads, (scene, pixel); None → the mask."""
    scenes, rows, cols = data.valid.shape
    valid = data.valid.reshape(scenes, rows * cols)
    read: dict[int | None, NDArray[np.float64]] = {None: valid.astype(np.float64)}
    for i, name in enumerate(names):
        band = data.bands[name]
        values = band.values.reshape(valid.shape).astype(np.float64)
        with np.errstate(all="ignore"):
            if band.scale != 1:
                values = values * np.float64(band.scale)
            if band.offset != 0:
                values = values + np.float64(band.offset)
        read[i] = np.where(valid, values, np.float64(band.missing))
    return read


class _Block:
    """The state of one block of pixels."""

    def __init__(
        self,
        kernel: ir.Kernel,
        read: list[dict[int | None, NDArray[np.float64]]],
        facts: Facts,
    ) -> None:
        self._kernel = kernel
        self._read = read
        self._facts = facts
        self._pixels = read[0][None].shape[1]
        self._scenes = [one[None].shape[0] for one in read]
        self._values: dict[int, Number] = {}
        self._buffers: dict[int, NDArray[np.float64]] = {}
        self._outs: dict[tuple[int, int], Number] = {}

    def make_buffers(self, content: float) -> None:
        for buffer in self._kernel.buffers:
            per_scene = zip(buffer.per_scene, self._scenes, strict=True)
            capacity = buffer.constant + sum(times * scenes for times, scenes in per_scene)
            self._buffers[buffer.id] = np.full((self._pixels, capacity), content)

    def result(self, output: int, band: int) -> NDArray[Any]:
        if (output, band) not in self._outs:
            raise BrokenKernelError(f"band {band} of output {output} is never given")
        return convert(self._lanes(self._outs[output, band]), self._kernel.outputs[output][0])

    def run(self, region: ir.Region) -> None:
        for step in region:
            if isinstance(step, ir.Loop):
                self._loop(step)
            elif isinstance(step, ir.Guard):
                self._guard(step)
            else:
                self._op(step)

    # ---- control ------------------------------------------------------------------------------

    def _loop(self, loop: ir.Loop) -> None:
        firsts = [self._get(phi.first) for phi in loop.phis]
        for phi, first in zip(loop.phis, firsts, strict=True):
            self._set(phi, first)
        turns = 0
        while True:
            self.run(loop.head)
            if loop.condition is None:
                raise BrokenKernelError("a loop without a condition")
            if not np.any(self._get(loop.condition)):
                return
            turns += 1
            if isinstance(loop.bound, int) and turns > loop.bound:
                raise BrokenKernelError(f"a loop of at most {loop.bound} turns takes another")
            if turns > _FUEL:
                raise _TrapError("fuel")
            self.run(loop.body)
            if any(phi.next is None for phi in loop.phis):
                raise BrokenKernelError("a phi without its next value")
            nexts = [self._get(phi.next) for phi in loop.phis if phi.next is not None]
            for phi, value in zip(loop.phis, nexts, strict=True):
                self._set(phi, value)

    def _guard(self, guard: ir.Guard) -> None:
        needed = bool(np.any(self._get(guard.mask)))
        if needed:
            self.run(guard.body)
        for result in guard.results:
            self._set(result, self._get(result.inside if needed else result.otherwise))

    # ---- values -------------------------------------------------------------------------------

    def _get(self, value: ir.Value) -> Number:
        if id(value) not in self._values:
            raise BrokenKernelError(f"{value} is used before it has a value")
        return self._values[id(value)]

    def _set(self, value: ir.Value, found: Number) -> None:
        kind = value.type
        if kind is None:
            raise BrokenKernelError(f"{value} has no type")
        found = np.asarray(found)
        if (found.dtype == np.bool_) is kind.is_number:
            raise BrokenKernelError(f"{value} is {found.dtype}")
        if kind.is_uniform and found.shape:
            raise BrokenKernelError(f"{value} differs between lanes")
        self._values[id(value)] = found if kind.is_uniform else self._lanes(found)

    def _lanes(self, value: Number) -> NDArray[Any]:
        return np.broadcast_to(value, (self._pixels,))

    def _op(self, op: ir.Op) -> None:
        operands = [self._get(operand) for operand in op.operands]
        if op.name in OPERATIONS:
            self._set(op, OPERATIONS[op.name](*operands))
        elif op.name in _LOOKUPS:
            self._set(op, _LOOKUPS[op.name](self, op.attr, *operands))
        elif op.name in _EFFECTS:
            _EFFECTS[op.name](self, op.attr, *operands)
        else:
            raise BrokenKernelError(f"no op is called {op.name}")

    # ---- what is looked up --------------------------------------------------------------------

    def _const(self, attr: float) -> Number:
        return np.float64(attr)

    def _truth(self, attr: object) -> Number:
        return np.bool_(attr)

    def _math(self, attr: str, *operands: Number) -> Number:
        return call_math(attr, *np.broadcast_arrays(*operands))

    def _load(self, attr: ir.Slot, index: Number) -> Number:
        rows = self._read[attr.input][attr.band]
        return _pick(rows.T, self._lanes(index))

    def _scene_count(self, attr: int) -> Number:
        return np.float64(self._scenes[attr])

    def _fact(self, attr: ir.Fact, index: Number) -> Number:
        return _look_up(self._facts[attr.input, attr.name], index)

    def _table(self, attr: int, index: Number) -> Number:
        return _look_up(np.asarray(self._kernel.tables[attr], dtype=np.float64), index)

    def _read_buffer(self, attr: ir.Buffer, index: Number) -> Number:
        return _pick(self._buffers[attr.id], self._lanes(index))

    # ---- effects ------------------------------------------------------------------------------

    def _write(self, attr: ir.Buffer, index: Number, value: Number, mask: Number) -> None:
        rows = self._buffers[attr.id]
        index, value, mask = (self._lanes(operand) for operand in (index, value, mask))
        for pixel in range(self._pixels):
            if mask[pixel] and 0 <= index[pixel] < rows.shape[1]:
                rows[pixel, int(index[pixel])] = value[pixel]

    def _sort(self, attr: ir.Sort, count: Number) -> None:
        keys = self._buffers[attr.key.id]
        moved = [keys, *(self._buffers[other.id] for other in attr.others)]
        counts = self._lanes(count)
        for pixel in range(self._pixels):
            most = min(rows.shape[1] for rows in moved)
            n = int(min(counts[pixel], most)) if counts[pixel] > 0 else 0
            key = keys[pixel, :n]
            order = np.argsort(-key if attr.descending else key, kind="stable")
            for rows in moved:
                rows[pixel, :n] = rows[pixel, :n][order]

    def _trap(self, attr: int, mask: Number) -> None:
        if np.any(mask):
            raise _TrapError(self._kernel.reasons[attr])

    def _out(self, attr: tuple[int, int], value: Number) -> None:
        self._outs[attr[0], attr[1]] = value


def _pick(rows: NDArray[np.float64], index: Number) -> NDArray[np.float64]:
    """Return one element of each pixel's row, 0 where there is none."""
    picked = [row[int(i)] if 0 <= i < len(row) else 0.0 for row, i in zip(rows, index, strict=True)]
    return np.array(picked, dtype=np.float64)


def _look_up(table: NDArray[np.float64], index: Number) -> Number:
    """Return an element of one list for all pixels, 0 where there is none."""
    flat = np.ravel(index)
    picked = [table[int(i)] if 0 <= i < len(table) else 0.0 for i in flat]
    return np.array(picked, dtype=np.float64).reshape(np.shape(index))


_LOOKUPS: dict[str, Callable[..., Number]] = {
    "const": _Block._const,
    "truth": _Block._truth,
    "math": _Block._math,
    "load": _Block._load,
    "scenes": _Block._scene_count,
    "fact": _Block._fact,
    "table": _Block._table,
    "read": _Block._read_buffer,
}
_EFFECTS: dict[str, Callable[..., None]] = {
    "write": _Block._write,
    "sort": _Block._sort,
    "trap": _Block._trap,
    "out": _Block._out,
}
