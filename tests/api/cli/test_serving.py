"""`serve` and `demo` in processes of their own, as a person starts and ends them."""

import json
import socket
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from api.cli.samples import prepare_demo
from api.settings import load_settings
from tests.builders.commands import Run
from tests.builders.running import clean_environment, started


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310 - ours
        body: bytes = answer.read()
    return body


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COGMILL_SETTINGS", "")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_server_says_where_it_is_and_ends_at_ctrl_c_without_a_trace(
    workers: str, demo_home: Path, tmp_path: Path
) -> None:
    environment = clean_environment(settings=str(demo_home / "settings.toml"))
    log = tmp_path / "log"
    with started(
        "serve", "--port", "0", "--workers", workers, environment=environment, log=log
    ) as server:
        health = json.loads(fetch(f"{server.url}/health"))
        code = server.interrupt()

    assert health["status"] == "ok"
    assert code == 0
    assert "Traceback" not in log.read_text()


def test_the_demo_serves_its_scenes_from_any_folder(demo_home: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    arguments = ("demo", "--folder", str(demo_home), "--pixels", "60", "--port", "0")
    with started(*arguments, environment=clean_environment(), log=log) as server:
        tile = fetch(f"{server.url}/tiles/sentinel-2-l2a/10/546/371.png?script=true-color")
        code = server.interrupt()

    assert tile.startswith(b"\x89PNG")
    assert code == 0
    assert log.read_text() == ""


def test_a_port_in_use_is_told_before_anything_else(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("serve", "--port", str(port))

    line = done.err.splitlines()[-1]
    assert line == f"error: cannot listen on 127.0.0.1, port {port}: Address already in use"
    assert done.code == 1


def test_a_host_that_is_none_is_told(run: Run) -> None:
    done = run("serve", "--host", "no-such-host.invalid", "--port", "0")

    assert "cannot listen on no-such-host.invalid, port 0: " in done.err
    assert done.code == 1


def _times(folder: Path) -> dict[Path, Any]:
    return {path: path.stat().st_mtime_ns for path in folder.glob("scenes/*/*")}


@pytest.mark.usefixtures("quiet")
def test_a_second_preparation_writes_nothing(tmp_path: Path) -> None:
    prepare_demo(tmp_path, pixels=60)
    before = _times(tmp_path)
    prepare_demo(tmp_path, pixels=60)

    assert len(before) == 18 * 14
    assert _times(tmp_path) == before


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("fault", ["missing", "short", "no stamp", "other size"])
def test_what_is_half_written_is_made_again(fault: str, tmp_path: Path) -> None:
    prepare_demo(tmp_path, pixels=60 if fault != "other size" else 66)
    victim = sorted(tmp_path.glob("scenes/*/*B04*"))[3]
    if fault == "missing":
        victim.unlink()
    elif fault == "short":
        victim.write_bytes(victim.read_bytes()[:1000])
    elif fault == "no stamp":
        victim.unlink()
        (tmp_path / "scenes" / ".complete").unlink()
    prepare_demo(tmp_path, pixels=60)
    repaired = _times(tmp_path)
    prepare_demo(tmp_path, pixels=60)

    assert victim.stat().st_size > 1000
    assert _times(tmp_path) == repaired


@pytest.mark.usefixtures("quiet")
def test_a_lost_catalog_is_filled_again_without_new_scenes(tmp_path: Path) -> None:
    prepare_demo(tmp_path, pixels=60)
    before = _times(tmp_path)
    for path in tmp_path.glob("cogmill.db*"):
        path.unlink()
    prepare_demo(tmp_path, pixels=60)

    assert (tmp_path / "cogmill.db").stat().st_size > 100_000
    assert _times(tmp_path) == before


def test_the_settings_of_the_demo_work_for_other_commands(
    demo_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COGMILL_SETTINGS", "")

    settings = load_settings(demo_home / "settings.toml")

    assert settings.home == demo_home
    assert settings.data_roots == (demo_home / "scenes", demo_home / "others")
