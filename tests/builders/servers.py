"""Real servers for tests: nginx with ranges, S3 by moto, and one that fails as it is told.

Use the context managers, or load the fixtures ``nginx``, ``moto_s3`` and ``fault_server`` with
``pytest_plugins = ["tests.builders.servers"]``. All listen on free ports of the loopback.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from tests.builders.servers_fault import FaultServer, running_fault_server

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
START_SECONDS = 10.0

_NGINX_CONFIGURATION = """
daemon off;
master_process off;
worker_processes 1;
pid {prefix}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
    default_type application/octet-stream;
    types {{ image/tiff tif tiff; application/json json; text/html html; }}
    log_format counted '$request_method\t$uri\t$status\t$body_bytes_sent\t$http_range';
    access_log {prefix}/access.log counted;
    client_body_temp_path {prefix}/body;
    proxy_temp_path {prefix}/proxy;
    fastcgi_temp_path {prefix}/fastcgi;
    uwsgi_temp_path {prefix}/uwsgi;
    scgi_temp_path {prefix}/scgi;
    sendfile on;
    tcp_nopush off;
    keepalive_requests 1000000;
    server {{
        listen 127.0.0.1:{port} backlog=512;
        location / {{ root {root}; }}
        location /without-etag/ {{ alias {root}/; etag off; }}
        location /without-ranges/ {{ alias {root}/; max_ranges 0; }}
        location /marks/ {{ return 204; }}
    }}
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One line of nginx's log."""

    method: str
    path: str
    status: int
    sent: int
    """Bytes of the body."""
    range: str
    """The Range header, ``-`` without one."""


class Nginx:
    """A running nginx; the files of ``root`` are also below /without-etag/ and /without-ranges/."""

    def __init__(self, *, url: str, root: Path, log: Path) -> None:
        self.url = url
        self.root = root
        self._log = log
        self._marks = count()
        self._seen = 0

    @property
    def authority(self) -> str:
        """Host and port, as a policy names them."""
        return self.url.removeprefix("http://")

    def accesses(self) -> list[Access]:
        """Return the requests since the last call (or the start), all of them finished."""
        # nginx logs in order, some time after it answered: once the mark is there, all is.
        mark = f"/marks/{next(self._marks)}"
        with urllib.request.urlopen(self.url + mark, timeout=START_SECONDS):  # noqa: S310 - ours
            pass
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            lines = self._log.read_text().splitlines()
            found = [line.split("\t") for line in lines[self._seen :]]
            if any(fields[1] == mark for fields in found):
                self._seen = len(lines)
                return [
                    Access(
                        method=method, path=path, status=int(status), sent=int(sent), range=asked
                    )
                    for method, path, status, sent, asked in found
                    if not path.startswith("/marks/")
                ]
            time.sleep(0.005)
        message = "nginx did not log the request that marks the end"
        raise TimeoutError(message)


@contextmanager
def running_nginx(root: Path, prefix: Path) -> Iterator[Nginx]:
    """Give an nginx that serves the files of ``root``; its own files go to ``prefix``."""
    prefix.mkdir(parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    configuration = prefix / "nginx.conf"
    configuration.write_text(_NGINX_CONFIGURATION.format(prefix=prefix, root=root, port=port))
    process = subprocess.Popen(
        [NGINX, "-p", str(prefix), "-c", str(configuration), "-e", "stderr"],
        env={"PATH": os.defpath},
    )
    try:
        _await_port(port, process)
        yield Nginx(url=f"http://127.0.0.1:{port}", root=root, log=prefix / "access.log")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(START_SECONDS)


def _await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if process.poll() is not None:
            message = f"nginx ended with code {process.returncode}"
            raise RuntimeError(message)
        time.sleep(0.01)
    message = "nginx did not start"
    raise TimeoutError(message)


class MotoS3:
    """A running moto that speaks S3; it takes any credentials."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        """``http://127.0.0.1:port``, without a trailing slash; buckets by path."""

    @property
    def authority(self) -> str:
        """Host and port, as a policy names them."""
        return self.endpoint.removeprefix("http://")

    def make_bucket(self, bucket: str) -> None:
        """Make ``bucket``, if it is not there."""
        self._put(f"/{bucket}", b"")

    def put(self, bucket: str, key: str, content: bytes, *, public: bool = False) -> str:
        """Write an object, readable without credentials if it is public; return its address."""
        self._put(f"/{bucket}/{urllib.parse.quote(key)}", content, public=public)
        return f"s3://{bucket}/{key}"

    def _put(self, path: str, content: bytes, *, public: bool = False) -> None:
        request = urllib.request.Request(  # noqa: S310 - ours
            self.endpoint + path,
            data=content,
            method="PUT",
            headers={
                # moto looks at who asks, not at the signature.
                "Authorization": "AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/s3/"
                "aws4_request, SignedHeaders=host, Signature=0",
                "Content-Type": "application/octet-stream",
                "x-amz-acl": "public-read" if public else "private",
            },
        )
        with urllib.request.urlopen(request, timeout=START_SECONDS) as answer:  # noqa: S310 - ours
            answer.read()


@contextmanager
def running_moto_s3() -> Iterator[MotoS3]:
    """Give a moto server of its own thread."""
    # Costs a second to import, and most test modules that use this one do not need it.
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - see above

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield MotoS3(f"http://{host}:{port}")
    finally:
        server.stop()


@pytest.fixture(scope="session")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """One nginx for the session, over an empty folder that tests may fill (``nginx.root``)."""
    folder = tmp_path_factory.mktemp("nginx")
    (folder / "root").mkdir()
    with running_nginx(folder / "root", folder / "prefix") as server:
        yield server


@pytest.fixture(scope="session")
def moto_s3() -> Iterator[MotoS3]:
    """One moto for the session; tests make buckets of their own names."""
    with running_moto_s3() as server:
        yield server


@pytest.fixture(scope="session")
def fault_server() -> Iterator[FaultServer]:
    """One fault server for the session; tests script paths of their own."""
    with running_fault_server() as server:
        yield server
