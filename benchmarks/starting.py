"""From the start of the command to the first map tile of each server process.

    python -m benchmarks.starting [--pixels 10980] [--starts 5] [--write]

`cogmill serve --workers 2` over a catalog with one scene, kernels compiled and cached by an earlier
start, files in the page cache. The clock starts before the process does. Clients that come all the
while connect and ask for a map tile, until each of both processes has answered with the very bytes
that an older server gave; whose answer it was is found by the connection's socket. Goal: below 4 s.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.asking import Connection, get
from benchmarks.command import read_command
from benchmarks.contestants import COLLECTION, DATE
from benchmarks.processes import cpu_seconds, tree
from benchmarks.spots import map_tiles
from benchmarks.workloads import TRUE_COLOR
from tests.builders.running import COMMAND, ROOT, clean_environment, cogmill, free_port, started

GOAL = 4.0
WORKERS = 2
ZOOM = 14
ASKING = 3
"""Clients that ask meanwhile."""
LONGEST = 120.0
_IMPORT = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \|( *)(\S+)")
_WARM = """
import time
from engine.run.warm import warm_kernels
start = time.perf_counter()
warm_kernels()
print(time.perf_counter() - start)
"""


@dataclass(slots=True, kw_only=True)
class Start:
    """Seconds from the start of the command."""

    listening: float = 0.0
    """Until it takes connections."""
    answers: dict[int, float] = field(default_factory=dict)
    """Server process → until its first map tile."""
    cpu: float = 0.0
    """That all processes together took until then: half of it is the least on two cores."""
    wrong: list[str] = field(default_factory=list)

    @property
    def all(self) -> float:
        """Until each process has answered."""
        return max(self.answers.values())


def start_once(environment: dict[str, str], request: bytes, expected: bytes, log: Path) -> Start:
    """Start the server, and return what it took."""
    port = free_port()
    found = Start()
    done = threading.Event()
    command = [*COMMAND, "serve", "--port", str(port), "--workers", str(WORKERS)]
    with log.open("w") as errors:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, env=environment, cwd=log.parent, stdout=subprocess.DEVNULL, stderr=errors
        )

    def client() -> None:
        while not done.is_set() and time.perf_counter() - began < LONGEST:
            try:
                with Connection(f"http://127.0.0.1:{port}") as connection:
                    found.listening = found.listening or time.perf_counter() - began
                    answer = connection.ask(request)
                    seconds = time.perf_counter() - began
                    owner = connection.owner(tree(process.pid))
            except OSError:
                done.wait(0.01)
                continue
            if answer.status != 200 or answer.body != expected:
                found.wrong.append(f"{answer.status} {answer.body[:200]!r}")
                done.set()
            elif owner is not None:
                found.answers.setdefault(owner, seconds)
            if len(found.answers) == WORKERS and not done.is_set():
                done.set()
                found.cpu = cpu_seconds(tree(process.pid))

    clients = [threading.Thread(target=client) for _ in range(ASKING)]
    try:
        for one in clients:
            one.start()
        for one in clients:
            one.join()
    finally:
        process.terminate()
        process.wait(60)
    if found.wrong or len(found.answers) < WORKERS:
        raise SystemExit(f"{found.wrong or 'no answer'}\n{log.read_text()}")
    return found


def answer_of(environment: dict[str, str], request: bytes, log: Path) -> bytes:
    """Return what a server answers that has run for a while; it leaves all kernels compiled."""
    with started("serve", "--port", "0", environment=environment, log=log) as server:
        for _ in range(3):
            with Connection(server.url) as connection:
                answer = connection.ask(request)
    if answer.status != 200:
        raise SystemExit(f"{answer.status} {answer.body[:500]!r}")
    return answer.body


def import_seconds(module: str, *, top: int) -> list[tuple[str, float]]:
    """Return what importing takes: in all, then the packages that take the most by themselves."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", f"import {module}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [_IMPORT.match(line) for line in done.stderr.splitlines()]
    spent: dict[str, float] = {}
    for line in filter(None, lines):
        package = line[4].partition(".")[0]
        spent[package] = spent.get(package, 0.0) + int(line[1]) / 1e6
    ordered = sorted(spent.items(), key=lambda pair: -pair[1])
    return [(f"import {module}", sum(spent.values())), *ordered[:top]]


def warm_seconds() -> float:
    """Return what warming the kernels takes in a new process, compiled before."""
    done = subprocess.run(
        [sys.executable, "-c", _WARM], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def write_table(starts: Sequence[Start], parts: Sequence[tuple[str, float]]) -> str:
    """Return the tables in Markdown."""
    firsts = [min(start.answers.values()) for start in starts]
    rows = {
        "it takes connections": [start.listening for start in starts],
        "first map tile of one process": firsts,
        "**first map tile of both**": [start.all for start in starts],
        "the same, in CPU seconds of all processes": [start.cpu for start in starts],
    }
    lines = ["| seconds until | shortest | median |", "|---|--:|--:|"]
    for name, values in rows.items():
        lines.append(f"| {name} | {min(values):.2f} | {statistics.median(values):.2f} |")
    lines += ["", "| of which, in a process alone | s |", "|---|--:|"]
    lines += [f"| {name} | {seconds:.2f} |" for name, seconds in parts]
    verdict = "met" if statistics.median(rows["**first map tile of both**"]) < GOAL else "missed"
    return "\n".join([*lines, "", f"Goal of {GOAL:g} s: {verdict}."])


def main() -> None:
    """Start again and again, and print."""
    command = read_command("starting", __doc__, {"starts": 5})
    folder = command.folder
    x, y = map_tiles(folder / "B04.tif", ZOOM)[0]
    request = get(f"/tiles/{COLLECTION}/{ZOOM}/{x}/{y}.png", {"evalscript": TRUE_COLOR})
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        environment = clean_environment(
            home=name, data_roots=str(folder), anonymous_read="true", log_level="warning"
        )
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        cogmill("ingest", COLLECTION, str(folder), "--date", DATE, environment=environment)
        expected = answer_of(environment, request, home / "first.log")
        starts = []
        for _ in range(command.given.starts):
            starts.append(start_once(environment, request, expected, home / "server.log"))
            print(f"{starts[-1].all:.2f} s, load {os.getloadavg()[0]:.1f}", flush=True)
    parts = [*import_seconds("api.app", top=12), ("kernels, loaded", warm_seconds())]
    command.finish(write_table(starts, parts), ("numba", "fastapi", "uvicorn"))


if __name__ == "__main__":
    main()
