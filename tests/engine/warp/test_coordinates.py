"""Coordinates against pyproj for every pixel; the antimeridian, the poles, and places nowhere."""

import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray

from engine.geo.crs import WEB_MERCATOR, WGS84, parse_crs, transform, wrap_period
from engine.geo.geobox import GeoBox
from engine.warp.coordinates import CoordinateGrid, make_coordinate_grid
from engine.warp.resampling import Resampling
from engine.warp.runs import place_run
from tests.builders.warps import make_landscape, warp
from tests.oracle.gdal_warp import Raster, gdal_warp

WORLD = 20_037_508.342789244


def interpolate(grid: CoordinateGrid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (row, col) x and y of all pixels, as the kernels see them."""
    nodes = grid.nodes(Affine.identity())
    x, y = np.empty((2, grid.height, grid.width))
    rows, cols = np.empty((2, 32))
    for row in range(grid.height):
        col = 0
        while col < grid.width:
            count, _ = place_run(nodes, (row, col, grid.width), rows, cols)
            x[row, col : col + count] = cols[:count]
            y[row, col : col + count] = rows[:count]
            col += count
    return x, y


def exact(geobox: GeoBox, source: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    col, row = np.meshgrid(np.arange(geobox.width) + 0.5, np.arange(geobox.height) + 0.5)
    x, y = transform(geobox.crs, parse_crs(source), *(geobox.affine @ (col, row)))
    good = np.isfinite(x) & np.isfinite(y)
    return np.where(good, x, np.nan), np.where(good, y, np.nan)


def square(crs: str, *, left: float, top: float, step: float, size: int = 150) -> GeoBox:
    affine = Affine(step, 0, left, 0, -step, top)
    return GeoBox(width=size, height=size, affine=affine, crs=parse_crs(crs))


CASES = (
    (square("EPSG:3857", left=500_003.3, top=6_000_000, step=14.3), "EPSG:32631", 10.0),
    (square("EPSG:3857", left=500_000, top=6_000_000, step=1222.99), "EPSG:32631", 1000.0),
    (square("EPSG:4326", left=2.0, top=50.0, step=0.01), "EPSG:32631", 1000.0),
    (square("EPSG:4326", left=-180.0, top=90.0, step=1.2, size=300), "EPSG:3857", 100_000.0),
    (square("EPSG:3413", left=-75_000, top=75_000, step=1000.0), "EPSG:4326", 0.01),
    (square("EPSG:3031", left=-750, top=750, step=10.0), "EPSG:4326", 0.0001),
    (square("EPSG:3857", left=-WORLD, top=WORLD, step=WORLD / 75), "EPSG:3035", 100_000.0),
    (square("EPSG:32631", left=166_000, top=9_330_000, step=20.0), "EPSG:32632", 20.0),
)


@pytest.mark.parametrize(("geobox", "source", "resolution"), CASES)
def test_places_are_right_to_a_thousandth_of_a_source_pixel(
    geobox: GeoBox, source: str, resolution: float
) -> None:
    grid = make_coordinate_grid(geobox, parse_crs(source), source_resolution=resolution)
    x, y = interpolate(grid)
    expected_x, expected_y = exact(geobox, source)
    known = np.isfinite(expected_x)
    # The lattice tells the grid's place in 2^-16 of a pixel.
    rounding = 2.0**-17 * max(
        np.nanmax(np.abs(np.diff(expected_x[:, 70:80], axis=1))) / resolution, 1.0
    )

    assert known.any()
    assert (np.isfinite(x) == known).all()
    assert np.abs(x - expected_x)[known].max() / resolution < 0.001 + 2 * rounding
    assert np.abs(y - expected_y)[known].max() / resolution < 0.001 + 2 * rounding


def test_a_smooth_request_costs_few_exact_points() -> None:
    geobox = square("EPSG:3857", left=500_003.3, top=6_000_000, step=14.3, size=512)
    grid = make_coordinate_grid(geobox, parse_crs("EPSG:32631"), source_resolution=10.0)

    assert (grid.steps == 32).all()
    assert grid.x.size <= 4 * 17 * 17


@pytest.mark.parametrize("source", ["EPSG:32631", "EPSG:3035", "EPSG:3413", "EPSG:3031"])
def test_no_pixel_of_the_world_lands_on_an_image_that_is_elsewhere(source: str) -> None:
    """Far outside their domain, projections give numbers that look real: none inside an image."""
    crs = parse_crs(source)
    geobox = square("EPSG:4326", left=-180.0, top=90.0, step=1.0, size=180)
    geobox = GeoBox(width=360, height=180, affine=geobox.affine, crs=geobox.crs)
    x, y = interpolate(make_coordinate_grid(geobox, crs, source_resolution=10_000.0))
    lon, lat = transform(crs, WGS84, x, y)
    col, row = np.meshgrid(np.arange(360) - 179.5, 89.5 - np.arange(180))
    inside = (x > 0) & (x < 1_000_000) & (y > 0) & (y < 10_000_000)
    away = np.abs((lon - col + 180) % 360 - 180) * np.cos(np.radians(row)) + np.abs(lat - row)

    assert inside.any()
    assert away[inside].max() < 0.2


@pytest.mark.parametrize(
    ("crs", "period"),
    [
        ("EPSG:4326", 360.0),
        ("EPSG:4258", 360.0),
        ("EPSG:3857", 2 * WORLD),
        ("EPSG:3395", 2 * WORLD),
        ("EPSG:32631", None),
        ("EPSG:3035", None),
        ("EPSG:3413", None),
    ],
)
def test_cylinders_come_round_again(crs: str, period: float | None) -> None:
    assert wrap_period(parse_crs(crs)) == pytest.approx(period)


@pytest.mark.parametrize("kernel", [Resampling.NEAREST, Resampling.BILINEAR, Resampling.CUBIC])
@pytest.mark.parametrize("west", [-180.03, 179.97, 539.97])
@pytest.mark.parametrize("target", [-180.0, 180.0])
def test_the_antimeridian_is_like_any_other(kernel: Resampling, west: float, target: float) -> None:
    """On a cylinder, moving image and request by the same angle changes nothing.

    So GDAL's warp at 10° east says what must come out at 180°, where GDAL itself loses half.
    """
    values = make_landscape(300, 600)
    degree = WORLD / 180

    def mercator(center: float) -> GeoBox:
        step = 0.0001 * degree
        left = (round(center / 0.0001) - 200 + 0.25) * step
        return GeoBox(
            width=400,
            height=300,
            affine=Affine(step, 0, left, 0, -step, 5_621_500.0),
            crs=WEB_MERCATOR,
        )

    here = Raster(values=values, affine=Affine(0.0001, 0, 9.97, 0, -0.0001, 45.02), crs="EPSG:4326")
    there = Raster(
        values=values, affine=Affine(0.0001, 0, west, 0, -0.0001, 45.02), crs="EPSG:4326"
    )
    expected, expected_valid = gdal_warp(here, mercator(10.0), kernel.value)
    out, valid = warp(there, mercator(target), kernel)
    difference = np.abs(np.rint(np.clip(out, 0, 65535)) - expected)[valid & expected_valid]

    assert expected_valid.mean() > 0.4
    assert (valid != expected_valid).mean() <= 0.0005
    assert (difference <= (0 if kernel is Resampling.NEAREST else 1)).mean() >= 0.999


@pytest.mark.parametrize(("source", "left"), [("EPSG:32601", 255_000), ("EPSG:32660", 730_000)])
@pytest.mark.parametrize("center", [-180.0, 180.0])
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857"])
def test_zones_beside_the_antimeridian_fill_requests_across_it(
    source: str, left: float, center: float, crs: str
) -> None:
    """The coordinate image: every pixel's value is its own column, then its own row."""
    col, row = np.meshgrid(np.arange(1500), np.arange(1500))
    step = 0.0005 * (1 if crs == "EPSG:4326" else WORLD / 180)
    top = 45.2 if crs == "EPSG:4326" else 5_653_000.0
    geobox = GeoBox(
        width=300,
        height=200,
        affine=Affine(step, 0, center * (step / 0.0005) - 150 * step, 0, -step, top),
        crs=parse_crs(crs),
    )
    x, y = exact(geobox, source)
    affine = Affine(20, 0, left, 0, -20, 5_010_000)
    exact_col, exact_row = ~affine @ (x, y)
    inside = (exact_col > 0) & (exact_col < 1500) & (exact_row > 0) & (exact_row < 1500)
    for values, places in ((col, exact_col), (row, exact_row)):
        raster = Raster(values=values.astype(np.uint16), affine=affine, crs=source)
        out, valid = warp(raster, geobox, Resampling.NEAREST)

        assert valid[:, :140].any()
        assert valid[:, 160:].any()
        assert (valid == inside).mean() > 0.9995
        assert (out == np.floor(places))[valid & inside].mean() > 0.999


@pytest.mark.parametrize(("crs", "pole"), [("EPSG:3413", 90.0), ("EPSG:3031", -90.0)])
def test_a_pole_inside_the_request_is_seen_from_all_longitudes(crs: str, pole: float) -> None:
    """A world image whose values are its longitudes, then its latitudes."""
    size = 0.5
    lon, lat = np.meshgrid(-180 + size * (np.arange(720) + 0.5), 90 - size * (np.arange(360) + 0.5))
    affine = Affine(size, 0, -180, 0, -size, 90)
    geobox = square(crs, left=-1_500_050, top=1_500_050, step=10_000, size=300)
    exact_lon, exact_lat = exact(geobox, "EPSG:4326")
    for values, places, around in ((lon, exact_lon, 360.0), (lat, exact_lat, np.inf)):
        raster = Raster(values=values, affine=affine, crs="EPSG:4326")
        out, valid = warp(raster, geobox, Resampling.NEAREST)
        away = np.abs(out - places)
        away = np.minimum(away, np.abs(around - away))

        assert valid.all()
        assert away.max() <= size / 2 + 0.001
    assert np.abs(exact_lat - pole).min() < 0.1


def test_a_polar_image_fills_mercator_up_to_where_it_ends() -> None:
    values = make_landscape(640, 640)
    raster = Raster(
        values=values, affine=Affine(500, 0, -160_000, 0, -500, 160_000), crs="EPSG:3413"
    )
    geobox = GeoBox(
        width=360,
        height=100,
        affine=Affine(1.0, 0, -180, 0, -0.02, 90),
        crs=WGS84,
    )
    values_out, valid = warp(raster, geobox, Resampling.NEAREST)
    x, y = exact(geobox, "EPSG:3413")
    col, row = ~raster.affine @ (x, y)
    inside = (col > 0) & (col < 640) & (row > 0) & (row < 640)
    expected = values[np.floor(row[inside]).astype(int), np.floor(col[inside]).astype(int)]

    assert valid[0].all()
    assert (valid == inside).mean() > 0.9995
    assert (values_out[inside] == expected).mean() > 0.999


def test_places_without_coordinates_are_no_data_and_never_smeared() -> None:
    """LAEA seen from the whole world: its far side has no coordinates, and that side is sharp."""
    geobox = square("EPSG:3035", left=-10_000_000, top=18_000_000, step=200_000, size=150)
    lon, lat = exact(geobox, "EPSG:4326")
    world = Raster(
        values=np.ones((180, 360), dtype=np.uint8),
        affine=Affine(1, 0, -180, 0, -1, 90),
        crs="EPSG:4326",
    )
    known = np.isfinite(lon) & np.isfinite(lat)
    for kernel in Resampling:
        out, valid = warp(world, geobox, kernel)

        assert 0.3 < known.mean() < 0.9
        assert not valid[~known].any()
        assert (out[~valid] == 0).all()
        if kernel is not Resampling.AVERAGE:
            assert (valid == known).mean() > 0.999


def test_a_grid_that_is_not_north_up_is_refused() -> None:
    turned = GeoBox(
        width=4, height=4, affine=Affine.rotation(10) @ Affine.scale(10, -10), crs=WEB_MERCATOR
    )

    with pytest.raises(ValueError, match="rows along x"):
        make_coordinate_grid(turned, WGS84, source_resolution=1.0)


def test_mercator_meets_itself_across_the_antimeridian() -> None:
    raster = Raster(
        values=make_landscape(64, 64),
        affine=Affine(10, 0, -WORLD - 320, 0, -10, 5_000_320),
        crs="EPSG:3857",
    )
    geobox = GeoBox(
        width=64, height=64, affine=Affine(10, 0, WORLD - 320, 0, -10, 5_000_320), crs=WEB_MERCATOR
    )
    out, valid = warp(raster, geobox, Resampling.NEAREST)

    assert valid.all()
    assert (out == raster.values).all()
