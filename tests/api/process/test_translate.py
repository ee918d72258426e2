from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from api.errors import problem_of
from api.process.translate import LEGACY_TYPES, parse_body, translate
from engine.catalog.search import SceneOrder
from engine.errors import RequestError
from engine.geo.time import ALL_TIME
from engine.plan.limits import Limits
from engine.request import Input, PixelRequest
from engine.warp.resampling import Resampling

SCRIPT = "//VERSION=3\nfunction setup() {}"


def make_body(**data: Any) -> dict[str, Any]:
    return {
        "input": {
            "bounds": {"bbox": [13.3, 45.8, 13.4, 45.9]},
            "data": [{"type": "sentinel-2-l2a", **data}],
        },
        "output": {"width": 64, "height": 32},
        "evalscript": SCRIPT,
    }


def translated(body: Any) -> PixelRequest:
    return translate(parse_body(body), limits=Limits(), principal="me")


def source_of(**data: Any) -> Input:
    [source] = translated(make_body(**data)).inputs
    return source


def test_the_least_that_can_be_asked_has_the_documented_defaults() -> None:
    request = translated(make_body())

    [source] = request.inputs
    assert source == Input(id="0", collection="sentinel-2-l2a", time=ALL_TIME)
    assert (request.geobox.width, request.geobox.height) == (64, 32)
    assert request.geobox.crs.name == "EPSG:4326"
    assert (request.script, request.outputs, request.principal) == (SCRIPT, None, "me")
    assert request.clip is None


def test_everything_that_a_data_source_can_say_arrives() -> None:
    source = source_of(
        id="s2",
        dataFilter={
            "timeRange": {"from": "2018-10-01T00:00:00.000Z", "to": "2018-12-31T23:59:59Z"},
            "mosaickingOrder": "leastCC",
            "maxCloudCoverage": 20,
        },
        processing={
            "upsampling": "BICUBIC",
            "downsampling": "bilinear",
            "harmonizeValues": False,
        },
    )

    assert (source.id, source.order, source.max_cloud_cover) == (
        "s2",
        SceneOrder.LEAST_CLOUDY,
        20,
    )
    assert source.time.contains(datetime(2018, 12, 31, 23, 59, 59, tzinfo=UTC))
    assert not source.time.contains(datetime(2018, 12, 31, 23, 59, 59, 1, tzinfo=UTC))
    assert (source.upsampling, source.downsampling) == (Resampling.CUBIC, Resampling.BILINEAR)
    assert source.harmonize is False


@pytest.mark.parametrize(("old", "new"), LEGACY_TYPES.items())
def test_the_names_of_sentinelhub_js_are_understood(old: str, new: str) -> None:
    assert source_of(type=old).collection == new


@pytest.mark.parametrize("given_id", ["1a2b", "byoc-1a2b"])
@pytest.mark.parametrize("kind", ["CUSTOM", "custom"])
def test_the_older_form_of_a_users_collection_is_understood(kind: str, given_id: str) -> None:
    source = source_of(type=kind, dataFilter={"collectionId": given_id})

    assert source.collection == "byoc-1a2b"


def test_box_is_the_mean() -> None:
    source = source_of(processing={"downsampling": "BOX"})

    assert source.downsampling is Resampling.AVERAGE


# Reference §2.1.2: keys that only some collections know.
FOREIGN = {
    "dataFilter": {
        "previewMode": "DETAIL",
        "tiers": "ALL_TIERS",
        "resolution": "HIGH",
        "acquisitionMode": "IW",
        "polarization": "DV",
        "orbitDirection": "ASCENDING",
        "timeliness": "NRT3h",
        "demInstance": "COPERNICUS_30",
    },
    "processing": {
        "atmosphericCorrection": "NONE",
        "backCoeff": "GAMMA0_TERRAIN",
        "orthorectify": True,
        "speckleFilter": {"type": "LEE", "windowSizeX": 3, "windowSizeY": 3},
        "clampNegative": True,
        "egm": False,
        "view": "NADIR",
        "minQa": 50,
    },
}


def test_keys_of_other_collections_and_unknown_keys_are_tolerated() -> None:
    body = make_body(**FOREIGN)
    body |= {"dataProduct": {"@id": "x"}, "evalscriptParams": {}, "unknown": [1]}

    assert translated(body) == translated(make_body())


def test_several_sources_have_ids_of_their_own() -> None:
    body = make_body()
    body["input"]["data"] = [{"type": "a"}, {"type": "b", "id": "x"}, {"type": "c"}]

    assert [source.id for source in translated(body).inputs] == ["0", "x", "2"]


