"""Which scene shows, how its numbers become values, and which scenes are read at all."""

from datetime import timedelta

import numpy as np
import pytest
import rasterio.warp
import shapely
from affine import Affine

from engine.catalog.collection import Band, MosaicRule, Unit
from engine.catalog.search import SceneOrder
from engine.geo.time import TimeRange
from engine.geo.window import Window
from engine.warp.resampling import Resampling
from tests.builders.engines import SENSED, Bench, grid, stored_numbers
from tests.oracle.gdal_warp import Raster, gdal_warp

UTM = "EPSG:32632"
LEFT, TOP, SIZE = 600_000.0, 5_100_000.0, 120
AFFINE = Affine.translation(LEFT, TOP) * Affine.scale(10, -10)
OWN = grid(UTM, (LEFT, TOP - SIZE * 10, LEFT + SIZE * 10, TOP), SIZE, SIZE)
SCRIPT = stored_numbers("B04")
DAY = timedelta(days=1)


def flat(value: int) -> dict[str, np.ndarray]:
    return {"B04": np.full((SIZE, SIZE), value, dtype=np.uint16)}


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (SceneOrder.MOST_RECENT, 3),
        (SceneOrder.LEAST_RECENT, 1),
        (SceneOrder.LEAST_CLOUDY, 2),
    ],
)
def test_the_scene_that_the_order_puts_first_shows_and_later_ones_win_ties(
    bench: Bench, order: SceneOrder, expected: int
) -> None:
    collection = bench.collect("B04")
    # Each of 1, 2 and 3 has a twin, ten times as large, that was registered a day later.
    for value, days, clouds in ((1, 0, 50.0), (2, 1, 10.0), (3, 2, 30.0)):
        for factor, later in ((10, DAY), (1, 0 * DAY)):
            bench.add(
                collection,
                f"{value * factor}",
                flat(value * factor),
                crs=UTM,
                affines=AFFINE,
                sensed=SENSED + days * DAY,
                cloud_cover=clouds,
                created=SENSED + later,
            )

    pixels = bench.ask(collection, OWN, SCRIPT, order=order)

    assert np.unique(pixels.outputs["default"]).tolist() == [expected * 10]


def test_scenes_without_a_cloud_cover_come_last_by_cloud_cover_and_pass_its_limit(
    bench: Bench,
) -> None:
    collection = bench.collect("B04")
    for value, clouds in ((1, None), (2, 80.0)):
        bench.add(collection, str(value), flat(value), crs=UTM, affines=AFFINE, cloud_cover=clouds)
    order = SceneOrder.LEAST_CLOUDY

    both = bench.ask(collection, OWN, SCRIPT, order=order)
    limited = bench.ask(collection, OWN, SCRIPT, order=order, max_cloud_cover=79.9)
    inclusive = bench.ask(collection, OWN, SCRIPT, order=order, max_cloud_cover=80.0)

    assert np.unique(both.outputs["default"]).tolist() == [2]
    assert np.unique(limited.outputs["default"]).tolist() == [1]
    assert np.unique(inclusive.outputs["default"]).tolist() == [2]


def test_a_time_range_holds_its_start_and_not_its_stop(bench: Bench) -> None:
    collection = bench.collect("B04")
    for value in (1, 2, 3):
        bench.add(
            collection,
            str(value),
            flat(value),
            crs=UTM,
            affines=AFFINE,
            sensed=SENSED + value * DAY,
        )

    def shown(start: timedelta, stop: timedelta) -> list[int]:
        time = TimeRange(start=SENSED + start, stop=SENSED + stop)
        return np.unique(
            bench.ask(collection, OWN, SCRIPT, time=time).outputs["default"]
        ).tolist()  # fmt: skip

    instant = timedelta(microseconds=1)

    assert shown(DAY, 3 * DAY) == [2]
    assert shown(DAY, 3 * DAY + instant) == [3]
    assert shown(3 * DAY, 4 * DAY) == [3]
    assert shown(3 * DAY + instant, 4 * DAY) == [0]


