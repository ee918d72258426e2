"""`Scratch`: how much memory a kernel's threads work in, and the frames that point into it.

Frames of kernels without arrays of their own are used again: a block's planes are written before
they are read, and the zeros that stand for what is out of range are never written.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalscripts.native.emit.object import Object
from evalscripts.native.frame import LANES, PLANE, SORTING, SPARE_ROWS
from evalscripts.native.ir import Buffer
from evalscripts.native.runtime.sorting import TEMPORARIES

_MAX_SCRATCH = 64 * 1024 * 1024
_KEPT_FRAMES = 8
_PLANES_BYTES = 64 * 1024
_LONGEST_BLOCK = 512
_ROW_BYTES = 8 * LANES
_ALIGNMENT = 64


class TooMuchScratch(Exception):
    """The script's arrays take more memory for each thread than the native tier gives."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """One thread's words and the memory that they point into."""

    words: NDArray[np.int64]
    address: int
    """Of the words."""
    memory: NDArray[np.uint8]


class Scratch:
    """Sizes for so many samples of each input, and frames that wait. Thread-safe."""

    def __init__(self, code: Object, samples: tuple[int, ...], *, block: int | None = None) -> None:
        """``block`` is how many pixels are read at a time; None: as fits the cache.

        Raises:
            TooMuchScratch: the number of samples makes the script's arrays too large.
        """
        self.layout = code.layout
        self._code = code
        self._samples = samples
        self._capacities = tuple(self._capacity(buffer) for buffer in code.buffers)
        planes = sum(samples[slot.input] + 1 for slot in code.slots)
        self.block = block or choose_block(planes)
        """Pixels that are read at a time."""
        # Planes of 4 KiB side by side would meet in the same lines of the cache.
        self._plane_bytes = self.block * 8 + _ALIGNMENT
        self._bytes = self._measure(planes)
        self._free: list[Frame] = []

    def take(self) -> Frame:
        """Return a frame that nobody else uses, with all words but those of a run."""
        try:
            return self._free.pop()
        except IndexError:
            return self._make()

    def give_back(self, frame: Frame) -> None:
        """Let another run have a frame; few are kept."""
        if not self._capacities and len(self._free) < _KEPT_FRAMES:
            self._free.append(frame)

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

    def _make(self) -> Frame:
        memory = np.zeros(self._bytes, dtype=np.uint8)
        layout = self.layout
        words = np.zeros(layout.words, dtype=np.int64)
        at = -(-address_of(memory) // _ALIGNMENT) * _ALIGNMENT
        words[PLANE] = self._plane_bytes
        for i, samples in enumerate(self._samples):
            words[layout.scenes(i)] = samples
        for i, slot in enumerate(self._code.slots):
            words[layout.slot(i)] = at
            at += (self._samples[slot.input] + 1) * self._plane_bytes
        for i, capacity in enumerate(self._capacities):
            words[layout.buffer(i)] = at
            words[layout.buffer(i) + 1] = capacity
            at += (capacity + SPARE_ROWS) * _ROW_BYTES
        words[SORTING] = at
        return Frame(words=words, address=address_of(words), memory=memory)


class Scratches:
    """The scratch of one kernel for the numbers of samples that it met last. Thread-safe."""

    _MOST = 4

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], Scratch] = {}

    def get(self, code: Object, samples: tuple[int, ...]) -> Scratch:
        """Return the kernel's scratch; see `Scratch`."""
        found = self._known.get(samples)
        if found is None:
            found = Scratch(code, samples)
            # Another thread may do the same; one of the two is forgotten, which costs nothing.
            self._known = dict(list(self._known.items())[1 - self._MOST :]) | {samples: found}
        return found


def address_of(array: NDArray[Any]) -> int:
    """Return where an array's first element is; ``array.ctypes.data`` says the same slowly."""
    return int(array.__array_interface__["data"][0])


def choose_block(planes: int) -> int:
    """Return how many pixels to read at a time, so that their doubles stay in the cache."""
    fitting = _PLANES_BYTES // (8 * max(1, planes)) // LANES * LANES
    return max(LANES, min(_LONGEST_BLOCK, fitting))


def is_gapless(values: NDArray[Any]) -> bool:
    """Return whether the pixels of each (row, col) plane lie row by row without gaps."""
    *_, rows, columns = values.shape
    row, column = values.strides[-2:]
    is_row = columns == 1 or column == values.itemsize
    return is_row and (rows == 1 or row == columns * values.itemsize)
