"""The search area holds every pixel of the request, across the antimeridian and over poles."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from engine.errors import UnsupportedCrs
from engine.geo.bbox import BBox
from engine.geo.crs import Crs, parse_crs
from engine.geo.geobox import make_geobox
from engine.plan.area import search_area

CASES = {
    "EPSG:3857": (-1.9e7, -1.0e7, 1.9e7, 1.0e7),
    "EPSG:4326": (-179.0, -85.0, 179.0, 85.0),
    "EPSG:32601": (100_000.0, 1_000_000.0, 900_000.0, 8_000_000.0),
    "EPSG:32633": (100_000.0, 1_000_000.0, 900_000.0, 8_000_000.0),
    "EPSG:3413": (-3e6, -3e6, 3e6, 3e6),
    "EPSG:3031": (-3e6, -3e6, 3e6, 3e6),
    "EPSG:3035": (2_500_000.0, 1_500_000.0, 7_000_000.0, 5_000_000.0),
}


@pytest.mark.parametrize("name", CASES)
@settings(derandomize=True, max_examples=25, deadline=None)
@given(data=st.data())
def test_every_pixel_of_the_request_lies_in_the_area(name: str, data: st.DataObject) -> None:
    left, bottom, right, top = CASES[name]
    x = data.draw(st.floats(left, right))
    y = data.draw(st.floats(bottom, top))
    side = data.draw(st.floats(0.0005, 0.2)) * (right - left)
    geobox = make_geobox(
        BBox(left=x, bottom=y, right=x + side, top=y + side, crs=Crs(name)), width=50, height=50
    )
    cols, rows = np.meshgrid(np.arange(50) + 0.5, np.arange(50) + 0.5)
    px = x + cols * side / 50
    py = y + side - rows * side / 50
    lon, lat = Transformer.from_crs(name, "EPSG:4326", always_xy=True).transform(px, py)
    good = np.isfinite(lon) & np.isfinite(lat) & (np.abs(lat) <= 90)
    lon = (lon[good] + 180.0) % 360.0 - 180.0
    held = np.zeros(lon.shape, dtype=bool)
    for box in search_area(geobox):
        inside = (lon >= box.left) & (lon <= box.right)
        held |= inside & (lat[good] >= box.bottom) & (lat[good] <= box.top)

    assert held.all()


def test_the_antimeridian_cuts_the_area_in_two() -> None:
    box = BBox(left=179.5, bottom=-17.0, right=180.5, top=-16.0, crs=Crs("EPSG:4326"))
    parts = search_area(make_geobox(box, width=10, height=10))

    assert [(round(p.left, 1), round(p.right, 1)) for p in parts] == [
        (179.5, 180.0),
        (-180.0, -179.5),
    ]


def test_a_pole_inside_means_all_longitudes() -> None:
    box = BBox(left=-1e5, bottom=-1e5, right=1e5, top=1e5, crs=Crs("EPSG:3413"))
    (area,) = search_area(make_geobox(box, width=10, height=10))

    assert (area.left, area.right, area.top) == (-180.0, 180.0, 90.0)


def test_a_small_area_stays_small() -> None:
    box = BBox(left=1.0e6, bottom=5.5e6, right=1.001e6, top=5.501e6, crs=Crs("EPSG:3857"))
    (area,) = search_area(make_geobox(box, width=10, height=10))

    assert area.width < 0.02
    assert area.height < 0.02


def test_an_area_off_the_earth_is_refused() -> None:
    box = BBox(left=1e12, bottom=1e12, right=1.1e12, top=1.1e12, crs=parse_crs("EPSG:32633"))

    with pytest.raises(UnsupportedCrs):
        search_area(make_geobox(box, width=10, height=10))
