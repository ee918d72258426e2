"""Many clients at once: map tiles from two server processes, ours and TiTiler's, in turns.

    python -m benchmarks.load [--pixels 10980] [--seconds 6] [--write]

1, 4, 8 and 16 clients in a closed loop, each with a connection of its own and a next request as
soon as it has the answer, in this process, which does nothing else. Every request is for another
map tile of 256 pixels at the data's own resolution, drawn at run time from those that lie whole
inside a square of the scene whose decoded blocks fit into our cache. *cold*: our server without a
cache of blocks; *warm*: with it, its blocks decoded before by other map tiles. TiTiler writes PNG
at level 1, its fastest. CPU and memory (PSS, after the step) are of all processes of a server.
Goals, at 16 clients in true color: cold at least 6 × TiTiler, warm 12 ×, p99 below 4 × p50.
"""

import asyncio
import io
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL.Image

from benchmarks.asking import SECONDS, Connection, address_of, get, parse_head
from benchmarks.command import read_command
from benchmarks.contestants import COLLECTION
from benchmarks.processes import cpu_seconds, resident, tree
from benchmarks.serving import serving, titiler_query, titiler_server
from benchmarks.spots import lattice, map_tiles
from benchmarks.workloads import NDVI, TRUE_COLOR

WORKERS = 2
CLIENTS = (1, 4, 8, 16)
ZOOM = 14
SIDE = 256
AREA = 6144
"""Pixels along the side of the square that is asked about: four bands of it take 302 MB."""
TURNS = 3
"""Of each server in a step, each of a third of its seconds."""
TITILER, COLD, WARM = "TiTiler", "cold", "warm"
GOALS = {COLD: 6.0, WARM: 12.0}
TAIL = 4.0
ALIKE = 0.9
"""Share of pixels that must be like TiTiler's, within two steps of 255; it may pick a neighbor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is asked for."""

    name: str
    script: str
    bands: tuple[str, ...]


