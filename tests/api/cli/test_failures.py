"""Every failure is one clear line and an exit code."""

import json
from pathlib import Path

import pytest

from tests.builders.commands import Run

GOOD = "function setup() { return {input: ['B04'], output: {bands: 1}} }\n"
BROKEN = GOOD + "function evaluatePixel(s) { return [s.B04 }\n"
REQUEST = {
    "input": {"bounds": {"bbox": [0, 0, 1, 1]}, "data": [{"type": "sentinel-2-l2a"}]},
    "output": {"width": 10, "height": 10},
    "evalscript": GOOD + "function evaluatePixel(s) { return [s.B04] }",
}
CASES = {
    "unknown command": (["fly"], 2, "No such command 'fly'; see: cogmill --help"),
    "missing option": (["process", "r.json"], 2, "see: cogmill process --help"),
    "missing file": (["process", "none.json", "-o", "x"], 1, "none.json: No such file"),
    "missing folder": (["process", "r.json", "-o", "no/x"], 1, "the folder no does not exist"),
    "not JSON": (["process", "broken.json", "-o", "x"], 2, "broken.json: not JSON: "),
    "not an object": (
        ["process", "list.json", "-o", "x"],
        2,
        "a request is a JSON object",
    ),
    "not text": (["check", "binary.js"], 2, "binary.js is not UTF-8 text"),
    "wrong size": (["explain", "wide.json"], 2, "output->width: "),
    "unknown collection": (["scenes", "nothing"], 3, "there is no collection 'nothing'"),
    "unknown script": (["check", "nothing"], 3, "ready scripts: "),
    "unknown client": (["client", "remove", "nobody"], 3, "there is no client 'nobody'"),
    "bad band": (["ingest", "dem", ".", "--band", "B04"], 2, "--band: 'B04' is not NAME=PATTERN"),
    "bad date": (["ingest", "dem", ".", "--date", "may"], 2, "ISO 8601"),
    "other folder": (["ingest", "dem", "/"], 2, "export COGMILL_DATA_ROOTS="),
    "bad pixels": (["demo", "--pixels", "100"], 2, "--pixels: pixels is 100; it must be"),
    "empty title": (["collections", "create", " "], 2, "title is empty"),
    "no settings file": (["--settings", "no.toml", "info"], 1, "no.toml"),
    "unknown setting": (["--settings", "s.toml", "info"], 2, "there is no setting prot"),
    "broken settings": (["--settings", "b.toml", "info"], 2, "is not TOML"),
}


@pytest.fixture
def files(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps(REQUEST))
    (tmp_path / "broken.json").write_text('{"input": ')
    (tmp_path / "list.json").write_text("[1]")
    (tmp_path / "wide.json").write_text(
        json.dumps(REQUEST | {"output": {"width": 99_999, "height": 10}})
    )
    (tmp_path / "binary.js").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "s.toml").write_text("prot = 1\n")
    (tmp_path / "b.toml").write_text("port\n")


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("name", CASES)
def test_each_failure_is_one_line_and_a_code(
    name: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments, code, text = CASES[name]
    monkeypatch.setenv("COGMILL_DATA_ROOTS", str(tmp_path))

    done = run(*arguments)

    assert text in done.error
    assert done.code == code
    assert done.out == ""


@pytest.mark.parametrize("how", ["check", "process"])
def test_a_broken_script_is_shown_with_a_caret_under_the_place(
    how: str, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "broken.js").write_text(BROKEN)
    (tmp_path / "r.json").write_text(json.dumps(REQUEST))
    given = ["process", "r.json", "-o", "x", "--script"] if how == "process" else ["check"]

    done = run(*given, "broken.js")

    first, line, caret = done.err.splitlines()
    assert first.startswith("error: SyntaxError: ")
    assert "(line 2, column 43)" in first
    assert line == "function evaluatePixel(s) { return [s.B04 }"
    assert caret == " " * 42 + "^"
    assert done.code == 5


def test_a_variable_that_nothing_reads_is_refused_with_what_may_be_meant(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COGMILL_PROT", "8000")

    done = run("info")

    assert done.error == "there is no setting COGMILL_PROT; did you mean COGMILL_PORT?"
    assert done.code == 2


def test_a_setting_of_the_wrong_kind_is_named_with_what_was_found(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COGMILL_PORT", "many")

    done = run("info")

    assert done.error.startswith("setting COGMILL_PORT: ")
    assert "'many'" in done.error
    assert done.code == 2


def test_a_database_that_cannot_be_opened_is_told_in_one_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cogmill.db").write_text("this is no database, and long enough to be seen as such")
    monkeypatch.setenv("COGMILL_HOME", str(tmp_path))

    done = run("scenes", "dem")

    assert done.error.startswith("the database cannot be used: ")
    assert done.code == 1
