"""`Binding`: loaded code and arrays → the words that machine code reads: the job, frames."""

import math
import struct
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalscripts.native.emit.object import Object
from evalscripts.native.frame import ABORT, LANES
from evalscripts.native.ir import Slot
from evalscripts.native.load import Loaded
from evalscripts.native.runtime import driver
from evalscripts.native.runtime.readers import MASK, STORED, reader_symbol
from evalscripts.native.scratch import Frame, Scratch, address_of, is_gapless
from evalscripts.program import InputData
from evalscripts.setup import SampleType

Facts = Mapping[tuple[int, str], Sequence[float] | NDArray[np.float64]]
"""(input, name) → a number for each sample."""

_ROUTINES = {
    (np.dtype(name), on): reader_symbol(name, has_offset=on)
    for name in STORED
    for on in (False, True)
}
_STORED = frozenset(np.dtype(name) for name in STORED)
_MASK = reader_symbol(MASK)


class Binding:
    """What all threads share of one run: targets, records, sizes. Holds the arrays."""

    def __init__(
        self,
        loaded: Loaded,
        inputs: Sequence[InputData],
        facts: Facts,
        *,
        fuel: int,
        block: int | None,
        targets: Sequence[NDArray[Any]] | None,
    ) -> None:
        """See `Stripe`."""
        code = loaded.object
        check(code, inputs)
        self._code = code
        self._library = loaded.library
        self.shape = inputs[0].valid.shape[1:]
        self.pixels = math.prod(self.shape)
        samples = tuple(data.valid.shape[0] for data in inputs)
        self._scratch = (
            loaded.scratches.get(code, samples)
            if block is None
            else Scratch(code, samples, block=block)
        )
        self.block = self._scratch.block
        self._held: list[NDArray[Any]] = []
        self.targets = self._make_targets() if targets is None else self._checked(targets)
        self._facts = tuple(_with_zero(facts[fact.input, fact.name]) for fact in code.facts)
        self.job = self._make_job(loaded.address, inputs, fuel=fuel)
        """The job's address."""

    def _make_targets(self) -> tuple[NDArray[Any], ...]:
        length = max(self.pixels, LANES)
        return tuple(
            np.empty((bands, length), dtype=SampleType(kind).dtype)
            for kind, bands in self._code.outputs
        )

    def _checked(self, targets: Sequence[NDArray[Any]]) -> tuple[NDArray[Any], ...]:
        for target, (kind, bands) in zip(targets, self._code.outputs, strict=True):
            shape, dtype = (bands, *self.shape), np.dtype(SampleType(kind).dtype)
            if target.shape != shape or target.dtype != dtype:
                found = f"{target.dtype} {target.shape}"
                raise ValueError(f"an output's array is {found}; it must be {dtype} {shape}")
            if not is_gapless(target) or self.pixels < LANES:
                raise ValueError("an output's array has gaps, or less than eight pixels")
        return tuple(targets)

    # ---- the job ------------------------------------------------------------------------------

    def _make_job(self, kernel: int, inputs: Sequence[InputData], *, fuel: int) -> int:
        layout = self._scratch.layout
        packing = _packing(layout.slots, layout.bands)
        words = np.empty(packing.size // 8, dtype=np.int64)
        at = self._hold(words)
        first_read = at + 8 * driver.JOB_WORDS
        first_write = first_read + 8 * driver.READ_WORDS * layout.slots
        # In the order of the driver's words.
        job: list[float] = [kernel, self.block, fuel, layout.slots, first_read, layout.slot(0)]
        job += (layout.bands, first_write, layout.band(0))
        masks = [self._mask(data.valid) for data in inputs]
        for slot in self._code.slots:
            job += self._read(slot, inputs[slot.input], masks[slot.input])
        for target in self.targets:
            place, step, size = self._hold(target), target.strides[0], target.itemsize
            for band in range(len(target)):
                job += (place + band * step, size)
        packing.pack_into(words.data, 0, *job)
        return at

    def _mask(self, valid: NDArray[np.bool_]) -> tuple[int, int, int]:
        """Return the words of a record that are the same for all bands of an input."""
        laid = _lay(valid)
        return self._hold(laid), laid.strides[0], laid.shape[0]

    def _read(self, slot: Slot, data: InputData, mask: tuple[int, int, int]) -> tuple[float, ...]:
        """Return the words of a slot's record."""
        address = self._library.address
        if slot.band is None:
            return (address(_MASK), 0, 0, 0, *mask, 0.0, 0.0, 0.0)
        band = data.bands[self._code.inputs[slot.input][slot.band]]
        values = _lay(band.values)
        dtype, offset = values.dtype, band.offset
        return (
            address(_ROUTINES[dtype, offset != 0]),
            self._hold(values),
            values.strides[0],
            dtype.itemsize,
            *mask,
            band.scale,
            offset,
            band.missing,
        )

    def _hold(self, array: NDArray[Any]) -> int:
        """Keep an array for as long as this, and return its address."""
        self._held.append(array)
        return address_of(array)

    # ---- frames -------------------------------------------------------------------------------

    def take_frame(self, abort: int) -> Frame:
        """Return a thread's frame, which must be held, and may be given back."""
        frame = self._scratch.take()
        words, layout = frame.words, self._scratch.layout
        words[ABORT] = abort
        for i, fact in enumerate(self._facts):
            words[layout.fact(i)] = address_of(fact)
            words[layout.fact(i) + 1] = fact.size - 1
        return frame

    def give_back(self, frame: Frame) -> None:
        """Let others have a frame that is not used any more."""
        self._scratch.give_back(frame)


@cache
def _packing(slots: int, bands: int) -> struct.Struct:
    """Return how a job of so many slots and bands is written: `driver` names the words."""
    return struct.Struct(f"={driver.JOB_WORDS}q{'7q3d' * slots}{2 * bands}q")


def check(code: Object, inputs: Sequence[InputData]) -> None:
    """Raise ValueError where the arrays are not what the code reads."""
    if len(inputs) != len(code.inputs) or not inputs:
        raise ValueError(f"{len(inputs)} inputs for a script that reads {len(code.inputs)}")
    plane = inputs[0].valid.shape[1:]
    for data in inputs:
        if data.valid.ndim != 3 or data.valid.shape[1:] != plane or 0 in plane:
            raise ValueError(f"a mask has shape {data.valid.shape}; the first has planes {plane}")
        if data.valid.dtype != np.bool_:
            raise ValueError(f"a mask is {data.valid.dtype}; it must be bool")
    for slot in code.slots:
        if slot.band is None:
            continue
        name, data = code.inputs[slot.input][slot.band], inputs[slot.input]
        values = data.bands[name].values
        if values.shape != data.valid.shape:
            raise ValueError(f"band {name} has shape {values.shape}; its mask {data.valid.shape}")
        if values.dtype not in _STORED:
            raise ValueError(f"band {name} is {values.dtype}; allowed are {', '.join(STORED)}")


def _lay(values: NDArray[Any]) -> NDArray[Any]:
    """Return planes whose pixels lie row by row without gaps, eight or more."""
    samples, rows, cols = values.shape
    if rows * cols < LANES:
        flat = np.ascontiguousarray(values).reshape(samples, 1, rows * cols)
        return np.pad(flat, ((0, 0), (0, 0), (0, LANES - rows * cols)), mode="edge")
    if values.strides[1:] == (cols * values.itemsize, values.itemsize):
        return values
    return np.ascontiguousarray(values)


def _with_zero(numbers: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the numbers with the zero behind them that an index out of range reads."""
    return np.append(np.asarray(numbers, dtype=np.float64), 0.0)
