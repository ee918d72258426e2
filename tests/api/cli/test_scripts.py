"""`check`, `scripts list`, `scripts show`."""

import json
from pathlib import Path

import pytest

from evalscripts.library import get_script, list_scripts
from tests.builders.commands import Run

REMARKABLE = """//VERSION=3
function setup() {
  return {
    input: ["B04", "B08"],
    output: [
      {id: "default", bands: 1, sampleType: "FLOAT32"},
      {id: "red", bands: 1, sampleType: "UINT16"}
    ]
  };
}
function evaluatePixel(s) {
  const seen = new Map();
  return {default: [s.B04], red: [10000 * s.B04]};
}
"""


def test_a_ready_script_is_checked_by_its_name(run: Run, tmp_path: Path) -> None:
    done = run("check", "ndvi", "--json")

    facts = json.loads(done.out)
    assert facts["inputs"][0]["bands"] == ["B04", "B08", "dataMask"]
    assert [(one["id"], one["bands"]) for one in facts["outputs"]] == [("default", 4)]
    assert facts["tier"] == "native"
    assert list(tmp_path.iterdir()) == []


def test_a_script_of_ones_own_is_checked(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own.js").write_text(REMARKABLE)

    done = run("check", "own.js")

    lines = done.out.splitlines()
    assert done.code == 0
    assert "returns  red: 1 × UINT16" in lines
    assert "tier     JavaScript: new Map" in lines
    place = lines.index("   12 │   const seen = new Map();")
    assert lines[place + 1].index("^") == lines[place].index("new Map")
    assert any(line.startswith("remark  B08 is requested") for line in lines)


@pytest.mark.parametrize(("name", "code"), [("own.js", 1), ("ndvi", 0)])
def test_a_strict_check_fails_where_there_are_remarks(
    run: Run, tmp_path: Path, name: str, code: int
) -> None:
    (tmp_path / "own.js").write_text(REMARKABLE)

    assert run("check", name, "--strict").code == code


def test_a_broken_script_fails_and_is_json_where_that_was_asked_for(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "own.js").write_text("//VERSION=3\nfunction setup( {")

    done = run("check", "own.js", "--json")

    assert done.code == 5
    assert json.loads(done.out)["error"]["line"] == 2


def test_a_script_without_setup_is_checked_for_a_collection(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bare.js").write_text("return [VV]")

    known = run("check", "bare.js", "--collection", "S1GRD", "--json")
    unknown = run("check", "bare.js", "--collection", "byoc-none")

    assert json.loads(known.out)["inputs"][0]["bands"] == ["VV"]
    assert unknown.code == 3
    assert "byoc-none" in unknown.err


def test_every_ready_script_is_listed(run: Run) -> None:
    done = run("scripts", "list")
    facts = json.loads(run("scripts", "list", "--json").out)

    ids = [script.id for script in list_scripts()]
    assert [line.split()[0] for line in done.out.splitlines()[1:]] == ids
    assert [one["id"] for one in facts] == ids


def test_a_ready_script_is_shown_as_it_is(run: Run) -> None:
    ready = get_script("median")

    assert ready is not None
    assert run("scripts", "show", "median").out == ready.text
    assert run("scripts", "show", "nothing").code == 3
