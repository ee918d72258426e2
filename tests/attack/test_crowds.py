"""Crowds: clients that leave, dribble, never read, or come all at once; counted, not timed."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.attack.asking import colors, draw, is_served, post, send, wait_until
from tests.builders.apis import Served, serving

TILE = "/tiles/sentinel-2-l2a/13/4437/2942.png"
ENDLESS = colors("(() => { for (;;) {} })()")


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose queues are as they come, with patience for endless scripts."""
    with serving(tmp_path_factory.mktemp("usual"), anonymous_read=True) as one:
        yield one


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with two turns and a line of two."""
    with serving(
        tmp_path_factory.mktemp("small"),
        anonymous_read=True,
        running=2,
        running_per_client=2,
        waiting=2,
        waiting_per_client=2,
        script_seconds=2.0,
    ) as one:
        yield one


def tile(text: str, number: int) -> bytes:
    url = httpx.URL(TILE, params={"evalscript": f"{text}\n// {number}"})
    return f"GET {url} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def is_quiet(served: Served) -> bool:
    """Return whether nobody has a turn, nobody waits, and every script worker is free."""
    gate, parts = served.app.state.desk.gate, served.app.state.engine.parts
    return (gate.running, gate.waiting, parts.pool.idle()) == (0, 0, parts.pool.options.workers)


def test_a_hundred_abandoned_tiles_of_endless_scripts_hold_nothing(usual: Served) -> None:
    assert is_served(usual)
    wait_until(lambda: is_quiet(usual))
    gate, parts = usual.app.state.desk.gate, usual.app.state.engine.parts
    connections = [send(usual, tile(ENDLESS, number)) for number in range(100)]
    wait_until(lambda: (gate.running, gate.waiting) == (8, 92))
    for connection in connections:
        connection.close()
    wait_until(lambda: (gate.running, gate.waiting) == (0, 0))

    assert is_served(usual)
    wait_until(lambda: is_quiet(usual))
    assert len(parts.pool.pids()) == parts.pool.options.workers


def test_two_hundred_slow_clients_keep_nobody_waiting(usual: Served) -> None:
    head = b"POST /api/v1/process HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    slow = [send(usual, head[: 20 + number % 60]) for number in range(100)]
    slow += [send(usual, head + b"Content-Length: 1000\r\n\r\n{") for _ in range(100)]

    assert usual.client.get("/health").status_code == 200
    assert is_served(usual)
    for connection in slow:
        connection.close()
    wait_until(lambda: is_quiet(usual))


def test_answers_that_nobody_reads_take_no_turn(usual: Served) -> None:
    url = httpx.URL(TILE, params={"script": "true-color", "size": 1024})
    deaf = [
        send(usual, f"GET {url} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()) for _ in range(20)
    ]
    wait_until(lambda: is_quiet(usual))

    assert is_served(usual)
    for connection in deaf:
        connection.close()


def test_overload_is_told_with_a_time_to_come_back_while_health_answers(small: Served) -> None:
    gate = small.app.state.desk.gate
    body = draw(ENDLESS)
    with ThreadPoolExecutor(12) as pool:
        pending = [
            pool.submit(httpx.post, f"{small.url}/api/v1/process", json=body, timeout=60)
            for _ in range(4)
        ]
        wait_until(lambda: (gate.running, gate.waiting) == (2, 2))
        refused = [post(small, body), small.client.get(TILE, params={"script": "ndvi"})]
        health = small.client.get("/health").status_code
        answers = [one.result().status_code for one in pending]

    assert [answer.status_code for answer in refused] == [429, 429]
    # Sentinel Hub counts milliseconds on its paths; map tiles follow RFC 9110.
    assert [answer.headers["retry-after"] for answer in refused] == ["1000", "1"]
    assert health == 200
    assert set(answers) == {400}
    assert is_served(small)


def test_a_line_that_is_full_for_all_is_overload(tmp_path: Path) -> None:
    with (
        serving(tmp_path, anonymous_read=True, running=1, waiting=0, script_seconds=1.0) as one,
        ThreadPoolExecutor(1) as pool,
    ):
        pending = pool.submit(post, one, draw(ENDLESS))
        wait_until(lambda: one.app.state.desk.gate.running == 1)
        response = one.client.get(TILE, params={"script": "ndvi"})
        answer = pending.result()

    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert answer.status_code == 400


def test_a_client_that_leaves_while_it_sends_leaves_nothing_behind(usual: Served) -> None:
    head = b"POST /api/v1/process HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    for _ in range(50):
        connection = send(usual, head + b"Content-Length: 100000\r\n\r\n" + b" " * 5000)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        connection.close()
    wait_until(lambda: is_quiet(usual))

    assert is_served(usual)
