"""`debug`: one pixel as a person and as a program read it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.builders.commands import Run

THROWING = """//VERSION=3
function setup() { return {input: ["B04", "dataMask"], output: {bands: 1}}; }
function evaluatePixel(s) {
  console.log("got", s.dataMask);
  return [s.missing.part];
}
"""


@pytest.fixture
def request_file(demo_home: Path, tmp_path: Path) -> Path:
    """A request for all that the demo's first scene covers."""
    item = json.loads(next(demo_home.glob("scenes/*T32*/*.json")).read_text())
    west, south, east, north = item["bbox"]
    asked: dict[str, Any] = {
        "input": {"bounds": {"bbox": item["bbox"]}, "data": [{"type": "sentinel-2-l2a"}]},
        "output": {"width": 50, "height": 40},
        "evalscript": "ndvi",
        "point": [(west + east) / 2, (south + north) / 2],
    }
    path = tmp_path / "request.json"
    path.write_text(json.dumps(asked))
    return path


def test_a_sample_is_a_row_with_its_bands_date_and_scene(run_demo: Run, request_file: Path) -> None:
    done = run_demo("debug", str(request_file), "--pixel", "25,20")
    facts = json.loads(run_demo("debug", str(request_file), "--pixel", "25,20", "--json").out)

    samples, [source] = facts["samples"], facts["inputs"]
    [scene] = source["origins"][0]["scenes"]
    [row] = [line.split() for line in done.out.splitlines() if scene["name"] in line]
    assert done.code == 0
    assert row[0] == "0"
    assert [scene["date"][:10], f"{samples['B04']:.6g}", f"{samples['B08']:.6g}", "1"] == [
        row[1],
        *row[-4:-1],
    ]
    assert "column 25, row 20" in done.out
    assert f"default (AUTO): {', '.join(map(str, facts['outputs'][0]['values']))}" in done.out


def test_the_dates_of_a_time_series_are_rows(run_demo: Run, request_file: Path) -> None:
    named = ("--script", "max-ndvi")
    facts = json.loads(run_demo("debug", str(request_file), *named, "--json").out)

    done = run_demo("debug", str(request_file), *named)

    days = [origin["day"] for origin in facts["inputs"][0]["origins"]]
    assert len(days) == len(facts["samples"]) > 3
    assert [day for day in days if day not in done.out] == []


def test_the_point_of_the_option_wins_over_that_of_the_file(
    run_demo: Run, request_file: Path
) -> None:
    west, south, _, _ = json.loads(request_file.read_text())["input"]["bounds"]["bbox"]

    done = run_demo("debug", str(request_file), "--at", f"{west},{south}", "--json")

    pixel = json.loads(done.out)["pixel"]
    assert (pixel["col"], pixel["row"]) == (0, 39)


def test_a_throwing_script_is_shown_with_its_line_and_fails(
    run_demo: Run, request_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "own.js").write_text(THROWING)

    done = run_demo("debug", str(request_file), "--script", "own.js")

    assert done.code == 5
    assert "Cannot read properties of undefined" in done.out
    lines = done.out.splitlines()
    place = next(index for index, line in enumerate(lines) if "s.missing.part" in line)
    assert lines[place].split("│")[0].strip() == "5"
    assert lines[place + 1].index("^") == lines[place].index("part")
    assert "  got 1" in lines


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--at", "here"), "--at: 'here' is not two numbers"),
        (("--pixel", "1.5,2"), "--pixel: '1.5,2' is not two numbers"),
        (("--pixel", "50,0"), "pixel: pixel column 50, row 0 is not in the request's grid"),
        (("--at", "0,0", "--pixel", "1,1"), "pixel: point and pixel name a pixel each"),
    ],
)
def test_a_place_that_is_none_is_refused(
    run_demo: Run, request_file: Path, options: tuple[str, ...], said: str
) -> None:
    done = run_demo("debug", str(request_file), *options)

    assert done.code == 2
    assert said in done.err
