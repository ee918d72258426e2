"""Thousands of hostile and good scripts, mixed, through one engine: is what it takes flat?

    python -m benchmarks.soak [--seconds 60] [--tasks 8]

One `Engine` with the usual pool of V8 workers and one compile worker, over a scene of 240 × 240
pixels. Tasks, each a principal of its own, ask for 16 × 16 pixels by scripts drawn at random; every
other text was never seen before. A good script must give its picture, a hostile one its error. At
the start, in the middle and at the end nothing runs, and processes, their resident memory and the
open files of this process are counted; exits 1 where they grew by more than is stated, or where an
answer was another than it should be.
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely

from benchmarks.soak_scripts import GOOD, HOSTILE
from engine.core import Engine, EngineOptions, open_engine
from engine.geo.bbox import BBox
from engine.geo.crs import WGS84
from engine.geo.geobox import GeoBox, make_geobox
from engine.ingest import ingest
from engine.request import Input, PixelRequest
from engine.sample import SampleSpec, write_samples
from engine.sample.spec import YEAR
from engine.store.route import StoreOptions
from evalscripts import PoolOptions
from evalscripts.errors import ScriptError

WORKERS = 3
SCRIPT_SECONDS = 1.0
GOOD_SHARE = 0.8
COLLECTION = "sentinel-2-l2a"
BANDS = ("B02", "B03", "B04", "B08")
SERVER_GROWTH = 64 << 20
"""Bytes by which this process may grow from the middle to the end: caches are full by then."""
WORKER_GROWTH = 48 << 20
"""The same for all worker processes together."""
MORE_FILES = 8
_PAUSE = 0.05
_PAUSES = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What this process and its workers hold."""

    processes: int
    server_bytes: int
    worker_bytes: int
    files: int

    def describe(self) -> str:
        """Return a line for people."""
        return (
            f"{self.processes} worker processes, resident {self.server_bytes >> 20} MiB here and "
            f"{self.worker_bytes >> 20} MiB in workers, {self.files} open files"
        )


@dataclass(slots=True, kw_only=True)
class Count:
    """What came back so far."""

    answers: Counter[tuple[str, str]]
    """By good or hostile, and pixels or the error's class."""
    wrong: list[str]


def children(pid: int) -> list[int]:
    """Return the processes below one; a kernel without this file tells of none."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found += [child, *children(child)]
    return found


def resident(pid: int) -> int:
    """Return a process's resident bytes; 0 where it has just ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


async def count_held(engine: Engine) -> Held:
    """Return what is held once every script worker is free again."""
    for _ in range(_PAUSES):
        if engine.parts.pool.idle() == WORKERS:
            break
        await asyncio.sleep(_PAUSE)
    return held_now()


def held_now() -> Held:
    """Return what is held."""
    below = children(os.getpid())
    return Held(
        processes=len(below),
        server_bytes=resident(os.getpid()),
        worker_bytes=sum(map(resident, below)),
        files=sum(1 for _ in Path("/proc/self/fd").iterdir()),
    )


def growth(middle: Held, end: Held) -> list[str]:
    """Return what has grown more than it may."""
    found = []
    if end.processes > middle.processes:
        found.append(f"{end.processes - middle.processes} more processes")
    for name, grown, allowed in (
        ("this process", end.server_bytes - middle.server_bytes, SERVER_GROWTH),
        ("the workers", end.worker_bytes - middle.worker_bytes, WORKER_GROWTH),
    ):
        if grown > allowed:
            found.append(f"{name} grew by {grown >> 20} MiB; {allowed >> 20} are allowed")
    if end.files > middle.files + MORE_FILES:
        found.append(f"{end.files - middle.files} more open files; {MORE_FILES} are allowed")
    return found


async def ask(engine: Engine, grid: GeoBox, draw: random.Random, count: Count, who: str) -> None:
    """Ask once, and note what came of it."""
    is_good = draw.random() < GOOD_SHARE
    names = GOOD if is_good else HOSTILE
    name = draw.choice(list(names))
    # An unseen text is compiled anew; a known one comes from the cache.
    text = names[name] + (f"\n// {draw.random()}" if draw.random() < 0.5 else "")
    request = PixelRequest(
        geobox=grid, inputs=(Input(id="0", collection=COLLECTION),), script=text, principal=who
    )
    try:
        await engine.pixels(request)
    except ScriptError as error:
        told = type(error).__name__
        if is_good:
            count.wrong.append(f"{name}: {error.message}")
    else:
        told = "pixels"
        if not is_good:
            count.wrong.append(f"{name}: got pixels")
    count.answers["good" if is_good else "hostile", told] += 1


async def soak(engine: Engine, grid: GeoBox, *, seconds: float, tasks: int, count: Count) -> None:
    """Ask for so long."""
    end = time.monotonic() + seconds

    async def client(number: int) -> None:
        draw = random.Random(f"{number} {len(count.answers)}")  # noqa: S311 -- a choice of scripts
        while time.monotonic() < end:
            await ask(engine, grid, draw, count, f"client-{number}")

    await asyncio.gather(*(client(number) for number in range(tasks)))


def grid_of(footprint: dict[str, Any]) -> GeoBox:
    """Return 16 × 16 pixels over a scene."""
    left, bottom, right, top = shapely.geometry.shape(footprint).bounds
    box = BBox(left=left, bottom=bottom, right=right, top=top, crs=WGS84)
    return make_geobox(box, width=16, height=16)


async def run(*, seconds: float, tasks: int) -> int:
    """Soak and print; return the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        spec = SampleSpec(pixels=240, overpasses=YEAR[-1:], zones=(32,), bands=BANDS, whole=True)
        report = write_samples(root / "scenes", spec)
        options = EngineOptions(
            database_url=f"sqlite:///{root / 'catalog.db'}",
            store=StoreOptions(roots=(folder,)),
            scripts=PoolOptions(workers=WORKERS),
            script_seconds=SCRIPT_SECONDS,
            setup_seconds=SCRIPT_SECONDS,
        )
        engine = await open_engine(options)
        try:
            parts = engine.parts
            await ingest(parts.catalog, parts.store, COLLECTION, [str(root / "scenes")])
            grid = grid_of(report.scenes[0].footprint)
            return await _soaked(engine, grid, seconds=seconds, tasks=tasks)
        finally:
            await engine.close()


async def _soaked(engine: Engine, grid: GeoBox, *, seconds: float, tasks: int) -> int:
    count = Count(answers=Counter(), wrong=[])
    held = [await count_held(engine)]
    print(f"start: {held[0].describe()}", flush=True)
    for name in ("middle", "end"):
        await soak(engine, grid, seconds=seconds / 2, tasks=tasks, count=count)
        held.append(await count_held(engine))
        print(f"{name}: {count.answers.total()} answers, {held[-1].describe()}", flush=True)
    for (kind, told), number in sorted(count.answers.items()):
        print(f"  {kind}: {number} × {told}")
    complaints = [*dict.fromkeys(count.wrong), *growth(held[1], held[2])]
    for complaint in complaints[:20]:
        print(f"WRONG: {complaint}")
    return 1 if complaints else 0


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--tasks", type=int, default=8)
    given = parser.parse_args()
    return asyncio.run(run(seconds=given.seconds, tasks=given.tasks))


if __name__ == "__main__":
    sys.exit(main())
