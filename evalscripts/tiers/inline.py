"""`TieredInline`: rows of a script that machine code makes, wherever the caller happens to be."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalscripts.errors import ScriptLimitExceeded
from evalscripts.native.rows import NativeRun
from evalscripts.native.scratch import is_gapless
from evalscripts.program import InputData, RunContext, Session
from evalscripts.setup import SetupOutput
from evalscripts.tiers.standing import Standing
from evalscripts.v8.program import V8Program

_FEW_PIXELS = 8
"""Below so many, machine code writes beyond the last one."""


class TieredInline:
    """An `InlineRun` of a script whose machine code V8 has confirmed."""

    def __init__(
        self,
        program: V8Program,
        context: RunContext,
        *,
        ids: tuple[str, ...],
        native: NativeRun,
        standing: Standing,
    ) -> None:
        """``ids`` are the request's inputs that the script's inputs read."""
        self.outputs: tuple[SetupOutput, ...] = program.setup.outputs
        self._program = program
        self._context = context
        self._ids = ids
        self._native = native
        self._standing = standing
        self._clock = _Clock()
        self._lock = threading.Lock()
        self._is_aborted = False
        self._rest: Session | None = None
        self._pixels = 0
        self._left = 0

    def make(
        self, inputs: Mapping[str, InputData], outputs: Mapping[str, NDArray[Any]]
    ) -> tuple[slice, ...]:
        """Write rows, and return those that are left to V8; see `InlineRun`."""
        given = [inputs[name] for name in self._ids]
        rows, columns = given[0].valid.shape[1:]
        if not rows * columns:
            return ()
        targets = self._targets(outputs, rows=rows, columns=columns)
        with self._clock.running():
            left = self._context.seconds - self._clock.spent()
            made = self._native.make(given, seconds=left, targets=targets)
        if made is None:
            raise self._limit()
        if made.outputs:
            for output, target in zip(self.outputs, made.outputs, strict=True):
                wanted = outputs.get(output.id)
                if wanted is not None and wanted is not target:
                    wanted[...] = target
        with self._lock:
            self._pixels += rows * columns
            self._left += sum(part.stop - part.start for part in made.left) * columns
        return made.left

    def rest(self) -> Session:
        """Open a session in V8 for what is left; see `InlineRun`."""
        session = self._program.open(self._context, spent=self._clock.spent())
        with self._lock:
            self._rest = session
            is_aborted = self._is_aborted
        if is_aborted:
            session.abort()
        return session

    def finish(self) -> None:
        """Note how the request went."""
        self._standing.remember(is_trapped=2 * self._left > self._pixels)

    def abort(self) -> None:
        """Stop at once, from any thread."""
        with self._lock:
            self._is_aborted = True
            rest = self._rest
        self._native.abort()
        if rest is not None:
            rest.abort()

    def _targets(
        self, outputs: Mapping[str, NDArray[Any]], *, rows: int, columns: int
    ) -> list[NDArray[Any]] | None:
        """Return the arrays that machine code writes; None: it makes its own, to be copied."""
        if rows * columns < _FEW_PIXELS:
            return None
        targets = []
        for output in self.outputs:
            wanted = outputs.get(output.id)
            if wanted is None or not is_gapless(wanted):
                shape = (output.bands, rows, columns)
                wanted = np.empty(shape, output.sample_type.dtype)
            targets.append(wanted)
        return targets

    def _limit(self) -> ScriptLimitExceeded:
        if self._is_aborted:
            return ScriptLimitExceeded("the script was stopped before it ended")
        return ScriptLimitExceeded(f"the script took longer than {self._context.seconds:g} s")


class _Clock:
    """How long at least one thread was at work. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads = 0
        self._since = 0.0
        self._spent = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the block's time."""
        with self._lock:
            if not self._threads:
                self._since = time.monotonic()
            self._threads += 1
        try:
            yield
        finally:
            with self._lock:
                self._threads -= 1
                if not self._threads:
                    self._spent += time.monotonic() - self._since

    def spent(self) -> float:
        """Return the seconds so far."""
        with self._lock:
            running = time.monotonic() - self._since if self._threads else 0.0
            return self._spent + running
