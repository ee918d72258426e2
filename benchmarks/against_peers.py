"""Cogmill beside rio-tiler and TiTiler, on the same COGs, interleaved in one run.

    make bench        or        python -m benchmarks.against_peers --pixels 10980 --repeats 7

Each row is a median over windows drawn anew for each repetition, the same for every contestant.
Cold: our cache of decoded blocks is emptied before; warm: the same request once more (the files
are in the page cache in both; rio-tiler opens its files anew, as it does in use). Headers are
known to Cogmill from registration, as in use. Before a row counts, the pixels are compared.
"""

import argparse
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from benchmarks.contestants import Loop, RioTiler
from benchmarks.rows import Row, print_rows, timed
from benchmarks.scenes import BANDS, benchmark_files
from benchmarks.serving import race_servers
from benchmarks.workloads import TMS, ArrayWork, MapTileWork, array_box_in, make_workloads
from benchmarks.workloads import map_tile_in as tile_in
from engine.core import Engine, EngineOptions
from engine.geo.bbox import BBox
from engine.geo.crs import WEB_MERCATOR
from engine.geo.geobox import GeoBox, make_geobox
from engine.ingest import ingest
from engine.net.guard import OutboundPolicy
from engine.request import Input, PixelRequest
from engine.run.warm import warm_kernels
from engine.store.route import StoreOptions
from engine.trace import tracing
from engine.warp.resampling import Resampling
from tests.builders.servers import running_nginx

COLLECTION = "sentinel-2-l2a"


class Cogmill:
    """An engine in this process over the files at one place."""

    def __init__(self, loop: Loop, home: Path, address: str, root: Path) -> None:
        self.loop = loop
        host = urlsplit(address).netloc
        policy = OutboundPolicy(hosts=(host,) if host else ())
        store = StoreOptions(roots=(str(root),), policy=policy)
        self.engine = Engine(
            EngineOptions(database_url=f"sqlite:///{home / 'cogmill.db'}", store=store)
        )
        loop(self._start([f"{address}/{band}.tif" for band in BANDS]))

    async def _start(self, addresses: list[str]) -> None:
        await self.engine.open()
        report = await ingest(
            self.engine.catalog, self.engine.store, COLLECTION, addresses, date="2022-07-13"
        )
        if not report.scenes:
            raise SystemExit(f"nothing registered: {report.refused}")

    def forget(self) -> None:
        """Empty the cache of decoded blocks."""
        self.engine.parts.reader.cache.clear()

    def tile(self, work: MapTileWork, x: int, y: int) -> int:
        """Render the map tile as PNG; return its size."""
        return len(self.loop(self._tile(work, x, y)).body)

    async def _tile(self, work: MapTileWork, x: int, y: int) -> Any:
        pixels = await self.engine.pixels(ask(tile_grid(work, x, y), work.script))
        return await self.engine.encode(pixels, media_type="image/png")

    def array(
        self, script: str, geobox: GeoBox, method: Resampling = Resampling.BILINEAR
    ) -> np.ndarray:
        """Return the default output (band, row, col)."""
        request = ask(geobox, script, method)
        return np.asarray(self.loop(self.engine.pixels(request)).outputs["default"])


def ask(geobox: GeoBox, script: str, method: Resampling = Resampling.NEAREST) -> PixelRequest:
    """Return the request of a grid and a script."""
    source = Input(
        id="0", collection=COLLECTION, upsampling=method, downsampling=method, harmonize=False
    )
    return PixelRequest(geobox=geobox, inputs=(source,), script=script)


def tile_grid(work: MapTileWork, x: int, y: int) -> GeoBox:
    """Return the grid of a map tile at 512 pixels."""
    box = TMS.xy_bounds(x, y, work.zoom)
    bbox = BBox(left=box.left, bottom=box.bottom, right=box.right, top=box.top, crs=WEB_MERCATOR)
    return make_geobox(bbox, width=512, height=512)


