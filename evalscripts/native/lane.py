"""One compile worker and the thread that owns it: takes jobs, asks, kills, starts anew.

A script in the making may hold the worker for as long as its deadline allows and no longer; it may
bring the worker down, and is then given a second one, so that a script is not blamed for a worker
that was killed from outside.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from evalscripts.native.outcome import Outcome, Refused
from evalscripts.workers.process import WorkerProcess
from evalscripts.workers.wire import Hangup, Late, receive

_LOG = logging.getLogger("cogmill.native")
_WORKER = "evalscripts.native.worker"
_LONGEST_PAUSE = 30.0
_TRIES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class CompilerOptions:
    """How many compile workers there are and what each may take."""

    workers: int = 1
    """Processes; scripts compile side by side in as many."""
    seconds: float = 10.0
    """Wall clock of one script's compilation; what takes longer runs in V8."""
    data_bytes: int = 512 * 1024 * 1024
    """Memory that a compilation may take on top of what a warm worker has."""
    object_bytes: int = 2 * 1024 * 1024
    """Largest machine code of one script."""
    waiting: int = 64
    """Scripts that may wait for a worker; those beyond run in V8 and ask again later."""
    waiting_bytes: int = 64 * 1024 * 1024
    """What those that wait may take together, with all that their globals hold."""
    entries: int = 256
    """Outcomes that are kept; the least recently used go first."""
    compilations: int = 1000
    """How many scripts a worker compiles before it is replaced."""
    start_seconds: float = 30.0
    """How long a worker may take to start."""


@dataclass(slots=True, eq=False)
class Job:
    """One script that waits for its machine code."""

    request: dict[str, Any]
    outcome: "Future[Outcome]" = field(default_factory=Future)


class Lane:
    """A thread with its worker. Starts at once; ends when `take` returns None."""

    def __init__(
        self,
        options: CompilerOptions,
        *,
        warm: Callable[[], object],
        take: Callable[[], Job | None],
        read: Callable[[dict[str, Any]], Outcome],
    ) -> None:
        """Start it.

        ``warm`` makes this process ready while the worker starts; ``take`` waits for the next
        job; ``read`` turns a worker's answer into an outcome.
        """
        self._options = options
        self._warm = warm
        self._take = take
        self._read = read
        self._lock = threading.Lock()
        self._worker: WorkerProcess | None = None
        self._compiled = 0
        self._failures = 0
        self._next_start = 0.0
        self._closed = False
        # The thread that starts a worker must outlive it, and this one does.
        self._thread = threading.Thread(target=self._work, name="native-compiler", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int | None:
        """The worker's process id; None while there is none."""
        worker = self._worker
        return None if worker is None else worker.pid

    def close(self) -> None:
        """End the worker whatever it does, and wait for the thread, which must find no job."""
        with self._lock:
            self._closed = True
            if self._worker is not None:
                self._worker.kill()
        self._thread.join()

    def _work(self) -> None:
        self._ensure_worker()
        while (job := self._take()) is not None:
            try:
                outcome = self._outcome(job)
            except Exception:  # noqa: BLE001 - one script must not take the lane with it
                _LOG.exception("a script could not be compiled")
                outcome = Refused(reason="the compiler failed")
            job.outcome.set_result(outcome)
            # Replaced while nobody waits for it.
            self._ensure_worker()
        self._bury()

    def _outcome(self, job: Job) -> Outcome:
        for _ in range(_TRIES):
            worker = self._ensure_worker()
            if worker is None:
                return Refused(reason="the compiler does not start", is_final=False)
            try:
                answer = worker.ask(job.request, deadline=time.monotonic() + self._options.seconds)
            except Late:
                self._bury()
                reason = f"compiling it takes longer than {self._options.seconds:g} s"
                return Refused(reason=reason)
            except Hangup:
                self._bury()
                continue
            self._compiled += 1
            if self._compiled >= self._options.compilations:
                self._bury()
            return self._read(answer)
        if self._closed:
            return Refused(reason="the compiler is shut down", is_final=False)
        return Refused(reason="compiling it takes too much memory, or breaks the compiler")

    def _ensure_worker(self) -> WorkerProcess | None:
        """Return a worker that is ready, after starting it if need be; None where it fails to."""
        if self._worker is None and time.monotonic() >= self._next_start:
            try:
                self._start()
            except (OSError, Hangup, Late):
                self._bury()
                self._failures += 1
                pause = min(0.1 * 2**self._failures, _LONGEST_PAUSE)
                self._next_start = time.monotonic() + pause
                if not self._closed:
                    _LOG.warning("a compile worker did not start; the next try is in %g s", pause)
            else:
                self._failures = 0
        return self._worker

    def _start(self) -> None:
        worker = WorkerProcess(
            _WORKER, data_bytes=self._options.data_bytes, object_bytes=self._options.object_bytes
        )
        with self._lock:
            self._worker = worker
            self._compiled = 0
            if self._closed:
                worker.kill()
        deadline = time.monotonic() + self._options.start_seconds
        self._warm()
        if "ready" not in receive(worker.connection, deadline=deadline):
            raise Hangup

    def _bury(self) -> None:
        with self._lock:
            worker, self._worker = self._worker, None
        if worker is not None:
            worker.bury()
