"""Laws of the other satellites' scenes: the same ground, seen by other means."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio

from engine.sample import COMPANIONS, CompanionScene, SampleSpec, write_companions, write_samples
from engine.sample.landscape import make_landscape, make_stripe
from engine.sample.season import make_season
from engine.sample.sensors import FIELD, Flood, radar_rows
from engine.sample.world import make_grid

SPEC = SampleSpec(pixels=600)
GOLDEN = "043530f8f0a236feab4d25750c647e48f84a6266e0615e01de8f1cba27993edb"

"""SHA-256 of the pixels of small scenes."""


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> tuple[CompanionScene, ...]:
    return write_companions(tmp_path_factory.mktemp("companions"), SPEC)


def read(scene: CompanionScene, band: str) -> np.ndarray:
    with rasterio.open(scene.files[band]) as dataset:
        values: np.ndarray = dataset.read(1)
    return values


def of(scenes: tuple[CompanionScene, ...], collection: str, *marks: str) -> CompanionScene:
    (found,) = [
        scene
        for scene in scenes
        if scene.collection == collection and all(mark in scene.name for mark in marks)
    ]
    return found


def test_there_are_three_radar_dates_two_of_landsat_and_heights_in_both_zones(
    scenes: tuple[CompanionScene, ...],
) -> None:
    counts = [sum(scene.collection == name for scene in scenes) for name in COMPANIONS]

    assert counts == [6, 4, 2]


def test_the_same_seed_gives_the_same_pixels_on_every_machine(tmp_path: Path) -> None:
    spec = SampleSpec(pixels=120, zones=(33,))

    digest = hashlib.sha256()
    for scene in write_companions(tmp_path, spec):
        for band in scene.files:
            digest.update(read(scene, band).tobytes())

    assert digest.hexdigest() == GOLDEN


def test_they_lie_on_the_ground_of_the_other_scenes(
    scenes: tuple[CompanionScene, ...], tmp_path: Path
) -> None:
    spec = SampleSpec(pixels=60, zones=(32,), bands=("B04",))
    expected = {}
    for scene in write_samples(tmp_path, spec).scenes:
        with rasterio.open(scene.files["B04"]) as dataset:
            expected[scene.epsg] = dataset.crs

    for scene in scenes:
        for path in scene.files.values():
            with rasterio.open(path) as dataset:
                assert dataset.crs.to_epsg() in {*expected, 32633}
                assert dataset.width * dataset.res[0] == SPEC.pixels * 10


def test_flooded_ground_is_as_smooth_as_a_lake() -> None:
    grid = make_grid(zone=33, center=(2_640.0, 0.0), pixels=300)
    stripe = make_stripe(make_landscape([grid], seed=20), grid, row_start=0, row_stop=60)
    seen = {}
    for height in (-1.0, 25.0):
        out = np.empty((2, 30, 150), np.float32)
        season = make_season(datetime(2021, 11, 14, 5, tzinfo=UTC), rain=0.5)
        flood = Flood(height)
        radar_rows(grid.nodes, stripe.heights, 0, stripe.ground, season, flood, 1, out)
        seen[height] = out[0]

    heights = stripe.heights[1:-1, 1:-1].reshape(30, 2, 150, 2).max(axis=(1, 3))
    fields = (stripe.ground.kind == FIELD).reshape(30, 2, 150, 2).all(axis=(1, 3))
    bare = (stripe.ground.share == 0).reshape(30, 2, 150, 2).all(axis=(1, 3))
    low = fields & bare & (heights < 25.0)
    assert low.mean() > 0.2
    assert (seen[25.0][low] < 0.012).all()
    assert (seen[-1.0][low] > 0.012).mean() > 0.99


def test_in_summer_water_is_cooler_than_land(scenes: tuple[CompanionScene, ...]) -> None:
    scene = of(scenes, "landsat-ot-l2", "20220713", "191029")
    kelvin = read(scene, "B10") * 0.00341802 + 149.0
    is_water = (read(scene, "BQA") & (1 << 7)) != 0

    assert 285 < np.median(kelvin[is_water]) < np.median(kelvin[~is_water]) < 320


def test_heights_are_those_that_water_flows_down(scenes: tuple[CompanionScene, ...]) -> None:
    west, east = (read(of(scenes, "dem", f"_{zone}"), "DEM") for zone in (32, 33))

    assert np.median(west) > np.median(east) >= 0.0
    assert west.min() >= 0.0
