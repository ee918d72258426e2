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
    task: asyncio.Future[V]
    """The task that does the work, or what somebody else completes who does several at once."""
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
        flight = self.join(key)
        return self._add(Flight(key, asyncio.create_task(start()))) if flight is None else flight

    def join(self, key: K) -> Flight[K, V] | None:
        """Return the flight of ``key`` if there is one; `leave` it in any case."""
        flight = self._flights.get(key)
        if flight is not None:
            flight.waiters += 1
        return flight

    def launch(self, key: K) -> Flight[K, V]:
        """Return a flight of ``key``, of which there is none; `leave` it in any case.

        The caller completes its future, unless that is cancelled: then nobody waits any more.
        """
        return self._add(Flight(key, asyncio.get_running_loop().create_future()))

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

    def _add(self, flight: Flight[K, V]) -> Flight[K, V]:
        self._flights[flight.key] = flight
        flight.task.add_done_callback(lambda _: self._land(flight))
        flight.waiters += 1
        return flight

    def _land(self, flight: Flight[K, V]) -> None:
        self._forget(flight)
        if not flight.task.cancelled():
            # Marks an error as seen: all who wanted it may have left before it came.
            flight.task.exception()

    def _forget(self, flight: Flight[K, V]) -> None:
        if self._flights.get(flight.key) is flight:
            del self._flights[flight.key]
