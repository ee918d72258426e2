"""`BoundedCache`: what was costly to make, kept as long as it fits into so many bytes.

Headers, decoded blocks and plans are kept in these; what a value weighs is the owner's to say.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheStats:
    """What a cache holds, and how often it helped, at one moment."""

    hits: int
    """Times that `BoundedCache.get` found its key, and keys that `get_all` found."""
    misses: int
    """Times that it did not."""
    items: int
    """Values held."""
    weight: int
    """Their weights, added up: bytes, where the weigher counts bytes."""
    limit: int
    """The most that ``weight`` may be."""


class BoundedCache(Generic[K, V]):
    """The most recently used values whose weights add up to at most ``limit``.

    Every operation is O(1) but for the values that a `put` drives out, and safe from any thread.
    """

    def __init__(self, limit: int, *, weigh: Callable[[V], int]) -> None:
        """Hold up to ``limit``, in the unit that ``weigh`` returns (each at least 0)."""
        self._limit = limit
        self._weigh = weigh
        self._items: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._weight = 0
        self._hits = 0
        self._misses = 0
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        """Return the value of ``key``, now the most recently used, or None."""
        with self._lock:
            item = self._items.get(key)
            if item is None:
                self._misses += 1
                return None
            self._hits += 1
            self._items.move_to_end(key)
            return item[0]

    def get_all(self, keys: Sequence[K]) -> list[V] | None:
        """Return the values of all keys, or None where one is missing; that is no miss then."""
        with self._lock:
            found = [self._items.get(key) for key in keys]
            items = [item for item in found if item is not None]
            if len(items) < len(keys):
                return None
            for key in keys:
                self._items.move_to_end(key)
            self._hits += len(keys)
            return [value for value, _ in items]

    def put(self, key: K, value: V) -> None:
        """Keep ``value``, and drop the least recently used ones until all fit.

        A value that is by itself heavier than the limit is not kept, and drives nothing out; what
        was kept under its key is dropped all the same, being out of date.
        """
        weight = self._weigh(value)
        with self._lock:
            self._drop(key)
            if weight > self._limit:
                return
            self._items[key] = (value, weight)
            self._weight += weight
            while self._weight > self._limit:
                _, (_, dropped) = self._items.popitem(last=False)
                self._weight -= dropped

    def discard(self, key: K) -> None:
        """Drop the value of ``key``, if there is one."""
        with self._lock:
            self._drop(key)

    def clear(self) -> None:
        """Drop every value; the counts of hits and misses stay."""
        with self._lock:
            self._items.clear()
            self._weight = 0

    def stats(self) -> CacheStats:
        """Return the counts of this moment."""
        with self._lock:
            return CacheStats(
                hits=self._hits,
                misses=self._misses,
                items=len(self._items),
                weight=self._weight,
                limit=self._limit,
            )

    def _drop(self, key: K) -> None:
        item = self._items.pop(key, None)
        if item is not None:
            self._weight -= item[1]