@pytest.mark.parametrize("harmonize", [True, False])
@pytest.mark.parametrize("unit", ["DN", "REFLECTANCE"])
def test_numbers_of_new_and_old_baselines_mean_the_same(
    bench: Bench,
    harmonize: bool,  # noqa: FBT001 - a parameter of the law
    unit: str,
) -> None:
    stored = np.random.default_rng(1).integers(1, 4000, (2, SIZE, SIZE), dtype=np.uint16)
    stored[0, :, 50:] = 0
    stored[1, :20] = 0
    collection = bench.collect("B04")
    bench.add(
        collection,
        "new",
        {"B04": stored[0]},
        crs=UTM,
        affines=AFFINE,
        dn_offset=-1000.0,
        sensed=SENSED + DAY,
    )
    bench.add(collection, "old", {"B04": stored[1]}, crs=UTM, affines=AFFINE)
    # §3.7: harmonized numbers are those without the offset and never negative; reflectance is
    # always that of the ground, and only harmonize keeps it from being negative.
    shifted = stored[0] - 1000.0
    if harmonize:
        shifted = np.maximum(shifted, 0)
    elif unit == "DN":
        shifted = stored[0].astype(float)
    numbers = np.where(stored[0] > 0, shifted, stored[1])
    expected = (numbers if unit == "DN" else numbers * 0.0001).astype(np.float32)
    script = stored_numbers("B04", dtype="FLOAT32").replace('"DN"', f'"{unit}"')

    pixels = bench.ask(collection, OWN, script, harmonize=harmonize)

    np.testing.assert_array_equal(pixels.outputs["default"][0], expected)
    np.testing.assert_array_equal(pixels.outputs["mask"][0], stored.any(axis=0))
    assert (expected.min() < 0) == (unit == "REFLECTANCE" and not harmonize)


def test_a_pixel_has_data_where_every_band_of_the_script_has(bench: Bench) -> None:
    random = np.random.default_rng(2)
    bands = {
        name: random.integers(0, 3, (SIZE, SIZE), dtype=np.uint16) for name in ("B04", "B08", "B11")
    }
    below = {name: np.full((SIZE, SIZE), 9, dtype=np.uint16) for name in bands}
    collection = bench.collect(*bands)
    bench.add(collection, "new", bands, crs=UTM, affines=AFFINE, sensed=SENSED + DAY)
    alone = bench.collect(*bands, rule=MosaicRule.TOP_COVER)
    bench.add(alone, "new", bands, crs=UTM, affines=AFFINE)
    bench.add(alone, "old", below, crs=UTM, affines=AFFINE, sensed=SENSED - DAY)
    both = (bands["B04"] > 0) & (bands["B08"] > 0)

    for asked in (collection, alone):
        pixels = bench.ask(asked, OWN, stored_numbers("B04", "B08"))

        np.testing.assert_array_equal(pixels.outputs["mask"][0], both)
        np.testing.assert_array_equal(
            pixels.outputs["default"],
            np.stack([np.where(both, bands[name], 0) for name in ("B04", "B08")]),
        )


def test_bands_of_three_resolutions_meet_on_one_grid_and_classes_are_never_mixed(
    bench: Bench,
) -> None:
    random = np.random.default_rng(3)
    affines, bands = {}, {}
    for name, step in (("B04", 10), ("B11", 20), ("B01", 60), ("SCL", 20)):
        side = SIZE * 10 // step
        bands[name] = random.integers(1, 12 if name == "SCL" else 9000, (side, side)).astype(
            np.uint8 if name == "SCL" else np.uint16
        )
        affines[name] = Affine.translation(LEFT, TOP) * Affine.scale(step, -step)
    units = (Unit(name="DN"),)
    collection = bench.collect(*bands)
    collection.bands["SCL"] = Band(name="SCL", units=units, is_categorical=True)  # type: ignore[index]
    bench.runner.run(bench.engine.catalog.replace_collection(collection))
    bench.add(collection, "a", bands, crs=UTM, affines=affines)
    cubic = Resampling.CUBIC

    pixels = bench.ask(
        collection, OWN, stored_numbers(*bands, dtype="FLOAT32"), upsampling=cubic
    )  # fmt: skip

    got = dict(zip(bands, pixels.outputs["default"], strict=True))
    np.testing.assert_array_equal(got["B04"], bands["B04"])
    np.testing.assert_array_equal(got["SCL"], bands["SCL"].repeat(2, axis=0).repeat(2, axis=1))
    for name in ("B11", "B01"):
        raster = Raster(values=bands[name], affine=affines[name], crs=UTM)
        expected, _ = gdal_warp(raster, OWN, "cubic")
        # GDAL clips what cubic makes of unsigned numbers at 0.
        off = np.abs(np.maximum(got[name], 0) - expected)
        assert np.mean(off <= 1) >= 0.999
    assert pixels.valid.all()


