"""Tens of thousands of mixed requests: does the server's memory stay what it is?

    python -m benchmarks.endurance [--requests 50000] [--clients 8] [--write]

Map tiles of all zooms and formats, Process requests with known and unknown scripts, archives,
polygons, single pixels from inside, checks, pages and errors (`endurance_mix`), over 13
collections of small scenes on 4 days. Two server processes, with caches of blocks small enough to
be full soon. Counted, at fifty moments: memory (PSS), processes and open files of the whole tree.
It exits 1 where an answer had another status than it should have, or where memory grew in the
second half: by more than 3 % between the means of that half's first and last fifth.
"""

import asyncio
import random
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.asking import Connection, take_token
from benchmarks.command import read_command
from benchmarks.contestants import COLLECTION
from benchmarks.endurance_mix import Asked, Mix
from benchmarks.processes import open_files, resident, tree
from engine.catalog.user import make_user_collection
from engine.core import EngineOptions, open_engine
from engine.ingest import ingest
from engine.sample import SampleSpec, write_samples
from engine.sample.spec import YEAR
from engine.store.route import StoreOptions
from tests.builders.running import Running, running_server

BANDS = ("B02", "B03", "B04", "B08")
PIXELS = 360
COLLECTIONS = 12
"""Of the user's own, beside Sentinel-2's."""
MOMENTS = 50
GROWTH = 0.03
MORE_FILES = 32
CACHE_BYTES = 32 << 20
TOGETHER = 500
"""Requests over one connection; then the client connects anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What the whole server held."""

    answers: int
    held: Mapping[int, int]
    """Process → bytes, PSS."""
    files: int
    seconds: float

    @property
    def memory(self) -> int:
        """Of all processes together, in bytes."""
        return sum(self.held.values())

    @property
    def processes(self) -> int:
        """How many there are."""
        return len(self.held)


