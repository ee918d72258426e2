"""A real PostgreSQL with PostGIS on loopback, and an empty database of it for each law."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

_SECONDS = 60
TEMPLATE = "with_postgis"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A server that runs."""

    port: int
    binaries: Path
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def url(self, name: str) -> str:
        """Return the URL of one of its databases."""
        return f"postgresql://cogmill@127.0.0.1:{self.port}/{name}"

    def make_database(self) -> str:
        """Return the URL of a new database that holds nothing but PostGIS."""
        name = f"law_{next(self.numbers)}"
        self.run("createdb", "--template", TEMPLATE, name)
        return self.url(name)

    def run(self, program: str, *arguments: str) -> str:
        """Return what one of PostgreSQL's own programs prints about this server."""
        place = ["--host=127.0.0.1", f"--port={self.port}", "--username=cogmill"]
        command = [str(self.binaries / program), *place, *arguments]
        done = subprocess.run(
            command, capture_output=True, timeout=_SECONDS, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def run_cluster() -> Iterator[Cluster]:
    """Run a server whose files are gone afterwards; nothing of it is meant to last."""
    binaries = max(Path("/usr/lib/postgresql").glob("*/bin/initdb")).parent
    folder = Path(tempfile.mkdtemp(prefix="cogmill-postgres-"))
    port = _free_port()
    options = f"-p {port} -k {folder} -c fsync=off -c listen_addresses=127.0.0.1"
    tuning = " -c full_page_writes=off -c synchronous_commit=off -c max_connections=200"
    try:
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root.
            user = pwd.getpwnam("postgres")
            os.chown(folder, user.pw_uid, user.pw_gid)
        data = str(folder / "data")
        _as_server(str(binaries / "initdb"), "-D", data, "-U", "cogmill", "-A", "trust", "-N")
        control = str(binaries / "pg_ctl")
        log = str(folder / "log")
        _as_server(control, "-D", data, "-l", log, "-o", options + tuning, "-w", "start")
        try:
            cluster = Cluster(port=port, binaries=binaries)
            cluster.run("createdb", TEMPLATE)
            cluster.run("psql", "--dbname", TEMPLATE, "--command", "CREATE EXTENSION postgis")
            yield cluster
        finally:
            _as_server(control, "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A server for all laws of one test process."""
    with run_cluster() as running:
        yield running


def _as_server(*command: str) -> None:
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    done = subprocess.run(
        [*prefix, *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0, command


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
