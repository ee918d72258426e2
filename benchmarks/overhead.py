"""What stands around the pixels: how long a request takes besides reading, warping and writing.

    python -m benchmarks.overhead [--pixels 10980] [--scenes 100000] [--requests 500] [--write]

One server process with one compute thread, a catalog of 100,000 scenes, a Bearer token, requests
one after the other over one connection, all blocks decoded before. Overhead is the client's wall
clock less the stages that make pixels, as Server-Timing tells them: %s.
The rest is what is listed. Goal: p50 below 3 ms.
"""

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from api import tokens
from api.body import parse_json
from api.process.translate import parse_body, translate
from benchmarks.asking import Connection, get, post, take_token
from benchmarks.command import read_command
from benchmarks.contestants import COLLECTION, DATE
from benchmarks.crowd import fill_catalog
from benchmarks.processes import cpu_seconds, tree
from benchmarks.spots import lattice, map_tiles, utm_boxes
from benchmarks.workloads import TRUE_COLOR
from engine.plan.limits import Limits
from tests.builders.running import Running, running_server

GOAL = 3.0
"""Milliseconds at the median."""
MAKES_PIXELS = ("fetch", "decode", "gdal", "warp", "mosaic", "open script", "script", "encode")
__doc__ = (__doc__ or "") % ", ".join(MAKES_PIXELS)
MONTH = {"from": "2022-07-01T00:00:00Z", "to": "2022-07-31T23:59:59Z"}
SIDE = 64
ZOOM = 14
AREA = 4096
"""Pixels along the side of the square that is asked about: its blocks stay decoded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Milliseconds of every request of one kind, in their order."""

    name: str
    wall: Sequence[float]
    stages: Sequence[dict[str, float]]
    cpu: float
    """Of the server's processes, for each request; pixels included."""

    def overhead(self) -> list[float]:
        """Return what is left when the pixels are taken away."""
        return [
            wall - sum(stages.get(name, 0.0) for name in MAKES_PIXELS)
            for wall, stages in zip(self.wall, self.stages, strict=True)
        ]

    def parts(self) -> dict[str, list[float]]:
        """Return the overhead in parts."""
        parts: dict[str, list[float]] = {}
        for wall, stages in zip(self.wall, self.stages, strict=True):
            total = stages["total"]
            around = {name: stages.get(name, 0.0) for name in ("compile", "search", "select")}
            searched = around["search"] + around["select"]
            around["plan"] = max(stages.get("plan", 0.0) - searched, 0.0)
            pixels = sum(stages.get(name, 0.0) for name in MAKES_PIXELS)
            around["rest"] = total - pixels - sum(around.values())
            around["outside"] = wall - total
            for name, spent in around.items():
                parts.setdefault(name, []).append(spent)
        return parts


def ask_all(name: str, running: Running, requests: Iterable[bytes]) -> Times:
    """Return the times of requests asked one after the other."""
    wall, stages = [], []
    cpu = cpu_seconds(tree(running.process.pid))
    with Connection(running.url) as connection:
        for request in requests:
            start = time.perf_counter()
            answer = connection.ask(request)
            wall.append(1e3 * (time.perf_counter() - start))
            if answer.status != 200:
                raise SystemExit(f"{name}: {answer.status} {answer.body[:500]!r}")
            stages.append(answer.timing or {"total": 0.0})
    cpu = 1e3 * (cpu_seconds(tree(running.process.pid)) - cpu) / len(wall)
    return Times(name=name, wall=wall, stages=stages, cpu=cpu)


def process_bodies(image: Path, count: int) -> list[dict[str, object]]:
    """Return bodies of the Process API, each asking for another small window."""
    crs, boxes = utm_boxes(
        image, side=SIDE, count=count, pixels=AREA, random=np.random.default_rng()
    )
    source = {"type": COLLECTION, "dataFilter": {"timeRange": MONTH}}
    return [
        {
            "input": {"bounds": {"bbox": box, "properties": {"crs": crs}}, "data": [source]},
            "output": {"width": SIDE, "height": SIDE},
            "evalscript": TRUE_COLOR,
        }
        for box in boxes
    ]


def tile_paths(image: Path, count: int) -> list[str]:
    """Return paths of map tiles, each of another place as far as there are enough."""
    tiles = map_tiles(image, ZOOM, pixels=AREA)
    order = np.random.default_rng().permutation(len(tiles))
    return [_tile(*tiles[order[number % len(tiles)]]) for number in range(count)]


