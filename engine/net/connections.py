"""`Connections`: those that are kept for the next question, and how new ones are made."""

import asyncio
import math
import socket
import ssl
from collections.abc import Coroutine
from ipaddress import ip_address
from typing import Any, Generic, NamedTuple, TypeVar

from aiohappyeyeballs import AddrInfoType, start_connection

from engine.errors import Forbidden, SourceUnavailable
from engine.net.connection import Connection
from engine.net.guard import Resolver

T = TypeVar("T")

NAMES_SECONDS = 30.0
"""How long the addresses of a host are remembered."""
_EYEBALLS_SECONDS = 0.25
"""How long one address is tried alone before the next one is tried too (RFC 8305)."""


class Origin(NamedTuple):
    """Whom a connection is with."""

    scheme: str
    """http or https."""
    host: str
    """Lower case, no brackets, no last dot."""
    port: int


class Connections:
    """Connections by origin; belongs to the loop that it is used in."""

    def __init__(self, resolver: Resolver, *, silence: float) -> None:
        """Connect to what ``resolver`` finds; ``silence`` as of `Connection`."""
        self._resolver = resolver
        self._silence = silence
        self._free: dict[Origin, list[Connection]] = {}
        self._open: set[Connection] = set()
        self._addresses: dict[tuple[str, int], _Known[list[AddrInfoType]]] = {}
        self._trust: _Known[ssl.SSLContext] | None = None

    def __len__(self) -> int:
        """Return how many connections are kept."""
        return sum(map(len, self._free.values()))

    def take(self, origin: Origin) -> Connection | None:
        """Return a connection that is open and free, the one used last, or None."""
        free = self._free.get(origin, [])
        while free:
            connection = free.pop()
            if connection.is_free:
                return connection
        return None

    def keep(self, origin: Origin, connection: Connection) -> None:
        """Keep ``connection`` for the next question, if it may be used again."""
        if connection.is_free:
            self._free.setdefault(origin, []).append(connection)

    async def connect(self, origin: Origin, *, seconds: float) -> Connection:
        """Return a new connection. Raises `Forbidden` and `SourceUnavailable`."""
        host = origin.host
        try:
            async with asyncio.timeout(seconds):
                return await self._connect(origin)
        except TimeoutError:
            text = f"{host} could not be connected to in time"
        except ssl.SSLError:
            text = f"no trustworthy TLS connection to {host} could be made"
        except OSError:
            text = f"{host} could not be connected to"
        except UnicodeError:
            message = f"{host} is not the name of a host"
            raise Forbidden(message) from None
        raise SourceUnavailable(text) from None

    async def close(self) -> None:
        """Close all of them, those in use too, and the resolver."""
        for connection in self._open:
            connection.close()
        self._free.clear()
        await self._resolver.close()

    async def _connect(self, origin: Origin) -> Connection:
        loop = asyncio.get_running_loop()
        context = await self._context() if origin.scheme == "https" else None
        found = await start_connection(
            await self._find(origin.host, origin.port),
            happy_eyeballs_delay=_EYEBALLS_SECONDS,
            interleave=1,
            loop=loop,
        )
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(
                    origin.host,
                    silence=self._silence,
                    freed=lambda closed: self._forget(origin, closed),
                ),
                sock=found,
                ssl=context,
                server_hostname=None if context is None else origin.host,
            )
        except BaseException:
            found.close()
            raise
        if connection.is_free:
            self._open.add(connection)
        return connection

    async def _find(self, host: str, port: int) -> list[AddrInfoType]:
        """Return the addresses of ``host``, in another order each time."""
        try:
            ip_address(host.partition("%")[0])
        except ValueError:
            known = self._addresses.get((host, port))
            if known is None or known.is_over:
                known = _Known(self._resolve(host, port), seconds=NAMES_SECONDS)
                self._addresses[host, port] = known
            found = await known.get()
            tried = found.copy()
            # The next caller begins with the next address, so that all of them have their share.
            found.append(found.pop(0))
            return tried
        return [_address(host, port)]

    async def _resolve(self, host: str, port: int) -> list[AddrInfoType]:
        found = await self._resolver.resolve(host, port, socket.AF_UNSPEC)
        return [_address(one["host"], port) for one in found]

    async def _context(self) -> ssl.SSLContext:
        """Return whom to trust, read from the system's files once and not on the loop."""
        if self._trust is None or self._trust.is_over:
            self._trust = _Known(asyncio.to_thread(_make_context), seconds=math.inf)
        return await self._trust.get()

    def _forget(self, origin: Origin, connection: Connection) -> None:
        self._open.discard(connection)
        free = self._free.get(origin, [])
        if connection in free:
            free.remove(connection)
        if not free:
            self._free.pop(origin, None)


class _Known(Generic[T]):
    """Something that one caller finds out for all, and that is remembered for a while."""

    def __init__(self, finding: Coroutine[Any, Any, T], *, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self._until = loop.time() + seconds
        self._task = loop.create_task(finding)
        # Marks an error as seen: all who wanted it may have left before it came.
        self._task.add_done_callback(lambda task: task.cancelled() or task.exception())

    @property
    def is_over(self) -> bool:
        """Whether it must be found out anew: too old, or it failed."""
        task = self._task
        failed = task.done() and (task.cancelled() or task.exception() is not None)
        return failed or asyncio.get_running_loop().time() >= self._until

    async def get(self) -> T:
        """Return it; a caller who is cancelled leaves the others alone."""
        return await asyncio.shield(self._task)


def _address(host: str, port: int) -> AddrInfoType:
    if ":" in host:
        return (socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port, 0, 0))
    return (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port))


def _make_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