def stored(bands: tuple[str, ...]) -> str:
    """Return the script that hands stored numbers through, for the comparison of pixels."""
    values = ", ".join(f"s.{band}" for band in bands)
    return (
        "//VERSION=3\nfunction setup() { return {input: [{bands: "
        f"{list(bands)}, units: 'DN'}}], output: {{bands: {len(bands)}, sampleType: 'UINT16'}}}};"
        f" }}\nfunction evaluatePixel(s) {{ return [{values}]; }}"
    )


def race(
    work: MapTileWork | ArrayWork,
    place: str,
    ours: Cogmill,
    peers: dict[str, RioTiler],
    local: str,
    repeats: int,
) -> Row:
    """Return the row of one workload at one place; contestants take turns."""
    row = Row(name=work.name, place=place)
    rng = np.random.default_rng(7)
    for _ in range(repeats):
        if isinstance(work, MapTileWork):
            x, y, _ = tile_in(local, work.zoom, rng)
            jobs = {name: (lambda peer=peer: peer.tile(work, x, y)) for name, peer in peers.items()}
            mine: Callable[[], Any] = lambda: ours.tile(work, x, y)  # noqa: E731
        else:
            box = array_box_in(local, work.side, rng)
            bbox = BBox(left=box[0], bottom=box[1], right=box[2], top=box[3], crs=WEB_MERCATOR)
            geobox = make_geobox(bbox, width=work.side, height=work.side)
            jobs = {name: (lambda peer=peer: peer.array(work, box)) for name, peer in peers.items()}
            mine = lambda: ours.array(work.script, geobox)  # noqa: E731
        theirs = None
        for name, job in jobs.items():
            seconds, theirs = timed(job)
            row.add(name, seconds)
        ours.forget()
        with tracing() as trace:
            seconds, result = timed(mine)
        row.add("Cogmill cold", seconds)
        row.add("Cogmill warm", timed(mine)[0])
        row.requests, row.read_bytes = trace.counts["requests"], trace.counts["bytes"]
        if isinstance(work, MapTileWork):
            result = ours.array(stored(work.bands), tile_grid(work, x, y), Resampling.NEAREST)
        alike = agreement(result, theirs)
        row.agreement = alike if row.agreement is None else min(row.agreement, alike)
    return row


def agreement(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return the share of pixels that are alike: equal, or within 0.02 of an index."""
    if ours.dtype == np.uint16:
        return float(np.mean(ours == theirs))
    return float(np.mean(np.isclose(ours[0], theirs, atol=0.02, equal_nan=True)))


@contextmanager
def places(folder: Path, home: Path) -> Iterator[dict[str, str]]:
    """Serve the folder over HTTP with ranges; yield the address of each place."""
    prefix = home / "nginx"
    prefix.mkdir()
    with running_nginx(folder, prefix) as server:
        yield {"local": str(folder), "http": server.url}


def main() -> None:
    """Run every row and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pixels", type=int, default=10980)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    files = benchmark_files(options.pixels)
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder = home / "scene"
        folder.mkdir()
        for band, path in files.items():
            (folder / f"{band}.tif").hardlink_to(path)
        warm_kernels()
        loop = Loop()
        rows = []
        for place, address in stack.enter_context(places(folder, home)).items():
            nest = home / place
            nest.mkdir()
            ours = Cogmill(loop, nest, address, folder)
            paths = {band: f"{address}/{band}.tif" for band in BANDS}
            peers = {
                "rio-tiler": RioTiler(paths, zlevel=None),
                "rio-tiler, PNG level 1": RioTiler(paths, zlevel=1),
            }
            for work in make_workloads():
                local = str(folder / "B04.tif")
                race(work, place, ours, peers, local, 1)
                rows.append(race(work, place, ours, peers, local, options.repeats))
                print_rows(rows[-1:])
            loop(ours.engine.close())
        rows += race_servers(folder, home, repeats=options.repeats)
    print()
    print(f"{platform.processor() or platform.machine()}, Python {sys.version.split()[0]}")
    print_rows(rows, head=True)


if __name__ == "__main__":
    main()
