"""`Binding`: loaded code and arrays → the words that machine code reads: job, frames, scratch."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalscripts.native.emit.object import Object
from evalscripts.native.frame import ABORT, LANES, PLANE, SORTING, SPARE_ROWS
from evalscripts.native.ir import Buffer, Slot
from evalscripts.native.load import Loaded
from evalscripts.native.runtime import driver
from evalscripts.native.runtime.readers import MASK, STORED, reader_symbol
from evalscripts.native.runtime.sorting import TEMPORARIES
from evalscripts.program import InputData
from evalscripts.setup import SampleType

Facts = Mapping[tuple[int, str], Sequence[float] | NDArray[np.float64]]
"""(input, name) → a number for each sample."""

_MAX_SCRATCH = 64 * 1024 * 1024
_PLANES_BYTES = 64 * 1024
_LONGEST_BLOCK = 512
_ROW_BYTES = 8 * LANES
_NAMES = {np.dtype(name): name for name in STORED}
_ALIGNMENT = 64


class TooMuchScratch(Exception):
    """The script's arrays take more memory for each thread than the native tier gives."""


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
    ) -> None:
        """See `Stripe`."""
        code = loaded.object
        check(code, inputs)
        self._code = code
        self._library = loaded.library
        self.shape = inputs[0].valid.shape[1:]
        self.pixels = math.prod(self.shape)
        self._samples: tuple[int, ...] = tuple(data.valid.shape[0] for data in inputs)
        self._held: list[NDArray[Any]] = []
        self._addresses: dict[int, int] = {}
        length = max(self.pixels, LANES)
        self.targets = tuple(
            np.empty((bands, length), dtype=SampleType(kind).dtype) for kind, bands in code.outputs
        )
        self._capacities = tuple(self._capacity(buffer) for buffer in code.buffers)
        planes = sum(self._samples[slot.input] + 1 for slot in code.slots)
        self.block = block or choose_block(planes)
        # Planes of 4 KiB side by side would meet in the same lines of the cache.
        self._plane_bytes = self.block * 8 + _ALIGNMENT
        self._scratch_bytes = self._measure(planes)
        self._facts = tuple(_with_zero(facts[fact.input, fact.name]) for fact in code.facts)
        self.job = self._make_job(loaded.address, inputs, fuel=fuel)
        """The job's address."""

    # ---- sizes --------------------------------------------------------------------------------

    def _capacity(self, buffer: Buffer) -> int:
        per_scene = zip(buffer.per_scene, self._samples, strict=True)
        return buffer.constant + sum(times * samples for times, samples in per_scene)

    def _measure(self, planes: int) -> int:
        largest = max(self._capacities, default=0) if self._code.sorts else 0
        rows = sum(n + SPARE_ROWS for n in self._capacities) + TEMPORARIES * largest
        found = planes * self._plane_bytes + rows * _ROW_BYTES + _ALIGNMENT
        if found > _MAX_SCRATCH:
            raise TooMuchScratch(
                f"its arrays take {found} bytes for each thread; {_MAX_SCRATCH} are allowed"
            )
        return found

    # ---- the job ------------------------------------------------------------------------------

    def _make_job(self, kernel: int, inputs: Sequence[InputData], *, fuel: int) -> int:
        layout = self._code.layout
        first_write = driver.JOB_WORDS + layout.slots * driver.READ_WORDS
        words = np.zeros(first_write + layout.bands * driver.WRITE_WORDS, dtype=np.int64)
        at = self._hold(words)
        job, reads = words[: driver.JOB_WORDS], words[driver.JOB_WORDS : first_write]
        job[driver.KERNEL] = kernel
        job[driver.BLOCK] = self.block
        job[driver.FUEL_OF_BLOCK] = fuel
        job[driver.READS] = layout.slots
        job[driver.FIRST_READ] = at + job.nbytes
        job[driver.FIRST_SLOT] = layout.slot(0)
        job[driver.WRITES] = layout.bands
        job[driver.FIRST_WRITE] = at + first_write * words.itemsize
        job[driver.FIRST_BAND] = layout.band(0)
        records = reads.reshape(layout.slots, driver.READ_WORDS)
        for record, slot in zip(records, self._code.slots, strict=True):
            self._fill_read(record, slot, inputs[slot.input])
        self._fill_writes(words[first_write:].reshape(layout.bands, driver.WRITE_WORDS))
        return at

    def _fill_writes(self, records: NDArray[np.int64]) -> None:
        first = 0
        for target in self.targets:
            mine = records[first : first + len(target)]
            mine[:, driver.TARGET] = self._hold(target) + target.strides[0] * np.arange(len(target))
            mine[:, driver.TARGET_BYTES] = target.itemsize
            first += len(target)

    def _fill_read(self, record: NDArray[np.int64], slot: Slot, data: InputData) -> None:
        valid = _lay(data.valid)
        record[driver.VALID] = self._hold(valid)
        record[driver.VALID_STEP] = valid.strides[0]
        record[driver.SAMPLES] = valid.shape[0]
        numbers = record.view(np.float64)
        if slot.band is None:
            record[driver.ROUTINE] = self._library.address(reader_symbol(MASK))
            return
        band = data.bands[self._code.inputs[slot.input][slot.band]]
        values = _lay(band.values)
        routine = reader_symbol(_NAMES[values.dtype], has_offset=band.offset != 0)
        record[driver.ROUTINE] = self._library.address(routine)
        record[driver.VALUES] = self._hold(values)
        record[driver.VALUES_STEP] = values.strides[0]
        record[driver.PIXEL_BYTES] = values.itemsize
        numbers[driver.SCALE] = band.scale
        numbers[driver.OFFSET] = band.offset
        numbers[driver.MISSING] = band.missing

    def _hold(self, array: NDArray[Any]) -> int:
        """Keep an array for as long as this, and return its address, which numpy tells slowly."""
        address = self._addresses.get(id(array))
        if address is None:
            address = self._addresses[id(array)] = int(array.ctypes.data)
            self._held.append(array)
        return address

    # ---- frames -------------------------------------------------------------------------------

    def make_frame(self, abort: int) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """Return a thread's frame, and the scratch that it points into, which must be held."""
        scratch = np.zeros(self._scratch_bytes, dtype=np.uint8)
        layout = self._code.layout
        frame = np.zeros(layout.words, dtype=np.int64)
        at = -(-int(scratch.ctypes.data) // _ALIGNMENT) * _ALIGNMENT
        frame[ABORT] = abort
        frame[PLANE] = self._plane_bytes
        for i, samples in enumerate(self._samples):
            frame[layout.scenes(i)] = samples
        for i, slot in enumerate(self._code.slots):
            frame[layout.slot(i)] = at
            at += (self._samples[slot.input] + 1) * self._plane_bytes
        for i, capacity in enumerate(self._capacities):
            frame[layout.buffer(i)] = at
            frame[layout.buffer(i) + 1] = capacity
            at += (capacity + SPARE_ROWS) * _ROW_BYTES
        frame[SORTING] = at
        for i, fact in enumerate(self._facts):
            frame[layout.fact(i)] = fact.ctypes.data
            frame[layout.fact(i) + 1] = fact.size - 1
        return frame, scratch


def choose_block(planes: int) -> int:
    """Return how many pixels to read at a time, so that their doubles stay in the cache."""
    fitting = _PLANES_BYTES // (8 * max(1, planes)) // LANES * LANES
    return max(LANES, min(_LONGEST_BLOCK, fitting))


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
        if values.dtype not in _NAMES:
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
