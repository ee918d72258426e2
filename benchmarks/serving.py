"""Map tiles over HTTP: our server and TiTiler's, on the same files."""

import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.contestants import COLLECTION, DATE, GDAL_SETTINGS
from tests.builders.running import ROOT, Running, cogmill, free_port, running_server

START_SECONDS = 60.0


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
