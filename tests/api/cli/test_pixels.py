"""`process`, `explain`."""

import json
import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import mercantile
import numpy as np
import pytest
from PIL import Image

from api.xyz.translate import tile_box
from evalscripts.library import get_script
from tests.builders.commands import Run
from tests.builders.running import Started, clean_environment, started

TWO_FILES = """//VERSION=3
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
  console.log("reads");
  return {default: [index(s.B08, s.B04)], red: [10000 * s.B04]};
}
"""


def text_of(name: str) -> str:
    found = get_script(name)
    assert found is not None
    return found.text


def body(home: Path, script: str, *formats: tuple[str, str]) -> dict[str, Any]:
    """Return a request for all that the demo's first scene covers."""
    item = json.loads(next(home.glob("scenes/*T32*/*.json")).read_text())
    return {
        "input": {"bounds": {"bbox": item["bbox"]}, "data": [{"type": "sentinel-2-l2a"}]},
        "output": {
            "width": 50,
            "height": 40,
            "responses": [
                {"identifier": identifier, "format": {"type": media_type}}
                for identifier, media_type in formats
            ],
        },
        "evalscript": script,
    }


REQUESTS = {
    "png": (text_of("true-color"), (("default", "image/png"),)),
    "webp": (text_of("ndvi"), (("default", "image/webp"),)),
    "tiff": (TWO_FILES, (("default", "image/tiff"),)),
    "tar": (TWO_FILES, (("default", "image/tiff"), ("red", "image/png"))),
}


@pytest.fixture(scope="module")
def server(demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """A real server over the demo's scenes."""
    environment = clean_environment(settings=str(demo_home / "settings.toml"))
    log = tmp_path_factory.mktemp("serving") / "server.log"
    with started("serve", "--port", "0", environment=environment, log=log) as running:
        yield running


@pytest.mark.parametrize("name", REQUESTS)
def test_the_file_is_what_the_server_answers_byte_for_byte(
    name: str, run_demo: Run, server: Started, demo_home: Path, tmp_path: Path
) -> None:
    script, formats = REQUESTS[name]
    asked = body(demo_home, script, *formats)
    (tmp_path / "request.json").write_text(json.dumps(asked))

    done = run_demo("process", "request.json", "-o", "answer", "--json")
    answer = httpx.post(f"{server.url}/api/v1/process", json=asked, timeout=60)

    assert done.code == 0, done.err
    assert answer.status_code == 200
    assert (tmp_path / "answer").read_bytes() == answer.content
    facts = json.loads(done.out)
    assert facts["mediaType"] == answer.headers["content-type"]
    assert facts["bytes"] == len(answer.content)


def test_a_map_tile_of_a_fusion_by_its_name_is_the_request_of_both_collections(
    server: Started, demo_home: Path
) -> None:
    item = json.loads(next(demo_home.glob("scenes/*T32*/*.json")).read_text())
    west, south, east, north = item["bbox"]
    x, y, z = mercantile.tile((west + east) / 2, (south + north) / 2, 14)
    box = tile_box(z, x, y)
    asked = body(demo_home, text_of("radar-optical"), ("default", "image/png"))
    asked["input"] = {
        "bounds": {
            "bbox": [box.left, box.bottom, box.right, box.top],
            "properties": {"crs": "http://www.opengis.net/def/crs/EPSG/0/3857"},
        },
        "data": [
            {"type": "sentinel-2-l2a", "id": "S2"},
            {"type": "sentinel-1-grd", "id": "S1"},
        ],
    }
    asked["output"] |= {"width": 256, "height": 256}

    by_name = f"{server.url}/tiles/sentinel-2-l2a/{z}/{x}/{y}.png?script=radar-optical"
    drawn = httpx.get(by_name, timeout=60)
    answer = httpx.post(f"{server.url}/api/v1/process", json=asked, timeout=60)

    assert (drawn.status_code, answer.status_code) == (200, 200), drawn.text
    assert drawn.content == answer.content
    assert len(np.unique(np.asarray(Image.open(BytesIO(drawn.content))))) > 20


def test_the_picture_shows_something(run_demo: Run, demo_home: Path, tmp_path: Path) -> None:
    asked = body(demo_home, text_of("true-color"), ("default", "image/png"))
    (tmp_path / "request.json").write_text(json.dumps(asked))

    run_demo("process", "request.json", "-o", "picture.png")

    picture = np.asarray(Image.open(BytesIO((tmp_path / "picture.png").read_bytes())))
    assert picture.shape == (40, 50, 4)
    assert len(np.unique(picture[picture[..., 3] == 255], axis=0)) > 50


def test_what_the_script_prints_is_shown_beside_the_result(
    run_demo: Run, demo_home: Path, tmp_path: Path
) -> None:
    asked = body(demo_home, TWO_FILES, ("default", "image/tiff"))
    (tmp_path / "request.json").write_text(json.dumps(asked))

    done = run_demo("process", "request.json", "-o", "out.tif")

    assert "script: reads" in done.err
    assert "reads" not in done.out


def test_another_script_may_be_tried_on_a_request(
    run_demo: Run, demo_home: Path, tmp_path: Path
) -> None:
    asked = body(demo_home, text_of("true-color"), ("default", "image/png"))
    (tmp_path / "request.json").write_text(json.dumps(asked))
    (tmp_path / "own.json").write_text(json.dumps(asked | {"evalscript": text_of("scl")}))
    (tmp_path / "scl.js").write_text(text_of("scl"))

    run_demo("process", "request.json", "--script", "scl.js", "-o", "tried.png")
    run_demo("process", "own.json", "-o", "own.png")

    assert (tmp_path / "tried.png").read_bytes() == (tmp_path / "own.png").read_bytes()


def test_a_ready_script_may_be_tried_by_its_name(
    run_demo: Run, demo_home: Path, tmp_path: Path
) -> None:
    asked = body(demo_home, text_of("true-color"), ("default", "image/png"))
    (tmp_path / "request.json").write_text(json.dumps(asked))
    (tmp_path / "named.json").write_text(json.dumps(asked | {"evalscript": "scl"}))

    run_demo("process", "request.json", "--script", "scl", "-o", "tried.png")
    run_demo("process", "named.json", "-o", "named.png")

    assert (tmp_path / "tried.png").read_bytes() == (tmp_path / "named.png").read_bytes()


def test_a_plan_names_scenes_and_costs_but_no_place_on_this_machine(
    run_demo: Run, demo_home: Path, tmp_path: Path
) -> None:
    asked = body(demo_home, text_of("ndvi"), ("default", "image/png"))
    (tmp_path / "request.json").write_text(json.dumps(asked))

    done = run_demo("explain", "request.json", "--json")

    facts = json.loads(done.out)
    scenes = facts["inputs"][0]["scenes"]
    bands = [band["name"] for scene in scenes for band in scene.get("bands", [])]
    assert {"B04", "B08"} == set(bands)
    assert facts["cost"]["blocks"] > 0
    assert str(demo_home) not in done.out
    assert [text for text in _texts(facts) if os.path.isabs(text) or "://" in text] == []  # noqa: PTH117 - texts, not paths


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def test_a_plan_is_told_to_people_too(run_demo: Run, demo_home: Path, tmp_path: Path) -> None:
    asked = body(demo_home, text_of("ndvi"), ("default", "image/png"))
    (tmp_path / "request.json").write_text(json.dumps(asked))

    done = run_demo("explain", "request.json")

    assert "50 x 40 in EPSG:4326" in done.out
    assert "B08" in done.out
    assert "more scenes: " in done.out
