"""`HttpClient`: GET requests with bounds on time, size, hosts and connections.

No proxies or credentials from the environment, no cookies, no redirects to another host. Bodies
are what was sent: nothing is decompressed behind the caller's back.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from engine.errors import EngineError, Forbidden, SourceCorrupt, SourceUnavailable
from engine.net.guard import GuardedResolver, OutboundPolicy, check_url, host_of
from engine.net.slots import Slots
from engine.trace import count

_REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long one request may take; all in seconds."""

    connect: float = 5.0
    """Finding the host, connecting and agreeing on TLS."""
    silence: float = 10.0
    """No byte arriving, before the answer or in the middle of it."""
    total: float = 60.0
    """From sending to the last byte, redirects included; waiting for a slot is not counted."""


class Answer:
    """A response whose headers have come; its body is read at most once."""

    def __init__(self, response: aiohttp.ClientResponse, host: str) -> None:
        self._response = response
        self.host = host
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers

    async def read(self, *, limit: int) -> bytes:
        """Return the whole body. Raises `SourceCorrupt` where it is longer than ``limit`` bytes."""
        pieces: list[bytes] = []
        size = 0
        async for piece in self._response.content.iter_any():
            size += len(piece)
            if size > limit:
                message = f"{self.host} sent more than the {limit} bytes expected"
                raise SourceCorrupt(message)
            pieces.append(piece)
        count("bytes", size)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


class HttpClient:
    """One pool of connections under one policy; belongs to the loop of its first request."""

    def __init__(
        self,
        policy: OutboundPolicy,
        *,
        timeouts: Timeouts,
        per_host: int,
        redirects: int = 3,
        resolver: AbstractResolver | None = None,
    ) -> None:
        """Send up to ``per_host`` requests at once to each host that ``policy`` allows.

        Up to ``redirects`` within one host are followed; with none, redirects are answers.
        """
        self._policy = policy
        self._timeouts = timeouts
        self._slots = Slots(per_host)
        self._redirects = redirects
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def get(
        self, url: URL, *, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[Answer]:
        """Send a GET and give its answer, whatever the status; leaving the block frees it.

        Raises `Forbidden` for a host that may not be asked, and `SourceUnavailable` for every
        failure of the connection, in the block too: both name the host and nothing else.
        """
        check_url(self._policy, url)
        host = host_of(url)
        async with self._slots.hold(f"{host}:{url.port}"):
            try:
                async with (
                    asyncio.timeout(self._timeouts.total),
                    self._follow(url, headers or {}) as response,
                ):
                    yield Answer(response, host)
            except (aiohttp.ClientError, OSError) as error:
                raise _failure(error, host) from None

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    @asynccontextmanager
    async def _follow(
        self, url: URL, headers: Mapping[str, str]
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Give the first response that is not a redirect within the host."""
        for _ in range(self._redirects + 1):
            count("requests")
            async with self._opened().get(url, headers=headers, allow_redirects=False) as response:
                location = response.headers.get("Location")
                if location is None or response.status not in _REDIRECTS or not self._redirects:
                    yield response
                    return
            url = self._redirected(url, location)
        message = f"{host_of(url)} redirects more than {self._redirects} times"
        raise SourceUnavailable(message)

    def _redirected(self, url: URL, location: str) -> URL:
        """Return where ``location`` leads. Raises `Forbidden` where that is another host."""
        try:
            target = url.join(URL(location, encoded=True)).with_fragment(None)
        except ValueError:
            message = f"{host_of(url)} redirects to an address that is none"
            raise SourceUnavailable(message) from None
        origin = (host_of(url), url.scheme, url.port)
        upgraded = (host_of(url), "https", 443) if url.port == 80 else origin
        if (host_of(target), target.scheme, target.port) not in (origin, upgraded):
            message = (
                f"{host_of(url)} redirects to another host, {host_of(target)}; "
                "that is not followed: register the data at its own address"
            )
            raise Forbidden(message)
        check_url(self._policy, target)
        return target

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=0,  # Slots counts the connections, and lets waiting cost no time-out
                    resolver=GuardedResolver(self._policy, inner=self._resolver),
                    ttl_dns_cache=30,
                ),
                timeout=aiohttp.ClientTimeout(
                    total=None, connect=self._timeouts.connect, sock_read=self._timeouts.silence
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                headers={"Accept-Encoding": "identity", "User-Agent": "cogmill"},
            )
        return self._session


def _failure(error: Exception, host: str) -> EngineError:
    """Return what the caller is told about a failure of the connection to ``host``."""
    if isinstance(error, aiohttp.InvalidURL):
        return Forbidden(f"{host} is not the name of a host")
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        text = f"{host} could not be connected to in time"
    elif isinstance(error, TimeoutError):
        text = f"{host} did not answer in time"
    elif isinstance(error, aiohttp.ClientSSLError):
        text = f"no trustworthy TLS connection to {host} could be made"
    elif isinstance(error, aiohttp.ClientConnectorError):
        text = f"{host} could not be connected to"
    elif isinstance(error, aiohttp.ClientPayloadError | aiohttp.ClientConnectionError):
        text = f"{host} closed the connection before the end of its answer"
    else:
        text = f"{host} gave an answer that is not HTTP"
    return SourceUnavailable(text)
