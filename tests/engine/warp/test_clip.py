"""Clipping: rasterio's rasterize and shapely's predicates are the oracles."""

import numpy as np
import pytest
import rasterio.features
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.geo.crs import WGS84, parse_crs, transform
from engine.geo.geobox import GeoBox
from engine.geo.geometry import Geometry
from engine.geo.window import Window
from engine.warp.clip import rasterize

UTM = parse_crs("EPSG:32631")


def grid(
    *, width: int = 130, height: int = 90, step: float = 10.0, left: float = 499_500.3
) -> GeoBox:
    affine = Affine(step, 0.0, left, 0.0, -step, 5_000_450.7)
    return GeoBox(width=width, height=height, affine=affine, crs=UTM)


def random_shape(seed: int) -> shapely.Polygon | shapely.MultiPolygon:
    """Return stars with holes around and across the grid's edges."""
    random = np.random.default_rng(seed)
    parts = []
    for _ in range(random.integers(1, 4)):
        count = int(random.integers(3, 40))
        angles = np.sort(random.uniform(0, 2 * np.pi, count))
        radius = random.uniform(20, 500, count)
        center = random.uniform([499_400, 4_999_400], [500_900, 5_000_600])
        ring = center + np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius[:, None]
        parts.append(shapely.make_valid(shapely.Polygon(ring)))
    shape = shapely.union_all(parts)
    hole = shapely.Point(500_100, 5_000_000).buffer(random.uniform(10, 200), quad_segs=3)
    polygons = [
        part
        for part in shapely.get_parts(shape.difference(hole))
        if part.geom_type == "Polygon" and part.area > 0
    ]
    return shapely.MultiPolygon(polygons) if polygons else shapely.box(0, 0, 1, 1)


def near_an_edge(shape: shapely.Geometry, geobox: GeoBox, distance: float) -> np.ndarray:
    col, row = np.meshgrid(np.arange(geobox.width) + 0.5, np.arange(geobox.height) + 0.5)
    x, y = geobox.affine @ (col, row)
    return shapely.distance(shape.boundary, shapely.points(x, y)) <= distance


@pytest.mark.parametrize("seed", range(25))
def test_clipping_agrees_with_gdal(seed: int) -> None:
    shape = random_shape(seed)
    geobox = grid()
    found = rasterize(Geometry(shape=shape, crs=UTM), geobox)
    expected = rasterio.features.rasterize(
        [shape], out_shape=found.shape, transform=geobox.affine, dtype="uint8"
    ).astype(bool)
    differs = found != expected

    assert not (differs & ~near_an_edge(shape, geobox, 1e-4)).any()


def test_edges_belong_to_one_side_even_through_pixel_centers() -> None:
    """Squares and triangles whose edges pass through centers fill the plane once."""
    geobox = grid(left=499_500.0)
    affine = geobox.affine
    left, top = affine @ (10.5, 10.5)
    square = np.array([[0, 0], [400, 0], [400, -400], [0, -400]], dtype=np.float64)
    corners = square + np.array([left, top])
    middle = corners.mean(axis=0)
    parts = [shapely.Polygon([corners[i], corners[(i + 1) % 4], middle]) for i in range(4)]
    counts = sum(rasterize(Geometry(shape=part, crs=UTM), geobox).astype(int) for part in parts)
    whole = rasterize(Geometry(shape=shapely.Polygon(corners), crs=UTM), geobox)

    assert (counts == whole).all()
    assert whole.sum() == 40 * 40


@settings(derandomize=True, max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), row=st.integers(1, 89), col=st.integers(1, 129))
def test_neighboring_clips_equal_one_larger(*, seed: int, row: int, col: int) -> None:
    geometry = Geometry(shape=random_shape(seed), crs=UTM)
    geobox = grid()
    whole = rasterize(geometry, geobox)
    window = Window(row_start=row, row_stop=90, col_start=col, col_stop=130)

    assert (rasterize(geometry, geobox.crop(window)) == whole[row:, col:]).all()


@pytest.mark.parametrize("seed", range(8))
def test_edges_are_straight_in_the_geometry_s_own_crs(seed: int) -> None:
    geobox = grid()
    shape = random_shape(seed)
    moved = Geometry(shape=shape, crs=UTM).to(WGS84)
    found = rasterize(moved, geobox)
    col, row = np.meshgrid(np.arange(geobox.width) + 0.5, np.arange(geobox.height) + 0.5)
    x, y = geobox.affine @ (col, row)
    lon, lat = transform(UTM, WGS84, x.ravel(), y.ravel())
    expected = shapely.contains_xy(moved.shape, lon, lat).reshape(found.shape)

    assert not ((found != expected) & ~near_an_edge(shape, geobox, 0.05)).any()


def test_a_cover_of_the_whole_world_holds_every_pixel_of_mercator() -> None:
    world = Geometry(shape=shapely.box(-180, -90, 180, 90), crs=WGS84)
    half = 20_037_508.342789244
    geobox = GeoBox(
        width=64,
        height=64,
        affine=Affine(half / 32, 0, -half, 0, -half / 32, half),
        crs=parse_crs("EPSG:3857"),
    )

    assert rasterize(world, geobox).all()


@pytest.mark.parametrize(
    "shape",
    [
        shapely.box(179, 10, 181, 11),
        shapely.box(-181, 10, -179, 11),
        shapely.MultiPolygon([shapely.box(179, 10, 180, 11), shapely.box(-180, 10, -179, 11)]),
    ],
)
@pytest.mark.parametrize("shift", [0.0, -360.0])
def test_a_cover_across_the_antimeridian_is_held_whole(
    shape: shapely.Geometry, shift: float
) -> None:
    unit = 20_037_508.342789244 / 180
    geobox = GeoBox(
        width=40,
        height=10,
        affine=Affine(unit / 10, 0, (178 + shift) * unit, 0, -unit / 10, 11 * unit),
        crs=parse_crs("EPSG:3857"),
    )
    columns = rasterize(Geometry(shape=shape, crs=WGS84), geobox)[5]

    assert columns[10:30].all()
    assert columns.sum() == 20
