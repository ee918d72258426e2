"""Map tiles over HTTP: our server and TiTiler's, both with one process, on the same files."""

import os
import subprocess
import sys
import threading
import time
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from benchmarks.contestants import GDAL_SETTINGS, fetch
from benchmarks.rows import Row, timed
from benchmarks.workloads import MapTileWork, make_workloads, map_tile_in
from tests.builders.running import ROOT, Running, cogmill, free_port, running_server

COLLECTION = "sentinel-2-l2a"


def race_servers(folder: Path, home: Path, *, repeats: int) -> list[Row]:
    """Return a row for each map tile of the workloads, asked over HTTP."""
    nest = home / "served"
    nest.mkdir()
    with (
        running_server(nest, folder, anonymous_read="true") as ours,
        _titiler(folder) as theirs,
    ):
        cogmill(
            "ingest",
            COLLECTION,
            str(folder),
            "--date",
            "2022-07-13",
            environment=ours.environment,
        )
        tiles = [work for work in make_workloads() if isinstance(work, MapTileWork)]
        for work in tiles:
            _race(work, folder, ours, theirs, repeats=1)
        return [_race(work, folder, ours, theirs, repeats=repeats) for work in tiles]


def _race(work: MapTileWork, folder: Path, ours: Running, theirs: str, *, repeats: int) -> Row:
    row = Row(name=work.name, place="server")
    rng = np.random.default_rng(11)
    for _ in range(repeats):
        x, y, z = map_tile_in(str(folder / "B04.tif"), work.zoom, rng)
        path = f"{theirs}/tiles/WebMercatorQuad/{z}/{x}/{y}@2x.png"
        asked: dict[str, object] = {"url": "scene", "assets": list(work.bands)}
        if len(work.bands) == 3:
            asked |= {"rescale": "0,4000"}
        else:
            asked |= {
                "expression": "(b2-b1)/(b2+b1)",
                "rescale": "-0.2,0.9",
                "colormap_name": "rdylgn",
            }
        row.add("TiTiler", timed(lambda p=path, a=asked: fetch(p, a))[0])
        own = f"{ours.url}/tiles/{COLLECTION}/{z}/{x}/{y}.png"
        query = {"evalscript": work.script, "size": 512}
        # The map tile was never asked for before, but its blocks may have been: that is warm.
        row.add("Cogmill warm", timed(lambda p=own, q=query: fetch(p, q))[0])
    return row


@contextmanager
def _titiler(folder: Path) -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "uvicorn",
            "benchmarks.titiler_app:app",
            "--port",
            str(port),
            "--log-level",
            "warning",
        ],
        cwd=ROOT,
        env={**os.environ, **GDAL_SETTINGS, "BENCH_FOLDER": str(folder)},
    )
    url = f"http://127.0.0.1:{port}"
    pause = threading.Event()
    deadline = time.monotonic() + 60
    try:
        while time.monotonic() < deadline:
            try:
                fetch(f"{url}/openapi.json")
                break
            except (urllib.error.URLError, OSError):
                pause.wait(0.2)
        yield url
    finally:
        process.terminate()
        process.wait(20)
