"""`Stripe`: one run of loaded code over arrays, in ranges of pixels, from any number of threads."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalscripts.native.binding import Binding, Facts
from evalscripts.native.frame import ABORTED, LANES, OK, OUT_OF_FUEL, TRAPPED
from evalscripts.native.load import Loaded
from evalscripts.native.scratch import TooMuchScratch, address_of
from evalscripts.program import InputData

__all__ = ["DEFAULT_FUEL", "AbortFlag", "End", "Facts", "Status", "Stripe", "TooMuchScratch"]

DEFAULT_FUEL = 1_000_000
"""Turns that the loops without a bound may take in one block of pixels."""


class End(Enum):
    """How a range of pixels ended."""

    DONE = "done"
    TRAPPED = "trapped"
    OUT_OF_FUEL = "out of fuel"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What became of a range of pixels; unless it is done, its outputs mean nothing."""

    end: End
    reason: str = ""
    """Of a trap, for people."""


class AbortFlag:
    """Ends all runs that hold it, within a block of pixels; may be set by any thread."""

    def __init__(self) -> None:
        self._word = np.zeros(1, dtype=np.int32)
        self.address = address_of(self._word)
        """Where machine code looks."""

    def set(self) -> None:
        """End the runs, also those that begin later."""
        self._word[0] = 1

    @property
    def is_set(self) -> bool:
        """Whether it was set."""
        return bool(self._word[0])


class Stripe:
    """A kernel bound to a stripe of rows.

    `run` over ranges that cover all pixels, side by side if need be, fills `outputs`.
    """

    def __init__(
        self,
        loaded: Loaded,
        inputs: Sequence[InputData],
        facts: Facts,
        *,
        abort: AbortFlag,
        fuel: int = DEFAULT_FUEL,
        block: int | None = None,
        targets: Sequence[NDArray[Any]] | None = None,
    ) -> None:
        """Bind the code to one `InputData` for each of the kernel's inputs, and to its facts.

        Arrays whose rows lie apart are copied; the others are read in place and must not change.
        ``block`` is how many pixels, eight or more, are read at a time; None: as fits the cache.
        ``targets`` are arrays to write, (band, row, col) for each output, without gaps between the
        pixels of a band, and of eight pixels or more; None: new ones.

        Raises:
            TooMuchScratch: the number of samples makes the script's arrays too large.
            ValueError: the arrays are not what the kernel reads.
        """
        self._loaded = loaded
        self._abort = abort
        self._binding = Binding(loaded, inputs, facts, fuel=fuel, block=block, targets=targets)
        self._has_own_targets = targets is None
        self.pixels = self._binding.pixels
        """Rows × columns, counted row by row."""

    @property
    def outputs(self) -> tuple[NDArray[Any], ...]:
        """(band, row, col) for each output, in its dtype; complete when all ranges are done."""
        if not self._has_own_targets:
            return self._binding.targets
        flat = (target[:, : self.pixels] for target in self._binding.targets)
        return tuple(one.reshape(one.shape[0], *self._binding.shape) for one in flat)

    def ranges(self, count: int) -> tuple[tuple[int, int], ...]:
        """Return at most ``count`` ranges that cover all pixels, in whole blocks."""
        block = self._binding.block
        blocks = -(-self.pixels // block)
        parts = max(1, min(count, blocks))
        edges = [blocks * i // parts * block for i in range(parts)] + [self.pixels]
        return tuple(pairwise(edges))

    def run(self, start: int, stop: int) -> Status:
        """Compute the pixels [start, stop); without the GIL, from any thread.

        A range of less than eight pixels computes some before it as well, to the same values.
        """
        if not 0 <= start < stop <= self.pixels:
            raise ValueError(f"there are {self.pixels} pixels, none from {start} to {stop}")
        stop = max(stop, LANES)
        start = max(0, min(start, stop - LANES))
        frame = self._binding.take_frame(self._abort.address)
        status = self._loaded.library.drive(self._binding.job, frame.address, start, stop)
        self._binding.give_back(frame)
        return self._status(status)

    def _status(self, status: int) -> Status:
        if status == OK:
            return Status(end=End.DONE)
        if status == OUT_OF_FUEL:
            return Status(end=End.OUT_OF_FUEL)
        if status == ABORTED:
            return Status(end=End.ABORTED)
        return Status(end=End.TRAPPED, reason=self._loaded.object.reasons[status - TRAPPED])
