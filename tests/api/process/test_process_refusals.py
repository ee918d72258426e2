"""Everything that a client can get wrong: each its status, code and a clear message; never 500."""

import json
from typing import Any

import httpx
import pytest

from tests.builders.apis import BBOX, COLLECTION, Served, script
from tests.builders.apis import body as make_body

BAD, RENDERER = "COMMON_BAD_PAYLOAD", "RENDERER_EXCEPTION"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
FULL = '{ id: "default", bands: 3, sampleType: "UINT16" }'


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return a request in which the value at a dotted path is another."""
    whole = make_body()
    place: Any = whole
    *parts, last = path.split(".")
    for part in parts:
        place = place[int(part) if part.isdecimal() else part]
    place[last] = value
    return whole


def geometry(*points: tuple[float, float], kind: str = "Polygon") -> dict[str, Any]:
    return {"type": kind, "coordinates": [points]}


def post(served: Served, body: Any, **headers: str) -> httpx.Response:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"content-type": "application/json", **headers}
    return served.client.post("/api/v1/process", content=text, headers=sent)


def check(response: httpx.Response, status: int, code: str, text: str) -> dict[str, Any]:
    error: dict[str, Any] = response.json()["error"]
    assert (response.status_code, error["status"], error["code"]) == (status, status, code)
    assert text in error["message"]
    assert "Traceback" not in response.text
    assert "/work/" not in response.text
    return error


CROSSED = geometry((0, 0), (100, 100), (100, 0), (0, 100), (0, 0))
VALUES = [
    ("input", None, BAD, "input:"),
    ("input.bounds", {}, BAD, "bbox or geometry"),
    ("input.bounds.bbox", [float("nan"), 0, 1, 1], BAD, "finite"),
    ("input.bounds.bbox", [float("inf"), 0, 1, 1], BAD, "finite"),
    ("input.bounds.bbox", [1, 1, 1, 1], BAD, "no area"),
    ("input.bounds.bbox", [1e300, 1, 2, 3], BAD, "on no map"),
    ("input.bounds.bbox", [0, 0, 10], BAD, "bbox"),
    ("input.bounds.geometry", CROSSED, BAD, "Self-intersection"),
    ("input.bounds.geometry", geometry((0, 0), (1, 1), (1, 0), (0, 1)), BAD, "not closed"),
    ("input.bounds.geometry", geometry((0, 0), kind="Point"), BAD, "'Point' is not allowed"),
    ("input.bounds.geometry", {"type": "Polygon"}, BAD, "geometry"),
    ("input.bounds.properties.crs", f"{EPSG}999999", BAD, "unknown CRS"),
    ("input.bounds.properties.crs", "+init=/etc/passwd:x", BAD, "unknown CRS"),
    ("input.data", [], BAD, "input->data"),
    ("input.data.0.type", "sentinel-9", RENDERER, "there is no collection 'sentinel-9'"),
    ("input.data.0.dataFilter", {"timeRange": {"from": "2020-01-01"}}, BAD, "2020-01-01"),
    ("input.data.0.dataFilter", {"mosaickingOrder": "newest"}, BAD, "mostRecent"),
    ("input.data.0.processing", {"upsampling": "LANCZOS"}, BAD, "NEAREST, BILINEAR"),
    ("output.width", 0, BAD, "output->width"),
    ("output.width", -1, BAD, "output->width"),
    ("output.width", 10**9, BAD, "width = 1000000000 is larger than the allowed 2500"),
    ("output.width", 10**400, BAD, "width = more than 10^18 is larger than the allowed 2500"),
    ("output.height", 2501, BAD, "height = 2501 is larger than the allowed 2500"),
    ("output.resx", 10, BAD, "only width and height, or resx and resy"),
    ("output.responses", [{"identifier": "ndvi"}], BAD, "'ndvi'"),
    ("output.responses", [{"format": {"type": "image/gif"}}], RENDERER, "image/gif"),
    ("output.responses", [{"format": {"type": "image/jpeg"}}], RENDERER, "jpeg"),
    ("evalscript", "", RENDERER, "Failed to evaluate script!"),
    ("evalscript", 7, BAD, "evalscript"),
    ("evalscript", "x" * 10_000_000, RENDERER, "Failed to evaluate script!"),
    ("evalscript", "//VERSION=3\nfunction setup() {", RENDERER, "evalscript.js:2: SyntaxError"),
    (
        "evalscript",
        "//VERSION=3\nfunction setup() { return 1 }",
        RENDERER,
        "no function evaluatePixel()",
    ),
    ("evalscript", script("[1,2,3]", FULL, bands='"B99"'), RENDERER, "B99"),
    ("evalscript", script("[1,2,3]", FULL).replace('"DN"', '"KELVIN"'), RENDERER, "KELVIN"),
    ("evalscript", script("[1]", FULL), RENDERER, "Failed to evaluate script!"),
    ("evalscript", script("[s.B04.x.y, 0, 0]", FULL), RENDERER, "evalscript.js:5: TypeError"),
    ("evalscript", script("[1,2,3]", FULL) + "\ud800", RENDERER, "Failed to evaluate script!"),
]


@pytest.mark.parametrize(
    ("path", "value", "code", "text"), VALUES, ids=[f"{i}-{row[0]}" for i, row in enumerate(VALUES)]
)
def test_a_wrong_value_is_refused_clearly(
    served: Served, path: str, value: Any, code: str, text: str
) -> None:
    check(post(served, changed(path, value)), 400, code, text)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "non-empty"),
        (b"{", "not JSON"),
        (b"[1, 2]", "dictionary"),
        (b"null", "dictionary"),
        (b'{"input": ' + b"[" * 100_000, "levels deep"),
        (b"\xff\xfe{}", "UTF-8"),
    ],
)
def test_a_broken_body_is_refused_clearly(served: Served, content: bytes, text: str) -> None:
    check(post(served, content), 400, BAD, text)


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/xml", "application/x-www-form-urlencoded"]
)
def test_another_content_type_is_refused(served: Served, kind: str) -> None:
    response = post(served, make_body(), **{"content-type": kind})

    check(response, 415, "COMMON_UNSUPPORTED_MEDIA_TYPE", "application/json")


def test_a_form_without_its_parts_is_refused(served: Served) -> None:
    response = served.client.post("/api/v1/process", files={"evalscript": (None, "x")})

    check(response, 400, BAD, "'request' is missing")


def test_a_form_that_breaks_off_has_no_parts(served: Served) -> None:
    kind = "multipart/form-data; boundary=x"

    check(
        post(served, b"--x\r\nnonsense", **{"content-type": kind}), 400, BAD, "'request' is missing"
    )


@pytest.mark.parametrize("accept", ["text/html", "multipart/mixed"])
def test_what_cannot_be_made_is_not_acceptable(served: Served, accept: str) -> None:
    check(post(served, make_body(), accept=accept), 406, BAD, accept)


def test_a_body_beyond_the_limit_is_not_read(served: Served) -> None:
    response = post(served, b" " * (16 * 2**20 + 1))

    check(response, 413, BAD, "16777216 bytes")


def test_a_get_is_not_allowed(served: Served) -> None:
    response = served.client.get("/api/v1/process")

    assert response.headers["allow"] == "POST"
    check(response, 405, "COMMON_METHOD_NOT_ALLOWED", "GET")


def test_an_unknown_path_is_not_found(served: Served) -> None:
    check(served.client.get("/api/v1/nothing"), 404, "COMMON_NOT_FOUND", "/api/v1/nothing")


def test_more_sources_than_the_script_reads_are_refused(served: Served) -> None:
    body = changed("input.data", [{"type": COLLECTION}, {"type": COLLECTION}])

    check(post(served, body), 400, BAD, "setup() of the script has 1 input;")


def test_a_resolution_that_the_collection_does_not_serve_has_its_own_code(served: Served) -> None:
    body = changed("input.bounds.bbox", [BBOX[0], BBOX[1], BBOX[0] + 1e6, BBOX[1] + 1e6])

    check(post(served, body), 400, "COMMON_EXCEPTION", "meters per pixel")


def test_a_script_error_points_into_the_script(served: Served) -> None:
    body = make_body(evalscript=script("[s.B04.x.y, 0, 0]", FULL))

    error = check(post(served, body), 400, RENDERER, "at evaluatePixel (evalscript.js:5:")

    assert error["script"]["line"] == 5
    assert "s.B04.x.y" in error["script"]["excerpt"]


def test_a_script_without_end_is_stopped_and_others_are_served(served: Served) -> None:
    body = make_body(evalscript=script("(() => { for (;;) {} })()", FULL))
    body["output"] |= {"width": 4, "height": 4}

    response = post(served, body)

    assert response.json()["error"]["code"] == RENDERER
    assert post(served, make_body()).status_code == 200


def test_violations_name_every_place(served: Served) -> None:
    body = make_body(output={"width": 0, "height": -3})

    errors = check(post(served, body), 400, BAD, "output->height")["errors"]

    assert [(one["parameter"], one["invalidValue"]) for one in errors] == [
        ("output->width", "0"),
        ("output->height", "-3"),
    ]
