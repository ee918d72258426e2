"""`Flights`: work in progress, shared by everyone who wants its result at the same time."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(slots=True, eq=False)
class Flight(Generic[K, V]):
    """One piece of work in progress, and how many wait for it."""

    key: K
    task: asyncio.Task[V]
    waiters: int = 0


class Flights(Generic[K, V]):
    """Pieces of work by key, each started by the first who wants it.

    A waiter that is cancelled leaves; the work is cancelled only when nobody is left. Nothing is
    kept once the work is done: this shares, it does not remember.
    """

    def __init__(self) -> None:
        self._flights: dict[K, Flight[K, V]] = {}

    def __len__(self) -> int:
        return len(self._flights)

    def keys(self) -> Iterable[K]:
        """Return the keys of the work in progress."""
        return self._flights.keys()

    def board(self, key: K, start: Callable[[], Coroutine[Any, Any, V]]) -> Flight[K, V]:
        """Return the flight of ``key``, started if there is none; `leave` it in any case."""
        flight = self._flights.get(key)
        if flight is None:
            flight = Flight(key, asyncio.create_task(start()))
            self._flights[key] = flight
            landing = flight
            flight.task.add_done_callback(lambda _: self._land(landing))
        flight.waiters += 1
        return flight

    def leave(self, flight: Flight[K, V]) -> None:
        """Stop waiting for ``flight``; the last one who leaves cancels it if it still flies."""
        flight.waiters -= 1
        if flight.task.done():
            self._forget(flight)
        elif flight.waiters == 0:
            # Gone from the table at once: who comes now must not join work that is being ended.
            self._forget(flight)
            flight.task.cancel()

    async def share(self, key: K, start: Callable[[], Coroutine[Any, Any, V]]) -> V:
        """Return the result of the work of ``key``, started if it is not in progress."""
        flight = self.board(key, start)
        try:
            (done,) = (await asyncio.wait([flight.task]))[0]
            return done.result()
        finally:
            self.leave(flight)

    def _land(self, flight: Flight[K, V]) -> None:
        self._forget(flight)
        if not flight.task.cancelled():
            # Marks an error as seen: all who wanted it may have left before it came.
            flight.task.exception()

    def _forget(self, flight: Flight[K, V]) -> None:
        if self._flights.get(flight.key) is flight:
            del self._flights[flight.key]
