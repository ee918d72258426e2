"""`Slots`: how many things happen to one host at once."""

import asyncio
from collections import Counter


class Slots:
    """At most ``per_host`` holders at once for each host; the others wait their turn in order."""

    def __init__(self, per_host: int) -> None:
        """Give ``per_host`` slots to each host."""
        self._per_host = per_host
        self._hosts: dict[str, asyncio.Semaphore] = {}
        self._users: Counter[str] = Counter()

    def __len__(self) -> int:
        """Return how many hosts somebody holds a slot of, or waits for one."""
        return len(self._hosts)

    async def take(self, host: str) -> None:
        """Wait for a slot of ``host``; `give_back` it."""
        semaphore = self._hosts.get(host)
        if semaphore is None:
            semaphore = self._hosts[host] = asyncio.Semaphore(self._per_host)
        self._users[host] += 1
        try:
            await semaphore.acquire()
        except BaseException:
            self._leave(host)
            raise

    def give_back(self, host: str) -> None:
        """End the use of a slot of ``host``."""
        self._hosts[host].release()
        self._leave(host)

    def _leave(self, host: str) -> None:
        self._users[host] -= 1
        if not self._users[host]:
            del self._users[host], self._hosts[host]
