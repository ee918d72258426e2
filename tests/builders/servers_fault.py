"""A server that fails in the way it is told to, over a real socket.

Each path has a script of replies: the first request gets the first one, the next the next, and
the last one repeats. A reply is a function that writes to the connection whatever it likes.
"""

import socketserver
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

ETAG = '"one"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a client sent."""

    method: str
    path: str
    """With the query."""
    headers: Mapping[str, str]
    """Names in lower case."""

    @property
    def range(self) -> tuple[int, int]:
        """The range asked for, half-open."""
        first, _, last = self.headers["range"].removeprefix("bytes=").partition("-")
        return int(first), int(last) + 1


class Connection(Protocol):
    """Where a reply is written."""

    def send(self, content: bytes) -> None:
        """Send ``content`` at once."""

    def hang(self) -> None:
        """Send nothing more until the client or the server ends."""

    def pause(self, seconds: float) -> bool:
        """Wait; return whether the server ends meanwhile."""

    def cut(self) -> None:
        """Close the connection after this reply."""


Reply = Callable[[Request, Connection], None]


def head(status: int, headers: Mapping[str, str | int]) -> bytes:
    """Return a status line and headers, as they go over the wire."""
    lines = [f"HTTP/1.1 {status} Status", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def refuses(status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Reply:
    """Answer with a status, and a body that names what no message may repeat."""
    body = body or b"<Error>secret-body</Error>"

    def reply(_: Request, connection: Connection) -> None:
        fields: dict[str, str | int] = {"Content-Length": len(body), **(headers or {})}
        connection.send(head(status, fields) + body)

    return reply


def part_headers(content: bytes, start: int, stop: int) -> dict[str, str | int]:
    """Return the headers of an honest 206."""
    return {
        "Content-Length": stop - start,
        "Content-Range": f"bytes {start}-{stop - 1}/{len(content)}",
        "ETag": ETAG,
    }


def serves(content: bytes, headers: Mapping[str, str] | None = None) -> Reply:
    """Answer with the range asked for; ``headers`` replace or add to the honest ones."""

    def reply(request: Request, connection: Connection) -> None:
        start, stop = request.range[0], min(request.range[1], len(content))
        fields = {**part_headers(content, start, stop), **(headers or {})}
        connection.send(head(206, fields) + content[start:stop])

    return reply


def serves_all(content: bytes, headers: Mapping[str, str] | None = None) -> Reply:
    """Ignore the range, as a server that does not know ranges does."""

    def reply(_: Request, connection: Connection) -> None:
        fields: dict[str, str | int] = {"Content-Length": len(content), "ETag": ETAG}
        fields |= headers or {}
        connection.send(head(200, fields))
        connection.send(content)

    return reply


def never_answers() -> Reply:
    """Take the request and say nothing."""
    return lambda _, connection: connection.hang()


def stalls_after(content: bytes, count: int) -> Reply:
    """Send headers and ``count`` bytes of the range, and then nothing more."""

    def reply(request: Request, connection: Connection) -> None:
        start, stop = request.range[0], min(request.range[1], len(content))
        connection.send(head(206, part_headers(content, start, stop)))
        connection.send(content[start : start + count])
        connection.hang()

    return reply


def drips(content: bytes, seconds: float) -> Reply:
    """Send the range byte by byte, with ``seconds`` in between."""

    def reply(request: Request, connection: Connection) -> None:
        start, stop = request.range[0], min(request.range[1], len(content))
        connection.send(head(206, part_headers(content, start, stop)))
        for i in range(start, stop):
            connection.send(content[i : i + 1])
            if connection.pause(seconds):
                return

    return reply


def breaks_after(content: bytes, count: int) -> Reply:
    """Send headers and ``count`` bytes of the range, and close the connection."""

    def reply(request: Request, connection: Connection) -> None:
        start, stop = request.range[0], min(request.range[1], len(content))
        connection.send(head(206, part_headers(content, start, stop)))
        connection.send(content[start : start + count])
        connection.cut()

    return reply


def closes() -> Reply:
    """Close the connection without a word."""
    return lambda _, connection: connection.cut()


def sends(raw: bytes) -> Reply:
    """Send bytes that need not be HTTP, and close."""

    def reply(_: Request, connection: Connection) -> None:
        connection.send(raw)
        connection.cut()

    return reply


@dataclass(slots=True, eq=False)
class FaultServer:
    """The running server."""

    url: str = ""
    """``http://127.0.0.1:port``, without a trailing slash."""
    requests: list[Request] = field(default_factory=list)
    """Every request since the start, in the order of their arrival."""
    ending: threading.Event = field(default_factory=threading.Event)
    _scripts: dict[str, list[Reply]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def authority(self) -> str:
        """Host and port, as a policy names them."""
        return self.url.removeprefix("http://")

    def script(self, path: str, *replies: Reply) -> str:
        """Reply to requests for ``path`` with ``replies``, in turn; return its address."""
        with self._lock:
            self._scripts[path] = list(replies)
        return self.url + path

    def asked(self, path: str) -> list[Request]:
        """Return the requests for ``path``, whatever their query."""
        return [one for one in self.requests if one.path.partition("?")[0] == path]

    def next_reply(self, request: Request) -> Reply:
        """Note ``request`` and return what it gets."""
        with self._lock:
            self.requests.append(request)
            script = self._scripts.get(request.path.partition("?")[0], [refuses(404)])
            return script.pop(0) if len(script) > 1 else script[0]


class _Handler(socketserver.StreamRequestHandler):
    fault: FaultServer
    open = True

    def handle(self) -> None:
        while self.open:
            lines = []
            while (line := self.rfile.readline()) not in (b"\r\n", b""):
                lines.append(line.decode("latin-1").rstrip("\r\n"))
            if not lines:
                return
            method, path, _ = lines[0].split(" ")
            fields = (line.partition(":") for line in lines[1:])
            headers = {name.lower(): value.strip() for name, _, value in fields}
            request = Request(method=method, path=path, headers=headers)
            self.fault.next_reply(request)(request, self)

    def send(self, content: bytes) -> None:
        try:
            self.wfile.write(content)
        except OSError:
            self.open = False  # the client had enough, as it may

    def hang(self) -> None:
        self.fault.ending.wait()
        self.open = False

    def pause(self, seconds: float) -> bool:
        return self.fault.ending.wait(seconds) or not self.open

    def cut(self) -> None:
        self.open = False


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False


@contextmanager
def running_fault_server() -> Iterator[FaultServer]:
    """Give a server on a free port of the loopback."""
    fault = FaultServer()
    handler = type("Handler", (_Handler,), {"fault": fault})
    with _Server(("127.0.0.1", 0), handler) as server:
        fault.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield fault
        finally:
            fault.ending.set()
            server.shutdown()
            thread.join()
