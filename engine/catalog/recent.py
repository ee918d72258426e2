"""`Recent`: the values used last, bounded by their weight."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from engine.store.cache import CacheStats

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Keeps what was used last and forgets the rest; safe to use from many threads."""

    __slots__ = ("_hits", "_limit", "_lock", "_misses", "_values", "_weight")

    def __init__(self, *, limit: int) -> None:
        """Keep values whose weights add up to at most ``limit``."""
        self._limit = limit
        self._lock = threading.Lock()
        self._values: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._weight = 0
        self._hits = 0
        self._misses = 0

    def get(self, key: K) -> V | None:
        """Return the value kept under ``key``, or None."""
        with self._lock:
            found = self._values.get(key)
            if found is None:
                self._misses += 1
                return None
            self._hits += 1
            self._values.move_to_end(key)
            return found[0]

    def put(self, key: K, value: V, *, weight: int) -> None:
        """Keep ``value`` under ``key``, and forget the ones used longest ago to make room."""
        with self._lock:
            before = self._values.pop(key, None)
            if before is not None:
                self._weight -= before[1]
            self._values[key] = (value, weight)
            self._weight += weight
            while self._weight > self._limit:
                _, (_, lost) = self._values.popitem(last=False)
                self._weight -= lost

    def stats(self) -> CacheStats:
        """Return what is kept, and how often it helped."""
        with self._lock:
            return CacheStats(
                hits=self._hits,
                misses=self._misses,
                items=len(self._values),
                weight=self._weight,
                limit=self._limit,
            )
