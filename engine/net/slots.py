"""`Slots`: how many things happen to one host at once."""

import asyncio
from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class _Host:
    taken: int = 0
    turns: deque[asyncio.Future[None]] = field(default_factory=deque)
    """Those who wait, the longest first; whoever's is done has been handed a slot."""


class Slots:
    """At most ``per_host`` holders at once for each host; the others wait their turn in order."""

    def __init__(self, per_host: int) -> None:
        """Give ``per_host`` slots to each host."""
        self._per_host = per_host
        self._hosts: dict[str, _Host] = {}

    def __len__(self) -> int:
        """Return how many hosts somebody holds a slot of, or waits for one."""
        return len(self._hosts)

    async def take(self, host: str) -> None:
        """Wait for a slot of ``host``; `give_back` it."""
        if self.take_now(host):
            return
        entry = self._hosts[host]
        turn = asyncio.get_running_loop().create_future()
        entry.turns.append(turn)
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self.give_back(host)
            else:
                entry.turns.remove(turn)
            raise

    def take_now(self, host: str) -> bool:
        """Take a slot of ``host`` if one is free; return whether it was."""
        entry = self._hosts.get(host)
        if entry is None:
            entry = self._hosts[host] = _Host()
        if entry.taken >= self._per_host:
            return False
        entry.taken += 1
        return True

    def give_back(self, host: str) -> None:
        """End the use of a slot of ``host``: it goes to whoever has waited longest."""
        entry = self._hosts[host]
        while entry.turns:
            turn = entry.turns.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        entry.taken -= 1
        if not entry.taken:
            del self._hosts[host]
