"""`NativeRun`: one request's rows through machine code, on all compute threads."""

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from evalscripts.native.binding import Facts
from evalscripts.native.load import Loaded
from evalscripts.native.run import AbortFlag, End, Stripe
from evalscripts.native.scratch import TooMuchScratch
from evalscripts.native.watch import Watch
from evalscripts.program import InputData

_RANGE_OPS = 1 << 22
"""Ops times pixels times samples that are worth a job of their own: some 0.2 ms."""
_MAX_RANGES = 64
_NARROW_PIXELS = 4096
"""What is trapped is narrowed down to so many pixels, or a row."""

Spread = Callable[[Callable[[int], None], int], None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Made:
    """A stripe as far as machine code could make it."""

    outputs: tuple[NDArray[Any], ...]
    """(band, row, col) for each output."""
    left: tuple[slice, ...]
    """Rows, in order, that V8 must make; what the outputs hold there means nothing."""


class NativeRun:
    """Thread-safe."""

    def __init__(
        self, loaded: Loaded, facts: Facts, *, watch: Watch, spread: Spread | None
    ) -> None:
        """``facts`` are those that the code reads; ``spread`` is `RunContext.spread`."""
        self._loaded = loaded
        self._facts = facts
        self._watch = watch
        self._spread = spread
        self._flag = AbortFlag()

    def make(
        self,
        inputs: Sequence[InputData],
        *,
        seconds: float,
        targets: Sequence[NDArray[Any]] | None = None,
    ) -> Made | None:
        """Return the outputs of a stripe, given one input for each of the script's.

        ``targets`` are as for `Stripe`. None where it was stopped, or took longer than ``seconds``.

        Raises:
            ValueError: the arrays are not what the code reads.
        """
        rows, columns = inputs[0].valid.shape[1:]
        try:
            stripe = Stripe(self._loaded, inputs, self._facts, abort=self._flag, targets=targets)
        except TooMuchScratch:
            return Made(outputs=(), left=(slice(0, rows),))
        samples = max(1, *(data.valid.shape[0] for data in inputs))
        work = self._loaded.object.ops * samples * stripe.pixels
        most = 1 if self._spread is None else _MAX_RANGES
        ranges = stripe.ranges(min(most, math.ceil(work / _RANGE_OPS)))
        left: list[list[slice]] = [[] for _ in ranges]

        def job(index: int) -> None:
            left[index] = _run(stripe, *ranges[index], columns=columns)

        with self._watch.limit(self._flag, seconds=seconds):
            if self._spread is None or len(ranges) == 1:
                job(0)
            else:
                self._spread(job, len(ranges))
        if self._flag.is_set:
            return None
        return Made(outputs=stripe.outputs, left=_joined(itertools.chain(*left)))

    def abort(self) -> None:
        """Stop at once, from any thread."""
        self._flag.set()


def _run(stripe: Stripe, start: int, stop: int, *, columns: int) -> list[slice]:
    """Make pixels; return the rows of those that could not be made."""
    end = stripe.run(start, stop).end
    if end is End.DONE:
        return []
    rows = slice(start // columns, -(-stop // columns))
    step = max(1, _NARROW_PIXELS // columns) * columns
    if end is not End.TRAPPED or stop - start <= step:
        return [rows]
    # What traps is rare, and each pixel that V8 makes costs as much as many of ours.
    narrow = [
        _run(stripe, max(first, start), min(first + step, stop), columns=columns)
        for first in range(rows.start * columns, stop, step)
    ]
    return list(itertools.chain(*narrow))


def _joined(parts: Iterable[slice]) -> tuple[slice, ...]:
    """Return rows in order as slices that do not overlap."""
    joined: list[slice] = []
    for part in parts:
        if joined and part.start <= joined[-1].stop:
            joined[-1] = slice(joined[-1].start, part.stop)
        else:
            joined.append(part)
    return tuple(joined)
