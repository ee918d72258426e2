"""One pixel seen from inside, over a real socket."""

import io
from typing import Any

import httpx
import pytest
import tifffile

from tests.builders.apis import (
    BBOX,
    COLLECTION,
    LEFT,
    SIZE,
    STEP,
    TOP,
    Served,
    numbers,
    script,
)
from tests.builders.apis import body as make_body

URL = "/api/v1/process/debug"
COL, ROW = 17, 203
TWICE = script(
    "{ default: [2 * s.B04], more: [s.B02 / 10000, NaN, -1 / 0] }",
    '{ id: "default", bands: 1, sampleType: "UINT16" }',
    '{ id: "more", bands: 3, sampleType: "FLOAT32" }',
    more='console.log("once");',
)
THROWING = script(
    "inner(s)",
    "{ bands: 1 }",
    more='function inner(s) {\n  console.log("before", s.B04);\n  return nothing.x;\n}',
)


def see(served: Served, **changes: Any) -> Any:
    asked = {"pixel": {"col": COL, "row": ROW}, **changes}
    response = served.client.post(URL, json=make_body(**asked))
    assert response.status_code == 200, response.text
    return response.json()


def test_the_samples_are_the_files_own_numbers(served: Served) -> None:
    seen = see(served)

    assert seen["samples"] == {
        band: int(numbers(band)[ROW, COL]) for band in ("B02", "B03", "B04", "B08")
    } | {"dataMask": 1}


def test_the_pixel_is_the_one_that_the_whole_request_gives(served: Served) -> None:
    seen = see(served)

    whole = served.client.post("/api/v1/process", json=make_body())
    pixel = tifffile.imread(io.BytesIO(whole.content))[ROW, COL]
    assert seen["outputs"] == [
        {"id": "default", "sampleType": "UINT16", "values": [int(value) for value in pixel]}
    ]
    assert seen["returned"] == seen["outputs"][0]["values"]


def test_a_point_names_the_pixel_that_holds_it(served: Served) -> None:
    x, y = LEFT + (COL + 0.9) * STEP, TOP - (ROW + 0.1) * STEP

    seen = see(served, pixel=None, point=[x, y])

    place = seen["pixel"]
    assert (place["col"], place["row"]) == (COL, ROW)
    assert (place["x"], place["y"]) == (LEFT + (COL + 0.5) * STEP, TOP - (ROW + 0.5) * STEP)
    assert (place["crs"], place["inside"]) == ("EPSG:32633", True)
    # 15° east is the central meridian of the zone, 500 km in its coordinates.
    assert place["lon"] == pytest.approx(15.0, abs=0.01)


def test_every_output_is_told_with_numbers_that_json_has_not_as_texts(served: Served) -> None:
    seen = see(served, evalscript=TWICE)

    red, blue = (int(numbers(band)[ROW, COL]) for band in ("B04", "B02"))
    first, more = seen["outputs"]
    assert first["values"] == [2 * red]
    assert more["values"] == [pytest.approx(blue / 10000, rel=1e-6), "NaN", "-Infinity"]
    assert seen["returned"]["more"] == [blue / 10000, "NaN", "-Infinity"]


def test_what_the_top_level_prints_is_around_the_pixel(served: Served) -> None:
    seen = see(served, evalscript=TWICE)

    assert seen["console"] == []
    assert seen["consoleAround"] == ["once"]


def test_the_scene_behind_the_sample_is_named(served: Served) -> None:
    [source] = see(served)["inputs"]

    assert (source["id"], source["collection"], source["mosaicking"]) == ("0", COLLECTION, "SIMPLE")
    assert source["units"] == ["DN", "DN", "DN", "DN", None]
    [origin] = source["origins"]
    assert [scene["name"] for scene in origin["scenes"]] == ["scene-1"]
    assert origin["scenes"][0]["cloudCover"] == 10


def test_a_script_that_throws_is_a_report_with_its_place(served: Served) -> None:
    seen = see(served, evalscript=THROWING)

    error = seen["error"]
    line = 1 + THROWING.splitlines().index("  return nothing.x;")
    assert error["kind"] == "ScriptRuntimeError"
    assert error["message"] == "ReferenceError: nothing is not defined"
    assert (error["line"], error["column"]) == (line, 3)
    assert error["excerpt"].splitlines() == ["  return nothing.x;", "  ^"]
    assert [frame.split()[1] for frame in error["stack"]] == ["inner", "evaluatePixel"]
    assert seen["console"] == [f"before {numbers('B04')[ROW, COL]}"]
    assert (seen["returned"], seen["outputs"]) == (None, None)


