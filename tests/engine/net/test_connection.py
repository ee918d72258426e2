"""What may come over one connection, from a server that writes raw bytes."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TypeVar

import pytest
from yarl import URL

from engine.errors import Forbidden, SourceCorrupt, SourceUnavailable
from engine.net.client import HttpClient, Route, Timeouts
from engine.net.connection import KEPT_SECONDS, Answer
from engine.net.guard import OutboundPolicy

T = TypeVar("T")

TIMEOUTS = Timeouts(connect=1, silence=0.4, total=1)
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Ask = Callable[[HttpClient, Route], Awaitable[T]]


@asynccontextmanager
async def speaking(talk: Talk, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Give the port of a server that does ``talk`` with each connection, and closes it."""
    talks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await talk(reader, writer)
        writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talks.add(asyncio.create_task(serve(reader, writer)))

    async with await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context) as server:
        yield server.sockets[0].getsockname()[1]
    # The client has hung up by now, which ends them all.
    await asyncio.gather(*talks)


def asking(talk: Talk, ask: Ask[T], *, per_host: int = 4) -> T:
    async def main() -> T:
        async with speaking(talk) as port:
            policy = OutboundPolicy(hosts=(f"127.0.0.1:{port}",))
            client = HttpClient(policy, timeouts=TIMEOUTS, per_host=per_host)
            try:
                return await ask(client, client.route(URL(f"http://127.0.0.1:{port}/a")))
            finally:
                await client.close()

    return asyncio.run(main())


