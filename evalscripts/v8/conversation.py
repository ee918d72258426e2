"""One script's talk with one worker: its time, and what every kind of end means to the user."""

import json
import re
import signal
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from evalscripts.errors import (
    ScriptError,
    ScriptLimitExceeded,
    ScriptRuntimeError,
    ScriptSyntaxError,
    SetupError,
)
from evalscripts.source import Source
from evalscripts.v8.pixels import Stretch
from evalscripts.v8.pool import V8Pool
from evalscripts.workers.wire import Hangup, Late

_BURIAL_SECONDS = 1.0
_SEED = 20150623
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)")
_NO_MEMORY = re.compile(
    r"RangeError: (?:Array buffer allocation failed|Invalid typed array length)"
)


class Conversation:
    """A held worker. Ends with `release`, or with the first error."""

    def __init__(self, pool: V8Pool, source: Source, *, seconds: float, spent: float = 0.0) -> None:
        """Take a worker; `begin` is the first thing to ask of it.

        ``seconds`` bounds the time in which the worker works for us, over the whole conversation;
        the time between questions does not count. ``spent`` of them are used already.
        """
        self._pool = pool
        self._source = source
        self._seconds = seconds
        self._granted = seconds - spent
        self._left = self._granted
        self._lock = threading.Lock()
        self._over = False
        self._aborted = False
        self.trace: dict[str, Any] = {}
        """What has been seen of a watched pixel; see trace.js."""
        self._worker = pool.acquire()
        self._safety = weakref.finalize(self, pool.abandon, self._worker)
        self._safety.atexit = False

    def begin(self, stage: str, *, now: int | None = None, **given: Any) -> str:
        """Run the script's top level in a new isolate, then ``stage`` or ``start``; the reply.

        ``now`` is what the script's clock shows, in milliseconds since 1970; None for the time.

        Raises:
            ScriptError: of every kind; the conversation has ended then.
        """
        clock = {"now": clock_now() if now is None else now, "seed": _SEED}
        message = {"do": stage, "text": self._source.text, "given": {"clock": clock, **given}}
        return str(self.ask(message)["reply"])

    @property
    def spent(self) -> float:
        """How many seconds the worker has worked for us."""
        return self._granted - self._left

    def reserve(self, size: int) -> int:
        """Make room in the memory shared with the worker; return how much there is."""
        try:
            self._worker.segment.reserve(size)
        except Hangup:
            raise self._ended() from None
        return self._worker.segment.size

    def view(self, place: Stretch, *, shape: tuple[int, ...]) -> NDArray[Any]:
        """Return an array over a stretch of the shared memory."""
        try:
            return self._worker.segment.view(offset=place.offset, shape=shape, dtype=place.dtype)
        except Hangup:
            raise self._ended() from None

    def ask(
        self, message: dict[str, Any], *, columns: int = 0, first_row: int = 0
    ) -> dict[str, Any]:
        """Return the worker's answer.

        ``columns`` and ``first_row`` turn the number of a failing pixel into its place.

        Raises:
            ScriptError: of every kind; the conversation has ended then.
        """
        if self._over:
            raise self._ended()
        started = time.monotonic()
        try:
            answer = self._worker.ask(message, deadline=started + self._left)
        except Late:
            self._discard()
            raise self._limit(f"the script took longer than {self._seconds:g} s") from None
        except Hangup:
            raise self._ended() from None
        self._left -= time.monotonic() - started
        if "trace" in answer:
            self.trace = json.loads(answer["trace"])
        if "failure" not in answer:
            return answer
        error = self._translated(answer, columns=columns, first_row=first_row)
        if isinstance(error, ScriptLimitExceeded):
            # What is left of its memory is not worth another session.
            self._discard()
        else:
            self.release()
        raise error

    def refusal(self, kind: type[ScriptError], message: str, *, name: str) -> ScriptError:
        """End the conversation; return an error that points at one of the script's functions."""
        self.release()
        return self._source.error_at(kind, message, name=name)

    def release(self) -> None:
        """Give the worker back."""
        if self._ends():
            self._pool.release(self._worker)

    def abort(self) -> None:
        """End the worker at once, from any thread; a running `ask` raises.

        After the conversation's end this does nothing: the worker may be another's by then.
        """
        if self._ends(aborted=True):
            self._pool.discard(self._worker)

    def _discard(self) -> None:
        if self._ends():
            self._pool.discard(self._worker)

    def _ends(self, *, aborted: bool = False) -> bool:
        """Return True to the one caller that ends the conversation."""
        with self._lock:
            first = not self._over
            self._over = True
            self._aborted = self._aborted or (first and aborted)
        if first:
            self._safety.detach()
        return first

    def _limit(self, message: str) -> ScriptError:
        return ScriptLimitExceeded(message)

    def _ended(self) -> ScriptError:
        """Return what the worker's end means."""
        if self._aborted:
            return self._limit("the script was stopped before it ended")
        if self._over:
            return ScriptRuntimeError("the script has ended already")
        code = self._worker.exit_code(seconds=_BURIAL_SECONDS)
        self._discard()
        if code == -signal.SIGKILL:
            return ScriptRuntimeError("the worker that ran the script was killed from outside")
        if code is not None and code < 0:
            return self._limit(
                "the script brought its JavaScript engine down; "
                "most often it asked for too much memory"
            )
        return ScriptRuntimeError("the worker that ran the script ended before its answer")

    def _translated(self, answer: dict[str, Any], *, columns: int, first_row: int) -> ScriptError:
        failure, report = answer["failure"], str(answer.get("report", ""))
        running = str(answer.get("running", ""))
        if failure == "memory":
            megabytes = self._pool.options.heap_bytes // 2**20
            return self._limit(f"the script needed more than {megabytes} MB of memory")
        note = ""
        pixel = answer.get("pixel")
        if isinstance(pixel, int) and columns:
            note = f" (at pixel row {first_row + pixel // columns}, column {pixel % columns})"
        kind: type[ScriptError] = SetupError if running == "setup" else ScriptRuntimeError
        if failure == "fault":
            if running == "updateOutputMetadata":
                kind = ScriptLimitExceeded
            error = self._source.error_at(kind, report + note, name=running)
        else:
            error = self._blamed(kind, running, report, note=note, syntax=failure == "syntax")
            if error.line is None and running != "load":
                error = self._source.error_at(type(error), error.message, name=running)
        error.console = read_console(answer.get("console"))
        return error

    def _blamed(
        self, kind: type[ScriptError], running: str, report: str, *, note: str, syntax: bool
    ) -> ScriptError:
        """Return the error that V8's report is."""
        error = self._source.blame(ScriptSyntaxError if syntax else kind, report, note=note)
        if syntax and error.message.startswith("RangeError: "):
            return self._limit("the script's text is nested too deeply")
        if running == "load" and error.message.startswith("SyntaxError: ") and not error.stack:
            # A name declared twice is found only when the script starts.
            return self._source.blame(ScriptSyntaxError, report)
        if _NO_MEMORY.match(error.message):
            return self._source.blame(ScriptLimitExceeded, report, note=note)
        return error


def read_json(text: str, refuse: Callable[[str], Exception]) -> Any:
    """Return JSON that a script made; halves of surrogate pairs, which UTF-8 lacks, replaced.

    ``refuse`` makes the error that is raised of a reason.
    """
    try:
        return json.loads(_ESCAPE.sub(_whole, text))
    except (ValueError, RecursionError):
        raise refuse("what the script left behind is nested too deeply") from None


def _whole(escape: re.Match[str]) -> str:
    # Well-formed JSON from V8 escapes surrogates only where they stand alone.
    half = escape[1] is not None and 0xD800 <= int(escape[1], 16) <= 0xDFFF
    return "\\ufffd" if half else escape[0]


def clock_now() -> int:
    """Return the time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def read_console(text: Any) -> tuple[str, ...]:
    """Return the lines of a console as the worker wrote them."""
    try:
        lines = json.loads(text) if isinstance(text, str) else []
    except ValueError:
        lines = []
    return tuple(line for line in lines if isinstance(line, str))