@pytest.mark.parametrize(
    ("change", "where", "text"),
    [
        (
            {"processing": {"upsampling": "LANCZOS"}},
            "input->data[0]->processing->upsampling",
            "LANCZOS.*NEAREST, BILINEAR, BICUBIC, BOX",
        ),
        (
            {"processing": {"downsampling": ""}},
            "input->data[0]->processing->downsampling",
            "allowed",
        ),
        (
            {
                "dataFilter": {
                    "timeRange": {"from": "2020-01-02T00:00:00Z", "to": "2020-01-01T00:00:00Z"}
                }
            },
            "input->data[0]->dataFilter->timeRange",
            "ends before it starts",
        ),
    ],
)
def test_a_value_that_cannot_be_is_refused_in_its_place(
    change: dict[str, Any], where: str, text: str
) -> None:
    with pytest.raises(RequestError, match=text) as caught:
        translated(make_body(**change))

    assert caught.value.where == where


def test_two_sources_of_one_id_are_refused() -> None:
    body = make_body()
    body["input"]["data"] = [{"type": "a", "id": "1"}, {"type": "b"}]

    with pytest.raises(RequestError) as caught:
        translated(body)

    assert caught.value.where == "input->data[1]->id"


@pytest.mark.parametrize(
    ("path", "value", "parameter"),
    [
        (["input"], None, "input"),
        (["input", "bounds"], 7, "input->bounds"),
        (["input", "bounds", "bbox"], [1, 2, 3], "input->bounds->bbox[3]"),
        (["input", "bounds", "bbox"], [1, 2, 3, float("nan")], "input->bounds->bbox[3]"),
        (["input", "bounds", "bbox"], [1, 2, 3, float("inf")], "input->bounds->bbox[3]"),
        (["input", "bounds", "bbox"], [1, 2, 3, "x"], "input->bounds->bbox[3]"),
        (["input", "bounds", "bbox"], [1, 2, 3, 10**400], "input->bounds->bbox[3]"),
        (["input", "bounds", "bbox"], "1,2,3,4", "input->bounds->bbox"),
        (["input", "bounds", "geometry"], [], "input->bounds->geometry"),
        (["input", "bounds", "properties"], {"crs": 4326}, "input->bounds->properties->crs"),
        (["input", "data"], [], "input->data"),
        (["input", "data"], [{}], "input->data[0]->type"),
        (["output", "width"], 0, "output->width"),
        (["output", "width"], -5, "output->width"),
        (["output", "width"], 2.5, "output->width"),
        (["output", "resx"], 0, "output->resx"),
        (["output", "resy"], float("nan"), "output->resy"),
        (
            ["output", "responses"],
            [{"format": {"quality": 101}}],
            "output->responses[0]->format->quality",
        ),
        (["output", "responses"], [{"identifier": "../x"}], "output->responses[0]->identifier"),
        (["output", "responses"], [{"identifier": "é" * 46}], "output->responses[0]->identifier"),
        (["output", "responses"], [{"identifier": "\ud800"}], "output->responses[0]->identifier"),
        (["output", "responses"], [{"identifier": ""}], "output->responses[0]->identifier"),
        (["evalscript"], 5, "evalscript"),
    ],
)
def test_a_broken_value_is_named_by_its_path(path: list[str], value: Any, parameter: str) -> None:
    body = make_body()
    place: Any = body
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value

    with pytest.raises(ValidationError) as caught:
        parse_body(body)

    problem = problem_of(caught.value)
    assert (problem.status, problem.code) == (400, "COMMON_BAD_PAYLOAD")
    assert problem.violations[0].parameter == parameter
    assert parameter in problem.message


@pytest.mark.parametrize(
    ("data_filter", "parameter"),
    [
        ({"timeRange": {"from": "2020-01-01"}}, "timeRange->from"),
        ({"timeRange": {"to": "2020-01-01T00:00:00"}}, "timeRange->to"),
        ({"timeRange": {"to": 1577836800}}, "timeRange->to"),
        ({"maxCloudCoverage": 101}, "maxCloudCoverage"),
        ({"maxCloudCoverage": -1}, "maxCloudCoverage"),
        ({"mosaickingOrder": "newest"}, "mosaickingOrder"),
    ],
)
def test_a_broken_filter_is_named_by_its_path(data_filter: dict[str, Any], parameter: str) -> None:
    with pytest.raises(ValidationError) as caught:
        parse_body(make_body(dataFilter=data_filter))

    [violation] = problem_of(caught.value).violations
    assert violation.parameter == f"input->data[0]->dataFilter->{parameter}"


NAMES = "input output bounds bbox geometry data type width resx crs responses identifier format"
KEYS = st.sampled_from([*NAMES.split(), "coordinates", "dataFilter", "timeRange", "from"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)


@given(VALUES, VALUES, VALUES)
@settings(derandomize=True, max_examples=200, deadline=None)
def test_any_json_is_a_request_or_a_clear_error(one: Any, two: Any, three: Any) -> None:
    body = make_body()
    body["input"]["bounds"]["geometry"] = one
    body["output"] = two
    body["input"]["data"][0]["dataFilter"] = three
    try:
        translated(body)
    except (RequestError, ValidationError) as error:
        problem = problem_of(error)
        assert (problem.status, bool(problem.message)) == (400, True)
