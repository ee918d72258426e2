"""What a new user reads first."""

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from typer.main import get_command

from api.cli.main import app
from tests.builders.commands import Run

DOCUMENTED = {
    "serve",
    "demo",
    "process",
    "explain",
    "debug",
    "scripts",
    "collections",
    "ingest",
    "scenes",
    "check",
    "client",
    "info",
}


def commands() -> Iterator[tuple[str, ...]]:
    """Give the path of every command that does something."""

    def below(command: object, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        inner = getattr(command, "commands", None)
        if inner is None:
            yield path
            return
        for name, one in inner.items():
            yield from below(one, (*path, name))

    yield from below(get_command(app), ())


def test_every_documented_command_is_there() -> None:
    assert {path[0] for path in commands()} == DOCUMENTED


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_the_help_of_every_command_shows_an_example(path: tuple[str, ...], run: Run) -> None:
    done = run(*path, "--help")

    assert done.code == 0
    assert "Example" in done.out
    assert re.search(rf"\bcogmill {' '.join(path)}\b", done.out.split("Example")[1])


def test_without_arguments_the_help_is_shown(run: Run) -> None:
    done = run()

    assert done.code == 2
    assert "cogmill demo" in done.out
    assert done.err == ""


def test_the_version_is_told(run: Run) -> None:
    assert run("--version").out == "cogmill 0.1.0\n"


def test_help_waits_for_no_heavy_library() -> None:
    heavy = ("numpy", "numba", "rasterio", "sqlalchemy", "fastapi", "uvicorn", "botocore")
    program = (
        "import sys; sys.argv = ['cogmill', '--help']; from api.cli.main import main\n"
        "try: main()\n"
        f"finally: print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stderr == "[]\n"