def corner(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    """Return a cover over a part of the request, given in shares of its sides."""
    box = (LEFT, TOP - SIZE * 10, LEFT + SIZE * 10, TOP)
    left, bottom, right, top = rasterio.warp.transform_bounds(UTM, "EPSG:4326", *box)
    return shapely.box(
        left + west * (right - left),
        bottom + south * (top - bottom),
        left + east * (right - left),
        bottom + north * (top - bottom),
    )


def test_a_scene_standing_by_is_read_only_where_pixels_under_its_cover_are_open(
    bench: Bench,
) -> None:
    """The top scene covers all and has a gap in the north-west; one of three below lies there."""
    collection = bench.collect("B04")
    holey = flat(1)
    holey["B04"][10:30, 10:30] = 0
    for name, values, cover, days in (
        ("top", holey, None, 9),
        ("south", flat(2), corner(0.0, 0.0, 1.0, 0.4), 8),
        ("east", flat(3), corner(0.6, 0.0, 1.0, 1.0), 7),
        ("north-west", flat(4), corner(-0.2, 0.5, 0.5, 1.2), 6),
        ("bottom", flat(5), None, 0),
    ):
        bench.add(
            collection,
            name,
            values,
            crs=UTM,
            affines=AFFINE,
            cover=cover,
            sensed=SENSED + days * DAY,
        )

    pixels, trace = bench.trace(collection, OWN, SCRIPT)

    expected = np.where(holey["B04"] > 0, 1, 4)
    np.testing.assert_array_equal(pixels.outputs["default"][0], expected)
    # The top one, the one under the gap, and with it the one below it that holds the gap too.
    assert trace.counts["requests"] == 3


@pytest.mark.parametrize("rule", MosaicRule)
def test_data_beside_a_scenes_cover_shows_in_no_window(bench: Bench, rule: MosaicRule) -> None:
    """The catalog finds a scene by its cover: data beside it would show in some windows alone."""
    collection = bench.collect("B04", rule=rule)
    cover = corner(-0.1, -0.1, 0.5, 1.1)
    bench.add(collection, "west", flat(1), crs=UTM, affines=AFFINE, cover=cover)
    east = Window(row_start=0, row_stop=SIZE, col_start=SIZE // 2 + 10, col_stop=SIZE)

    whole = bench.ask(collection, OWN, SCRIPT)
    part = bench.ask(collection, OWN.crop(east), SCRIPT)

    np.testing.assert_array_equal(part.valid, whole.valid[:, SIZE // 2 + 10 :])
    assert 0.45 < whole.valid.mean() < 0.55


def test_a_scene_that_adds_nothing_to_those_above_is_never_asked_for(bench: Bench) -> None:
    collection = bench.collect("B04")
    for index in range(6):
        bench.add(
            collection,
            str(index),
            flat(index + 1),
            crs=UTM,
            affines=AFFINE,
            sensed=SENSED - index * DAY,
        )

    pixels, trace = bench.trace(collection, OWN, SCRIPT)

    assert np.unique(pixels.outputs["default"]).tolist() == [1]
    assert trace.counts["requests"] == 1
