"""Boxes, grids, windows and times: their algebra."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from engine.geo.bbox import BBox
from engine.geo.crs import WEB_MERCATOR, WGS84, parse_crs
from engine.geo.geobox import GeoBox, make_geobox
from engine.geo.time import ALL_TIME, TimeRange, as_utc
from engine.geo.window import Window

BOX = BBox(left=10.0, bottom=45.0, right=12.0, top=46.0, crs=WGS84)


def test_a_box_knows_its_extent() -> None:
    assert (BOX.width, BOX.height) == (2.0, 1.0)


def test_an_outline_is_closed_and_stays_on_the_border() -> None:
    x, y = BOX.outline(points=5)

    assert (x[0], y[0]) == (x[-1], y[-1])
    assert len(x) == 20
    assert (((x == 10) | (x == 12)) | ((y == 45) | (y == 46))).all()


def test_a_moved_box_holds_the_moved_border() -> None:
    """Between two corners the northern edge bulges: corners alone would cut it off."""
    utm = parse_crs("EPSG:32632")
    box = BBox(left=3.0, bottom=45.0, right=15.0, top=46.0, crs=WGS84)
    moved = box.to(utm)
    assert moved is not None
    corner_only = BBox(left=9.0, bottom=44.9, right=9.1, top=45.0, crs=WGS84).to(utm)
    assert corner_only is not None

    assert moved.bottom == pytest.approx(corner_only.top, abs=200)
    assert box.to(WGS84) == box


def test_a_box_without_coordinates_there_moves_nowhere() -> None:
    far = BBox(left=8e9, bottom=8e9, right=9e9, top=9e9, crs=parse_crs("EPSG:3035"))

    assert far.to(WGS84) is None


@hypothesis_settings(derandomize=True, max_examples=50, deadline=None)
@given(
    left=st.floats(-1e6, 1e6),
    bottom=st.floats(-1e6, 1e6),
    width=st.integers(1, 2500),
    height=st.integers(1, 2500),
    step=st.floats(0.1, 1000),
)
def test_a_grid_covers_its_box(
    *, left: float, bottom: float, width: int, height: int, step: float
) -> None:
    bbox = BBox(
        left=left,
        bottom=bottom,
        right=left + width * step,
        top=bottom + height * step,
        crs=WEB_MERCATOR,
    )
    geobox = make_geobox(bbox, width=width, height=height)
    found = geobox.bbox

    assert found.left == bbox.left
    assert found.top == bbox.top
    assert found.right == pytest.approx(bbox.right, rel=1e-12, abs=1e-6)
    assert found.bottom == pytest.approx(bbox.bottom, rel=1e-12, abs=1e-6)
    assert geobox.resolution == pytest.approx((step, step), rel=1e-6)


def test_a_cropped_grid_keeps_its_pixels_in_place() -> None:
    geobox = make_geobox(BOX, width=200, height=100)
    part = geobox.crop(Window(row_start=10, row_stop=20, col_start=30, col_stop=70))

    assert (part.width, part.height) == (40, 10)
    assert part.affine @ (0.5, 0.5) == pytest.approx(geobox.affine @ (30.5, 10.5), abs=1e-12)


def test_the_resolution_of_a_turned_grid_is_that_of_its_pixels() -> None:
    affine = Affine.rotation(30) @ Affine.scale(10, -20)
    geobox = GeoBox(width=4, height=4, affine=affine, crs=WEB_MERCATOR)

    assert geobox.resolution == pytest.approx((10, 20))
    assert geobox.bbox.width == pytest.approx(40 * np.cos(np.pi / 6) + 80 * np.sin(np.pi / 6))


def test_windows_meet_in_what_both_hold() -> None:
    one = Window(row_start=0, row_stop=10, col_start=5, col_stop=9)
    other = Window(row_start=4, row_stop=20, col_start=0, col_stop=7)
    apart = Window(row_start=10, row_stop=12, col_start=0, col_stop=5)

    assert one.intersect(other) == Window(row_start=4, row_stop=10, col_start=5, col_stop=7)
    assert one.intersect(apart).is_empty
    assert (one.intersect(apart).width, one.intersect(apart).height) == (0, 0)


def test_time_ranges_are_half_open() -> None:
    start = datetime(2024, 5, 1, tzinfo=UTC)
    stop = start + timedelta(days=1)
    day = TimeRange(start=start, stop=stop)

    assert day.contains(start)
    assert day.contains(stop - timedelta(microseconds=1))
    assert not day.contains(stop)
    assert not day.contains(start - timedelta(microseconds=1))
    assert day.contains(start.astimezone(timezone(timedelta(hours=9))))
    assert TimeRange(start=None, stop=stop).contains(datetime.min.replace(tzinfo=UTC))
    assert TimeRange(start=start, stop=None).contains(datetime.max.replace(tzinfo=UTC))
    assert ALL_TIME.contains(start)


def test_naive_times_are_utc() -> None:
    naive = datetime(2024, 5, 1, 12)  # noqa: DTZ001 - what this is about
    tokyo = datetime(2024, 5, 1, 21, tzinfo=timezone(timedelta(hours=9)))

    assert as_utc(naive) == as_utc(tokyo)
    assert as_utc(tokyo).tzinfo is UTC
