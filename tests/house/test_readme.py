"""Everything that the README tells people to type, typed."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pytest
from PIL import Image

from tests.builders.running import clean_environment, cogmill, started
from tests.clients.environments import client_python

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
SHELL = [text for kind, text in BLOCKS if kind == "sh"]
PYTHON = [text for kind, text in BLOCKS if kind == "python"]
SERVER = "http://127.0.0.1:8000"
AREA = [11.99, 44.295, 12.01, 44.305]
"""Inside the small demo's scenes, which the README's own area is not."""


def lines(start: str) -> list[str]:
    """Return every command of the shell blocks that begins so, without its comment."""
    commands = [line.split("#")[0].strip() for text in SHELL for line in text.splitlines()]
    return [command for command in commands if command.startswith(start)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks like the clone after `make demo`, with smaller scenes."""
    folder = tmp_path_factory.mktemp("clone")
    shutil.copytree(ROOT / ".github", folder / ".github")
    arguments = ("demo", "--pixels", "60", "--port", "0")
    with started(*arguments, environment=clean_environment(), log=folder / "log") as demo:
        assert demo.interrupt() == 0
    (folder / "scenes").symlink_to(folder / "cogmill-demo" / "scenes")
    request = folder / ".github" / "readme" / "request.json"
    asked = json.loads(request.read_text())
    asked["input"]["bounds"]["bbox"] = AREA
    request.write_text(json.dumps(asked))
    return folder


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """One in which `cogmill` is this installation's."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**clean_environment(), "PATH": path}


def test_every_shell_command_is_tried_here() -> None:
    known = ("make demo", "make test", "cogmill ", "export COGMILL_")
    commands = lines("")

    assert [one for one in commands if one and not one.startswith(known)] == []
    assert len(PYTHON) == 2


def test_the_two_commands_are_targets_of_make() -> None:
    for command in ("make demo", "make test"):
        assert lines(command) == [command]
        done = subprocess.run(
            [*command.split(), "--dry-run", "--old-file", ".venv/.installed"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        expected = ".venv/bin/cogmill demo" if "demo" in command else ".venv/bin/pytest"
        assert expected in done.stdout


@pytest.fixture(scope="module")
def demo(place: Path) -> Iterator[str]:
    """`make demo` as the README says it, over the small scenes; gives its address."""
    command = ("make", "-C", str(ROOT), "--old-file", ".venv/.installed")
    more = (f"VENV={sys.prefix}", f"OPTIONS=--folder {place}/cogmill-demo --pixels 60 --port 0")
    with started(
        "demo", *more, environment=clean_environment(), log=place / "demo.log", command=command
    ) as server:
        yield server.url
        server.interrupt()
    assert "Traceback" not in (place / "demo.log").read_text()


@pytest.mark.parametrize("text", [text for text in SHELL if "make " not in text])
def test_commands_do_what_they_are_there_for(
    text: str, place: Path, environment: dict[str, str]
) -> None:
    kept = "\n".join(line for line in text.splitlines() if "cogmill serve" not in line)
    settings = {} if "export" in text else {"COGMILL_SETTINGS": "cogmill-demo/settings.toml"}

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", kept],
        cwd=place,
        env={**environment, **settings},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_the_server_starts_as_it_is_told_to(place: Path) -> None:
    [command] = lines("cogmill serve")
    arguments = command.replace("--port 8080", "--port 0").split()[1:]
    environment = clean_environment(data_roots=str(place / "scenes"), home=str(place / "mine"))

    with started(*arguments, environment=environment, log=place / "serve.log") as server:
        assert server.interrupt() == 0


def test_python_reads_pixels_in_three_lines(place: Path) -> None:
    [text] = [text for text in PYTHON if "local_engine" in text]
    bbox = re.search(r"bbox=(\(.*?\))", text)
    assert bbox is not None
    program = text.replace(bbox[1], repr(tuple(AREA))) + "print(pixels.shape, pixels.max() > 0)\n"

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=place,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == "(4, 512, 512) True\n", done.stderr


@pytest.mark.client
def test_sentinelhub_py_asks_for_the_same_picture(
    place: Path, demo: str, environment: dict[str, str]
) -> None:
    [text] = [text for text in PYTHON if "sentinelhub" in text]
    settings = {**environment, "COGMILL_SETTINGS": str(place / "cogmill-demo/settings.toml")}
    made = json.loads(cogmill("client", "create", "readme", "--json", environment=settings))
    program = text.replace(SERVER, demo)
    for name in ("client_id", "client_secret"):
        program = program.replace(f'sh_{name}="…"', f'sh_{name}="{made[name]}"')
    program = re.sub(r"BBox\(\(.*?\)", f"BBox({tuple(AREA)!r}", program)
    python = client_python("sentinelhub-py", "sentinelhub")

    done = subprocess.run(
        [python, "-c", program + "\nprint(picture.shape, picture.dtype)\n"],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == "(420, 440, 3) uint8\n", done.stderr


def test_make_demo_serves_the_page(demo: str) -> None:
    with urlopen(demo + "/", timeout=30) as answer:  # noqa: S310 - ours
        assert b"<html" in answer.read()


def test_the_script_shown_is_the_script_run() -> None:
    shown = [text for kind, text in BLOCKS if kind == "js"]

    assert shown == [(ROOT / ".github/readme/greens.js").read_text()]


def test_the_picture_is_small_and_of_the_size_asked_for() -> None:
    body = (ROOT / ".github/readme/greens.png").read_bytes()
    asked = json.loads((ROOT / ".github/readme/request.json").read_text())["output"]

    assert len(body) < 200_000
    picture = np.asarray(Image.open(BytesIO(body)))
    assert picture.shape == (asked["height"], asked["width"], 3)


def test_every_command_is_named() -> None:
    [row] = [line for line in README.splitlines() if line.startswith("| Command |")]

    for name in ("serve", "demo", "process", "explain", "check", "ingest", "scenes", "info"):
        assert name in row


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#:]+)\)|src=\"([^\"]+)\"", README), ids=str)
def test_every_link_within_the_repository_leads_somewhere(target: tuple[str, str]) -> None:
    assert (ROOT / (target[0] or target[1])).exists()
