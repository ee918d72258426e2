"""Another try where one may help: with growing pauses, within a deadline and a budget."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from engine.errors import SourceUnavailable
from engine.store.cache import BoundedCache
from engine.store.protocol import ByteRange, ByteStore, ObjectInfo, Opened
from engine.trace import count

T = TypeVar("T")

_SOURCES = 1024
"""Sources whose budgets are remembered; one that is forgotten starts with a full budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryOptions:
    """How often and how long to try again."""

    tries: int = 4
    """Requests in all, the first one included."""
    first_pause: float = 0.1
    """Longest pause before the second try, in seconds; it doubles with each further try."""
    longest_pause: float = 5.0
    """Longest pause of all, and the longest Retry-After that is waited for, in seconds."""
    deadline: float = 60.0
    """Longest time for one call with all its tries and pauses, in seconds."""
    budget: float = 10.0
    """Retries that one source (host or bucket) may take at once."""
    refund: float = 0.1
    """Retries that each success gives back: in the long run at most this part of all requests."""


@dataclass(slots=True, eq=False)
class _Budget:
    """A bucket of retries that successes fill again, so that a dead source is left in peace."""

    left: float

    def take(self) -> bool:
        """Take one retry. Return whether there was one."""
        if self.left < 1.0:
            return False
        self.left -= 1.0
        return True


class Retrying:
    """A store that asks another one again where it raised `SourceUnavailable`, and only there.

    Pauses are drawn between nothing and a bound that doubles (full jitter), so that callers who
    failed together do not come back together.
    """

    def __init__(
        self, inner: ByteStore, options: RetryOptions, *, rng: random.Random | None = None
    ) -> None:
        """Draw the pauses from ``rng``; by default each process draws its own."""
        self._inner = inner
        self._options = options
        self._rng = random.Random() if rng is None else rng  # noqa: S311 - pauses, no secrets
        self._budgets: BoundedCache[str, _Budget] = BoundedCache(_SOURCES, weigh=lambda _: 1)

    async def open(self, address: str, *, first: int) -> Opened:
        """Return the start of the object, after as many tries as are allowed."""
        return await self._try(address, lambda: self._inner.open(address, first=first))

    async def read(
        self, address: str, ranges: Sequence[ByteRange], *, info: ObjectInfo
    ) -> Sequence[bytes | memoryview]:
        """Return the bytes of each range; where one fails, all of them are read again."""
        return await self._try(address, lambda: self._inner.read(address, ranges, info=info))

    def read_now(
        self, address: str, ranges: Sequence[ByteRange], *, info: ObjectInfo
    ) -> Sequence[bytes | memoryview] | None:
        """Return what the inner store has at hand."""
        return self._inner.read_now(address, ranges, info=info)

    async def close(self) -> None:
        """Close the inner store."""
        await self._inner.close()

    async def _try(self, address: str, call: Callable[[], Awaitable[T]]) -> T:
        budget = self._budget(address)
        try:
            async with asyncio.timeout(self._options.deadline):
                for attempt in range(self._options.tries - 1):
                    try:
                        return self._refunded(budget, await call())
                    except SourceUnavailable as error:
                        pause = self._pause(attempt, error.retry_after)
                        if pause is None or not budget.take():
                            raise
                    count("retries")
                    await asyncio.sleep(pause)
                return self._refunded(budget, await call())
        except TimeoutError:
            message = f"the source did not answer within {self._options.deadline:g} s"
            raise SourceUnavailable(message) from None

    def _pause(self, attempt: int, retry_after: float | None) -> float | None:
        """Return the seconds to wait after failed try ``attempt`` (from 0); None: do not retry."""
        options = self._options
        bound = min(options.first_pause * 2.0**attempt, options.longest_pause)
        drawn = self._rng.uniform(0.0, bound)
        if retry_after is None:
            return drawn
        # Jitter on top: all who were told the same time would come back at the same time.
        return None if retry_after > options.longest_pause else retry_after + drawn

    def _budget(self, address: str) -> _Budget:
        # Scheme and host or bucket; all local files are one source.
        source = "/".join(address.split("/", 3)[:3]) if "://" in address else ""
        budget = self._budgets.get(source)
        if budget is None:
            budget = _Budget(self._options.budget)
            self._budgets.put(source, budget)
        return budget

    def _refunded(self, budget: _Budget, result: T) -> T:
        budget.left = min(budget.left + self._options.refund, self._options.budget)
        return result
