"""Whatever a body holds, the answer is the client's error or pixels, and never ours."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.attack.asking import SMALL, assert_clean, draw, exchange, is_served, make_body, post
from tests.builders.apis import BBOX, UTM_URI, Served

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
NUMBERS = st.sampled_from(
    (0, -1, 1, 2**31, 2**63, 2**64, 10**30, 10**400, 0.1, 1e-320, 1e308, -0.0, True)
) | st.sampled_from((float("nan"), float("inf"), float("-inf")))
TEXTS = (
    st.sampled_from(
        ("", "\x00", "\ud800", "é" * 500, "../../etc/passwd", "%s%n", "default", "userdata", "NaN")
    )
    | st.sampled_from(
        ("image/png", "image/tiff", "application/json", f"{EPSG}2985", f"{EPSG}32661", "EPSG:0")
    )
    | st.sampled_from(
        ("2024-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "'; DROP TABLE scenes; --", "BICUBIC")
    )
)
SCALARS = NUMBERS | TEXTS | st.none()
ODD = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
WHOLE: dict[str, Any] = {
    "input": {
        "bounds": {
            "bbox": BBOX,
            "geometry": {
                "type": "Polygon",
                "coordinates": [[BBOX[:2], [BBOX[2], BBOX[1]], BBOX[2:], BBOX[:2]]],
            },
            "properties": {"crs": UTM_URI},
        },
        "data": [
            {
                "type": "sentinel-2-l2a",
                "id": "a",
                "dataFilter": {
                    "timeRange": {"from": "2020-01-01T00:00:00Z", "to": "2030-01-01T00:00:00Z"},
                    "maxCloudCoverage": 50,
                    "mosaickingOrder": "leastCC",
                },
                "processing": {"upsampling": "BILINEAR", "harmonizeValues": True},
            }
        ],
    },
    "output": {
        **SMALL,
        "responses": [{"identifier": "default", "format": {"type": "image/tiff", "quality": 9}}],
    },
    "evalscript": make_body()["evalscript"],
}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths to every member, at any depth."""
    if isinstance(value, dict):
        members = list(value.items())
    elif isinstance(value, list):
        members = list(enumerate(value))
    else:
        return []
    return [one for key, inner in members for one in [(*path, key), *places(inner, (*path, key))]]


@st.composite
def mutants(draw_one: st.DrawFn) -> dict[str, Any]:
    """Return a whole request in which up to three members are another or none."""
    whole = deepcopy(WHOLE)
    for path in draw_one(st.lists(st.sampled_from(places(WHOLE)), min_size=1, max_size=3)):
        inner: Any = whole
        try:
            for part in path[:-1]:
                inner = inner[part]
            if draw_one(st.integers(0, 4)) == 0:
                del inner[path[-1]]
            else:
                inner[path[-1]] = draw_one(ODD)
        except (KeyError, IndexError, TypeError):
            continue
    return whole


