"""The size of a pixel on the ground, by which requests that are too coarse are refused."""

import pytest

from engine.errors import UnsupportedCrs
from engine.geo.bbox import BBox
from engine.geo.crs import WEB_MERCATOR, WGS84, Crs
from engine.geo.geobox import GeoBox, make_geobox
from engine.plan.limits import meters_per_pixel

PRS92 = Crs("EPSG:4683")


def square(crs: Crs, *, left: float, bottom: float, side: float) -> GeoBox:
    box = BBox(left=left, bottom=bottom, right=left + side, top=bottom + side, crs=crs)
    return make_geobox(box, width=100, height=100)


def test_degrees_are_measured_along_the_meridian_where_that_is_longer() -> None:
    box = square(WGS84, left=10.0, bottom=59.5, side=1.0)

    assert meters_per_pixel(box) == pytest.approx(1113.19, abs=0.01)


def test_a_projection_counts_its_own_meters() -> None:
    box = square(WEB_MERCATOR, left=0.0, bottom=8e6, side=1000.0)

    assert meters_per_pixel(box) == 10.0


def test_an_area_beyond_the_poles_is_refused() -> None:
    with pytest.raises(UnsupportedCrs, match="no coordinates on Earth in EPSG:4683"):
        meters_per_pixel(square(PRS92, left=0.0, bottom=1000.0, side=1.0))
