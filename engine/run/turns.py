"""Turns with scripts: one principal may not hold every script worker while others wait."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, ParamSpec, TypeVar

from engine.run.workers import Workers

P = ParamSpec("P")
T = TypeVar("T")


class Turns:
    """So many scripts at once for each principal; the rest wait, the first come first.

    Lives in one event loop. A request without a principal, as a notebook's, never waits.
    """

    def __init__(self, *, each: int) -> None:
        """``each`` is the most for one principal, at least 1."""
        self._each = each
        self._held: Counter[str] = Counter()
        self._lines: dict[str, deque[asyncio.Future[None]]] = {}

    def place(self, principal: str | None) -> "Place":
        """Return a place that has no turn yet."""
        return Place(self, principal)

    async def run(
        self,
        principal: str | None,
        workers: Workers,
        function: Callable[P, T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Return what ``function`` returns, run in its turn in a thread that may block."""
        place = self.place(principal)
        await place.take()
        try:
            return await place.hold(workers.submit(function, *args, **kwargs))
        finally:
            place.leave()

    async def take(self, principal: str) -> None:
        """Wait for a turn; `Place.take` is what callers want."""
        if self._held[principal] < self._each:
            self._held[principal] += 1
            return
        line = self._lines.setdefault(principal, deque())
        turn = asyncio.get_running_loop().create_future()
        line.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._forget(principal, turn)
            else:
                self.give_back(principal)
            raise

    def give_back(self, principal: str) -> None:
        """Hand a turn to the next in line."""
        for turn in self._lines.get(principal, ()):
            # One whose task was just cancelled is still in line until that task runs again.
            if not turn.done():
                turn.set_result(None)
                self._forget(principal, turn)
                return
        self._held[principal] -= 1
        if not self._held[principal]:
            del self._held[principal]

    def _forget(self, principal: str, turn: "asyncio.Future[None]") -> None:
        line = self._lines[principal]
        line.remove(turn)
        if not line:
            del self._lines[principal]


class Place:
    """One request's place among its principal's."""

    def __init__(self, turns: Turns, principal: str | None) -> None:
        self._turns = turns
        self._principal = principal
        self._is_taken = False
        self._job: asyncio.Future[Any] | None = None

    async def take(self) -> None:
        """Wait for the turn, and hold it until `leave`; one that is held is not taken again."""
        if self._principal is not None and not self._is_taken:
            await self._turns.take(self._principal)
            self._is_taken = True

    async def hold(self, job: Future[T]) -> T:
        """Return what a thread's ``job`` returns.

        The turn is held until that has ended: a thread goes on when nobody waits for it.
        """
        waiting = asyncio.wrap_future(job)
        self._job = waiting
        try:
            return await asyncio.shield(waiting)
        except asyncio.CancelledError:
            job.cancel()
            raise

    def leave(self) -> None:
        """Give the turn back, where it is held."""
        if not self._is_taken:
            return
        self._is_taken = False
        if self._job is None or self._job.done():
            self._give_back()
        else:
            self._job.add_done_callback(lambda _: self._give_back())

    def _give_back(self) -> None:
        if self._principal is not None:
            self._turns.give_back(self._principal)
