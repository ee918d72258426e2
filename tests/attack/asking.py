"""How attackers speak: raw sockets, bodies that no client would send; what all laws check."""

import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx

from tests.builders.apis import Served, script
from tests.builders.apis import body as make_body

SMALL = {"width": 8, "height": 8}
LEAKS = ("Traceback", "site-packages", "/work/", "/root/", "/pytest-", "/usr/", '.py"', "sqlite")
"""Words that no answer to a stranger may hold."""


def post(served: Served, body: Any, **headers: str) -> httpx.Response:
    """Send a Process request, JSON or bytes."""
    kind = {"content-type": "application/json", **headers}
    if isinstance(body, bytes):
        return served.client.post("/api/v1/process", content=body, headers=kind)
    return served.client.post("/api/v1/process", json=body, headers=headers)


def draw(text: str, **output: Any) -> dict[str, Any]:
    """Return a small request with this script as PNG."""
    body = make_body(evalscript=text)
    body["output"] = {**SMALL, "responses": [{"format": {"type": "image/png"}}], **output}
    return body


def colors(returned: str, *, more: str = "") -> str:
    return script(returned, "{ bands: 3 }", more=more)


def is_served(served: Served) -> bool:
    """Return whether the next client gets its pixels."""
    answer = post(served, draw(colors("[s.B04 / 10000, s.B03 / 10000, s.B02 / 10000]")))
    return answer.status_code == 200


def assert_clean(response: httpx.Response, *, errors: bool = True) -> None:
    """An attack is the client's own error, told without a word about our insides."""
    text = response.text if len(response.content) < 1 << 20 else ""
    words = [*response.headers.values(), text if response.status_code >= 400 else ""]

    assert [leak for leak in LEAKS for word in words if leak in word] == []
    assert response.status_code < 500
    assert not errors or response.status_code >= 400


def port_of(served: Served) -> int:
    return int(served.url.rpartition(":")[2])


def send(served: Served, data: bytes) -> socket.socket:
    """Send bytes and leave the connection open."""
    connection = socket.create_connection(("127.0.0.1", port_of(served)), timeout=30)
    connection.sendall(data)
    return connection


def exchange(served: Served, data: bytes, *, is_all: bool = False) -> bytes:
    """Send bytes and return everything that comes back; ``is_all``: and say that no more comes."""
    with send(served, data) as connection:
        if is_all:
            connection.shutdown(socket.SHUT_WR)
        return connection.makefile("rb").read()


def wait_until(is_so: Callable[[], bool], *, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        pause.wait(0.02)