@dataclass(slots=True, kw_only=True)
class Run:
    """What came back so far."""

    left: int
    """Requests that are not sent yet."""
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    """By kind and status."""
    wrong: Counter[str] = field(default_factory=Counter)
    moments: list[Moment] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> bool:
        """Return True where one more is to be sent."""
        with self.lock:
            self.left -= 1
            return self.left >= 0

    def note(self, connection: Connection, asked: Asked) -> None:
        """Ask and count the answer; raises ConnectionError where there is none."""
        try:
            answer = connection.ask(asked.request)
        except OSError as error:
            self._count(asked, 0, str(error))
            raise ConnectionError(str(error)) from error
        self._count(asked, answer.status, repr(answer.body[:200]))

    def _count(self, asked: Asked, status: int, told: str) -> None:
        with self.lock:
            self.answers[asked.kind, status] += 1
            if status != asked.status:
                self.wrong[f"{asked.kind}: {status} {told}"] += 1

    def growth(self) -> float:
        """Return by what part memory grew in the second half."""
        half = [moment.memory for moment in self.moments[len(self.moments) // 2 :]]
        fifth = max(1, len(half) // 5)
        return statistics.mean(half[-fifth:]) / statistics.mean(half[:fifth]) - 1

    def complaints(self) -> list[str]:
        """Return what is wrong."""
        found = [f"{number} × {what}" for what, number in self.wrong.most_common(20)]
        if self.growth() > GROWTH:
            found.append(f"memory grew by {self.growth():.1%} in the second half")
        middle, end = self.moments[len(self.moments) // 2], self.moments[-1]
        if end.processes > middle.processes:
            found.append(f"{end.processes - middle.processes} more processes")
        if end.files > middle.files + MORE_FILES:
            found.append(f"{end.files - middle.files} more open files")
        return found


async def prepare(home: Path, scenes: Path) -> Mix:
    """Make the scenes, register them, and return what to draw from; the token is still empty."""
    spec = SampleSpec(pixels=PIXELS, overpasses=YEAR[-4:], bands=BANDS)
    report = await asyncio.to_thread(write_samples, scenes, spec)
    options = EngineOptions(
        database_url=f"sqlite:///{home / 'cogmill.db'}",
        store=StoreOptions(roots=(str(scenes),)),
        native=None,
    )
    engine = await open_engine(options)
    try:
        names = [COLLECTION]
        for number in range(COLLECTIONS):
            collection = make_user_collection(f"field {number}")
            await engine.catalog.add_collection(collection)
            names.append(collection.id)
        for name in names:
            await ingest(engine.catalog, engine.store, name, [str(scenes)])
    finally:
        await engine.close()
    days = sorted({f"{scene.sensed:%Y-%m-%d}" for scene in report.scenes})
    return Mix(collections=names, bounds=report.bounds, days=days, token="")


def endure(running: Running, mix: Mix, *, requests: int, clients: int) -> Run:
    """Return what came of so many requests."""
    run = Run(left=requests)
    start = time.monotonic()

    def client(number: int) -> None:
        dice = random.Random(number)  # noqa: S311 - a choice of requests
        while run.left > 0:
            with Connection(running.url) as connection, suppress(ConnectionError):
                for _ in range(TOGETHER):
                    if not run.take():
                        return
                    run.note(connection, mix.draw(dice))

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        threads[0].join(0.2)
        done = requests - max(run.left, 0)
        if done >= (len(run.moments) + 1) * requests / MOMENTS:
            run.moments.append(look(running.process.pid, answers=done, start=start))
    run.moments.append(look(running.process.pid, answers=requests, start=start))
    return run


def look(pid: int, *, answers: int, start: float) -> Moment:
    """Return what a server and all its processes hold now."""
    pids = tree(pid)
    return Moment(
        answers=answers,
        held={one: resident([one]) for one in pids},
        files=open_files(pids),
        seconds=time.monotonic() - start,
    )


def write_table(run: Run) -> str:
    """Return the table in Markdown."""
    lines = [
        "| answers | memory, MiB | processes | open files | answers a second |",
        "|--:|--:|--:|--:|--:|",
    ]
    moments = run.moments
    for share in (0, 0.25, 0.5, 0.75, 1):
        one = moments[round(share * (len(moments) - 1))]
        rate = one.answers / one.seconds
        cells = (one.answers, one.memory >> 20, one.processes, one.files, f"{rate:.0f}")
        lines.append(f"| {' | '.join(map(str, cells))} |")
    statuses: Counter[int] = Counter()
    for (_, status), number in run.answers.items():
        statuses[status] += number
    told = ", ".join(f"{number} × {status}" for status, number in sorted(statuses.items()))
    kinds = len({kind for kind, _ in run.answers})
    lines += ["", f"{kinds} kinds of requests; answers: {told}; {run.wrong.total()} unexpected."]
    lines.append(f"In the second half memory changed by {run.growth():+.1%}.")
    return "\n".join(lines)


def report(run: Run) -> Sequence[str]:
    """Print every kind, and return what is wrong."""
    for (kind, status), number in sorted(run.answers.items()):
        print(f"  {kind}: {number} × {status}")
    middle, end = run.moments[len(run.moments) // 2], run.moments[-1]
    for pid, held in end.held.items():
        print(f"  process {pid}: {middle.held.get(pid, 0) >> 20} MiB in the middle, {held >> 20}")
    complaints = run.complaints()
    for complaint in complaints:
        print(f"WRONG: {complaint}")
    return complaints


def main() -> int:
    """Endure, and return the exit code."""
    command = read_command("endurance", __doc__, {"requests": 50_000, "clients": 8})
    with tempfile.TemporaryDirectory() as name:
        home, scenes = Path(name) / "home", Path(name) / "scenes"
        home.mkdir()
        mix = asyncio.run(prepare(home, scenes))
        settings = {
            "workers": "2",
            "cache_bytes": str(CACHE_BYTES),
            "token_seconds": "86400",
            "log_level": "error",
        }
        with running_server(home, scenes, **settings) as running:
            given, mix = command.given, mix.with_token(take_token(running))
            run = endure(running, mix, requests=given.requests, clients=given.clients)
    complaints = report(run)
    command.finish(write_table(run), ("fastapi", "mini-racer", "llvmlite"))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
