"""Map tiles over HTTP: our server and TiTiler's, on the same files."""

import io
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image

from benchmarks.contestants import COLLECTION, DATE, GDAL_SETTINGS
from benchmarks.rows import AGAIN, COLD, FIRST, WARM, Row
from benchmarks.workloads import Work, draw_question, make_workloads
from tests.builders.running import ROOT, Running, cogmill, free_port, running_server

START_SECONDS = 60.0


def race_servers(folder: Path, home: Path, *, repeats: int) -> list[Row]:
    """Return a row for each map tile of the workloads, asked over HTTP.

    Two servers are ours: one without a cache of blocks, which is always cold, and one with it.
    """
    with (
        serving(folder, home / "cold", cache_bytes="0") as cold,
        serving(folder, home / "warm") as warm,
        titiler_server(folder) as titiler,
    ):
        tiles = [work for work in make_workloads() if work.zoom is not None]
        servers = (cold.url, warm.url, titiler.url)
        for work in tiles:
            _race(work, folder, servers, repeats=1)
        rows = []
        for work in tiles:
            rows.append(_race(work, folder, servers, repeats=repeats))
            print(rows[-1].write(), flush=True)
        return rows


def _race(work: Work, folder: Path, servers: tuple[str, str, str], *, repeats: int) -> Row:
    cold, warm, theirs = servers
    row = Row(name=work.name, place="server", peer="TiTiler")
    random = np.random.default_rng(11)
    for repetition in range(repeats):
        question = draw_question(work, str(folder / "B04.tif"), random)
        peer = f"{theirs}/tiles/WebMercatorQuad/{work.zoom}/{question.x}/{question.y}.png"
        path = f"tiles/{COLLECTION}/{work.zoom}/{question.x}/{question.y}.png"
        query = {"evalscript": work.script, "size": work.side}

        def time_peer(peer: str = peer) -> None:
            row.time(FIRST, lambda: _picture(peer, titiler_query(work.bands, work.side)))
            row.time(AGAIN, lambda: _picture(peer, titiler_query(work.bands, work.side)))

        def time_ours(path: str = path, query: Mapping[str, Any] = query) -> None:
            row.time(COLD, lambda: _picture(f"{cold}/{path}", query))
            _picture(f"{warm}/{path}", query)
            row.time(WARM, lambda: _picture(f"{warm}/{path}", query))

        turns = (time_peer, time_ours)
        for turn in turns if repetition % 2 else reversed(turns):
            turn()
    return row


def titiler_query(bands: Sequence[str], side: int) -> dict[str, Any]:
    """Return the query for true color of three bands, or of two the index with a ramp."""
    query: dict[str, Any] = {"url": "scene", "assets": bands, "tilesize": side}
    if len(bands) == 3:
        return query | {"rescale": "0,4000"}
    return query | {
        "asset_as_band": "true",
        "expression": "(b2-b1)/(b2+b1)",
        "rescale": "-0.2,0.9",
        "colormap_name": "rdylgn",
    }


def _picture(url: str, parameters: Mapping[str, Any]) -> None:
    """Ask for a map tile, and make sure that it is a PNG of 512 pixels in color."""
    body = _fetch(f"{url}?{urllib.parse.urlencode(parameters, doseq=True)}")
    with PIL.Image.open(io.BytesIO(body)) as picture:
        if picture.size != (512, 512) or picture.mode not in {"RGB", "RGBA"}:
            raise SystemExit(f"{url}: found {picture.mode} of {picture.size}")


def _fetch(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=120) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{url}: {error.code} {error.read()[:500]!r}") from error


@contextmanager
def serving(folder: Path, home: Path, **settings: str) -> Iterator[Running]:
    """Give our server over the bands in ``folder``; its own files go to ``home``."""
    home.mkdir()
    with running_server(home, folder, anonymous_read="true", **settings) as running:
        cogmill("ingest", COLLECTION, str(folder), "--date", DATE, environment=running.environment)
        yield running


@dataclass(frozen=True, slots=True, kw_only=True)
class Titiler:
    """TiTiler's server, as it answers."""

    url: str
    """Without a trailing slash."""
    pid: int


@contextmanager
def titiler_server(folder: Path, *, workers: int = 1) -> Iterator[Titiler]:
    """Give TiTiler over the bands in ``folder``, in so many processes."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "benchmarks.titiler_app:app", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--workers", str(workers), "--log-level", "warning"],
        cwd=ROOT,
        env={**os.environ, **GDAL_SETTINGS, "BENCH_FOLDER": str(folder)},
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(f"{url}/openapi.json")
        yield Titiler(url=url, pid=process.pid)
    finally:
        process.terminate()
        process.wait(20)


def _wait(url: str) -> None:
    pause = threading.Event()
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            _fetch(url)
        except OSError:
            if time.monotonic() > deadline:
                raise
            pause.wait(0.2)
        else:
            return
