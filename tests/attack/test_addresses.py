"""Addresses in data that lead where the server must not go: refused by the command that ingests."""

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from affine import Affine

from tests.builders.apis import COLLECTION, LEFT, STEP, TOP, UTM, numbers
from tests.builders.engines import write_cog
from tests.builders.running import ROOT

NOTHING_TAKEN = 4
"""The exit code where every place was refused."""
AFFINE = Affine.translation(LEFT, TOP) * Affine.scale(STEP, -STEP)


class Redirects(BaseHTTPRequestHandler):
    """Sends everyone on to another host, and writes down who came."""

    def __init__(self, target: str, seen: list[str], *arguments: Any) -> None:
        self.target, self.seen = target, seen
        super().__init__(*arguments)

    def do_GET(self) -> None:
        self.seen.append(self.path)
        self.send_response(302)
        self.send_header("Location", f"{self.target}{self.path}")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the base's name
        """Say nothing."""


@pytest.fixture
def trap() -> Iterator[tuple[str, list[str]]]:
    """A host that nobody may ask, and whoever came all the same."""
    seen: list[str] = []
    yield from serve("http://127.0.0.1:1", seen)


def serve(target: str, seen: list[str]) -> Iterator[tuple[str, list[str]]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Redirects, target, seen))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}", seen
    server.shutdown()
    thread.join()
    server.server_close()


EACH = """
import sys
from api.cli.main import main
_, collection, *places = sys.argv
codes = []
for place in places:
    sys.argv = ["cogmill", "ingest", collection, place, "--json"]
    try:
        main()
    except SystemExit as ended:
        codes.append(ended.code)
print(codes)
"""


def ingest(home: Path, *places: str, roots: Path, hosts: str = "") -> tuple[int, str]:
    """Return the command's exit code and everything that it said."""
    arguments = ("-m", "api.cli.main", "ingest", COLLECTION, *places, "--json")
    done = python(*arguments, home=home, roots=roots, hosts=hosts)
    return done.returncode, done.stdout + done.stderr


def ingest_one_by_one(home: Path, *places: str, roots: Path) -> tuple[list[int], str]:
    """Return the exit codes of one command for each place, and everything that they said."""
    done = python("-c", EACH, COLLECTION, *places, home=home, roots=roots)
    return json.loads(done.stdout.splitlines()[-1]), done.stdout + done.stderr


def python(
    *arguments: str, home: Path, roots: Path, hosts: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env={
            "PATH": "/usr/bin",
            "PYTHONPATH": str(ROOT),
            "HOME": str(home),
            "COGMILL_HOME": str(home),
            "COGMILL_DATA_ROOTS": str(roots),
            "COGMILL_DATA_HOSTS": hosts,
            "NUMBA_CACHE_DIR": str(ROOT / ".numba"),
        },
        cwd=home,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def roots(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


def test_hosts_outside_the_settings_are_not_asked(
    tmp_path: Path, roots: Path, trap: tuple[str, list[str]]
) -> None:
    host, seen = trap
    places = [
        f"http://{host}/2024-06-01/B04.tif",
        f"http://localhost:{host[10:]}/2024-06-01/B04.tif",
        "http://169.254.169.254/latest/meta-data/B04.tif",
        "http://[::1]/B04.tif",
        "http://2130706433/B04.tif",
        "s3://bucket/B04.tif",
    ]
    code, said = ingest(tmp_path, *places, roots=roots)
    told = json.loads(said)

    assert (code, told["scenes"]) == (NOTHING_TAKEN, [])
    assert len(told["refused"]) == len(places), told["refused"]
    assert seen == []


def test_folders_outside_the_settings_are_not_read(tmp_path: Path, roots: Path) -> None:
    secret = tmp_path / "secret" / "B04.tif"
    write_cog(secret, numbers("B04"), crs=UTM, affine=AFFINE)
    (roots / "linked").symlink_to(secret.parent)
    places = (
        "file:///etc/passwd",
        "gopher://127.0.0.1/B04.tif",
        "/vsicurl/http://127.0.0.1/B04.tif",
        "/etc/passwd",
        "data/../secret/B04.tif",
        "data/linked/B04.tif",
    )
    codes, said = ingest_one_by_one(tmp_path, *places, roots=roots)

    assert len(codes) == len(places)
    assert 0 not in codes
    assert "Traceback" not in said
    assert "root:" not in said


def test_a_redirect_to_a_host_outside_the_settings_is_not_followed(
    tmp_path: Path, roots: Path, trap: tuple[str, list[str]]
) -> None:
    forbidden, seen = trap
    for allowed, visits in serve(f"http://{forbidden}", []):
        place = f"http://{allowed}/2024-06-01/B04.tif"
        code, said = ingest(tmp_path, place, roots=roots, hosts=allowed)

        assert code != 0, said
        assert visits
    assert seen == []


def test_an_item_may_not_name_what_its_reader_may_not_read(
    tmp_path: Path, roots: Path, trap: tuple[str, list[str]]
) -> None:
    host, seen = trap
    item = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": "item",
        "geometry": None,
        "properties": {"datetime": "2024-06-01T10:00:00Z"},
        "links": [],
        "assets": {
            "B02": {"href": f"http://{host}/B02.tif", "type": "image/tiff"},
            "B03": {"href": "../secret/B03.tif", "type": "image/tiff"},
            "B04": {"href": "file:///etc/passwd", "type": "image/tiff"},
            "B08": {"href": "/etc/passwd", "type": "image/tiff"},
        },
    }
    (roots / "item.json").write_text(json.dumps(item))
    write_cog(tmp_path / "secret" / "B03.tif", numbers("B03"), crs=UTM, affine=AFFINE)
    code, said = ingest(tmp_path, str(roots / "item.json"), roots=roots)

    assert code != 0, said
    assert "root:" not in said
    assert seen == []
