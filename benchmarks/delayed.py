"""A range server at a distance: so many milliseconds to each first byte, then as fast as it can.

    python -m benchmarks.delayed --test [FOLDER]

For others, ``with delayed_server(folder, milliseconds=30) as server:``, in a process of its own.
``server.url`` is the folder; ``server.url/@anything`` is the same folder under another name, for
peers that remember what they read of a URL. Connecting is not delayed. Bytes go from the page
cache into the socket (sendfile), so that a row of the table measures the clients and not this
server: ``--test`` says how many GB/s it sustains.
"""

import argparse
import asyncio
import email.utils
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).parents[1]
CONTROL = "/-/"
"""Paths below it are ours: answered at once, and not counted."""
LONGEST_HEAD = 64 << 10
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_REASONS = {
    200: "OK",
    206: "Partial Content",
    304: "Not Modified",
    404: "Not Found",
    405: "Method Not Allowed",
    412: "Precondition Failed",
    416: "Range Not Satisfiable",
}


@dataclass(slots=True, kw_only=True)
class Counts:
    """What was asked for."""

    requests: int = 0
    """GET and HEAD, whatever came of them."""
    bytes: int = 0
    """Of the bodies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayedServer:
    """A running server."""

    url: str
    """Of the folder, without a trailing slash."""

    def reset(self) -> None:
        """Count from nothing again."""
        self._control("reset")

    def counts(self) -> Counts:
        """Return what was asked for since the start or the last reset."""
        return Counts(**json.loads(self._control("counts")))

    def _control(self, what: str) -> bytes:
        with urllib.request.urlopen(f"{self.url}{CONTROL}{what}", timeout=10) as answer:
            return bytes(answer.read())


@contextmanager
def delayed_server(folder: Path, *, milliseconds: float = 30.0) -> Iterator[DelayedServer]:
    """Give a server of ``folder``'s files that waits so long before each first byte."""
    command = [sys.executable, "-m", "benchmarks.delayed", str(folder.absolute())]
    process = subprocess.Popen(
        [*command, "--milliseconds", str(milliseconds)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        url = process.stdout.readline().strip()
        if not url:
            raise RuntimeError("the delayed server did not start")
        yield DelayedServer(url=url)
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """A head, and the part of a file that follows it."""

    head: bytes
    path: Path | None = None
    start: int = 0
    size: int = 0


class _Files:
    """The folder's files as HTTP has them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.counts = Counts()

    def answer(self, method: str, target: str, headers: dict[str, str]) -> _Answer:
        """Return what to send for a request."""
        self.counts.requests += 1
        if method not in {"GET", "HEAD"}:
            return _answer(405, {"Allow": "GET, HEAD"})
        path = self._find(target)
        if path is None:
            return _answer(404)
        facts = path.stat()
        about = {
            "ETag": f'"{facts.st_mtime_ns:x}-{facts.st_size:x}"',
            "Last-Modified": email.utils.formatdate(facts.st_mtime, usegmt=True),
            "Accept-Ranges": "bytes",
        }
        refused = _refused(headers, about)
        if refused:
            return _answer(refused, about)
        start, stop = 0, facts.st_size
        status = 200
        if "range" in headers and headers.get("if-range", about["ETag"]) in about.values():
            wanted = _part(headers["range"], facts.st_size)
            if wanted is not None:
                start, stop = wanted
                status = 206 if start < stop else 416
                shown = f"{start}-{stop - 1}" if start < stop else "*"
                about["Content-Range"] = f"bytes {shown}/{facts.st_size}"
        about["Content-Type"] = "image/tiff" if path.suffix == ".tif" else "application/json"
        if method == "HEAD" or status == 416:
            return _answer(status, about, length=stop - start if status != 416 else 0)
        self.counts.bytes += stop - start
        head = _answer(status, about, length=stop - start).head
        return _Answer(head=head, path=path, start=start, size=stop - start)

    def _find(self, target: str) -> Path | None:
        """Return the file of a request's target, its query and its ``@name`` left out."""
        parts = unquote(target.partition("?")[0]).strip("/").split("/")
        if parts[0].startswith("@"):
            parts = parts[1:]
        path = self.folder.joinpath(*parts)
        inside = path.resolve().is_relative_to(self.folder) if ".." in parts else True
        return path if inside and path.is_file() else None


def _answer(status: int, headers: dict[str, str] | None = None, *, length: int = 0) -> _Answer:
    """Return an answer of which only the head is sent."""
    lines = [f"HTTP/1.1 {status} {_REASONS[status]}"]
    lines += [f"{name}: {text}" for name, text in (headers or {}).items()]
    lines += [f"Content-Length: {length}", "", ""]
    return _Answer(head="\r\n".join(lines).encode("latin-1"))


def _refused(headers: dict[str, str], about: dict[str, str]) -> int:
    """Return the status of a precondition that fails (RFC 9110 §13.2.2), else 0."""
    tag, modified = about["ETag"], about["Last-Modified"]
    if headers.get("if-match", tag) not in {tag, "*"}:
        return 412
    if "if-match" not in headers and _is_before(headers.get("if-unmodified-since"), modified):
        return 412
    if headers.get("if-none-match") in {tag, "*"}:
        return 304
    return 0


def _is_before(date: str | None, modified: str) -> bool:
    if date is None:
        return False
    parse = email.utils.parsedate_to_datetime
    return parse(date) < parse(modified)


def _part(header: str, size: int) -> tuple[int, int] | None:
    """Return start and stop of a single range, equal where there is none; None to send all."""
    found = _RANGE.fullmatch(header.strip())
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        return max(size - int(last), 0), size
    start = int(first)
    stop = min(int(last) + 1, size) if last else size
    return (start, stop) if start < stop else (0, 0)


async def _converse(connection: socket.socket, files: _Files, seconds: float) -> None:
    """Answer the requests of one connection, one after the other."""
    loop = asyncio.get_running_loop()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    held = b""
    with connection, suppress(ConnectionError):
        while True:
            while b"\r\n\r\n" not in held:
                received = await loop.sock_recv(connection, LONGEST_HEAD)
                if not received or len(held) > LONGEST_HEAD:
                    return
                held += received
            head, _, held = held.partition(b"\r\n\r\n")
            request, *lines = head.decode("latin-1").split("\r\n")
            method, target, _ = request.split(" ", 2)
            if target.startswith(CONTROL):
                await loop.sock_sendall(connection, _control(files, target))
                continue
            pairs = (line.partition(":") for line in lines)
            headers = {name.strip().lower(): text.strip() for name, _, text in pairs}
            answer = files.answer(method, target, headers)
            await asyncio.sleep(seconds)
            await _send(loop, connection, answer)
            if headers.get("connection", "").lower() == "close":
                return


async def _send(
    loop: asyncio.AbstractEventLoop, connection: socket.socket, answer: _Answer
) -> None:
    if answer.path is None or not answer.size:
        await loop.sock_sendall(connection, answer.head)
        return
    # A head is shorter than any socket's buffer; with MSG_MORE it leaves together with the body.
    connection.send(answer.head, socket.MSG_MORE)
    with answer.path.open("rb") as file:
        await loop.sock_sendfile(connection, file, answer.start, answer.size, fallback=False)


def _control(files: _Files, target: str) -> bytes:
    if target.endswith("reset"):
        files.counts = Counts()
    body = json.dumps(asdict(files.counts)).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


async def _serve(folder: Path, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    files = _Files(folder)
    talks: set[asyncio.Task[None]] = set()
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        listener.settimeout(0)
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        while True:
            connection, _ = await loop.sock_accept(listener)
            talk = asyncio.create_task(_converse(connection, files, seconds))
            talks.add(talk)
            talk.add_done_callback(talks.discard)


def measure(
    server: DelayedServer, name: str, *, part: int, connections: int, seconds: float
) -> float:
    """Return the GB/s that so many connections get when each asks for ``part`` bytes at a time."""
    port = int(server.url.rpartition(":")[2])
    received = [0] * connections
    end = time.perf_counter() + seconds
    request = f"GET /{name} HTTP/1.1\r\nHost: delayed\r\nRange: bytes=0-{part - 1}\r\n\r\n".encode()

    def read(number: int) -> None:
        buffer = memoryview(bytearray(1 << 20))
        with socket.create_connection(("127.0.0.1", port)) as connection:
            while time.perf_counter() < end:
                connection.sendall(request)
                got = connection.recv_into(buffer)
                left = part - (got - (bytes(buffer[:got]).index(b"\r\n\r\n") + 4))
                while left:
                    left -= connection.recv_into(buffer[: min(left, len(buffer))])
                received[number] += part

    start = time.perf_counter()
    threads = [threading.Thread(target=read, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(received) / (time.perf_counter() - start) / 1e9


def first_byte(server: DelayedServer, name: str) -> float:
    """Return the shortest of ten times to the first byte, in milliseconds."""
    port = int(server.url.rpartition(":")[2])
    request = f"GET /{name} HTTP/1.1\r\nHost: delayed\r\nRange: bytes=0-99\r\n\r\n".encode()
    times = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for _ in range(10):
            start = time.perf_counter()
            connection.sendall(request)
            connection.recv(1)
            times.append(1e3 * (time.perf_counter() - start))
            connection.recv(1 << 16)
    return min(times)


def _test(folder: Path, milliseconds: float) -> None:
    """Print how fast and how far away the server is."""
    file = folder / "self-test.bin"
    file.write_bytes(os.urandom(16 << 20))
    for delay in (milliseconds, 0.0):
        with delayed_server(folder, milliseconds=delay) as server:
            print(
                f"{delay:g} ms asked for: first byte after {first_byte(server, file.name):.1f} ms"
            )
            for part, connections in ((256 << 10, 8), (256 << 10, 64), (8 << 20, 8), (8 << 20, 16)):
                speed = measure(server, file.name, part=part, connections=connections, seconds=2.0)
                print(f"  {connections:3} connections × {part >> 10:5} KB: {speed:.2f} GB/s")


def main() -> None:
    """Serve, or test what serving sustains."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--milliseconds", type=float, default=30.0)
    parser.add_argument("--test", action="store_true", help="print the GB/s that it sustains")
    given = parser.parse_args()
    if given.test:
        with tempfile.TemporaryDirectory() as folder:
            _test(given.folder or Path(folder), given.milliseconds)
    elif given.folder is None:
        parser.error("which folder?")
    else:
        with suppress(KeyboardInterrupt):
            asyncio.run(_serve(given.folder, given.milliseconds / 1e3))


if __name__ == "__main__":
    main()
