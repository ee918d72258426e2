"""The most memory that one large request takes, above what the idle server holds.

    python -m benchmarks.memory [--pixels 10980] [--side 2500] [--dates 100] [--write]

A server process as it comes (with its block cache of 512 MiB), over the Process API: four bands of
2500 × 2500 pixels at 10 m as a TIFF of float32, of one scene and as the mean of 100 dates (the same
files under 100 names, so nothing is shared but the page cache). Idle is after requests for 64 × 64
pixels of one date by the same script. *peak* adds up, over all processes, by how much each one's
peak (VmHWM) is above what it held; *seen* is the most that was seen of all processes at once (PSS,
polled). Goals: peak below 600 MB for one scene, below 1.5 GB for 100.
"""

import asyncio
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import rasterio

from benchmarks.asking import Connection, post, take_token
from benchmarks.command import read_command
from benchmarks.contestants import COLLECTION, DATE
from benchmarks.processes import forget_peak, peak, resident, tree
from engine.catalog.search import SceneQuery
from engine.core import EngineOptions, open_engine
from engine.ingest import ingest
from engine.store.route import StoreOptions
from tests.builders.running import Running, running_server

BANDS = ("B02", "B03", "B04", "B08")
GOALS = {1: 600, 100: 1536}
"""Dates → MiB."""
SMALL = 64
PAUSE = 0.05
ONE = """//VERSION=3
function setup() {
  return {input: ["B02", "B03", "B04", "B08"], output: {bands: 4, sampleType: "FLOAT32"}};
}
function evaluatePixel(s) { return [s.B02, s.B03, s.B04, s.B08]; }
"""
MEAN = """//VERSION=3
function setup() {
  return {
    input: ["B02", "B03", "B04", "B08"],
    output: {bands: 4, sampleType: "FLOAT32"},
    mosaicking: "ORBIT"
  };
}
function evaluatePixel(samples) {
  let a = 0, b = 0, c = 0, d = 0;
  for (let i = 0; i < samples.length; i++) {
    a += samples[i].B02;
    b += samples[i].B03;
    c += samples[i].B04;
    d += samples[i].B08;
  }
  const n = samples.length;
  return [a / n, b / n, c / n, d / n];
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What one request took, in bytes."""

    dates: int
    side: int
    idle: int
    """All processes before (PSS)."""
    peak: int
    """Above it: the sum of all processes' own peaks."""
    seen: int
    """Above it: the most that was seen of all at once."""
    body: int
    """Of the answer."""

    def write(self) -> str:
        """Return the row in Markdown."""
        goal = GOALS.get(self.dates)
        verdict = "" if goal is None else f"{goal} MB: {'met' if self.is_met else 'missed'}"
        cells = [f"{self.side} × {self.side} × {len(BANDS)} bands × {self.dates} dates"]
        cells += [f"{size >> 20}" for size in (self.idle, self.seen, self.peak, self.body)]
        return f"| {' | '.join([*cells, verdict])} |"

    @property
    def is_met(self) -> bool:
        """True where the goal for so many dates is met."""
        return self.peak >> 20 < GOALS[self.dates]


class _Watch:
    """Looks at all processes of a server while something runs."""

    def __init__(self, pid: int) -> None:
        self.pids = tree(pid)
        self.idle = resident(self.pids)
        for one in self.pids:
            forget_peak(one)
        self._before = {one: peak(one) for one in self.pids}
        self._done = threading.Event()
        self.seen = 0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch as long as the block runs."""
        thread = threading.Thread(target=self._poll)
        thread.start()
        try:
            yield
        finally:
            self._done.set()
            thread.join()

    def _poll(self) -> None:
        while not self._done.wait(PAUSE):
            self.seen = max(self.seen, resident(self.pids) - self.idle)

    def grown(self) -> int:
        """Return by how much the processes' peaks are above what they held."""
        return sum(peak(one) - held for one, held in self._before.items())


