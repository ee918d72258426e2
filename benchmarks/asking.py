"""A client that costs little: one kept connection over a bare socket, requests made beforehand."""

import json
import re
import socket
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.builders.running import Running

SECONDS = 120.0
_TIMING = re.compile(r"([^;,]+);dur=([0-9.]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def timing(self) -> dict[str, float]:
        """Milliseconds by stage, as Server-Timing says."""
        found = _TIMING.findall(self.headers.get("server-timing", ""))
        return {name.strip(): float(text) for name, text in found}


class Connection:
    """One connection to a server, kept."""

    def __init__(self, url: str, *, seconds: float = SECONDS) -> None:
        self._socket = socket.create_connection(address_of(url), timeout=seconds)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, request: bytes) -> Answer:
        """Return the answer to a request of `get` or `post`."""
        self._socket.sendall(request)
        held = bytearray()
        while (end := held.find(b"\r\n\r\n")) < 0:
            held += self._receive()
        status, headers = parse_head(bytes(held[:end]))
        size = int(headers.get("content-length", "0"))
        while len(held) < end + 4 + size:
            held += self._receive()
        return Answer(status=status, headers=headers, body=bytes(memoryview(held)[end + 4 :]))

    def owner(self, pids: Iterable[int]) -> int | None:
        """Return which of these processes of this machine holds the connection's other end."""
        mine = self._socket.getsockname()[1]
        wanted = {f"socket:[{inode}]" for inode in _inodes(remote=mine)}
        for pid in pids:
            with suppress(OSError):
                for file in Path(f"/proc/{pid}/fd").iterdir():
                    with suppress(OSError):
                        if str(file.readlink()) in wanted:
                            return pid
        return None

    def _receive(self) -> bytes:
        received = self._socket.recv(1 << 20)
        if not received:
            raise ConnectionError("the server closed the connection within an answer")
        return received


def _inodes(*, remote: int) -> Iterator[str]:
    """Yield the sockets of the loopback that are connected to a port."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[2].partition(":")[2], 16) == remote:
            yield fields[9]


def address_of(url: str) -> tuple[str, int]:
    """Return host and port."""
    parts = urllib.parse.urlsplit(url)
    return str(parts.hostname), int(parts.port or 80)


def parse_head(head: bytes) -> tuple[int, dict[str, str]]:
    """Return the status, and the headers by name in lower case."""
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return int(first.split(" ", 2)[1]), {
        name.strip().lower(): text.strip() for name, _, text in pairs
    }


def get(path: str, query: Mapping[str, Any] | None = None, *, token: str = "") -> bytes:
    """Return a request for a path."""
    target = f"{path}?{urllib.parse.urlencode(query, doseq=True)}" if query else path
    return _request(f"GET {target} HTTP/1.1", token)


def post(path: str, value: Any, *, token: str = "") -> bytes:
    """Return a request that sends ``value`` as JSON."""
    body = json.dumps(value).encode()
    kind = f"Content-Type: application/json\r\nContent-Length: {len(body)}"
    return _request(f"POST {path} HTTP/1.1\r\n{kind}", token) + body


def _request(first: str, token: str) -> bytes:
    who = f"Authorization: Bearer {token}\r\n" if token else ""
    return f"{first}\r\nHost: 127.0.0.1\r\nAccept: */*\r\n{who}\r\n".encode()


def take_token(running: Running) -> str:
    """Return a token for the server's client."""
    form = {
        "grant_type": "client_credentials",
        "client_id": running.client_id,
        "client_secret": running.client_secret,
    }
    data = urllib.parse.urlencode(form).encode()
    with urllib.request.urlopen(f"{running.url}/oauth/token", data=data, timeout=30) as answer:
        return str(json.load(answer)["access_token"])
