"""Ready scripts and checks, over a real socket."""

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from api.library.legend import draw_legend
from evalscripts.library import LegendKind, LibraryScript, list_scripts
from tests.builders.apis import Served
from tests.builders.apis import body as make_body

LIBRARY = Path(__file__).parents[3] / "evalscripts" / "library"
URL = "/api/v1/scripts"
SVG = "{http://www.w3.org/2000/svg}"


def check(served: Served, text: str, *collections: str) -> Any:
    asked = {"evalscript": text, "collections": collections}
    response = served.client.post(f"{URL}/check", json=asked)
    assert response.status_code == 200, response.text
    return response.json()


def test_every_script_is_listed_with_what_is_needed_to_use_it(served: Served) -> None:
    listed = served.client.get(URL).json()

    files = sorted(path.stem for path in LIBRARY.glob("*.js"))
    assert sorted(one["id"] for one in listed) == files
    assert all(one["title"] and one["description"] and one["bands"] for one in listed)
    assert {one["mosaicking"] for one in listed} == {"SIMPLE", "ORBIT"}
    assert {one["kind"] for one in listed} == {"ramp", "classes", "channels"}
    assert [one["id"] for one in listed if one["also"] and not one["source"]] == []


def test_a_script_is_given_with_its_text(served: Served) -> None:
    given = served.client.get(f"{URL}/ndvi").json()
    text = served.client.get(f"{URL}/ndvi", params={"format": "js"})

    assert text.headers["content-type"] == "text/javascript; charset=utf-8"
    assert text.text == given["text"] == (LIBRARY / "ndvi.js").read_text(encoding="utf-8")
    assert given["legend"][0] == {"color": "#23395b", "label": "Water, snow, cloud", "value": -0.2}
    assert given["value"] == {"name": "NDVI", "low": -0.2, "high": 1}


@pytest.mark.parametrize("path", ["nothing", "nothing/legend.svg"])
def test_an_unknown_script_is_named_with_those_there_are(served: Served, path: str) -> None:
    answer = served.client.get(f"{URL}/{path}")

    assert answer.status_code == 404
    assert "'nothing'" in answer.json()["error"]["message"]
    assert "true-color" in answer.json()["error"]["message"]


def test_a_legend_is_data_or_a_drawing(served: Served) -> None:
    data = served.client.get(f"{URL}/ndvi/legend.json").json()
    drawing = served.client.get(f"{URL}/ndvi/legend.svg")

    assert data.keys() == {"kind", "legend", "value"}
    assert drawing.headers["content-type"] == "image/svg+xml"
    assert drawing.text.startswith("<svg ")


@pytest.mark.parametrize("script", list_scripts(), ids=lambda script: script.id)
def test_a_legend_shows_every_entry_inside_the_drawing(script: LibraryScript) -> None:
    drawing = ET.fromstring(draw_legend(script))  # noqa: S314 -- our own drawing

    height = float(drawing.attrib["height"])
    words = [part for part in drawing.iter(f"{SVG}text") if "font-weight" not in part.attrib]
    colors = [stop.attrib["stop-color"] for stop in drawing.iter(f"{SVG}stop")] or [
        rect.attrib["fill"] for rect in list(drawing.iter(f"{SVG}rect"))[1:]
    ]
    assert len(words) == len(script.legend)
    assert all(12 < float(part.attrib["y"]) < height for part in words)
    assert colors == [entry.color for entry in script.legend]
    if script.kind is LegendKind.RAMP:
        places = [float(stop.attrib["offset"]) for stop in drawing.iter(f"{SVG}stop")]
        assert (places[0], places[-1]) == (0, 1)
        assert places == sorted(places)


def test_a_name_is_a_script_everywhere(served: Served) -> None:
    text = (LIBRARY / "ndvi.js").read_text(encoding="utf-8")
    asked = make_body(output={"width": 8, "height": 8})

    by_text = served.client.post("/api/v1/process", json={**asked, "evalscript": text})
    by_name = served.client.post("/api/v1/process", json={**asked, "evalscript": "ndvi"})

    assert by_name.status_code == 200
    assert by_name.content == by_text.content


def test_a_check_tells_what_a_script_reads_and_returns(served: Served) -> None:
    found = check(served, "ndvi")

    assert (found["form"], found["tier"], found["error"]) == ("V3", "native", None)
    assert found["inputs"][0]["bands"] == ["B04", "B08", "dataMask"]
    assert found["outputs"] == [{"id": "default", "bands": 4, "sampleType": "AUTO", "nodata": None}]
    assert found["remarks"] == []


def test_a_bare_script_is_checked_with_the_bands_of_its_collection(served: Served) -> None:
    found = check(served, "return [B04, nonsense = 1]", "sentinel-2-l2a")

    assert found["form"] == "V1 bare"
    assert found["inputs"][0]["bands"] == ["B04"]


def test_what_keeps_a_script_from_machine_code_has_its_place(served: Served) -> None:
    text = (
        "//VERSION=3\n"
        'function setup() { return { input: ["B04", "B08"], output: { bands: 1 } }; }\n'
        "function evaluatePixel(s) {\n"
        "  const seen = new Map();\n"
        "  return [s.B04];\n"
        "}\n"
    )

    found = check(served, text)

    assert (found["tier"], found["line"]) == ("v8", 4)
    assert found["excerpt"].splitlines()[0] == "  const seen = new Map();"
    [remark] = found["remarks"]
    assert "B08" in remark["message"]
    assert remark["line"] == 2


def test_a_broken_script_is_an_answer_not_a_refusal(served: Served) -> None:
    found = check(served, "//VERSION=3\nfunction setup( {")

    assert found.keys() == {"error"}
    assert (found["error"]["kind"], found["error"]["line"]) == ("ScriptSyntaxError", 2)


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{}", {"content-type": "application/json"}, 400),
        (b"ndvi", {"content-type": "text/plain"}, 415),
        (
            b'{"evalscript": "ndvi", "collections": ["no"]}',
            {"content-type": "application/json"},
            400,
        ),
    ],
)
def test_a_wrong_question_is_refused(
    served: Served, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = served.client.post(f"{URL}/check", content=body, headers=headers)

    assert answer.status_code == status
    assert answer.json()["error"]["status"] == status


@pytest.mark.parametrize("path", ["", "/ndvi", "/ndvi/legend.json"])
def test_a_server_that_wants_tokens_wants_them_here_too(closed: Served, path: str) -> None:
    assert closed.client.get(f"{URL}{path}").status_code == 401
