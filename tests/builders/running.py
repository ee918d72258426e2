"""The command, and real servers in processes of their own on free ports of the loopback."""

import json
import os
import re
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
ADDRESS = re.compile(r"Cogmill is at (http://\S+)/")
COMMAND = (sys.executable, "-m", "api.cli.main")


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A server that answers."""

    url: str
    """Without a trailing slash."""
    client_id: str
    client_secret: str
    process: subprocess.Popen[str]
    environment: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A command that serves."""

    url: str
    """Without a trailing slash."""
    process: subprocess.Popen[str]
    log: Path
    """What it wrote to standard error."""

    def interrupt(self) -> int:
        """Press Ctrl-C, and return the exit code: every process of the terminal gets the signal."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(60)


def free_port() -> int:
    """Return a port where nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def clean_environment(**settings: str) -> dict[str, str]:
    """Return this process's environment with just these settings of ours."""
    return {
        **{name: text for name, text in os.environ.items() if not name.startswith("COGMILL_")},
        "PYTHONPATH": str(ROOT),
        **{f"COGMILL_{name.upper()}": text for name, text in settings.items()},
    }


def cogmill(*arguments: str, environment: dict[str, str], cwd: Path | None = None) -> str:
    """Run the command to its end and return what it printed."""
    done = subprocess.run(
        [*COMMAND, *arguments],
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
def started(
    *arguments: str, environment: dict[str, str], log: Path, command: tuple[str, ...] = COMMAND
) -> Iterator[Started]:
    """Give a command that serves, as soon as it says where; it is stopped when the block ends."""
    with log.open("w") as errors:
        process = subprocess.Popen(
            [*command, *arguments],
            env=environment,
            cwd=log.parent,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            start_new_session=True,
        )
    try:
        assert process.stdout is not None
        printed = ""
        while (found := ADDRESS.search(printed)) is None:
            line = process.stdout.readline()
            assert line, f"it ended before it served:\n{printed}{log.read_text()}"
            printed += line
        _wait_until_ready(found[1], process, log)
        yield Started(url=found[1], process=process, log=log)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


@contextmanager
def running_server(home: Path, roots: Path, **settings: str) -> Iterator[Running]:
    """Serve the catalog in ``home`` over files under ``roots``; ends when the block does."""
    environment = clean_environment(home=str(home), data_roots=str(roots), **settings)
    made = json.loads(cogmill("client", "create", "tests", "--json", environment=environment))
    with started(
        "serve", "--port", "0", environment=environment, log=home / "server.log"
    ) as server:
        yield Running(
            url=server.url,
            client_id=made["client_id"],
            client_secret=made["client_secret"],
            process=server.process,
            environment=environment,
        )


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
    message = f"the server was not ready in time:\n{log.read_text()}"
    raise AssertionError(message)