def _tile(x: int, y: int) -> str:
    return f"/tiles/{COLLECTION}/{ZOOM}/{x}/{y}.png"


def measure(running: Running, image: Path, *, requests: int) -> list[Times]:
    """Return the times of both doors and of an empty request."""
    token = take_token(running)
    query = {"evalscript": TRUE_COLOR, "time": f"{MONTH['from']}/{MONTH['to']}"}
    ask_all(
        "warming",
        running,
        (
            get(_tile(*tile), query, token=token)
            for tile in lattice(map_tiles(image, ZOOM, pixels=AREA), 3)
        ),
    )
    bodies = process_bodies(image, requests + 20)
    posts = [post("/api/v1/process", body, token=token) for body in bodies]
    gets = [get(path, query, token=token) for path in tile_paths(image, requests + 20)]
    kinds = {
        "Process API, 64 × 64": posts,
        "map tile, 256 × 256": gets,
        "nothing (`/health`)": [get("/health", token=token)] * len(posts),
    }
    found = []
    for name, made in kinds.items():
        ask_all(name, running, made[:20])
        found.append(ask_all(name, running, made[20:]))
    return found


def alone(running: Running, home: Path, image: Path) -> dict[str, float]:
    """Return the shortest milliseconds of a token's check and of a body, in this process."""
    key = tokens.open_key(home / "token-key.pem")
    token = take_token(running)
    (body,) = process_bodies(image, 1)
    raw = json.dumps(body).encode()

    def check() -> object:
        return tokens.read_token(key, token, now=int(time.time()))

    def validate() -> object:
        return translate(parse_body(parse_json(raw, max_depth=64)), limits=Limits())

    return {"token": shortest(check), "body": shortest(validate)}


def shortest(work: Callable[[], object]) -> float:
    """Return the shortest of many runs, in milliseconds of this thread's CPU."""
    spent = []
    for _ in range(300):
        start = time.thread_time()
        work()
        spent.append(1e3 * (time.thread_time() - start))
    return min(spent)


def percentile(values: Sequence[float], part: float) -> float:
    """Return the value below which ``part`` of all lie, 0 to 1."""
    return float(np.quantile(values, part))


def write_table(found: Sequence[Times], alone_: dict[str, float]) -> str:
    """Return the tables in Markdown."""
    names = ("outside", "compile", "search", "select", "plan", "rest")
    lines = [
        "| request | wall p50 | CPU | overhead least | p50 | p99 | " + " | ".join(names) + " |",
        "|---|" + "--:|" * (5 + len(names)),
    ]
    for times in found:
        overhead, parts = times.overhead(), times.parts()
        cells = [times.name, f"{statistics.median(times.wall):.2f}", f"{times.cpu:.2f}"]
        cells += [
            f"{min(overhead):.2f}",
            f"**{statistics.median(overhead):.2f}**",
            f"{percentile(overhead, 0.99):.2f}",
        ]
        cells += [f"{statistics.median(parts[name]):.2f}" for name in names]
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        f"Of the rest, by itself: the token's check {alone_['token']:.3f} ms; JSON, schema and",
        f"translation of a Process body {alone_['body']:.3f} ms.",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and say whether the goal is met."""
    command = read_command("overhead", __doc__, {"scenes": 100_000, "requests": 500})
    given, image = command.given, command.folder / "B04.tif"
    files = {path.stem: path for path in sorted(command.folder.glob("B*.tif"))}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        start = time.perf_counter()
        database = home / "cogmill.db"
        asyncio.run(
            fill_catalog(database, files, collection=COLLECTION, date=DATE, scenes=given.scenes)
        )
        print(f"{given.scenes} scenes in {time.perf_counter() - start:.1f} s", flush=True)
        with running_server(home, command.folder, threads="1", log_level="warning") as running:
            found = measure(running, image, requests=given.requests)
            table = write_table(found, alone(running, home, image))
    slow = [times.name for times in found if statistics.median(times.overhead()) > GOAL]
    table += f"\nAbove the goal of {GOAL:g} ms: {', '.join(slow) or 'none'}."
    command.finish(table, ("uvicorn", "fastapi", "pydantic", "joserfc"))


if __name__ == "__main__":
    main()
