"""`TieredSession`: one request's rows, made by either tier."""

import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalscripts.errors import ScriptLimitExceeded, ScriptRuntimeError
from evalscripts.native.facts import Facts, read_facts
from evalscripts.native.outcome import Compiled, Outcome
from evalscripts.native.recheck import difference, gather, pick
from evalscripts.native.rows import NativeRun
from evalscripts.native.watch import Watch
from evalscripts.program import Finished, InputData, RunContext
from evalscripts.setup import Setup
from evalscripts.tiers.standing import Standing
from evalscripts.v8.facts import match_inputs
from evalscripts.v8.program import V8Program
from evalscripts.v8.session import V8Session

_V8_SECONDS = 0.005
_V8_PIXEL_SECONDS = 1e-7
"""What V8 takes at least for a script that it has not run yet, and for a pixel's sample more."""
_COMPILE_SECONDS = 0.006
_COMPILE_CHAR_SECONDS = 4e-6
"""What compiling a script takes, and each character of it, where it has no loops."""
_PART_PIXELS = 1 << 15

_NOTHING = Finished(user_data=None, console=(), console_cut=False)

_Pixels = dict[str, NDArray[Any]]


class TieredSession:
    """A `Session` of a script that native code may run, or may soon.

    V8 is asked for an isolate only where it has something to do, and lets go of it afterwards.
    """

    def __init__(
        self,
        program: V8Program,
        context: RunContext,
        *,
        standing: Standing,
        watch: Watch,
        ends_in_v8: bool,
    ) -> None:
        """``ends_in_v8``: something is left behind that only V8 can tell.

        Raises:
            SetupError: the script reads an input that the request does not have.
        """
        self.outputs = program.setup.outputs
        self._program = program
        self._context = context
        self._standing = standing
        self._watch = watch
        self._ends_in_v8 = ends_in_v8
        self._ids = match_inputs(program.source, program.setup, context)
        self._lock = threading.Lock()
        self._is_over = False
        self._is_aborted = False
        self._v8: V8Session | None = None
        self._native: NativeRun | None = None
        self._finished: Finished | None = None
        self._is_patient = True
        self._compile_seconds = _COMPILE_SECONDS + _COMPILE_CHAR_SECONDS * len(program.source.text)
        self._spent = 0.0
        self._rows = 0
        self._pixels = 0
        self._trapped = 0

    def evaluate(self, inputs: Mapping[str, InputData]) -> Mapping[str, NDArray[Any]]:
        """Return output id → (band, row, col); see `Session`.

        Raises:
            ScriptError: of every kind.
            ValueError: the data is not what the script can be given.
        """
        self._check_open()
        try:
            return self._evaluated(inputs)
        except BaseException:
            self.abort()
            raise

    def finish(self) -> Finished:
        """Run updateOutputMetadata(); see `Session`."""
        self._check_open()
        try:
            if self._finished is None and (self._v8 is not None or self._ends_in_v8):
                self._settle(self._isolate())
        except BaseException:
            self.abort()
            raise
        with self._lock:
            self._is_over = True
        if self._native is not None:
            self._standing.remember(is_trapped=2 * self._trapped > self._pixels)
        return self._finished or _NOTHING

    def abort(self) -> None:
        """Stop at once; see `Session`."""
        with self._lock:
            self._is_aborted = self._is_aborted or not self._is_over
            self._is_over = True
            native, isolate = self._native, self._v8
        if native is not None:
            native.abort()
        if isolate is not None:
            isolate.abort()

    def prepare(self) -> None:
        """Open the isolate that V8 will need, while the compiler is still at work."""
        self._isolate()

    def _evaluated(self, inputs: Mapping[str, InputData]) -> Mapping[str, NDArray[Any]]:
        stripe = {name: inputs[name] for name in self._ids}
        rows, columns = stripe[self._ids[0]].valid.shape[1:]
        parts: list[_Pixels] = []
        row = 0
        while row < rows and columns:
            outcome = self._outcome(stripe)
            stop = rows
            if outcome is None:
                stop = min(rows, row + max(1, _PART_PIXELS // columns))
            part = _cut(stripe, slice(row, stop))
            if isinstance(outcome, Compiled):
                parts.append(self._make_natively(outcome, part, row=row))
            else:
                parts.append(self._make_in_v8(part, row=row))
            row = stop
        self._rows += rows
        self._pixels += rows * columns
        if len(parts) == 1:
            return parts[0]
        return {
            output.id: np.concatenate([part[output.id] for part in parts], axis=1)
            if parts
            else np.empty((output.bands, rows, columns), output.sample_type.dtype)
            for output in self.outputs
        }

    def _outcome(self, stripe: Mapping[str, InputData]) -> Outcome | None:
        """Return the outcome, waited for once in the session's life, and not in a queue.

        What V8 would need for the stripe is worth waiting, where that is likely to be enough.
        """
        if self._is_patient and self._standing.is_running():
            samples = sum(data.valid.size for data in stripe.values())
            in_v8 = _V8_SECONDS + _V8_PIXEL_SECONDS * samples
            if self._compile_seconds < in_v8:
                self._standing.awaited(seconds=in_v8)
        self._is_patient = False
        return self._standing.outcome()

    def _make_in_v8(self, part: Mapping[str, InputData], *, row: int) -> _Pixels:
        """Return a part's pixels; ``row`` is where it begins in the stripe."""
        isolate = self._isolate()
        isolate.seek(self._rows + row)
        return dict(isolate.evaluate(part))

    def _make_natively(
        self, compiled: Compiled, part: Mapping[str, InputData], *, row: int
    ) -> _Pixels:
        """Return a part's pixels, made by machine code, and by V8 where that gives up."""
        isolate = self._v8
        spent = self._spent + (0.0 if isolate is None else isolate.spent)
        left = self._context.seconds - spent
        started = time.monotonic()
        made = self._run(compiled).make([part[name] for name in self._ids], seconds=left)
        self._spent += time.monotonic() - started
        if made is None:
            self._check_open()
            seconds = self._context.seconds
            raise ScriptLimitExceeded(f"the script took longer than {seconds:g} s")
        if made.left == (_all_rows(part),):
            return self._repaired(part, row=row)
        pixels = dict(zip((output.id for output in self.outputs), made.outputs, strict=True))
        if not (self._standing.is_checked or self._is_confirmed(part, pixels, made.left)):
            return self._repaired(part, row=row)
        for rows in made.left:
            repaired = self._repaired(_cut(part, rows), row=row + rows.start)
            for name, values in repaired.items():
                pixels[name][:, rows] = values
        if self._v8 is not None:
            self._settle(self._v8)
        return pixels

    def _repaired(self, part: Mapping[str, InputData], *, row: int) -> _Pixels:
        """Return from V8 what machine code could not make."""
        pixels = self._make_in_v8(part, row=row)
        self._trapped += next(iter(pixels.values()))[0].size
        return pixels

    def _is_confirmed(
        self, part: Mapping[str, InputData], pixels: _Pixels, left: tuple[slice, ...]
    ) -> bool:
        """Return whether V8 makes the same of some pixels; if not, the program is V8's."""
        picked = pick(part, without=left)
        if not len(picked.rows):
            return True
        try:
            made = self._isolate().evaluate(gather(part, picked))
        except ScriptRuntimeError as error:
            self._check_open()
            wrong: str | None = f"V8 throws: {error.message}"
        else:
            wrong = difference(pixels, made, picked)
        if wrong is None:
            self._standing.is_checked = True
            return True
        self._standing.distrust(wrong)
        # What the picked pixels left behind must not be seen by those that are made now.
        with self._lock:
            isolate, self._v8 = self._v8, None
        if isolate is not None:
            self._spent += isolate.spent
            isolate.abort()
        return False

    def _settle(self, isolate: V8Session) -> None:
        """Take what the script leaves behind, and free the worker."""
        if isinstance(self._standing.outcome(), Compiled) and not self._ends_in_v8:
            isolate.release()
            self._finished = _NOTHING
        else:
            self._finished = isolate.finish()
        self._spent += isolate.spent
        with self._lock:
            self._v8 = None

    def _isolate(self) -> V8Session:
        if self._v8 is None:
            opened = self._program.open(self._context, spent=self._spent)
            with self._lock:
                self._v8 = opened
                is_over = self._is_over
            if is_over:
                opened.abort()
                self._check_open()
        return self._v8

    def _run(self, compiled: Compiled) -> NativeRun:
        if self._native is None:
            run = NativeRun(
                compiled.loaded,
                facts_of(compiled, self._program.setup, self._context, ids=self._ids),
                watch=self._watch,
                spread=self._context.spread,
            )
            with self._lock:
                self._native = run
            self._check_open()
        return self._native

    def _check_open(self) -> None:
        if self._is_aborted:
            raise ScriptLimitExceeded("the script was stopped before it ended")
        if self._is_over:
            raise ScriptRuntimeError("the script has ended already")


def facts_of(
    compiled: Compiled, setup: Setup, context: RunContext, *, ids: tuple[str, ...]
) -> Facts:
    """Return what machine code is told of the request."""
    if not compiled.loaded.object.facts:
        return {}
    return read_facts(setup, context, ids=ids, selection=context.selection)


def _all_rows(part: Mapping[str, InputData]) -> slice:
    return slice(0, next(iter(part.values())).valid.shape[1])


def _cut(part: Mapping[str, InputData], rows: slice) -> Mapping[str, InputData]:
    """Return some rows of all inputs; no copy."""
    if rows == _all_rows(part):
        return part
    return {
        name: InputData(
            bands={
                band: replace(held, values=held.values[:, rows])
                for band, held in data.bands.items()
            },
            valid=data.valid[:, rows],
        )
        for name, data in part.items()
    }
