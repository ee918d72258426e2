"""`HttpClient`: GET requests with bounds on time, size, hosts and connections.

No proxies or credentials from the environment, no cookies, no redirects to another host. Bodies
are what was sent: nothing is decompressed behind the caller's back.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass

from yarl import URL

from engine.errors import Forbidden, SourceUnavailable
from engine.net.connection import Answer, Judge, StaleError
from engine.net.connections import Connections, Origin
from engine.net.guard import GuardedResolver, OutboundPolicy, Resolver, check_url, host_of
from engine.net.slots import Slots
from engine.trace import count

_REDIRECTS = (301, 302, 303, 307, 308)
_TARGET = re.compile(r"/[!-~]*")
_BREAKS_LINES = re.compile(r"[\r\n\0]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long one request may take; all in seconds."""

    connect: float = 5.0
    """Finding the host, connecting and agreeing on TLS."""
    silence: float = 10.0
    """No byte arriving, before the answer or in the middle of it."""
    total: float = 60.0
    """From sending to the last byte, redirects included; waiting for a slot is not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where questions about one object go: what is the same in all of them, checked and written."""

    url: URL
    """May be signed: never part of a message."""
    origin: Origin
    """Whom to connect with."""
    slots: str
    """Whose slot to hold."""
    headers: Mapping[str, str]
    """Sent each time, besides our own."""
    opening: str
    """The head up to the headers that change."""


class HttpClient:
    """One pool of connections under one policy; belongs to the loop of its first request."""

    def __init__(
        self,
        policy: OutboundPolicy,
        *,
        timeouts: Timeouts,
        per_host: int,
        redirects: int = 3,
        resolver: Resolver | None = None,
    ) -> None:
        """Send up to ``per_host`` requests at once to each host that ``policy`` allows.

        Up to ``redirects`` within one host are followed; with none, redirects are answers.
        """
        self._policy = policy
        self._timeouts = timeouts
        self._slots = Slots(per_host)
        self._redirects = redirects
        self._connections = Connections(
            GuardedResolver(policy, inner=resolver), silence=timeouts.silence
        )

    def route(self, url: URL, *, headers: Mapping[str, str] | None = None) -> Route:
        """Return how to ask for ``url`` with ``headers`` each time.

        Raises `Forbidden` for a host that may not be asked, naming it and nothing else.
        """
        check_url(self._policy, url)
        if _TARGET.fullmatch(url.raw_path_qs) is None:
            message = "the address is not a URL"
            raise Forbidden(message)
        host, port = host_of(url), url.port or 0
        fixed = {
            "Host": url.host_port_subcomponent or host,
            "User-Agent": "cogmill",
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            **(headers or {}),
        }
        return Route(
            url=url,
            origin=Origin(url.scheme, host, port),
            slots=f"{host}:{port}",
            headers=headers or {},
            opening=f"GET {url.raw_path_qs} HTTP/1.1\r\n{_lines(fixed)}",
        )

    async def get(
        self, route: Route, judge: Judge, *, size: int, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a GET, and return its answer with as much of its body as ``judge`` wants.

        ``size`` is how long the body probably is; ``headers`` are those of this question alone.
        Raises what ``judge`` raises, `SourceCorrupt` where the body is longer than wanted, and
        `SourceUnavailable` for every failure of the connection, naming the host and nothing else.
        """
        if not self._slots.take_now(route.slots):
            await self._slots.take(route.slots)
        try:
            answer = await self._follow(route, judge, size, _lines(headers or {}))
        finally:
            self._slots.give_back(route.slots)
        count("bytes", len(answer.body))
        return answer

    async def close(self) -> None:
        """Close every connection."""
        await self._connections.close()

    async def _follow(self, route: Route, judge: Judge, size: int, lines: str) -> Answer:
        """Return the first answer that is not a redirect within the host."""
        deadline = asyncio.get_running_loop().time() + self._timeouts.total

        def judge_last(answer: Answer) -> int | None:
            return None if _leads_on(answer) else judge(answer)

        for _ in range(self._redirects):
            answer = await self._ask(route, judge_last, size, lines, deadline)
            if not _leads_on(answer):
                return answer
            route = self._redirected(route, answer.headers["location"])
        answer = await self._ask(
            route, judge_last if self._redirects else judge, size, lines, deadline
        )
        if self._redirects and _leads_on(answer):
            message = f"{answer.host} redirects more than {self._redirects} times"
            raise SourceUnavailable(message)
        return answer

    async def _ask(
        self, route: Route, judge: Judge, size: int, lines: str, deadline: float
    ) -> Answer:
        """Return the answer to one question, over a connection that is kept or a new one."""
        count("requests")
        question = f"{route.opening}{lines}\r\n".encode("utf-8", "surrogateescape")
        connection = self._connections.take(route.origin)
        if connection is not None:
            try:
                return await connection.ask(question, size=size, judge=judge, deadline=deadline)
            except StaleError:
                # Hung up in the moment that we asked: as if we had had no connection.
                pass
            finally:
                self._connections.keep(route.origin, connection)
        left = deadline - asyncio.get_running_loop().time()
        connection = await self._connections.connect(
            route.origin, seconds=min(self._timeouts.connect, left)
        )
        try:
            return await connection.ask(question, size=size, judge=judge, deadline=deadline)
        finally:
            self._connections.keep(route.origin, connection)

    def _redirected(self, route: Route, location: str) -> Route:
        """Return where ``location`` leads. Raises `Forbidden` where that is another host."""
        url, host = route.url, route.origin.host
        try:
            target = url.join(URL(location, encoded=True)).with_fragment(None)
        except ValueError:
            message = f"{host} redirects to an address that is none"
            raise SourceUnavailable(message) from None
        origin = (host, url.scheme, url.port)
        upgraded = (host, "https", 443) if url.port == 80 else origin
        if (host_of(target), target.scheme, target.port) not in (origin, upgraded):
            message = (
                f"{host} redirects to another host, {host_of(target)}; "
                "that is not followed: register the data at its own address"
            )
            raise Forbidden(message)
        return self.route(target, headers=route.headers)


def _leads_on(answer: Answer) -> bool:
    return answer.status in _REDIRECTS and "location" in answer.headers


def _lines(headers: Mapping[str, str]) -> str:
    """Return ``headers`` as they are sent. Raises `Forbidden` where one would become two."""
    if _BREAKS_LINES.search("".join(headers.values())):
        message = "an address, a version or a setting holds a line break; that is not sent"
        raise Forbidden(message)
    return "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
