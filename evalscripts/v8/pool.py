"""Workers that wait, and the one thread that starts, watches and buries them.

A worker is held by one session at a time and is killed whenever its session ended in anything
but order. The keeper thread replaces it in the background.
"""

import os
import selectors
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Self

from evalscripts.errors import ScriptTierUnavailable
from evalscripts.workers.process import WorkerProcess
from evalscripts.workers.wire import Hangup, Late, receive, send

_READY_SECONDS = 2.0
_SEND_SECONDS = 1.0
_LONGEST_PAUSE = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolOptions:
    """How many workers there are and what each may take."""

    workers: int = 2
    """Processes, and so sessions at a time."""
    spares: int = 2
    """Isolates that wait ready in each."""
    heap_bytes: int = 256 * 1024 * 1024
    """V8's own heap, per isolate."""
    data_bytes: int = 384 * 1024 * 1024
    """What a worker may take besides that: array buffers, the bands and outputs among them."""
    start_seconds: float = 20.0
    """How long a worker may take to start."""
    wait_seconds: float = 10.0
    """How long a session waits for a free worker."""
    sessions: int = 1000
    """How many sessions a worker serves before it is replaced."""


class V8Pool:
    """A pool of V8 workers. Thread-safe; close it when done."""

    def __init__(self, options: PoolOptions) -> None:
        """Return at once; the workers start in the background."""
        self.options = options
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._idle: deque[WorkerProcess] = deque()
        self._held: set[WorkerProcess] = set()
        self._settling: dict[WorkerProcess, float] = {}
        self._dead: deque[WorkerProcess] = deque()
        self._abandoned: deque[WorkerProcess] = deque()
        self._served: dict[WorkerProcess, int] = {}
        self._awaited = 0
        self._failures = 0
        self._next_start = 0.0
        self._closed = False
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._keeper = threading.Thread(target=self._keep, name="v8-keeper", daemon=True)
        self._keeper.start()

    # ---- for sessions ------------------------------------------------------------------

    def acquire(self, *, seconds: float | None = None) -> WorkerProcess:
        """Return a worker that is ready, now held by the caller.

        Raises:
            ScriptTierUnavailable: none was free within ``seconds`` (default: the pool's own).
        """
        limit = self.options.wait_seconds if seconds is None else seconds
        deadline = time.monotonic() + limit
        while True:
            worker = self._next_idle(deadline)
            if worker is None:
                state = "they fail to start" if self._failures else "all are busy"
                raise ScriptTierUnavailable(
                    f"no script worker was free within {limit:g} s; "
                    f"there are {self.options.workers}, {state}"
                )
            try:
                # One that was killed a moment ago may not have been noticed yet; that must not
                # look like the script's fault.
                worker.ask({"do": "end"}, deadline=time.monotonic() + _READY_SECONDS)
            except (Hangup, Late):
                self.discard(worker)
            else:
                return worker

    def _next_idle(self, deadline: float) -> WorkerProcess | None:
        """Return an idle worker, now held; None where there is none before the deadline."""
        with self._changed:
            self._awaited += 1
            try:
                while not self._idle:
                    if self._closed:
                        raise ScriptTierUnavailable("the script workers are shut down")
                    left = deadline - time.monotonic()
                    if left <= 0:
                        return None
                    self._changed.wait(left)
            finally:
                self._awaited -= 1
            worker = self._idle.popleft()
            self._held.add(worker)
            return worker

    def release(self, worker: WorkerProcess) -> None:
        """Take back a worker whose session ended in order; its isolate is thrown away."""
        with self._lock:
            if worker not in self._held:
                return
            self._held.discard(worker)
            self._served[worker] += 1
            if self._served[worker] >= self.options.sessions:
                self._bury(worker)
                return
            try:
                worker.connection.settimeout(_SEND_SECONDS)
                send(worker.connection, {"do": "end"})
            except (Hangup, Late):
                self._bury(worker)
                return
            self._settling[worker] = time.monotonic() + _READY_SECONDS
            self._rouse()

    def discard(self, worker: WorkerProcess) -> bool:
        """Kill a held worker at once; another starts in the background.

        Returns whether it was held.
        """
        with self._lock:
            if worker not in self._held:
                return False
            self._held.discard(worker)
            worker.kill()
            self._bury(worker)
            return True

    def abandon(self, worker: WorkerProcess) -> None:
        """Discard a worker whose holder was garbage collected.

        Takes no lock: the collector may run inside any of the methods here.
        """
        self._abandoned.append(worker)
        if not self._closed:
            self._rouse()

    def is_free_soon(self) -> bool:
        """Return whether a worker is free, or as good as free: its session has ended in order."""
        with self._lock:
            closing = sum(self._served.get(worker, 0) > 0 for worker in self._settling)
            return len(self._idle) + closing > self._awaited

    def idle(self) -> int:
        """Return how many workers are free now."""
        with self._lock:
            return len(self._idle)

    def pids(self) -> tuple[int, ...]:
        """Return the process ids of all workers that are not being buried."""
        with self._lock:
            return tuple(worker.pid for worker in self._served)

    def close(self) -> None:
        """End all workers, the held ones too, and wait until they are gone."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            for worker in list(self._served):
                worker.kill()
                self._bury(worker)
            self._idle.clear()
            self._held.clear()
            self._settling.clear()
            self._changed.notify_all()
        self._rouse()
        self._keeper.join()
        os.close(self._wake)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- the keeper --------------------------------------------------------------------

    def _rouse(self) -> None:
        os.eventfd_write(self._wake, 1)

    def _bury(self, worker: WorkerProcess) -> None:
        """Hand a worker over to the keeper, which waits for its end. The lock is held."""
        if self._served.pop(worker, None) is not None:
            self._dead.append(worker)
            self._rouse()

    def _keep(self) -> None:
        while True:
            while self._abandoned:
                self.discard(self._abandoned.popleft())
            self._bury_dead()
            with self._lock:
                if self._closed and not self._dead:
                    return
            self._start_missing()
            self._watch()

    def _bury_dead(self) -> None:
        while True:
            with self._lock:
                if not self._dead:
                    return
                worker = self._dead.popleft()
            worker.bury()

    def _start_missing(self) -> None:
        now = time.monotonic()
        with self._lock:
            missing = 0 if self._closed else self.options.workers - len(self._served)
        if missing <= 0 or now < self._next_start:
            return
        for _ in range(missing):
            try:
                worker = WorkerProcess(
                    "evalscripts.v8.worker",
                    spares=self.options.spares,
                    heap_bytes=self.options.heap_bytes,
                    data_bytes=self.options.data_bytes,
                )
            except OSError:
                self._failed_start()
                return
            with self._lock:
                self._served[worker] = 0
                self._settling[worker] = now + self.options.start_seconds
                if self._closed:
                    self._settling.pop(worker)
                    self._bury(worker)

    def _failed_start(self) -> None:
        """Start again, but ever more slowly: a machine without memory is not helped by haste."""
        self._failures += 1
        self._next_start = time.monotonic() + min(0.1 * 2**self._failures, _LONGEST_PAUSE)

    def _watch(self) -> None:
        """Wait for something to do, and settle whoever has something to say."""
        with self._lock:
            settling = dict(self._settling)
            idle = list(self._idle)
            due = list(settling.values())
            if len(self._served) < self.options.workers:
                due.append(self._next_start)
            timeout = max(min(due) - time.monotonic(), 0.0) if due else None
            if self._dead:
                timeout = 0.0
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake, selectors.EVENT_READ)
            for worker in (*settling, *idle):
                selector.register(worker.connection, selectors.EVENT_READ, worker)
            events = selector.select(timeout)
        for key, _ in events:
            if key.data is None:
                os.eventfd_read(self._wake)
            else:
                self._settle(key.data)
        self._give_up_late()

    def _settle(self, worker: WorkerProcess) -> None:
        with self._lock:
            if worker in self._idle:
                # An idle worker has nothing to say: it has ended.
                self._idle.remove(worker)
                self._bury(worker)
                return
            if worker not in self._settling:
                return
        try:
            ready = receive(worker.connection, deadline=time.monotonic() + _READY_SECONDS)
        except (Hangup, Late):
            ready = {}
        with self._changed:
            if self._settling.pop(worker, None) is None:
                return
            if "ready" in ready:
                self._failures = 0
                self._idle.append(worker)
                self._changed.notify()
            else:
                self._give_up(worker)

    def _give_up_late(self) -> None:
        now = time.monotonic()
        with self._lock:
            late = [worker for worker, deadline in self._settling.items() if now >= deadline]
            for worker in late:
                del self._settling[worker]
                self._give_up(worker)

    def _give_up(self, worker: WorkerProcess) -> None:
        """Bury a worker that did not get ready. The lock is held."""
        if self._served.get(worker) == 0:
            self._failed_start()
        self._bury(worker)


def open_pool(options: PoolOptions | None = None) -> V8Pool:
    """Return a pool whose workers start in the background."""
    return V8Pool(options or PoolOptions())