def replies(*pieces: bytes, times: int = 1) -> Talk:
    """Answer ``times`` questions with ``pieces``, each a packet of its own; then hang up."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(times):
            await reader.readuntil(b"\r\n\r\n")
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)

    return talk


async def once(client: HttpClient, route: Route) -> tuple[int, bytes]:
    answer = await client.get(route, lambda _: 1000, size=10)
    return answer.status, bytes(answer.body)


async def twice(client: HttpClient, route: Route) -> tuple[bytes, bytes]:
    (_, first), (_, second) = await once(client, route), await once(client, route)
    return first, second


LONG_HEAD = b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 9000 + b"\r\nContent-Length: 4\r\n\r\n"


@pytest.mark.parametrize(
    "pieces",
    [
        [b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"],
        [bytes([one]) for one in b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"4\r\nbo", b"dy\r\n0\r\n\r\n"],
        [b"HTTP/1.1 200 OK\r\n\r\n", b"bo", b"dy"],
        [b"HTTP/1.0 200 OK\r\n\r\nbody"],
        [b"HTTP/1.1 103 Hint\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"],
        [LONG_HEAD, b"body"],
        [LONG_HEAD + b"body"],
    ],
    ids=["at once", "byte by byte", "chunks", "to the end", "1.0", "interim", "long", "long+"],
)
def test_a_body_is_whole_however_it_comes(pieces: list[bytes]) -> None:
    assert asking(replies(*pieces), once) == (200, b"body")


@pytest.mark.parametrize(
    ("raw", "error", "words"),
    [
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000, SourceUnavailable, "not HTTP"),
        (b"HTTP/1.1 101 Switching\r\n\r\n", SourceUnavailable, "not HTTP"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 4000, SourceUnavailable, "not HTTP"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nbody\r\n",
            SourceUnavailable,
            "not HTTP",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nbod\r\n",
            SourceUnavailable,
            "closed the connection",
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n",
            SourceCorrupt,
            "more than the 1000 bytes",
        ),
        (b"HTTP/1.1 200 OK\r\n\r\n" + bytes(1001), SourceCorrupt, "more than the 1000 bytes"),
        (b"HTTP/1.1 200 OK\r\nContent-Len", SourceUnavailable, "closed the connection"),
    ],
)
def test_what_is_no_honest_answer_is_told(raw: bytes, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        asking(replies(raw), once)


def test_one_connection_serves_answers_of_every_kind() -> None:
    kinds = [
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
        b"HTTP/1.1 204 None\r\n\r\n",
        b"HTTP/1.1 404 Not\r\nContent-Length: 4\r\n\r\nbody",
        b"HTTP/1.1 404 Not\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
    ]
    connections = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        for kind in kinds:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(kind)

    def judge(answer: Answer) -> int | None:
        return 1000 if answer.status == 200 else None

    async def ask(client: HttpClient, route: Route) -> list[bytes]:
        return [bytes((await client.get(route, judge, size=10)).body) for _ in kinds]

    bodies = asking(talk, ask)

    assert bodies == [b"body", b"body", b"", b"", b""]
    assert connections == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbodyHTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody",
    ],
    ids=["more than announced", "close"],
)
def test_a_connection_that_cannot_be_trusted_further_is_not_used_again(raw: bytes) -> None:
    connections = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while not reader.at_eof():
            await reader.readuntil(b"\r\n\r\n")
            writer.write(raw)

    assert asking(talk, twice) == (b"body", b"body")
    assert connections == 2


def test_a_kept_connection_that_the_server_closed_is_replaced_unseen() -> None:
    questions = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal questions
        await reader.readuntil(b"\r\n\r\n")
        questions += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody")
        # Not before the next question has been sent: then it is too late for it.
        await reader.readuntil(b"\r\n\r\n")

    assert asking(talk, twice) == (b"body", b"body")
    assert questions == 2


def test_a_server_that_hangs_up_before_it_is_asked_closed_the_connection() -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    with pytest.raises(SourceUnavailable, match="closed the connection"):
        asking(talk, once)


def test_a_connection_that_nobody_uses_is_closed_after_a_while() -> None:
    async def ask(client: HttpClient, route: Route) -> int:
        await once(client, route)
        (connection,) = next(iter(client._connections._free.values()))
        connection._heard -= KEPT_SECONDS
        connection._watch()
        # The loop tells the end of a connection a step later.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return len(client._connections)

    talk = replies(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", times=2)

    assert asking(talk, ask) == 0


def test_a_client_that_is_closed_fails_the_questions_that_are_under_way() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nb")
        await reader.read()

    async def ask(client: HttpClient, route: Route) -> tuple[int, bytes]:
        heads = asyncio.Event()

        def judge(_: Answer) -> int:
            heads.set()
            return 10

        question = asyncio.create_task(client.get(route, judge, size=10))
        await heads.wait()
        await client.close()
        answer = await question
        return answer.status, bytes(answer.body)

    with pytest.raises(SourceUnavailable, match="was closed"):
        asking(talk, ask)


def test_a_header_that_would_become_two_is_not_sent() -> None:
    async def ask(client: HttpClient, route: Route) -> None:
        await client.get(route, lambda _: 9, size=9, headers={"If-Match": '"a"\r\nHost: b'})

    with pytest.raises(Forbidden, match="line break"):
        asking(replies(b""), ask)


@pytest.mark.parametrize("path", ["/a b", "/a\x01", "/ä"])
def test_an_address_that_would_break_the_first_line_is_refused(path: str) -> None:
    client = HttpClient(OutboundPolicy(hosts=("a.example",)), timeouts=TIMEOUTS, per_host=1)

    with pytest.raises(Forbidden):
        client.route(URL(f"http://a.example{path}", encoded=True))


def test_all_questions_are_under_way_at_once_and_connect_at_once() -> None:
    waiting = asyncio.Event()
    connections = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        await reader.readuntil(b"\r\n\r\n")
        connections += 1
        if connections == 20:
            waiting.set()
        # No one is answered before all have asked.
        await waiting.wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody")

    async def ask(client: HttpClient, route: Route) -> int:
        return len(await asyncio.gather(*(once(client, route) for _ in range(20))))

    assert asking(talk, ask, per_host=20) == 20


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for ``localhost`` that signs itself, with its key."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    made = subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", "-", "-out", "-"),
            *("-addext", "subjectAltName=DNS:localhost"),
        ],
        check=True,
        capture_output=True,
    )
    path.write_bytes(made.stdout)
    return path


def ask_securely(certificate: Path, host: str) -> list[tuple[int, bytes]]:
    async def main() -> list[tuple[int, bytes]]:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        talk = replies(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n", b"x" * 400, times=2)
        async with speaking(talk, context) as port:
            policy = OutboundPolicy(hosts=(f"{host}:{port}",))
            client = HttpClient(policy, timeouts=TIMEOUTS, per_host=4)
            try:
                route = client.route(URL(f"https://{host}:{port}/a"))
                return [await once(client, route) for _ in range(2)]
            finally:
                await client.close()

    return asyncio.run(main())


def test_a_server_with_a_trusted_certificate_answers_over_tls(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    assert ask_securely(certificate, "localhost") == [(200, b"x" * 400)] * 2


@pytest.mark.parametrize(("host", "trusted"), [("localhost", False), ("127.0.0.1", True)])
def test_a_server_that_is_not_who_it_says_is_not_asked(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, host: str, *, trusted: bool
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    with pytest.raises(SourceUnavailable, match="no trustworthy TLS connection"):
        ask_securely(certificate, host)
