"""Laws of the other satellites' scenes: the same ground, seen by other means."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import rasterio

from engine.sample import COMPANIONS, CompanionScene, SampleSpec, write_companions, write_samples

SPEC = SampleSpec(pixels=600)
GOLDEN = "set below"


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


def test_the_flood_day_has_more_smooth_water(scenes: tuple[CompanionScene, ...]) -> None:
    flooded, dry = (
        (read(of(scenes, "sentinel-1-grd", day, "33"), "VV") < 0.01).mean()
        for day in ("20211114", "20220423")
    )

    assert flooded > dry + 0.002


def test_in_summer_water_is_cooler_than_land(scenes: tuple[CompanionScene, ...]) -> None:
    scene = of(scenes, "landsat-ot-l2", "20220713", "191029")
    kelvin = read(scene, "B10") * 0.00341802 + 149.0
    is_water = (read(scene, "BQA") & (1 << 7)) != 0

    assert 285 < np.median(kelvin[is_water]) < np.median(kelvin[~is_water]) < 320


def test_heights_are_those_that_water_flows_down(scenes: tuple[CompanionScene, ...]) -> None:
    west, east = (read(of(scenes, "dem", f"_{zone}"), "DEM") for zone in (32, 33))

    assert np.median(west) > np.median(east) >= 0.0
    assert west.min() >= 0.0
