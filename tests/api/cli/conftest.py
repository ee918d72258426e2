"""A demo of tiny scenes, and the command run inside the tests' own process."""

import sys
from pathlib import Path

import pytest

from api.cli.main import main
from api.cli.samples import prepare_demo
from tests.builders.commands import Done, Run

PIXELS = 60


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a demo that was prepared once; tests only read it."""
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("COGMILL_SETTINGS", raising=False)
        prepare_demo(folder, pixels=PIXELS)
    return folder


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in an empty folder; its catalog is there too."""
    monkeypatch.chdir(tmp_path)
    # Set, so that what the command writes there is undone.
    monkeypatch.setenv("COGMILL_SETTINGS", "")

    def command(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["cogmill", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return Done(code=int(ended.value.code or 0), out=printed.out, err=printed.err)

    return command


@pytest.fixture
def run_demo(run: Run, demo_home: Path) -> Run:
    """Run the command over the demo's scenes."""
    return lambda *arguments: run("--settings", str(demo_home / "settings.toml"), *arguments)
