import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.process.grid import make_grid
from api.process.schema import Bounds, ProcessOutput
from engine.errors import RequestError, TooLarge
from engine.geo.geobox import GeoBox

UTM = "http://www.opengis.net/def/crs/EPSG/0/32633"
SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [200, 0], [200, 100], [0, 100], [0, 0]]]}
HOLED = {
    "type": "MultiPolygon",
    "coordinates": [
        [
            [[0, 0], [200, 0], [200, 100], [0, 100], [0, 0]],
            [[50, 25], [100, 25], [100, 75], [50, 25]],
        ]
    ],
}


def bounds(bbox: Any = None, *, crs: str = UTM, geometry: dict[str, Any] | None = None) -> Bounds:
    return Bounds.model_validate({"bbox": bbox, "geometry": geometry, "properties": {"crs": crs}})


def grid(where: Bounds, **output: Any) -> GeoBox:
    return make_grid(where, ProcessOutput(**output), side=2500)[0]


@pytest.mark.parametrize("corners", [(0, 0, 200, 100), (200, 100, 0, 0), (0, 100, 200, 0)])
def test_any_two_opposite_corners_make_the_same_grid(corners: tuple[int, ...]) -> None:
    box = grid(bounds(corners), width=20, height=10)

    assert tuple(box.affine)[:6] == (10.0, 0.0, 0.0, 0.0, -10.0, 100.0)


def test_longitude_comes_first_in_epsg_4326_too() -> None:
    crs = "http://www.opengis.net/def/crs/EPSG/0/4326"
    box = grid(bounds((10, 46, 12, 47), crs=crs), width=20, height=10).bbox

    assert (box.left, box.bottom, box.right, box.top) == (10, 46, 12, 47)


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ({}, (256, 256)),
        ({"width": 20}, (20, 256)),
        ({"height": 20}, (256, 20)),
        ({"resx": 10, "resy": 10}, (20, 10)),
        ({"resx": 10}, (20, 256)),
        ({"resy": 10}, (256, 10)),
        ({"resx": 30, "resy": 30}, (7, 3)),  # 6.67 and 3.33
        ({"resx": 80, "resy": 40}, (3, 3)),  # 2.5 and 2.5: half is rounded up
        ({"resx": 1e6, "resy": 1e6}, (1, 1)),
        ({"width": 2500, "height": 2500}, (2500, 2500)),
    ],
)
def test_width_and_height_follow_from_size_or_resolution(
    output: dict[str, Any], expected: tuple[int, int]
) -> None:
    box = grid(bounds((0, 0, 200, 100)), **output)

    assert (box.width, box.height) == expected


@pytest.mark.parametrize(
    ("output", "where", "text"),
    [
        ({"width": 2501, "height": 1}, "output->width", "width = 2501 is larger than the allowed"),
        ({"height": 10**9}, "output->height", "height = 1000000000 is larger"),
        ({"width": 10**400}, "output->width", "more than 10"),
        ({"resx": 200 / 2624, "resy": 1}, "output->resx", "width = 2624, calculated from resx, is"),
        ({"resy": 1e-300}, "output->resy", "height = more than 10.18, calculated from resy"),
    ],
)
def test_more_pixels_than_allowed_are_refused_by_name(
    output: dict[str, Any], where: str, text: str
) -> None:
    with pytest.raises(TooLarge, match=text) as caught:
        grid(bounds((0, 0, 200, 100)), **output)

    assert caught.value.where == where


@pytest.mark.parametrize(
    "output", [{"width": 1, "resx": 1}, {"height": 1, "resx": 1}, {"width": 1, "resy": 1}]
)
def test_size_and_resolution_exclude_each_other(output: dict[str, Any]) -> None:
    with pytest.raises(RequestError, match="only width and height, or resx and resy"):
        grid(bounds((0, 0, 200, 100)), **output)


def test_a_geometry_alone_spans_the_grid_and_clips_it() -> None:
    box, clip = make_grid(bounds(geometry=HOLED), ProcessOutput(width=20, height=10), side=2500)

    assert tuple(box.affine)[:6] == (10.0, 0.0, 0.0, 0.0, -10.0, 100.0)
    assert clip is not None
    assert clip.shape.area == 200 * 100 - 50 * 50 / 2


def test_with_both_the_box_is_the_grid_and_the_geometry_the_clip() -> None:
    where = bounds((0, 0, 400, 400), geometry=SQUARE)
    box, clip = make_grid(where, ProcessOutput(width=4, height=4), side=2500)

    assert (box.bbox.right, box.bbox.top) == (400, 400)
    assert clip is not None
    assert clip.shape.bounds == (0, 0, 200, 100)


@pytest.mark.parametrize(
    ("where", "place", "text"),
    [
        (bounds(), "input->bounds", "bbox or geometry"),
        (bounds((0, 0, 0, 1)), "input->bounds->bbox", "no area"),
        (bounds((0, 0, 1, 1), crs="EPSG:1"), "input->bounds->properties->crs", "unknown CRS"),
        (bounds((0, 0, 1, 1), crs="x"), "input->bounds->properties->crs", "unknown CRS"),
        (bounds((-1.7e308, 0, 1.7e308, 1)), "input->bounds->bbox", "on no map"),
        (bounds((1e17, 0, 1e17 + 64, 64)), "input->bounds->bbox", "on no map"),
        (bounds((1e7, 0, 1e7 + 1e-7, 64)), "input->bounds->bbox", "too small"),
        (bounds((0, 0, 5e-324, 1)), "input->bounds->bbox", "too small"),
        (
            bounds(geometry={"type": "GeometryCollection", "geometries": []}),
            "input->bounds->geometry",
            "GeometryCollection",
        ),
        (
            bounds(geometry={"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1]]]}),
            "input->bounds->geometry",
            "not closed",
        ),
        (
            bounds(
                geometry={
                    "type": "Polygon",
                    "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]],
                }
            ),
            "input->bounds->geometry",
            "Self-intersection",
        ),
        (
            bounds(geometry={"type": "Polygon", "coordinates": [[[0, 0], [math.nan, 1], [1, 0]]]}),
            "input->bounds->geometry",
            "ring has 3 points|finite",
        ),
        (bounds(geometry={}), "input->bounds->geometry", "type 'None'"),
    ],
)
def test_what_is_wrong_with_the_bounds_is_said(where: Bounds, place: str, text: str) -> None:
    with pytest.raises(RequestError, match=text) as caught:
        grid(where, width=64, height=64)

    assert caught.value.where == place


NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
SIZES = st.none() | st.integers(1, 10**12)
STEPS = st.none() | st.floats(min_value=0, exclude_min=True, allow_infinity=False)


@given(st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS), SIZES, SIZES, STEPS, STEPS)
@settings(derandomize=True, max_examples=300)
def test_any_numbers_make_a_sound_grid_or_a_request_error(
    corners: tuple[float, ...],
    width: int | None,
    height: int | None,
    resx: float | None,
    resy: float | None,
) -> None:
    try:
        box = grid(bounds(corners), width=width, height=height, resx=resx, resy=resy)
    except RequestError:
        return

    step_x, step_y = box.resolution
    assert 1 <= min(box.width, box.height) <= max(box.width, box.height) <= 2500
    assert math.isfinite(step_x + step_y)
    assert min(step_x, step_y) > 0
