"""`Slots`: how many things happen to one host at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class _Host:
    semaphore: asyncio.Semaphore
    users: int = 0


class Slots:
    """At most ``per_host`` holders at once for each host; the others wait their turn in order."""

    def __init__(self, per_host: int) -> None:
        """Give ``per_host`` slots to each host."""
        self._per_host = per_host
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def hold(self, host: str) -> AsyncIterator[None]:
        """Wait for a slot of ``host``, and hold it until the block ends."""
        entry = self._hosts.setdefault(host, _Host(asyncio.Semaphore(self._per_host)))
        entry.users += 1
        try:
            async with entry.semaphore:
                yield
        finally:
            entry.users -= 1
            if entry.users == 0:
                del self._hosts[host]
