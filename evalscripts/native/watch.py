"""`Watch`: ends runs of machine code whose time is up; one thread for all of a process's runs."""

import heapq
import itertools
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from evalscripts.native.run import AbortFlag


class Watch:
    """A clock that sets flags. Thread-safe; close it when done."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, AbortFlag]] = []
        self._running: set[int] = set()
        self._numbers = itertools.count()
        self._is_closed = False
        self._looks_at = math.inf
        """When the thread looks next, which may be earlier than anything is due."""
        self._thread = threading.Thread(target=self._look, name="native-watch", daemon=True)
        self._thread.start()

    @contextmanager
    def limit(self, flag: AbortFlag, *, seconds: float) -> Iterator[None]:
        """Set the flag if the block is not left within so many seconds."""
        number = next(self._numbers)
        entry = (time.monotonic() + seconds, number, flag)
        with self._changed:
            self._running.add(number)
            heapq.heappush(self._due, entry)
            # Waking a thread costs more than most runs take. It sleeps on through runs that begin
            # and end before it looks, and so is woken once in so many seconds.
            if entry[0] < self._looks_at:
                self._looks_at = entry[0]
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._running.discard(number)
                while self._due and self._due[0][1] not in self._running:
                    heapq.heappop(self._due)

    def close(self) -> None:
        """End the thread; later limits mean nothing."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join()

    def _look(self) -> None:
        with self._changed:
            while not self._is_closed:
                now = time.monotonic()
                while self._due and self._due[0][0] <= now:
                    _, number, flag = heapq.heappop(self._due)
                    if number in self._running:
                        flag.set()
                self._looks_at = self._due[0][0] if self._due else math.inf
                self._changed.wait(self._looks_at - now if self._due else None)
