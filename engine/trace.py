"""Where the time and the bytes of one request went.

A `Trace` is opened by whoever receives a request and found again through a context variable,
so no stage passes it along. It feeds Server-Timing, explain, metrics and benchmarks.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(slots=True)
class Trace:
    """Seconds by stage and counts by name, of one request."""

    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Stage → seconds, summed over threads (so stages may add up to more than the wall clock)."""
    counts: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Name → count: ``requests``, ``bytes``, ``blocks``, ``cache_hits`` …"""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, stage: str, seconds: float) -> None:
        """Add ``seconds`` to ``stage``; safe from any thread."""
        with self._lock:
            self.seconds[stage] += seconds

    def count(self, name: str, amount: int = 1) -> None:
        """Add ``amount`` to the count called ``name``; safe from any thread."""
        with self._lock:
            self.counts[name] += amount


_current: ContextVar[Trace | None] = ContextVar("cogmill_trace", default=None)


@contextmanager
def tracing() -> Iterator[Trace]:
    """Open a trace for everything that runs in this context and its tasks and threads."""
    trace = Trace()
    token = _current.set(trace)
    try:
        yield trace
    finally:
        _current.reset(token)


def current_trace() -> Trace | None:
    """Return the open trace, or None where nobody traces."""
    return _current.get()


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Add the time spent inside to the stage ``name`` of the open trace, if there is one."""
    trace = _current.get()
    if trace is None:
        yield
        return
    start = time.perf_counter()
    try:
        yield
    finally:
        trace.add(name, time.perf_counter() - start)


def count(name: str, amount: int = 1) -> None:
    """Add ``amount`` to the count ``name`` of the open trace, if there is one."""
    trace = _current.get()
    if trace is not None:
        trace.count(name, amount)
