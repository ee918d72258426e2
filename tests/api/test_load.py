"""Overload, deadlines, clients that go away and servers that stop; over real sockets."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.builders.apis import Served, script, serving
from tests.builders.apis import body as make_body

TILE = "/tiles/sentinel-2-l2a/13/4437/2942.png"
QUICK = script("[s.B04 / 10000, s.B03 / 10000, s.B02 / 10000]", "{ bands: 3 }")
ENDLESS = script("(() => { for (;;) {} })()", "{ bands: 3 }")


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with one turn, a short line and small allowances."""
    with serving(
        tmp_path_factory.mktemp("narrow"),
        anonymous_read=True,
        running=1,
        running_per_client=1,
        waiting=200,
        waiting_per_client=150,
        script_seconds=30.0,
        request_seconds=30.0,
    ) as one:
        yield one


def tile_url(text: str, *, time_text: str = "") -> str:
    return str(httpx.URL(TILE, params={"evalscript": text, "time": time_text}))


def open_request(served: Served, url: str) -> socket.socket:
    """Send a request and do not read its answer."""
    port = int(served.url.rpartition(":")[2])
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    connection.sendall(f"GET {url} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    return connection


def wait_for(served: Served, *, running: int, waiting: int) -> None:
    """Return when so many requests have their turn and so many are in line."""
    deadline = time.monotonic() + 20
    gate = served.app.state.desk.gate
    pause = threading.Event()
    while (gate.running, gate.waiting) != (running, waiting):
        assert time.monotonic() < deadline, (gate.running, gate.waiting)
        pause.wait(0.01)


def seconds_of_a_tile(served: Served) -> float:
    start = time.perf_counter()
    response = served.client.get(tile_url(QUICK))
    assert response.status_code == 200, response.text
    return time.perf_counter() - start


def test_a_hundred_abandoned_tiles_leave_the_next_one_its_latency(narrow: Served) -> None:
    seconds_of_a_tile(narrow)
    usual = max(seconds_of_a_tile(narrow) for _ in range(3))
    connections = [open_request(narrow, tile_url(ENDLESS)) for _ in range(100)]
    wait_for(narrow, running=1, waiting=99)
    for connection in connections:
        connection.close()

    after = seconds_of_a_tile(narrow)

    # A script without end had the only turn; ending its worker and taking a fresh one is allowed.
    assert after < usual + 2.0
    wait_for(narrow, running=0, waiting=0)


def test_a_client_whose_own_line_is_full_is_told_when_to_come_back(narrow: Served) -> None:
    connections = [open_request(narrow, tile_url(ENDLESS)) for _ in range(151)]
    try:
        wait_for(narrow, running=1, waiting=150)

        response = narrow.client.post("/api/v1/process", json=make_body())

        assert (response.status_code, response.headers["retry-after"]) == (429, "1000")
        assert response.json()["error"]["code"] == "RATE_LIMIT_EXCEEDED"
    finally:
        for connection in connections:
            connection.close()
    wait_for(narrow, running=0, waiting=0)


def test_a_request_has_a_deadline(tmp_path: Path) -> None:
    with serving(tmp_path, anonymous_read=True, request_seconds=1.0) as one:
        start = time.perf_counter()
        response = one.client.get(tile_url(ENDLESS))
        spent = time.perf_counter() - start

        assert (response.status_code, spent < 5) == (504, True)
        assert one.client.get(tile_url(QUICK)).status_code == 200


def test_requests_in_flight_end_before_the_server_does(tmp_path: Path) -> None:
    slow = script(
        "(() => { let x = 0; for (let i = 0; i < 20000; i++) x += i % 7; return [x, 0, 0]; })()",
        '{ bands: 3, sampleType: "UINT8" }',
    )
    body = make_body(evalscript=slow)
    body["output"] |= {"width": 100, "height": 100}
    with serving(tmp_path, anonymous_read=True) as one, ThreadPoolExecutor(1) as pool:
        pending = pool.submit(one.client.post, "/api/v1/process", json=body)
        wait_for(one, running=1, waiting=0)
        one.server.should_exit = True
        response = pending.result(30)

    assert response.status_code == 200, response.text


def test_allowances_are_counted_and_their_end_is_told_in_milliseconds(tmp_path: Path) -> None:
    # The sample request costs a third of a unit; a minute allows two of them.
    with serving(tmp_path, anonymous_read=True, processing_units_per_minute=0.7) as one:
        answers = [one.client.post("/api/v1/process", json=make_body()) for _ in range(3)]
        too_much = make_body()
        too_much["output"] |= {"width": 1000, "height": 1000}
        beyond = one.client.post("/api/v1/process", json=too_much)

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 10_000 < int(answers[2].headers["retry-after"]) <= 60_000
    assert answers[2].json()["error"]["code"] == "RATE_LIMIT_EXCEEDED"
    assert beyond.json()["error"]["code"] == "RATE_LIMIT_TOKEN_COUNT_EXCEEDS_CAPACITY"


def test_only_answers_are_charged(tmp_path: Path) -> None:
    broken = make_body(evalscript=script("[x]", "{ bands: 3 }"))
    broken["output"]["responses"] = [{"format": {"type": "image/png"}}]
    with serving(tmp_path, anonymous_read=True, processing_units_per_minute=0.4) as one:
        failed = [one.client.post("/api/v1/process", json=broken) for _ in range(3)]
        answer = one.client.post("/api/v1/process", json=make_body())

    assert [one.status_code for one in failed] == [400, 400, 400]
    assert answer.status_code == 200


def test_token_requests_are_limited_by_address(tmp_path: Path) -> None:
    with serving(tmp_path, token_requests_per_minute=2) as one:
        form = {"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"}
        answers = [one.client.post("/oauth/token", data=form) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert int(answers[2].headers["retry-after"]) > 1000


def test_a_body_that_dribbles_is_given_up(tmp_path: Path) -> None:
    with serving(tmp_path, anonymous_read=True, request_seconds=1.0) as one:
        port = int(one.url.rpartition(":")[2])
        head = "POST /api/v1/process HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        head += "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(head.encode())
            status = connection.makefile("rb").readline()

    assert status == b"HTTP/1.1 408 Request Timeout\r\n"