PICTURES = (
    Picture(name="true color", script=TRUE_COLOR, bands=("B04", "B03", "B02")),
    Picture(name="NDVI with ramp", script=NDVI, bands=("B04", "B08")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One of those that take turns."""

    name: str
    url: str
    pid: int

    def request(self, picture: Picture, x: int, y: int) -> bytes:
        """Return the request for a map tile."""
        if self.name == TITILER:
            path = f"/tiles/WebMercatorQuad/{ZOOM}/{x}/{y}.png"
            return get(path, titiler_query(picture.bands, SIDE))
        query = {"evalscript": picture.script, "size": SIDE}
        return get(f"/tiles/{COLLECTION}/{ZOOM}/{x}/{y}.png", query)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """What one server did for so many clients."""

    times: Sequence[float]
    """Milliseconds of every answer."""
    errors: int
    seconds: float
    memory: int
    """Bytes."""
    cpu: float
    """Seconds that all processes of the server took."""

    def __add__(self, other: "Leg") -> "Leg":
        """Return both as one; memory is that of the later one."""
        return Leg(
            times=[*self.times, *other.times],
            errors=self.errors + other.errors,
            seconds=self.seconds + other.seconds,
            memory=other.memory,
            cpu=self.cpu + other.cpu,
        )

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.times) / self.seconds

    def part(self, share: float) -> float:
        """Return the milliseconds below which ``share`` of the answers came."""
        return float(np.quantile(self.times, share))

    def write(self) -> str:
        """Return it for people."""
        tail = " / ".join(f"{self.part(share):.0f}" for share in (0.5, 0.95, 0.99))
        return f"{self.rate:.1f} ({tail})"


async def drive(server: Server, requests: Iterator[bytes], *, clients: int, seconds: float) -> Leg:
    """Return what came of ``clients`` that ask one request after the other for so long."""
    times: list[float] = []
    errors = 0
    cpu = cpu_seconds(tree(server.pid))
    start = time.perf_counter()

    async def client() -> None:
        nonlocal errors
        reader, writer = await asyncio.open_connection(*address_of(server.url), limit=1 << 20)
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for request in requests:
                asked = time.perf_counter()
                if asked - start > seconds:
                    return
                writer.write(request)
                async with asyncio.timeout(SECONDS):
                    status, headers = parse_head((await reader.readuntil(b"\r\n\r\n"))[:-4])
                    await reader.readexactly(int(headers["content-length"]))
                if status == 200:
                    times.append(1e3 * (time.perf_counter() - asked))
                else:
                    errors += 1
        finally:
            writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    spent = time.perf_counter() - start
    processes = tree(server.pid)
    return Leg(
        times=times,
        errors=errors,
        seconds=spent,
        memory=resident(processes),
        cpu=cpu_seconds(processes) - cpu,
    )


def warm_up(server: Server, picture: Picture, tiles: Sequence[tuple[int, int]]) -> None:
    """Ask ``tiles`` of every process: over as many connections as make it sure to meet all."""
    for _ in range(3 * WORKERS):
        asyncio.run(
            drive(
                server,
                iter([server.request(picture, *tile) for tile in tiles]),
                clients=2 * WORKERS,
                seconds=SECONDS,
            )
        )


def check_alike(
    servers: Sequence[Server], picture: Picture, tiles: Sequence[tuple[int, int]]
) -> float:
    """Return the least share of pixels of ours that are like TiTiler's; end where it is too low."""
    shares = []
    for tile in tiles:
        theirs, *ours = (_pixels(server, server.request(picture, *tile)) for server in servers)
        shares += [float((np.abs(one - theirs) <= 2).all(axis=2).mean()) for one in ours]
    if min(shares) < ALIKE:
        raise SystemExit(f"only {min(shares):.1%} of the pixels are TiTiler's")
    return min(shares)


def _pixels(server: Server, request: bytes) -> np.ndarray:
    with Connection(server.url) as connection:
        answer = connection.ask(request)
    if answer.status != 200:
        raise SystemExit(f"{server.name}: {answer.status} {answer.body[:300]!r}")
    with PIL.Image.open(io.BytesIO(answer.body)) as picture:
        return np.asarray(picture.convert("RGBA"), dtype=np.int16)


def race(servers: Sequence[Server], picture: Picture, image: Path, *, seconds: float) -> list[str]:
    """Return the rows of one question in Markdown."""
    tiles = map_tiles(image, ZOOM, pixels=AREA)
    known = set(lattice(tiles, 3))
    drawn = [tile for tile in tiles if tile not in known]
    random = np.random.default_rng()
    warm = next(server for server in servers if server.name == WARM)
    warm_up(warm, picture, sorted(known))
    rows = []
    places = {server.name: _endless(drawn, random) for server in servers}
    for clients in CLIENTS:
        legs: dict[str, Leg] = {}
        for turn in range(TURNS + 1):
            for server in random.permutation(np.array(servers, dtype=object)):
                requests = (server.request(picture, *tile) for tile in places[server.name])
                leg = asyncio.run(drive(server, requests, clients=clients, seconds=seconds / TURNS))
                # The first turn warms up and does not count.
                legs[server.name] = leg if turn < 2 else legs[server.name] + leg
        rows.append(_row(picture, clients, legs))
        print(rows[-1], flush=True)
    return rows


def _endless(
    tiles: Sequence[tuple[int, int]], random: np.random.Generator
) -> Iterator[tuple[int, int]]:
    """Yield each once in an order of their own, then again."""
    while True:
        yield from (tiles[index] for index in random.permutation(len(tiles)))


HEAD = (
    "| 256 × 256 | clients | TiTiler | Cogmill cold | warm | cold : TiTiler | warm : TiTiler "
    "| p99 : p50 cold, warm | CPU ms a tile | errors | MB |\n"
    "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
)


def _row(picture: Picture, clients: int, legs: dict[str, Leg]) -> str:
    theirs, cold, warm = (legs[name] for name in (TITILER, COLD, WARM))
    tails = ", ".join(f"{leg.part(0.99) / leg.part(0.5):.1f}" for leg in (cold, warm))
    cells = [
        picture.name,
        str(clients),
        *(leg.write() for leg in (theirs, cold, warm)),
        f"**{cold.rate / theirs.rate:.1f} ×**",
        f"**{warm.rate / theirs.rate:.1f} ×**",
        tails,
        ", ".join(f"{1e3 * leg.cpu / len(leg.times):.0f}" for leg in (theirs, cold, warm)),
        ", ".join(str(leg.errors) for leg in (theirs, cold, warm)),
        ", ".join(str(leg.memory >> 20) for leg in (theirs, cold, warm)),
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Race, and print the table."""
    command = read_command("load", __doc__, {"seconds": 6})
    folder = command.folder
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = {"workers": str(WORKERS), "log_level": "warning"}
        titiler = stack.enter_context(titiler_server(folder, workers=WORKERS))
        cold = stack.enter_context(serving(folder, home / COLD, cache_bytes="0", **settings))
        warm = stack.enter_context(serving(folder, home / WARM, **settings))
        servers = (
            Server(name=TITILER, url=titiler.url, pid=titiler.pid),
            Server(name=COLD, url=cold.url, pid=cold.process.pid),
            Server(name=WARM, url=warm.url, pid=warm.process.pid),
        )
        tiles = map_tiles(folder / "B04.tif", ZOOM, pixels=AREA)
        alike = check_alike(servers, PICTURES[0], tiles[:: len(tiles) // 3])
        print(f"pixels alike: {alike:.1%}\n{HEAD}", flush=True)
        rows = [
            row
            for picture in PICTURES
            for row in race(servers, picture, folder / "B04.tif", seconds=command.given.seconds)
        ]
    about = (
        "\n\nMap tiles a second (ms at p50 / p95 / p99); CPU, errors and memory of TiTiler, cold "
        f"and warm. Pixels like TiTiler's, within two steps of 255: {alike:.1%}."
    )
    command.finish("\n".join((HEAD, *rows)) + about, ("titiler.core", "uvicorn", "rasterio"))


if __name__ == "__main__":
    main()
