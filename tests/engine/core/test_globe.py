"""Where the globe comes round: the antimeridian and the poles, against PROJ pixel by pixel."""

import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray

from engine.catalog.collection import MosaicRule
from engine.geo.crs import Crs, transform
from engine.geo.geobox import GeoBox
from engine.geo.window import Window
from tests.builders.engines import Bench, grid, stored_numbers

SCRIPT = stored_numbers("B04")
SIZE = 300
WEB_TURN = 2 * 20037508.342789244


def own_numbers(seed: int) -> NDArray[np.uint16]:
    return np.random.default_rng(seed).integers(1, 10_000, (SIZE, SIZE), dtype=np.uint16)


def place(crs: str, lon: float, lat: float, step: float) -> Affine:
    """Return the grid of SIZE × SIZE pixels around a place, on whole numbers."""
    x, y = transform(Crs("EPSG:4326"), Crs(crs), np.array([lon]), np.array([lat]))
    left, top = round(float(x[0]) - SIZE * step / 2), round(float(y[0]) + SIZE * step / 2)
    return Affine.translation(left, top) * Affine.scale(step, -step)


def nearest(
    box: GeoBox, values: NDArray[np.uint16], crs: str, affine: Affine
) -> NDArray[np.uint16]:
    """Return what lies under each pixel's center, by PROJ alone; 0 outside."""
    row, col = np.mgrid[0 : box.height, 0 : box.width] + 0.5
    x, y = box.affine.a * col + box.affine.c, box.affine.e * row + box.affine.f
    if box.crs.name == "EPSG:4326":
        x = (x + 180.0) % 360.0 - 180.0
    if box.crs.name == "EPSG:3857":
        x = (x + WEB_TURN / 2) % WEB_TURN - WEB_TURN / 2
    source_x, source_y = transform(box.crs, Crs(crs), x, y)
    inverse = ~affine
    cols = np.floor(inverse.a * source_x + inverse.c).astype(int)
    rows = np.floor(inverse.e * source_y + inverse.f).astype(int)
    inside = (cols >= 0) & (rows >= 0) & (cols < SIZE) & (rows < SIZE)
    return np.where(inside, values[rows.clip(0, SIZE - 1), cols.clip(0, SIZE - 1)], 0)


ACROSS = {
    "degrees, beyond 180": grid("EPSG:4326", (179.97, -16.52, 180.03, -16.48), 240, 160),
    "degrees, before -180": grid("EPSG:4326", (-180.03, -16.52, -179.97, -16.48), 240, 160),
    "Mercator": grid(
        "EPSG:3857",
        (WEB_TURN / 2 - 3000.0, -1_863_000.0, WEB_TURN / 2 + 3000.0, -1_859_000.0),
        240,
        160,
    ),
    "zone 60": grid("EPSG:32760", (817_000.0, 8_172_000.0, 823_000.0, 8_176_000.0), 240, 160),
}


@pytest.mark.parametrize("rule", MosaicRule)
@pytest.mark.parametrize("name", ACROSS)
def test_scenes_on_both_sides_of_the_antimeridian_meet(
    bench: Bench, name: str, rule: MosaicRule
) -> None:
    """One scene of zone 60, one of zone 1, each reaching across, 20 m."""
    box = ACROSS[name]
    collection = bench.collect("B04", rule=rule)
    layers = []
    for index, (crs, lon) in enumerate((("EPSG:32760", 179.991), ("EPSG:32701", -179.991))):
        values, affine = own_numbers(index), place(crs, lon, -16.5, 20.0)
        bench.add(collection, crs, {"B04": values}, crs=crs, affines=affine)
        layers.insert(0, nearest(box, values, crs, affine))
    # Both were registered and sensed at one time: the order is that of their ids.
    one_way = np.where(layers[0] > 0, layers[0], layers[1])
    other_way = np.where(layers[1] > 0, layers[1], layers[0])

    pixels = bench.ask(collection, box, SCRIPT)

    got = pixels.outputs["default"][0]
    assert max(np.mean(got == one_way), np.mean(got == other_way)) >= 0.999
    assert all((layer > 0).mean() > 0.2 for layer in layers)


def test_requests_that_meet_at_the_antimeridian_equal_one_that_crosses_it(bench: Bench) -> None:
    collection = bench.collect("B04")
    values, affine = own_numbers(3), place("EPSG:32760", 180.0, -16.5, 20.0)
    bench.add(collection, "a", {"B04": values}, crs="EPSG:32760", affines=affine)
    box = ACROSS["degrees, beyond 180"]
    sides = [
        Window(row_start=0, row_stop=160, col_start=start, col_stop=start + 120)
        for start in (0, 120)
    ]
    moved = grid("EPSG:4326", (-180.0, -16.52, -179.97, -16.48), 120, 160)

    whole = bench.ask(collection, box, SCRIPT).outputs["default"]
    west, east = (bench.ask(collection, box.crop(side), SCRIPT) for side in sides)
    other = bench.ask(collection, moved, SCRIPT).outputs["default"]

    joined = np.concatenate([west.outputs["default"], east.outputs["default"]], axis=2)
    np.testing.assert_array_equal(whole, joined)
    assert np.mean(other == east.outputs["default"]) >= 0.999
    assert np.count_nonzero(other) > 10_000


@pytest.mark.parametrize("rule", MosaicRule)
@pytest.mark.parametrize(
    ("polar", "utm", "place_on"),
    [("EPSG:3413", "EPSG:32633", (14.0, 79.0)), ("EPSG:3031", "EPSG:32733", (16.0, -79.0))],
)
def test_a_polar_request_over_a_utm_scene_is_right(
    bench: Bench, polar: str, utm: str, place_on: tuple[float, float], rule: MosaicRule
) -> None:
    lon, lat = place_on
    values, affine = own_numbers(4), place(utm, lon, lat, 10.0)
    collection = bench.collect("B04", rule=rule)
    bench.add(collection, "a", {"B04": values}, crs=utm, affines=affine)
    x, y = transform(Crs("EPSG:4326"), Crs(polar), np.array([lon]), np.array([lat]))
    left, bottom = float(x[0]) - 1500.0, float(y[0]) - 1500.0
    box = grid(polar, (left, bottom, left + 3000.0, bottom + 3000.0), 250, 250)
    expected = nearest(box, values, utm, affine)

    pixels = bench.ask(collection, box, SCRIPT)

    assert np.mean(pixels.outputs["default"][0] == expected) >= 0.999
    assert (expected > 0).mean() > 0.5


@pytest.mark.parametrize("rule", MosaicRule)
def test_an_image_around_the_pole_shows_all_around_it(bench: Bench, rule: MosaicRule) -> None:
    values, step = own_numbers(5), 10_000.0
    affine = Affine.translation(-SIZE * step / 2, SIZE * step / 2) * Affine.scale(step, -step)
    collection = bench.collect("B04", rule=rule)
    bench.add(collection, "a", {"B04": values}, crs="EPSG:3413", affines=affine)
    own = grid("EPSG:3413", (-1_500_000.0, -1_500_000.0, 1_500_000.0, 1_500_000.0), SIZE, SIZE)
    around = grid("EPSG:4326", (-180.0, 80.0, 180.0, 89.5), 720, 95)

    whole = bench.ask(collection, own, SCRIPT).outputs["default"][0]
    ring = bench.ask(collection, around, SCRIPT).outputs["default"][0]

    np.testing.assert_array_equal(whole, values)
    assert np.mean(ring == nearest(around, values, "EPSG:3413", affine)) >= 0.999
