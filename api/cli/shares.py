"""Server processes that share one listening socket, each with its fair share of connections.

A connection stays with the process that accepted it, and the kernel hands them out as it likes:
of 16 clients 13 may meet at one of two processes, and wait there. So a process takes one connection
at a time, and first leaves those to others who have fewer.
"""

import asyncio
import logging
import mmap
import socket
import time
from typing import Any

import uvicorn

log = logging.getLogger("cogmill.processes")

PATIENCE_SECONDS = 0.005
"""How long a connection is left to a process with fewer, before it is taken all the same."""
SHORTAGE_SECONDS = 0.5
"""How long no connection is taken where the system has no room for one."""
ABSENT = 1 << 40
"""The count of a process that takes no connections."""
BEAT_SECONDS = 1.0


class Shares:
    """What server processes know of each other, in memory that they share by forking."""

    def __init__(self, processes: int) -> None:
        self._memory = memoryview(mmap.mmap(-1, 16 * processes)).cast("q")
        self._processes = processes
        for index in range(processes):
            self.leave(index)

    def leave(self, index: int) -> None:
        """Say that this process takes no connections (yet, or any more)."""
        self._memory[index] = ABSENT

    def set_open(self, index: int, connections: int) -> None:
        """Say how many connections this process has open."""
        self._memory[index] = connections

    def is_fair(self, index: int) -> bool:
        """Return True where no other process that takes connections has fewer."""
        return self._memory[index] <= min(self._memory[: self._processes])

    def beat(self, index: int) -> None:
        """Say that this process lives."""
        self._memory[self._processes + index] = time.monotonic_ns()

    def silence(self, index: int) -> float:
        """Return the seconds since this process was last heard of."""
        return (time.monotonic_ns() - self._memory[self._processes + index]) / 1e9


class FairServer(uvicorn.Server):
    """uvicorn's server, but for how connections are accepted."""

    def __init__(self, config: uvicorn.Config, *, shares: Shares, index: int) -> None:
        """Serve as number ``index`` of the processes that ``shares`` knows."""
        super().__init__(config)
        self._shares = shares
        self._index = index
        self._listeners: list[socket.socket] = []
        self._starting: set[asyncio.Task[Any]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the app, then take connections from ``sockets``."""
        await super().startup(sockets=[])
        self._listeners = sockets or []
        self._shares.set_open(self._index, 0)
        for listener in self._listeners:
            listener.setblocking(False)
            self._listen(listener)

    async def on_tick(self, counter: int) -> bool:
        """Count connections that were closed meanwhile."""
        if self._listeners:
            self._shares.set_open(self._index, self._open)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, and end those there are."""
        self._shares.leave(self._index)
        listeners, self._listeners = self._listeners, []
        for listener in listeners:
            asyncio.get_running_loop().remove_reader(listener)
        await super().shutdown(sockets=sockets)

    @property
    def _open(self) -> int:
        return len(self.server_state.connections) + len(self._starting)

    def _listen(self, listener: socket.socket) -> None:
        if listener in self._listeners:
            asyncio.get_running_loop().add_reader(listener, self._offered, listener)

    def _offered(self, listener: socket.socket) -> None:
        """Take the connection that waits, or leave it to others for a moment."""
        self._shares.set_open(self._index, self._open)
        if self._shares.is_fair(self._index):
            self._accept(listener)
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(listener)
        loop.call_later(PATIENCE_SECONDS, self._waited, listener)

    def _waited(self, listener: socket.socket) -> None:
        if listener in self._listeners:
            self._listen(listener)
            self._accept(listener)

    def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        try:
            connection, _ = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError as error:
            # Out of files or memory: whoever waits would be offered again and again.
            log.warning("no connection can be taken: %s", error.strerror)
            loop.remove_reader(listener)
            loop.call_later(SHORTAGE_SECONDS, self._listen, listener)
            return
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task = loop.create_task(self._serve_one(connection))
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)
        self._shares.set_open(self._index, self._open)

    async def _serve_one(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(self._protocol, connection)

    def _protocol(self) -> asyncio.Protocol:
        protocol: Any = self.config.http_protocol_class
        made: asyncio.Protocol = protocol(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made