async def register(home: Path, folder: Path, *, dates: int) -> None:
    """Register the scene in ``folder`` on so many days, each with files of other names."""
    links = home / "links"
    options = EngineOptions(
        database_url=f"sqlite:///{home / 'cogmill.db'}",
        store=StoreOptions(roots=(str(folder),)),
        native=None,
    )
    engine = await open_engine(options)
    try:
        addresses = [str(folder / f"{band}.tif") for band in BANDS]
        await ingest(engine.catalog, engine.store, COLLECTION, addresses, date=DATE)
        (real,) = await engine.catalog.search(SceneQuery(collection=COLLECTION))
        assert real.sensed is not None  # noqa: S101 - a date was given
        made = []
        for number in range(dates):
            day = links / f"{number:03}"
            day.mkdir(parents=True)
            assets = {}
            for band in BANDS:
                (day / f"{band}.tif").hardlink_to(folder / f"{band}.tif")
                assets[band] = replace(real.assets[band], address=str(day / f"{band}.tif"))
            name = f"date {number}"
            sensed = real.sensed - timedelta(days=number)
            made.append(replace(real, id=name, name=name, sensed=sensed, assets=assets))
        await engine.catalog.remove_scene(COLLECTION, real.id)
        await engine.catalog.add_scenes(made)
    finally:
        await engine.close()


def body_of(image: Path, *, side: int, script: str, since: str = "") -> dict[str, Any]:
    """Return a request for ``side`` pixels in the north west of an image, at its own resolution.

    Of all dates, or of those ``since`` a day.
    """
    with rasterio.open(image) as dataset:
        left, top, step = dataset.bounds.left, dataset.bounds.top, dataset.res[0]
        crs = f"http://www.opengis.net/def/crs/EPSG/0/{dataset.crs.to_epsg()}"
    box = [left, top - side * step, left + side * step, top]
    time_range = {"from": f"{since}T00:00:00Z"} if since else {}
    return {
        "input": {
            "bounds": {"bbox": box, "properties": {"crs": crs}},
            "data": [{"type": COLLECTION, "dataFilter": {"timeRange": time_range}}],
        },
        "output": {
            "width": side,
            "height": side,
            "responses": [{"format": {"type": "image/tiff"}}],
        },
        "evalscript": script,
    }


def measure(running: Running, image: Path, *, side: int, dates: int) -> Memory:
    """Return what a request of ``side`` × ``side`` takes."""
    token = take_token(running)
    script = ONE if dates == 1 else MEAN
    small, large = (
        post("/api/v1/process", body_of(image, side=size, script=script, since=since), token=token)
        for size, since in ((SMALL, DATE), (side, ""))
    )
    with Connection(running.url, seconds=1800) as connection:
        for _ in range(3):
            _check(connection.ask(small))
        watch = _Watch(running.process.pid)
        with watch.watching():
            answer = _check(connection.ask(large))
    return Memory(
        dates=dates,
        side=side,
        idle=watch.idle,
        peak=watch.grown(),
        seen=watch.seen,
        body=len(answer.body),
    )


def _check(answer: Any) -> Any:
    if answer.status != 200:
        raise SystemExit(f"{answer.status} {answer.body[:500]!r}")
    return answer


def write_table(rows: Sequence[Memory]) -> str:
    """Return the table in Markdown, in MiB."""
    head = "| MiB | idle | seen | peak | answer | goal |\n|---|--:|--:|--:|--:|---|"
    return "\n".join([head, *(row.write() for row in rows)])


def main() -> None:
    """Measure one date and many."""
    command = read_command("memory", __doc__, {"side": 2500, "dates": 100})
    rows = []
    for dates in (1, command.given.dates):
        # Near the files: hard links do not cross file systems.
        with tempfile.TemporaryDirectory(dir=command.folder.parents[1]) as name:
            home = Path(name)
            asyncio.run(register(home, command.folder, dates=dates))
            settings = {"request_seconds": "1800", "log_level": "warning"}
            with running_server(home, home / "links", **settings) as running:
                image = command.folder / "B04.tif"
                rows.append(measure(running, image, side=command.given.side, dates=dates))
        print(rows[-1].write(), flush=True)
    command.finish(write_table(rows), ("numpy", "numba"))


if __name__ == "__main__":
    main()
