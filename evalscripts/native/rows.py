"""`NativeRun`: one request's rows through machine code, on all compute threads."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from evalscripts.native.binding import Facts, TooMuchScratch
from evalscripts.native.load import Loaded
from evalscripts.native.run import AbortFlag, End, Status, Stripe
from evalscripts.native.watch import Watch
from evalscripts.program import InputData

_RANGE_PIXELS = 1 << 16
_MAX_RANGES = 64

Spread = Callable[[Callable[[int], None], int], None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Made:
    """A stripe as far as machine code could make it."""

    outputs: tuple[NDArray[Any], ...]
    """(band, row, col) for each output."""
    left: tuple[slice, ...]
    """Rows, in order, that V8 must make; what the outputs hold there means nothing."""


class NativeRun:
    """Used by one thread at a time, but for `abort`."""

    def __init__(
        self, loaded: Loaded, facts: Facts, *, watch: Watch, spread: Spread | None
    ) -> None:
        """``facts`` are those that the code reads; ``spread`` is `RunContext.spread`."""
        self._loaded = loaded
        self._facts = facts
        self._watch = watch
        self._spread = spread
        self._flag = AbortFlag()

    def make(self, inputs: Sequence[InputData], *, seconds: float) -> Made | None:
        """Return the outputs of a stripe, given one input for each of the script's.

        None where it was stopped, or took longer than ``seconds``.

        Raises:
            ValueError: the arrays are not what the code reads.
        """
        rows, columns = inputs[0].valid.shape[1:]
        try:
            stripe = Stripe(self._loaded, inputs, self._facts, abort=self._flag)
        except TooMuchScratch:
            return Made(outputs=(), left=(slice(0, rows),))
        ranges = stripe.ranges(min(_MAX_RANGES, math.ceil(stripe.pixels / _RANGE_PIXELS)))
        statuses: list[Status | None] = [None] * len(ranges)

        def job(index: int) -> None:
            statuses[index] = stripe.run(*ranges[index])

        with self._watch.limit(self._flag, seconds=seconds):
            if self._spread is None or len(ranges) == 1:
                for index in range(len(ranges)):
                    job(index)
            else:
                self._spread(job, len(ranges))
        if self._flag.is_set:
            return None
        left = [
            slice(start // columns, -(-stop // columns))
            for (start, stop), status in zip(ranges, statuses, strict=True)
            if status is None or status.end is not End.DONE
        ]
        return Made(outputs=stripe.outputs, left=_joined(left))

    def abort(self) -> None:
        """Stop at once, from any thread."""
        self._flag.set()


def _joined(parts: list[slice]) -> tuple[slice, ...]:
    """Return rows in order as slices that do not overlap."""
    joined: list[slice] = []
    for part in parts:
        if joined and part.start <= joined[-1].stop:
            joined[-1] = slice(joined[-1].start, part.stop)
        else:
            joined.append(part)
    return tuple(joined)
