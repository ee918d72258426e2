import base64
from datetime import UTC, datetime

import mercantile
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.xyz.schema import TileQuery
from api.xyz.translate import (
    TileScript,
    bounds_of,
    entity_tag,
    holds_tag,
    media_type_of,
    parse_time,
    script_of,
    tile_box,
    tile_request,
)
from engine.catalog.scene import Scene
from engine.catalog.search import SceneOrder
from engine.errors import NotFound, RequestError
from engine.geo.crs import WGS84
from engine.geo.geometry import parse_geometry
from engine.geo.time import ALL_TIME
from engine.request import PixelRequest
from engine.warp.resampling import Resampling
from evalscripts.library import get_script

CELLS = st.integers(0, 24).flatmap(
    lambda z: st.tuples(st.just(z), st.integers(0, 2**z - 1), st.integers(0, 2**z - 1))
)
SQUARE = {"type": "Polygon", "coordinates": [[[9, 45], [11, 45], [11, 47], [9, 47], [9, 45]]]}


@given(CELLS)
@settings(derandomize=True, max_examples=200)
def test_a_map_tile_lies_where_mercantile_puts_it(cell: tuple[int, int, int]) -> None:
    z, x, y = cell

    box = tile_box(z, x, y)

    expected = mercantile.xy_bounds(x, y, z)
    assert (box.left, box.bottom, box.right, box.top) == pytest.approx(tuple(expected), abs=1e-7)


@given(CELLS)
@settings(derandomize=True, max_examples=200)
def test_neighbors_share_their_edges_to_the_last_bit(cell: tuple[int, int, int]) -> None:
    z, x, y = cell
    box = tile_box(z, x, y)

    if x + 1 < 2**z:
        assert tile_box(z, x + 1, y).left == box.right
    if y + 1 < 2**z:
        assert tile_box(z, x, y + 1).top == box.bottom


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ((25, 0, 0), "between 0 and 24"),
        ((-1, 0, 0), "between 0 and 24"),
        ((3, 8, 0), "from 0 to 7"),
        ((3, 0, -1), "from 0 to 7"),
    ],
)
def test_a_cell_outside_of_the_matrix_is_not_found(cell: tuple[int, int, int], text: str) -> None:
    with pytest.raises(NotFound, match=text):
        tile_box(*cell)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("2024-06-30", ["2024-06-30T00:00:00", "2024-06-30T23:59:59.999999"], ["2024-07-01"]),
        ("2024-06-01/2024-06-30", ["2024-06-01", "2024-06-30T23:59:59"], ["2024-05-31T23:59:59"]),
        ("2024-06-01/..", ["2024-06-01", "2999-01-01"], ["2024-05-31"]),
        ("../2024-06-01", ["1970-01-01", "2024-06-01T12:00:00"], ["2024-06-02"]),
        ("2024-06-01T10:00:00Z/2024-06-01T11:00:00Z", ["2024-06-01T11:00:00"], ["2024-06-01"]),
        ("2024-06-01T10:00:00Z", ["2024-06-01T10:00:00"], ["2024-06-01T10:00:01"]),
    ],
)
def test_a_time_is_a_day_an_instant_or_a_range(
    text: str, inside: list[str], outside: list[str]
) -> None:
    span = parse_time(text)

    assert all(span.contains(instant(one)) for one in inside)
    assert not any(span.contains(instant(one)) for one in outside)


