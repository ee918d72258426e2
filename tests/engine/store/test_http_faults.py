"""Everything a server can do wrong, over a real socket: the error, its words and its time."""

import asyncio
import time
from dataclasses import dataclass

import pytest

from engine.errors import (
    EngineError,
    Forbidden,
    NotFound,
    SourceChanged,
    SourceCorrupt,
    SourceDenied,
    SourceUnavailable,
)
from engine.net.client import HttpClient, Timeouts
from engine.net.guard import OutboundPolicy
from engine.store.http import HttpStore
from engine.store.protocol import ByteRange, ObjectInfo
from tests.builders.servers_fault import (
    ETAG,
    FaultServer,
    Reply,
    breaks_after,
    closes,
    drips,
    head,
    never_answers,
    part_headers,
    refuses,
    sends,
    serves,
    serves_all,
    stalls_after,
)

CONTENT = bytes(i % 253 for i in range(4000))
INFO = ObjectInfo(size=4000, identity=ETAG)
PATH = "/secret-path/image.tif"
QUERY = "?signature=secret-query"
TIMEOUTS = Timeouts(connect=1.0, silence=0.3, total=1.0)
LONGEST = 2.0
"""Seconds in which each failure must be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing a server does wrong, and what must come of it."""

    reply: Reply
    opening: type[EngineError] | None
    """What opening the first 100 bytes raises; None where it must succeed."""
    reading: type[EngineError] | None
    """What reading bytes 100 to 200 raises."""
    words: str = ""
    """Part of the message."""


def both(error: type[EngineError], words: str, reply: Reply) -> Fault:
    return Fault(reply=reply, opening=error, reading=error, words=words)


def when_reading(error: type[EngineError], words: str, reply: Reply) -> Fault:
    return Fault(reply=reply, opening=None, reading=error, words=words)


def harmless(reply: Reply) -> Fault:
    return Fault(reply=reply, opening=None, reading=None)


HTML = {"Content-Type": "text/html; charset=utf-8"}

FAULTS = {
    "status 400": both(SourceDenied, "status 400", refuses(400)),
    "status 401": both(SourceDenied, "status 401", refuses(401)),
    "status 403": both(SourceDenied, "status 403", refuses(403)),
    "status 404": both(NotFound, "no such object", refuses(404)),
    "status 410": both(NotFound, "no such object", refuses(410)),
    "status 429": both(SourceUnavailable, "status 429", refuses(429)),
    "status 500": both(SourceUnavailable, "status 500", refuses(500)),
    "status 503": both(SourceUnavailable, "status 503", refuses(503)),
    "status 304": both(SourceCorrupt, "status 304", sends(head(304, {"ETag": ETAG}))),
    "status 412": Fault(
        reply=refuses(412), opening=SourceDenied, reading=SourceChanged, words="127.0.0.1"
    ),
    "status 416": when_reading(SourceChanged, "not the one that was opened", refuses(416)),
    "a redirect without a place": both(SourceCorrupt, "status 302", refuses(302)),
    "a redirect to another host": both(
        Forbidden,
        "redirects to another host, elsewhere.example",
        refuses(302, {"Location": "http://elsewhere.example/secret-place"}),
    ),
    "a redirect to another port": both(
        Forbidden, "another host", refuses(307, {"Location": "http://127.0.0.1:1/secret-place"})
    ),
    "a redirect to another scheme": both(
        Forbidden, "another host", refuses(307, {"Location": "file:///etc/secret-place"})
    ),
    "a redirect to nowhere": both(
        SourceUnavailable, "that is none", refuses(307, {"Location": "http://[secret-place"})
    ),
    "a redirect to itself": both(
        SourceUnavailable, "redirects more than 3 times", refuses(308, {"Location": PATH})
    ),
    "no answer": both(SourceUnavailable, "did not answer in time", never_answers()),
    "silence in the body": both(
        SourceUnavailable, "did not answer in time", stalls_after(CONTENT, 10)
    ),
    "a body that drips": both(SourceUnavailable, "did not answer in time", drips(CONTENT, 0.05)),
    "no word at all": both(SourceUnavailable, "closed the connection", closes()),
    "a body that breaks off": both(
        SourceUnavailable, "closed the connection", breaks_after(CONTENT, 10)
    ),
    "a body shorter than its range": both(
        SourceUnavailable,
        "after 10 of 100 bytes",
        lambda request, connection: connection.send(
            head(206, {**part_headers(CONTENT, *request.range), "Content-Length": 10})
            + CONTENT[:10]
        ),
    ),
    "a body longer than its range": both(
        SourceCorrupt,
        "more than the 100 bytes",
        lambda request, connection: connection.send(
            head(206, {**part_headers(CONTENT, *request.range), "Content-Length": 4000}) + CONTENT
        ),
    ),
    "what is not HTTP": both(SourceUnavailable, "not HTTP", sends(b"\x00\x01secret\r\n\r\n")),
    "a web page": both(SourceCorrupt, "web page", serves_all(b"<html>Log in</html>", HTML)),
    "a web page in part": both(SourceCorrupt, "web page", serves(CONTENT, HTML)),
    "encoded content": both(
        SourceCorrupt, "encoded", serves(CONTENT, {"Content-Encoding": "gzip"})
    ),
    "another range": both(
        SourceCorrupt, "sent bytes 7 to 107", serves(CONTENT, {"Content-Range": "bytes 7-106/4000"})
    ),
    "no range": both(SourceCorrupt, "without saying which", serves(CONTENT, {"Content-Range": ""})),
    "no whole size": both(
        SourceCorrupt, "without saying which", serves(CONTENT, {"Content-Range": "bytes 0-99/*"})
    ),
    "another whole size": when_reading(
        SourceChanged,
        "not the one that was opened",
        lambda request, connection: serves(
            CONTENT, {"Content-Range": f"bytes {request.range[0]}-{request.range[1] - 1}/5000"}
        )(request, connection),
    ),
    "another version": when_reading(
        SourceChanged, "not the one that was opened", serves(CONTENT, {"ETag": '"two"'})
    ),
    "another version, whole": when_reading(
        SourceChanged, "not the one that was opened", serves_all(CONTENT, {"ETag": '"two"'})
    ),
    "all instead of a part": harmless(serves_all(CONTENT)),
    "far too much instead of a part": both(
        SourceUnavailable,
        "does not serve byte ranges",
        sends(head(200, {"Content-Length": 10**12, "ETag": ETAG})),
    ),
    "an endless body instead of a part": both(
        SourceUnavailable, "does not serve byte ranges", sends(head(200, {"ETag": ETAG}) + CONTENT)
    ),
}


