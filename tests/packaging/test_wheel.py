"""The wheel: what is in it, and that it is enough on a machine without this repository."""

import subprocess
import sys
import urllib.request
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.builders.running import clean_environment, started

ROOT = Path(__file__).parents[2]
PARTS = (
    "api/web/static/index.html",
    "engine/catalog/definitions/sentinel-2-l2a.toml",
    "engine/database/migrations/env.py",
    "engine/database/migrations/versions/r0001_catalog.py",
    "evalscripts/library/ndvi.js",
    "evalscripts/library/scripts.toml",
    "evalscripts/prelude.js",
    "evalscripts/v8/stages.js",
    "evalscripts/v8/snapshot.js",
)
"""What is no module, and would be missed only when somebody asks for it."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this working tree; the page in it is the one that was bundled already."""
    folder = tmp_path_factory.mktemp("dist")
    options = ("--wheel", "--no-isolation", "--outdir", str(folder))
    subprocess.run(
        [sys.executable, "-m", "build", *options, str(ROOT)], check=True, capture_output=True
    )
    [made] = folder.glob("*.whl")
    return made


def test_the_wheel_brings_page_prelude_scripts_definitions_and_migrations(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())

    assert [name for name in PARTS if name not in names] == []


def test_every_file_of_the_rooms_is_in_the_wheel(wheel: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "engine", "api", "evalscripts"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    names = set(ZipFile(wheel).namelist())
    left_out = ("api/web/source/", "api/web/build_hook.py")

    assert [
        name
        for name in listed
        if (ROOT / name).is_file() and name not in names and not name.startswith(left_out)
    ] == []


def test_nothing_but_the_rooms_and_the_metadata_is_in_the_wheel(wheel: Path) -> None:
    roots = {name.split("/")[0].partition("-")[0] for name in ZipFile(wheel).namelist()}

    assert roots == {"engine", "api", "evalscripts", "cogmill"}
    assert not any("/source/" in name for name in ZipFile(wheel).namelist())


def test_the_metadata_say_how_the_command_is_called_and_under_which_license(wheel: Path) -> None:
    with ZipFile(wheel) as opened:
        [folder] = {name.split("/")[0] for name in opened.namelist() if "dist-info/" in name}
        metadata = Parser().parsestr(opened.read(f"{folder}/METADATA").decode())
        commands = opened.read(f"{folder}/entry_points.txt").decode()
        licenses = [name for name in opened.namelist() if name.endswith("licenses/LICENSE")]

    assert metadata["License-Expression"] == "Apache-2.0"
    assert "cogmill = api.cli.main:main" in commands
    assert len(licenses) == 1


@pytest.mark.client
def test_the_wheel_alone_gives_the_demo(wheel: Path, tmp_path: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    pinned = ("--constraint", str(ROOT / "constraints.txt"))
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", *pinned, str(wheel)], check=True, cwd=tmp_path
    )
    environment = {**clean_environment(), "PYTHONPATH": ""}
    command = (str(tmp_path / "venv" / "bin" / "cogmill"),)
    arguments = ("demo", "--pixels", "60", "--port", "0")
    with started(
        *arguments, environment=environment, log=tmp_path / "log", command=command
    ) as demo:
        fetched = {
            path: urllib.request.urlopen(demo.url + path, timeout=60).read()  # noqa: S310 - ours
            for path in ("/", "/docs", "/tiles/sentinel-2-l2a/10/546/371.png?script=ndvi")
        }
        code = demo.interrupt()

    page, docs, tile = fetched.values()
    assert b"<html" in page
    assert b"<html" in docs
    assert tile.startswith(b"\x89PNG")
    assert code == 0
    assert "Traceback" not in (tmp_path / "log").read_text()
