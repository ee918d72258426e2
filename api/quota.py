"""How much of the server one client may have: buckets over time, turns at once.

State lives in this process; several server processes each keep their own.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from api.errors import CapacityExceeded, RateLimited
from engine.errors import Overloaded

FORGET_ABOVE = 10_000
"""Full buckets are forgotten once there are more than this many."""


class Buckets:
    """Token buckets by client, all of one size: a minute's allowance, refilled steadily."""

    def __init__(
        self, *, what: str, per_minute: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Limit ``what`` (a plural noun, for messages) to ``per_minute``; 0 means no limit."""
        self._what = what
        self._size = per_minute
        self._clock = clock
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, client: str, amount: float) -> None:
        """Take ``amount`` from the client's bucket.

        Raises `RateLimited` with the time until there is enough, `CapacityExceeded` where there
        never will be.
        """
        if not self._size:
            return
        now = self._clock()
        level = self._level(client, now)
        if amount > self._size:
            message = (
                f"the request needs {amount:g} {self._what}; "
                f"the whole allowance is {self._size:g} a minute"
            )
            raise CapacityExceeded(message)
        if amount > level:
            wait = (amount - level) * 60 / self._size
            message = f"more than {self._size:g} {self._what} a minute; try again in {wait:.1f} s"
            raise RateLimited(message, retry_after=wait)
        self._levels[client] = (level - amount, now)
        if len(self._levels) > FORGET_ABOVE:
            self._forget(now)

    def give_back(self, client: str, amount: float) -> None:
        """Put back what was taken for something that failed."""
        if self._size:
            now = self._clock()
            self._levels[client] = (min(self._size, self._level(client, now) + amount), now)

    def _level(self, client: str, now: float) -> float:
        level, then = self._levels.get(client, (self._size, now))
        return min(self._size, level + (now - then) * self._size / 60)

    def _forget(self, now: float) -> None:
        self._levels = {
            client: (level, then)
            for client, (level, then) in self._levels.items()
            if self._level(client, now) < self._size
        }


@dataclass(slots=True, eq=False)
class _Waiter:
    client: str
    turn: asyncio.Future[None]


class Gate:
    """Turns: so many at once in all, so many for one client, and a bounded line behind them.

    First come, first served, except that a client at its own limit lets others pass.
    """

    def __init__(
        self, *, running: int, waiting: int, running_per_client: int, waiting_per_client: int
    ) -> None:
        """Take all four bounds as counts of requests."""
        self._limits = (running, running_per_client, waiting, waiting_per_client)
        self._running: Counter[str] = Counter()
        self._line: deque[_Waiter] = deque()

    @property
    def running(self) -> int:
        """Requests that have their turn now."""
        return self._running.total()

    @property
    def waiting(self) -> int:
        """Requests that wait for their turn."""
        return len(self._line)

    @asynccontextmanager
    async def turn(self, client: str) -> AsyncIterator[None]:
        """Wait for a turn and hold it.

        Raises `RateLimited` where the client's own line is full, `Overloaded` where all are.
        """
        if self._is_free(client):
            self._running[client] += 1
        else:
            await self._wait(client)
        try:
            yield
        finally:
            self._leave(client)

    def _is_free(self, client: str) -> bool:
        running, running_per_client, _, _ = self._limits
        return self.running < running and self._running[client] < running_per_client

    async def _wait(self, client: str) -> None:
        _, _, waiting, waiting_per_client = self._limits
        if sum(waiter.client == client for waiter in self._line) >= waiting_per_client:
            message = f"{waiting_per_client} requests of this client are waiting already"
            raise RateLimited(message, retry_after=1.0)
        if len(self._line) >= waiting:
            message = f"the server is busy: {waiting} requests are waiting already"
            raise Overloaded(message, retry_after=1.0)
        waiter = _Waiter(client, asyncio.get_running_loop().create_future())
        self._line.append(waiter)
        try:
            await waiter.turn
        except asyncio.CancelledError:
            if waiter.turn.done() and not waiter.turn.cancelled():
                self._leave(client)
            else:
                self._line.remove(waiter)
            raise

    def _leave(self, client: str) -> None:
        self._running[client] -= 1
        if not self._running[client]:
            del self._running[client]
        for waiter in list(self._line):
            # One whose task was just cancelled is still in line until that task runs again.
            if not waiter.turn.done() and self._is_free(waiter.client):
                self._line.remove(waiter)
                self._running[waiter.client] += 1
                waiter.turn.set_result(None)