async def opening(store: HttpStore, address: str) -> None:
    opened = await store.open(address, first=100)
    expected = b"" if opened.info.size == 0 else CONTENT[:100]

    assert opened.start == expected


async def reading(store: HttpStore, address: str) -> None:
    (answer,) = await store.read(address, [ByteRange(100, 200)], info=INFO)

    assert answer == CONTENT[100:200]


@pytest.mark.parametrize("action", [opening, reading])
@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_told_as_what_it_is_in_time_and_without_secrets(
    fault_server: FaultServer, name: str, action: object
) -> None:
    fault = FAULTS[name]
    address = fault_server.script(PATH, fault.reply) + QUERY
    expected = fault.opening if action is opening else fault.reading

    async def main() -> EngineError | None:
        policy = OutboundPolicy(hosts=(fault_server.authority,))
        store = HttpStore(HttpClient(policy, timeouts=TIMEOUTS, per_host=4))
        try:
            await action(store, address)  # type: ignore[operator]
        except EngineError as error:
            return error
        finally:
            await store.close()
        return None

    start = time.monotonic()
    error = asyncio.run(main())

    assert (None if error is None else type(error)) is expected
    assert time.monotonic() - start < LONGEST
    if error is not None:
        assert fault.words in error.message
        assert "secret" not in error.message


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [("7", 7, 7), ("0", 0, 0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0), ("soon", None, None)],
)
def test_what_the_server_says_about_trying_again_is_kept(
    fault_server: FaultServer, header: str, low: float | None, high: float | None
) -> None:
    address = fault_server.script("/later", refuses(503, {"Retry-After": header}))

    async def main() -> None:
        policy = OutboundPolicy(hosts=(fault_server.authority,))
        store = HttpStore(HttpClient(policy, timeouts=TIMEOUTS, per_host=4))
        try:
            await store.open(address, first=10)
        finally:
            await store.close()

    with pytest.raises(SourceUnavailable) as error:
        asyncio.run(main())

    found = error.value.retry_after
    assert found is None if low is None else low <= (found or 0.0) <= (high or 0.0)


def test_a_host_where_nobody_listens_is_unavailable() -> None:
    async def main() -> None:
        policy = OutboundPolicy(hosts=("127.0.0.1:9",))
        store = HttpStore(HttpClient(policy, timeouts=TIMEOUTS, per_host=4))
        try:
            await store.open("http://127.0.0.1:9/secret.tif", first=10)
        finally:
            await store.close()

    with pytest.raises(SourceUnavailable, match="could not be connected to") as error:
        asyncio.run(main())

    assert "secret" not in error.value.message
