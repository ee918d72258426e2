"""Covers lie on the globe, cut at the antimeridian."""

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog.cover import Box, cover_boxes, cut_at_antimeridian
from engine.errors import InvalidGeometry
from engine.geo.crs import WGS84
from engine.geo.geometry import Geometry


def cover(*box: float) -> Geometry:
    return Geometry(shape=shapely.box(*box), crs=WGS84)


def test_a_cover_within_the_globe_stays_as_it_is() -> None:
    given_ = cover(-180, -90, 180, 90)

    assert cut_at_antimeridian(given_) is given_
    assert cover_boxes(given_) == (Box(west=-180, south=-90, east=180, north=90),)


@pytest.mark.parametrize("west", [179.0, -181.0])
def test_a_cover_across_the_antimeridian_has_a_box_on_either_side(west: float) -> None:
    cut = cut_at_antimeridian(cover(west, 0, west + 2, 1))

    assert cut.shape.equals(
        shapely.union(shapely.box(179, 0, 180, 1), shapely.box(-180, 0, -179, 1))
    )
    assert cover_boxes(cut) == (
        Box(west=-180, south=0, east=-179, north=1),
        Box(west=179, south=0, east=180, north=1),
    )


def test_a_cover_wholly_beyond_is_moved_back() -> None:
    assert cut_at_antimeridian(cover(185, 0, 186, 1)).shape.equals(shapely.box(-175, 0, -174, 1))


def test_parts_far_from_the_antimeridian_share_a_box() -> None:
    parts = shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(5, 5, 6, 6)])

    assert cover_boxes(Geometry(shape=parts, crs=WGS84)) == (Box(west=0, south=0, east=6, north=6),)


@pytest.mark.parametrize("box", [(541, 0, 542, 1), (0, 89, 1, 91), (0, -91, 1, 0)])
def test_what_is_not_on_the_globe_is_refused(box: tuple[float, ...]) -> None:
    with pytest.raises(InvalidGeometry):
        cut_at_antimeridian(cover(*box))


@given(west=st.floats(-500, 500), width=st.floats(0.01, 30), south=st.floats(-80, 80))
@settings(derandomize=True, max_examples=200)
def test_cutting_keeps_every_place(west: float, width: float, south: float) -> None:
    cut = cut_at_antimeridian(cover(west, south, west + width, south + 1)).shape
    middle = (west + width / 2 + 180) % 360 - 180

    assert cut.is_valid
    assert cut.area == pytest.approx(width, rel=1e-6)
    assert cut.covers(shapely.Point(middle, south + 0.5))
    assert -180 <= cut.bounds[0] <= cut.bounds[2] <= 180