def test_a_script_that_does_not_compile_is_a_report_too(served: Served) -> None:
    seen = see(served, evalscript="//VERSION=3\nfunction setup( {")

    assert seen["error"]["kind"] == "ScriptSyntaxError"
    assert seen["error"]["line"] == 2
    assert (seen["pixel"]["col"], seen["samples"], seen["inputs"]) == (COL, None, [])


def test_a_loop_without_end_is_a_report_within_the_scripts_time(served: Served) -> None:
    seen = see(
        served, evalscript=script("loop()", "{ bands: 1 }", more="function loop() { for (;;); }")
    )

    assert seen["error"]["kind"] == "ScriptLimitExceeded"


def test_a_pixel_outside_the_geometry_is_said_to_be(served: Served) -> None:
    left, bottom, right, top = BBOX
    middle = (left + right) / 2
    ring = [[middle, bottom], [right, bottom], [right, top], [middle, top], [middle, bottom]]
    asked = make_body()
    asked["input"]["bounds"]["geometry"] = {"type": "Polygon", "coordinates": [ring]}

    seen = see(served, input=asked["input"])

    assert seen["pixel"]["inside"] is False
    assert seen["outputs"][0]["values"] == [0, 0, 0]


@pytest.mark.parametrize("path", [f"{URL}/", "/process/v1/debug"])
def test_every_path_answers_without_a_redirect(served: Served, path: str) -> None:
    asked = make_body(pixel={"col": 0, "row": 0})

    assert served.client.post(path, json=asked, follow_redirects=False).status_code == 200


def test_it_costs_what_a_picture_of_one_pixel_costs(served: Served) -> None:
    one = make_body(output={"width": 1, "height": 1})
    one["input"]["bounds"]["bbox"] = [LEFT, TOP - STEP, LEFT + STEP, TOP]
    one["output"]["responses"] = make_body()["output"]["responses"]
    picture = served.client.post("/api/v1/process", json=one)

    seen = served.client.post(URL, json=make_body(pixel={"col": 0, "row": 0}))

    header = "x-processingunits-spent"
    assert seen.headers[header] == picture.headers[header]


REFUSED = {
    "no pixel": ({}, 400, "point"),
    "two pixels": ({"point": [LEFT, TOP], "pixel": {"col": 0, "row": 0}}, 400, "pixel"),
    "beside the area": ({"point": [LEFT - 1, TOP]}, 400, "point"),
    "beside the grid": ({"pixel": {"col": SIZE, "row": 0}}, 400, "pixel"),
    "not a point": ({"point": [1]}, 400, "point->[1]"),
    "no such collection": (
        {"pixel": {"col": 0, "row": 0}, "input": {**make_body()["input"], "data": [{"type": "x"}]}},
        400,
        None,
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_request_is_refused_as_process_refuses_it(served: Served, name: str) -> None:
    changes, status, parameter = REFUSED[name]

    response = served.client.post(URL, json=make_body(**changes))

    error = response.json()["error"]
    assert response.status_code == error["status"] == status
    if parameter is not None:
        assert error["code"] == "COMMON_BAD_PAYLOAD"
        assert error["errors"][0]["parameter"].startswith(parameter.partition("->")[0])


def test_a_server_that_wants_tokens_shows_no_pixel_without(closed: Served) -> None:
    asked = make_body(pixel={"col": 0, "row": 0})
    grant = {
        "grant_type": "client_credentials",
        "client_id": closed.member.client.id,
        "client_secret": closed.member.secret,
    }
    token = closed.client.post("/oauth/token", data=grant).json()["access_token"]

    refused = closed.client.post(URL, json=asked)
    answered = closed.client.post(URL, json=asked, headers={"Authorization": f"Bearer {token}"})

    assert refused.status_code == 401
    assert refused.json()["error"]["code"] == "COMMON_UNAUTHORIZED"
    assert answered.status_code == 200


def test_the_example_of_the_description_is_a_request(served: Served) -> None:
    page: Any = served.client.get("/openapi.json").json()
    post = page["paths"][URL]["post"]
    example = post["requestBody"]["content"]["application/json"]["example"]
    shown = post["responses"]["200"]["content"]["application/json"]["example"]

    response: httpx.Response = served.client.post(URL, json=example)

    assert response.status_code == 200
    # FastAPI leaves out what is null.
    assert shown.keys() <= response.json().keys()
    assert response.json()["pixel"].keys() == shown["pixel"].keys()
