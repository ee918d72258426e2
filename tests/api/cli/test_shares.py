"""Connections among server processes, and heads without end: the servers here are threads."""

import resource
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import pytest
import uvicorn

from api.cli.protocol import MAX_HEAD_BYTES, BoundedHttp
from api.cli.server import listen
from api.cli.shares import FairServer, Shares
from tests.attack.asking import wait_until

HELLO = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"


async def app(scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        continue
    size = str(len(scope["query_string"])).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-size", size)]})
    await send({"type": "http.response.body", "body": b""})


@contextmanager
def serving(listener: socket.socket, shares: Shares, index: int, *, loop: Any) -> Iterator[Any]:
    config = uvicorn.Config(
        app, http=BoundedHttp, loop=loop, lifespan="off", log_config=None, access_log=False
    )
    server = FairServer(config, shares=shares, index=index)
    # A copy: a server closes its listener when it ends.
    thread = threading.Thread(target=server.run, args=([listener.dup()],))
    thread.start()
    try:
        yield server
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def address() -> Iterator[tuple[str, int]]:
    with listen("127.0.0.1", 0) as listener, serving(listener, Shares(1), 0, loop="auto"):
        yield listener.getsockname()


def ask(address: tuple[str, int], connection: socket.socket | None = None) -> socket.socket:
    """Return a connection over which one question was answered."""
    made = connection or socket.create_connection(address, timeout=30)
    made.sendall(HELLO)
    answer = made.recv(4096)
    assert answer.startswith(b"HTTP/1.1 200 OK")
    return made


@pytest.mark.parametrize("loop", ["asyncio", "auto"])
def test_connections_are_shared_evenly(loop: str) -> None:
    shares = Shares(2)
    with ExitStack() as stack:
        listener = stack.enter_context(listen("127.0.0.1", 0))
        servers = [
            stack.enter_context(serving(listener, shares, index, loop=loop)) for index in range(2)
        ]
        address = listener.getsockname()
        for _ in range(16):
            stack.enter_context(closing(ask(address)))
        counts = [len(server.server_state.connections) for server in servers]

    assert sum(counts) == 16
    # A process that the machine keeps waiting for longer than the others' patience misses one.
    assert max(counts) <= 10


@pytest.mark.parametrize("loop", ["asyncio", "auto"])
def test_a_process_that_was_out_of_files_takes_connections_again(
    loop: str, caplog: pytest.LogCaptureFixture
) -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    shares = Shares(2)
    shares.set_open(1, 0)
    with (
        listen("127.0.0.1", 0) as listener,
        serving(listener, shares, 0, loop=loop),
        closing(ask(listener.getsockname())),
        # Made while there is room; with one open already, this one is left to the other process.
        closing(socket.socket()) as connection,
    ):
        connection.settimeout(30)
        with closing(socket.socket()) as probe:
            lowest = probe.fileno()
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, limits[1]))
        try:
            connection.connect(listener.getsockname())
            wait_until(lambda: "no connection can be taken" in caplog.text)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        ask(listener.getsockname(), connection)


def test_a_process_that_has_left_is_not_waited_for() -> None:
    shares = Shares(2)
    with ExitStack() as stack:
        listener = stack.enter_context(listen("127.0.0.1", 0))
        server = stack.enter_context(serving(listener, shares, 0, loop="auto"))
        for _ in range(6):
            stack.enter_context(closing(ask(listener.getsockname())))
        count = len(server.server_state.connections)

    assert count == 6


def test_a_query_as_long_as_a_script_is_read(address: tuple[str, int]) -> None:
    with closing(socket.create_connection(address, timeout=30)) as connection:
        connection.sendall(HELLO.replace(b"/ ", b"/?" + b"a" * 60_000 + b" ", 1))
        answer = connection.recv(4096)

    assert b"x-size: 60000\r\n" in answer


@pytest.mark.parametrize(
    "start", [b"GET /?", b"GET / HTTP/1.1\r\nHost: here\r\nx: "], ids=["line", "header"]
)
def test_a_head_without_end_is_refused(start: bytes, address: tuple[str, int]) -> None:
    sent = 0
    with closing(socket.create_connection(address, timeout=30)) as connection:
        connection.sendall(start)
        try:
            while sent < 100 * MAX_HEAD_BYTES:
                connection.sendall(b"a" * 10_000)
                sent += 10_000
        except OSError:
            pass

    # What the sockets' own buffers hold comes on top.
    assert sent < 100 * MAX_HEAD_BYTES


def test_a_long_body_is_not_taken_for_a_head(address: tuple[str, int]) -> None:
    size = 8 * MAX_HEAD_BYTES
    with closing(socket.create_connection(address, timeout=30)) as connection:
        head = f"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: {size}\r\n\r\n"
        connection.sendall(head.encode() + b"a" * size)
        answer = connection.recv(4096)

    assert answer.startswith(b"HTTP/1.1 200 OK")


def test_a_process_is_known_to_be_silent() -> None:
    shares = Shares(2)
    shares.beat(0)

    assert shares.silence(0) < 30
    assert shares.silence(1) > shares.silence(0)
