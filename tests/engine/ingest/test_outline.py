"""Outlines hold what the image holds; the oracle is PROJ, point by point."""

import numpy as np
import pyproj
import pytest
import shapely
from affine import Affine

from engine.cog.image import CogImage
from engine.errors import InvalidGeometry
from engine.geo.crs import WGS84, parse_crs
from engine.geo.geometry import Geometry
from engine.ingest.outline import image_outline, straighten
from tests.builders.scenes import make_image


def image(crs: str, *, left: float, top: float, pixel: float, pixels: int = 1000) -> CogImage:
    return make_image(
        width=pixels,
        height=pixels,
        affine=Affine(pixel, 0, left, 0, -pixel, top),
        crs=parse_crs(crs),
    )


CASES = {
    "utm": image("EPSG:32632", left=300_000, top=5_200_020, pixel=109.8),
    "utm south": image("EPSG:32733", left=600_000, top=6_500_020, pixel=109.8),
    "web mercator": image("EPSG:3857", left=1_000_000, top=6_000_000, pixel=100),
    "laea": image("EPSG:3035", left=4_000_000, top=3_000_000, pixel=500),
    "degrees": image("EPSG:4326", left=10, top=50, pixel=0.01),
    "across the antimeridian": image("EPSG:32701", left=250_000, top=8_100_000, pixel=109.8),
    "degrees beyond 180": image("EPSG:4326", left=175, top=5, pixel=0.01),
    "north pole": image("EPSG:3413", left=-500_000, top=500_000, pixel=1000),
    "south pole": image("EPSG:3031", left=-700_000, top=300_000, pixel=1000),
    "beside the pole": image("EPSG:3413", left=100_000, top=500_000, pixel=300),
}


@pytest.mark.parametrize("name", CASES)
def test_a_point_is_inside_the_outline_where_it_is_inside_the_image(name: str) -> None:
    one = CASES[name]
    outline = image_outline(one).shape
    random = np.random.default_rng(1)
    # Within three image sizes, but not within half a pixel of the edge.
    columns = random.uniform(-1000, 2000, 4000)
    rows = random.uniform(-1000, 2000, 4000)
    near = (np.abs(columns % 1000 - 500) > 499.5) | (np.abs(rows % 1000 - 500) > 499.5)
    columns, rows = columns[~near], rows[~near]
    a, b, c, d, e, f = tuple(one.affine)[:6]
    transformer = pyproj.Transformer.from_crs(one.crs.name, "EPSG:4326", always_xy=True)
    longitude, latitude = transformer.transform(
        a * columns + b * rows + c, d * columns + e * rows + f
    )
    longitude = (longitude + 180) % 360 - 180
    inside = (columns > 0) & (columns < 1000) & (rows > 0) & (rows < 1000)
    found = shapely.contains_xy(outline, longitude, latitude)

    assert outline.is_valid
    assert -180 <= outline.bounds[0] < outline.bounds[2] <= 180
    assert np.count_nonzero(inside) > 300
    assert np.count_nonzero(found != inside) == 0


def test_a_straight_side_in_degrees_needs_no_more_corners() -> None:
    assert len(image_outline(CASES["degrees"]).shape.exterior.coords) == 17


@pytest.mark.parametrize(
    "one",
    [
        make_image(crs=None),
        image("EPSG:3857", left=0, top=1e300, pixel=1e290),
        image("EPSG:32632", left=1e12, top=1e12, pixel=10),
    ],
    ids=["no CRS", "beyond numbers", "nowhere"],
)
def test_an_image_that_is_not_on_the_globe_is_refused(one: CogImage) -> None:
    with pytest.raises(InvalidGeometry):
        image_outline(one)


@pytest.mark.parametrize("name", ["utm", "utm south", "laea"])
def test_a_footprint_of_four_corners_holds_the_pixels_between_them(name: str) -> None:
    one = CASES[name]
    a, b, c, d, e, f = tuple(one.affine)[:6]
    transformer = pyproj.Transformer.from_crs(one.crs.name, "EPSG:4326", always_xy=True)
    corners = np.array([(0.0, 0.0), (1000.0, 0.0), (1000.0, 1000.0), (0.0, 1000.0)])
    few = shapely.Polygon(
        np.stack(
            transformer.transform(
                a * corners[:, 0] + b * corners[:, 1] + c, d * corners[:, 0] + e * corners[:, 1] + f
            ),
            axis=1,
        )
    )
    along = np.arange(1000) + 0.5
    columns = np.concatenate([along, along, np.full(1000, 0.5), np.full(1000, 999.5)])
    rows = np.concatenate([np.full(1000, 0.5), np.full(1000, 999.5), along, along])
    longitude, latitude = transformer.transform(
        a * columns + b * rows + c, d * columns + e * rows + f
    )
    straight = straighten(Geometry(shape=few, crs=WGS84), one)

    assert not shapely.contains_xy(few, longitude, latitude).all()
    assert shapely.contains_xy(straight.shape, longitude, latitude).all()


def test_a_footprint_that_is_rounded_inwards_cuts_no_pixel_off() -> None:
    one = CASES["utm"]
    transformer = pyproj.Transformer.from_crs(one.crs.name, "EPSG:4326", always_xy=True)
    a, b, c, d, e, f = tuple(one.affine)[:6]
    columns, rows = np.array([0.5, 999.5, 999.5, 0.5]), np.array([0.5, 0.5, 999.5, 999.5])
    longitude, latitude = transformer.transform(
        a * columns + b * rows + c, d * columns + e * rows + f
    )
    middle = longitude.mean(), latitude.mean()
    inwards = [
        (x + np.sign(middle[0] - x) * 5e-7, y + np.sign(middle[1] - y) * 5e-7)
        for x, y in zip(longitude, latitude, strict=True)
    ]
    cover = straighten(Geometry(shape=shapely.Polygon(inwards), crs=WGS84), one)

    assert not shapely.contains_xy(shapely.Polygon(inwards), longitude, latitude).any()
    assert shapely.contains_xy(cover.shape, longitude, latitude).all()