@pytest.mark.parametrize(
    "text",
    ["2024", "2024-02-30", "2024-06-02/2024-06-01", "a/b", "2024-06-01T00:00:00", "9999-12-31/x"],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse_time(text)

    assert caught.value.where == "time"


def test_the_last_day_of_the_calendar_is_a_day() -> None:
    assert parse_time("9999-12-31").contains(instant("9999-12-31T23:59:59"))


def test_no_time_is_all_time() -> None:
    assert parse_time("") == ALL_TIME


SCRIPT = "//VERSION=3\nreturn [B04, 'é'];"


@pytest.mark.parametrize(
    "text",
    [
        SCRIPT,
        base64.urlsafe_b64encode(SCRIPT.encode()).decode(),
        base64.urlsafe_b64encode(SCRIPT.encode()).decode().rstrip("="),
    ],
)
def test_an_inline_script_is_plain_or_base64url(text: str) -> None:
    assert script_of(TileQuery(evalscript=text)) == TileScript(text=SCRIPT)


@pytest.mark.parametrize("query", [TileQuery(script="ndvi"), TileQuery(evalscript="ndvi")])
def test_a_ready_script_is_found_by_its_name(query: TileQuery) -> None:
    ready = get_script("ndvi")

    assert ready is not None
    assert script_of(query) == TileScript(text=ready.text)


@pytest.mark.parametrize("query", [TileQuery(), TileQuery(script="nvdi")])
def test_without_a_script_the_ready_ones_are_named(query: TileQuery) -> None:
    with pytest.raises(RequestError, match="ndvi, scl") as caught:
        script_of(query)

    assert caught.value.where == "script"


def test_a_ready_script_of_a_fusion_brings_its_other_collection() -> None:
    query = TileQuery(script="radar-optical", time="2024-06-30", order="leastCC", maxcc=20)
    script = script_of(query)

    request = tile_request("sentinel-2-l1c", tile_box(3, 4, 3), query, script=script)

    assert [(one.id, one.collection) for one in request.inputs] == [
        ("S2", "sentinel-2-l1c"),
        ("S1", "sentinel-1-grd"),
    ]
    assert [one.max_cloud_cover for one in request.inputs] == [20, None]
    assert {(one.time, one.order) for one in request.inputs} == {
        (parse_time("2024-06-30"), SceneOrder.LEAST_CLOUDY)
    }


def test_an_unknown_format_is_refused_with_those_there_are() -> None:
    with pytest.raises(NotFound, match="png, jpg, webp, npy"):
        media_type_of("gif")


def ask(query: TileQuery | None = None, *, script: str = SCRIPT, x: int = 4) -> PixelRequest:
    chosen = query or TileQuery()
    return tile_request("sentinel-2-l2a", tile_box(3, x, 3), chosen, script=TileScript(text=script))


def test_a_query_is_a_request_of_one_source() -> None:
    query = TileQuery(size=512, time="2024-06-30", order="leastCC", maxcc=20, upsampling="bilinear")

    request = ask(query)

    [source] = request.inputs
    assert (request.geobox.width, request.geobox.height) == (512, 512)
    assert (source.order, source.max_cloud_cover) == (SceneOrder.LEAST_CLOUDY, 20)
    assert (source.upsampling, source.downsampling) == (Resampling.BILINEAR, Resampling.NEAREST)
    assert source.time == parse_time("2024-06-30")


def make_scene(name: str, *, created: str = "2024-01-01") -> Scene:
    return Scene(
        id=name,
        collection="sentinel-2-l2a",
        name=name,
        sensed=None,
        created=instant(created),
        cloud_cover=None,
        cover=parse_geometry(SQUARE, WGS84),
        assets={},
    )


def tag(request: PixelRequest, *, mark: str = "a1", quality: int = 90) -> str:
    return entity_tag(request, mark=mark, media_type="image/png", quality=quality)


def test_a_tag_changes_with_everything_that_pixels_depend_on() -> None:
    tags = [
        tag(ask()),
        tag(ask(), mark="a2"),
        tag(ask(), quality=80),
        tag(ask(script=SCRIPT + " ")),
        tag(ask(x=5)),
        tag(ask(TileQuery(size=512))),
        tag(ask(TileQuery(maxcc=50))),
        tag(ask(TileQuery(time="2024-06-30"))),
        tag(ask(TileQuery(order="leastCC"))),
        tag(ask(TileQuery(downsampling="average"))),
    ]

    assert len(set(tags)) == len(tags)


def test_a_tag_is_the_same_for_the_same() -> None:
    assert tag(ask()) == tag(ask())


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, False),
        ('W/"abc"', True),
        ('"abc"', True),
        ('"x", W/"abc"', True),
        ("*", True),
        ('"ab"', False),
        ("", False),
    ],
)
def test_a_tag_is_found_in_if_none_match(header: str | None, *, expected: bool) -> None:
    assert holds_tag(header, 'W/"abc"') == expected


def test_the_extent_is_that_of_all_covers() -> None:
    assert bounds_of([make_scene("a"), make_scene("b")]) == (9, 45, 11, 47)
