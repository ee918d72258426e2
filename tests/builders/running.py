"""A real server in a process of its own, on a free port of the loopback."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
START_SECONDS = 120.0
"""The first start on a machine compiles every kernel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A server that answers."""

    url: str
    """Without a trailing slash."""
    client_id: str
    client_secret: str
    process: subprocess.Popen[str]
    environment: dict[str, str]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cogmill(*arguments: str, environment: dict[str, str], cwd: Path | None = None) -> str:
    """Run the command to its end and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "api.cli.main", *arguments],
        env=environment,
        cwd=cwd or ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def running_server(home: Path, roots: Path, **settings: str) -> Iterator[Running]:
    """Serve the catalog in ``home`` over files under ``roots``; ends when the block does."""
    port = free_port()
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("COGMILL_")},
        "PYTHONPATH": str(ROOT),
        "COGMILL_HOME": str(home),
        "COGMILL_DATA_ROOTS": str(roots),
        **{f"COGMILL_{name.upper()}": value for name, value in settings.items()},
    }
    made = json.loads(cogmill("client", "create", "tests", "--json", environment=environment))
    with (home / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli.main", "serve", "--port", str(port)],
            env=environment,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=log,
            text=True,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(url, process, home / "server.log")
        yield Running(
            url=url,
            client_id=made["client_id"],
            client_secret=made["client_secret"],
            process=process,
            environment=environment,
        )
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _wait_until_ready(url: str, process: subprocess.Popen[str], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    pause = threading.Event()
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(log.read_text())
        try:
            with urllib.request.urlopen(f"{url}/ready", timeout=5) as answer:  # noqa: S310 - ours
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pause.wait(0.1)
    raise AssertionError(f"the server was not ready in time:\n{log.read_text()}")
