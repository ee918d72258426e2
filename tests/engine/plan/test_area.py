"""The search area holds every pixel of the request, across the antimeridian and over poles."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from engine.errors import UnsupportedCrs
from engine.geo.bbox import BBox
from engine.geo.crs import Crs, parse_crs
from engine.geo.geobox import make_geobox
from engine.geo.geometry import Geometry
from engine.plan.area import search_area, touching
from tests.builders.scenes import make_scene

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


@pytest.mark.parametrize("name", [*CASES, "EPSG:32660"])
@settings(derandomize=True, max_examples=25, deadline=None)
@given(data=st.data())
def test_a_scene_that_holds_a_pixel_touches_the_area(name: str, data: st.DataObject) -> None:
    left, bottom, right, top = CASES.get(name, (100_000.0, 1_000_000.0, 900_000.0, 8_000_000.0))
    x = data.draw(st.floats(left, right))
    y = data.draw(st.floats(bottom, top))
    side = data.draw(st.floats(0.0005, 0.2)) * (right - left)
    width, height = data.draw(st.sampled_from([(50, 50), (1, 1), (1, 40), (40, 1)]))
    box = BBox(left=x, bottom=y, right=x + side, top=y + side, crs=Crs(name))
    geobox = make_geobox(box, width=width, height=height)
    col = data.draw(st.integers(0, width - 1)) + 0.5
    row = data.draw(st.integers(0, height - 1)) + 0.5
    px, py = geobox.affine * (col, row)
    lon, lat = Transformer.from_crs(name, "EPSG:4326", always_xy=True).transform(px, py)
    if not (np.isfinite(lon) and np.isfinite(lat) and abs(lat) <= 89):
        return
    lon = (lon + 180.0) % 360.0 - 180.0
    # The outline is straight between its nodes; scenes are never as small as what that leaves out.
    room = 0.02 * (side if geobox.crs.is_geographic else side / 111_000)
    scene = make_scene("near", box=(lon - room, lat - room, lon + room, lat + room))
    clip = Geometry(shape=shapely.box(x, y, x + side, y + side), crs=geobox.crs)

    assert touching([scene], geobox, None) == [scene]
    assert touching([scene], geobox, clip) == [scene]


def test_a_scene_in_the_corner_of_the_box_around_does_not_touch() -> None:
    # At 70 degrees north, a UTM square far from its middle stands askew in degrees.
    box = BBox(left=100_000, bottom=7_700_000, right=300_000, top=7_900_000, crs=Crs("EPSG:32633"))
    geobox = make_geobox(box, width=100, height=100)
    [area] = search_area(geobox)
    beside = make_scene("beside", box=(area.left, area.bottom, area.left + 0.3, area.bottom + 0.05))
    inside = make_scene("inside", box=(7.5, 70.2, 8.0, 70.3))

    assert touching([beside, inside], geobox, None) == [inside]


def test_scenes_that_share_an_edge_with_the_area_do_not_touch_it() -> None:
    geobox = make_geobox(
        BBox(left=10.0, bottom=45.0, right=11.0, top=46.0, crs=Crs("EPSG:4326")),
        width=100,
        height=100,
    )
    scenes = [
        make_scene("west", box=(9.0, 45.0, 10.0, 46.0)),
        make_scene("own", box=(10.0, 45.0, 11.0, 46.0)),
        make_scene("north", box=(10.0, 46.0, 11.0, 47.0)),
    ]

    assert [scene.name for scene in touching(scenes, geobox, None)] == ["own"]


@pytest.mark.parametrize("name", ["EPSG:4326", "EPSG:32601"])
def test_scenes_on_both_sides_of_the_antimeridian_touch(name: str) -> None:
    if name == "EPSG:4326":
        box = BBox(left=179.5, bottom=50.0, right=180.5, top=51.0, crs=Crs(name))
    else:
        box = BBox(left=250_000, bottom=5_540_000, right=320_000, top=5_600_000, crs=Crs(name))
    geobox = make_geobox(box, width=100, height=100)
    scenes = [
        make_scene("west", box=(179.0, 50.0, 180.0, 51.0)),
        make_scene("east", box=(-180.0, 50.0, -179.0, 51.0)),
        make_scene("far", box=(0.0, 50.0, 1.0, 51.0)),
    ]
    whole = Geometry(shape=shapely.box(box.left, box.bottom, box.right, box.top), crs=geobox.crs)

    for clip in (None, whole):
        found = touching(scenes, geobox, clip)

        assert [scene.name for scene in found] == ["west", "east"]
