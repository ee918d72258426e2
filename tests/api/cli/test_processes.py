"""Server processes that are forked, under an app of three lines: how they end."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.attack.asking import wait_until
from tests.builders.running import ROOT

SERVER = """
import os, signal, socket, sys
import uvicorn
from api.cli.processes import run_processes

async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(os.getpid()).encode()})

if "early" in sys.argv:
    os.register_at_fork(after_in_parent=lambda: os.kill(os.getpid(), signal.SIGTERM))
listener = socket.create_server(("127.0.0.1", 0))
config = uvicorn.Config(
    lambda: app, factory=True, workers=2, lifespan="off", log_config=None, access_log=False
)
print(listener.getsockname()[1], flush=True)
run_processes(config, listener, silence=20.0)
"""


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Give a server of two processes, and its address."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield process, f"http://127.0.0.1:{int(process.stdout.readline())}/"
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def answering(url: str) -> int | None:
    """Return the process that answers; None where nobody does."""
    try:
        return int(httpx.get(url, timeout=10).text)
    except httpx.TransportError:
        return None


def test_a_server_that_is_told_to_stop_while_it_starts_ends() -> None:
    with running("early") as (process, _):
        code = process.wait(20)

    assert code == 0


def test_processes_end_with_a_parent_that_is_killed() -> None:
    with running() as (process, url):
        first = answering(url)
        process.kill()
        process.wait(20)

        assert first not in {None, process.pid}
        wait_until(lambda: answering(url) is None)


def test_a_process_that_is_killed_is_replaced() -> None:
    with running() as (process, url):
        first = answering(url)
        assert first is not None
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: len({answering(url) for _ in range(8)} - {first, None}) == 2)
        process.terminate()

        assert process.wait(20) == 0
