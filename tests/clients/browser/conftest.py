"""A real server over sample scenes, and Chromium in an environment of its own."""

import json
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import copy, copytree
from threading import Thread
from typing import Any

import pytest

from engine.sample import SampleSpec, write_samples
from tests.builders.running import Running, cogmill, running_server
from tests.clients.environments import ROOT, client_python

HERE = Path(__file__).parent
SOURCE = ROOT / "api" / "web" / "source"
COLLECTION = "sentinel-2-l2a"
SPEC = SampleSpec(pixels=600)
CLEAREST = min(SPEC.overpasses, key=lambda day: (day.weather.cover, -day.sensed.toordinal()))


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the scenarios put their screenshots; kept as long as pytest keeps its folders."""
    return tmp_path_factory.mktemp("shots")


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page's sources with every locked package, those for its development too."""
    folder = tmp_path_factory.mktemp("source") / "source"

    def skipped(_: str, names: list[str]) -> list[str]:
        return [name for name in names if name == "node_modules"]

    copytree(SOURCE, folder, ignore=skipped)
    subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True
    )
    return folder


@pytest.fixture(scope="session")
def openlayers_page(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the OpenLayers test page, on an origin that is not the server's."""
    folder = tmp_path_factory.mktemp("openlayers")
    bundle = packages / "openlayers"
    copytree(HERE / "openlayers", bundle)
    esbuild = ["node", packages / "node_modules" / "esbuild" / "bin" / "esbuild"]
    options = ["--bundle", "--format=esm", f"--outfile={folder / 'page.js'}", "--log-level=warning"]
    subprocess.run([*esbuild, bundle / "page.js", *options], cwd=packages, check=True)
    copy(bundle / "index.html", folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class Quiet(SimpleHTTPRequestHandler):
    """A file server that does not write into the tests' output."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the base's name
        """Say nothing."""


@pytest.fixture(scope="session")
def open_server(
    openlayers_page: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """A server that anyone may read from, over small sample scenes."""
    home, scenes = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("scenes")
    write_samples(scenes, SPEC)
    settings = {"anonymous_read": "true", "cors_origins": json.dumps([openlayers_page])}
    with running_server(home, scenes, **settings) as server:
        cogmill("ingest", COLLECTION, str(scenes), environment=server.environment)
        yield server


@pytest.fixture(scope="session")
def closed_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server without scenes that asks for a token."""
    home, scenes = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("none")
    with running_server(home, scenes) as server:
        yield server


@pytest.fixture(scope="session")
def play() -> Callable[..., Any]:
    """Return a function that runs a scenario in the browser's environment and gives its answer."""
    python = client_python("browser", "playwright==1.65.2")

    def run(scenario: str, *arguments: str) -> Any:
        done = subprocess.run(
            [python, HERE / f"{scenario}_scenario.py", *arguments],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture(scope="session")
def clearest_day() -> datetime:
    """The day of the sample scenes with the least clouds."""
    return CLEAREST.sensed.astimezone(UTC)