@given(mutants())
@settings(
    derandomize=True,
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_mutant_of_a_request_is_an_error_of_ours(served: Served, body: dict[str, Any]) -> None:
    assert_clean(post(served, json.dumps(body).encode()), errors=False)


@given(st.binary(max_size=300))
@settings(derandomize=True, max_examples=60, deadline=None)
def test_no_bytes_are_an_error_of_ours(served: Served, data: bytes) -> None:
    assert_clean(post(served, data))
    assert_clean(post(served, data, **{"content-type": "multipart/form-data; boundary=x"}))


def test_of_keys_given_twice_the_last_counts(served: Served) -> None:
    text = json.dumps(make_body(output={**SMALL}))
    twice = text.replace('"width": 8', '"width": 99999, "width": 8')

    assert twice != text
    assert post(served, twice.encode()).status_code == 200


@pytest.mark.parametrize(
    "crs",
    [
        "+proj=utm +zone=33 +datum=WGS84",
        "+proj=longlat +nadgrids=/etc/passwd",
        "+init=/etc/passwd:x",
        'GEOGCS["x",DATUM["y",SPHEROID["z",6378137,298]]]',
        '{"$schema": "https://proj.org/schemas/v0.7/projjson.schema.json", "type": "BoundCRS"}',
        "/etc/passwd",
        "EPSG:../../etc/passwd",
        "file:///etc/passwd",
        "http://127.0.0.1:1/def/crs/EPSG/0/4326",
        f"{EPSG}4326?x=/etc/passwd",
        f"{EPSG}4978",
        f"{EPSG}5773",
        f"{EPSG}2985",
        "WGS 84",
        "EPSG:٤٣٢٦",
    ],
)
def test_a_crs_is_a_code_and_nothing_that_proj_would_open(served: Served, crs: str) -> None:
    body = make_body()
    body["input"]["bounds"]["properties"]["crs"] = crs
    response = post(served, body)

    assert_clean(response)
    assert response.json()["error"]["code"] == "COMMON_BAD_PAYLOAD"
    assert "CRS" in response.text or "no way is known" in response.text


@pytest.mark.parametrize(
    ("bbox", "crs", "status"),
    [
        ([BBOX[2], BBOX[3], BBOX[0], BBOX[1]], UTM_URI, 200),
        ([0, 0, 0, 1], UTM_URI, 400),
        ([500000, 5000000, 500000.0000000001, 5000010], UTM_URI, 400),
        ([-180, -90, 180, 90], f"{EPSG}4326", 400),
        ([10, 89.99, 10.01, 90.01], f"{EPSG}4326", 200),
        ([10, 95, 10.01, 95.01], f"{EPSG}4326", 200),
        ([0, 1000, 1, 1001], f"{EPSG}4683", 400),
        ([1e9, 1e9, 1.00001e9, 1.00001e9], UTM_URI, 400),
        ([-1000, -1000, 1000, 1000], f"{EPSG}3413", 200),
        ([359.99, 10, 360.01, 10.02], f"{EPSG}4326", 200),
    ],
)
def test_a_box_at_the_end_of_the_world_has_pixels_or_a_reason(
    served: Served, bbox: list[float], crs: str, status: int
) -> None:
    body = make_body(output={**SMALL, "responses": [{"format": {"type": "image/tiff"}}]})
    body["input"]["bounds"] = {"bbox": bbox, "properties": {"crs": crs}}
    response = post(served, body)

    assert_clean(response, errors=False)
    assert response.status_code == status, response.text[:300]


def ring_of(count: int) -> list[list[float]]:
    """Return a slanted comb whose judgment would be quadratic."""
    teeth = [[i / 2, -i / 2] if i % 2 else [i / 2 + 1e6, 1e6 - i / 2] for i in range(count)]
    return [*teeth, [count, -3e6], [-3e6, -3e6], teeth[0]]


@pytest.mark.parametrize("count", [95_000, 200_000, 260_000])
def test_a_polygon_of_very_many_corners_is_refused(served: Served, count: int) -> None:
    body = make_body()
    geometry = {"type": "Polygon", "coordinates": [ring_of(count)]}
    body["input"]["bounds"] = {"geometry": geometry, "properties": {"crs": UTM_URI}}
    response = post(served, json.dumps(body, separators=(",", ":")).encode())

    assert_clean(response)
    assert "allowed" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    "data",
    [
        b'"' + b'\\"' * 8_000_000,
        b"[" * 16_000_000,
        b"[" + b"[]," * 5_000_000 + b"[]]",
        b" " * (16 << 20),
        b" " * (20 << 20),
        b'{"evalscript": "' + b"a" * 10_000_000 + b'"}',
    ],
    ids=["escapes", "deep", "many", "blank", "20 MB", "10 MB script alone"],
)
def test_a_heavy_body_is_refused_and_the_next_client_served(served: Served, data: bytes) -> None:
    assert_clean(post(served, data))
    assert is_served(served)


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 5\r\nContent-Length: 6",
        b"Content-Length: -1",
        b"Content-Length: 1e3",
        b"Content-Length: 99999999999999999999999999",
        b"Content-Length: 5\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: gzip, chunked",
        b"Content-Length: 100",
        b"Content-Type: \xff\xfe\r\nContent-Length: 5",
        b"Content-Length : 5",
    ],
)
def test_wrong_lengths_are_refused_or_dropped(served: Served, head: bytes) -> None:
    start = b"POST /api/v1/process HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    answer = exchange(served, start + head + b"\r\n\r\n{}abc", is_all=True)

    assert answer[:12] in {b"", b"HTTP/1.1 400", b"HTTP/1.1 413", b"HTTP/1.1 415"}
    assert is_served(served)


def test_a_request_of_a_billion_pixels_reads_nothing(served: Served) -> None:
    body = draw(make_body()["evalscript"], width=31_623, height=31_623)
    response = post(served, body)

    assert_clean(response)
    assert "31623 is larger than the allowed 2500" in response.json()["error"]["message"]
