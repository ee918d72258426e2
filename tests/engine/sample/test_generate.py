"""Laws of the written scenes: the same everywhere, and what their metadata says they are."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from rasterio.warp import Resampling, reproject

from engine.sample import YEAR, SampleReport, SampleScene, SampleSpec, write_samples
from tests.builders.samples import BANDS, DAYS, PIXELS, read, reflectance

GOLDEN = "ca49ac8635c1fc758b28b9b242c17c1f1db1a2e1b75ba8a437a5a9068380670c"
"""SHA-256 of the pixels of a small scene; the same on every machine."""


def test_the_same_seed_gives_the_same_pixels_on_every_machine(tmp_path: Path) -> None:
    spec = SampleSpec(
        pixels=120, overpasses=YEAR[1:2], zones=(32,), bands=("B02", "B05", "B09", "SCL")
    )

    scene = write_samples(tmp_path, spec, threads=1).scenes[0]

    digest = hashlib.sha256()
    for path in scene.files.values():
        digest.update(read(path).astype("<u2").tobytes())
    assert digest.hexdigest() == GOLDEN


def test_the_number_of_threads_changes_no_byte(tmp_path: Path) -> None:
    spec = SampleSpec(pixels=300, overpasses=DAYS, zones=(33,), bands=("B04", "SCL"))

    one = write_samples(tmp_path / "one", spec, threads=1)
    three = write_samples(tmp_path / "three", spec, threads=3)

    for left, right in zip(one.scenes, three.scenes, strict=True):
        for band, path in left.files.items():
            assert path.read_bytes() == right.files[band].read_bytes()


def test_another_seed_is_another_country(tmp_path: Path) -> None:
    made = [
        write_samples(
            tmp_path / str(seed),
            SampleSpec(pixels=60, overpasses=DAYS[2:], zones=(32,), bands=("B04",), seed=seed),
        )
        for seed in (1, 2)
    ]

    first, second = (read(report.scenes[0].files["B04"]) for report in made)
    assert (first != second).mean() > 0.5


def test_progress_rises_to_one(tmp_path: Path) -> None:
    told: list[float] = []

    spec = SampleSpec(pixels=300, overpasses=DAYS[:1], bands=("SCL",))
    write_samples(tmp_path, spec, on_progress=told.append)

    assert told == sorted(told)
    assert told[-1] == 1.0


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"pixels": 100}, "multiple of 6"),
        ({"pixels": 6}, "at least 60"),
        ({"bands": ("B04", "B10")}, "no such bands: B10"),
        ({"zones": (31,)}, "32 and 33"),
    ],
)
def test_what_cannot_be_made_is_refused(fields: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        SampleSpec(**fields)  # type: ignore[arg-type]


def test_each_day_and_zone_has_one_scene_with_all_bands(report: SampleReport) -> None:
    found = [(scene.sensed, scene.epsg) for scene in report.scenes]

    assert found == [(day.sensed, epsg) for day in DAYS for epsg in (32632, 32633)]
    for scene in report.scenes:
        assert tuple(scene.files) == BANDS
        assert scene.folder.name == scene.name


def test_bands_have_their_own_resolutions_over_the_same_ground(report: SampleReport) -> None:
    resolutions = {"B04": 10, "B11": 20, "B01": 60, "SCL": 20}

    for scene in report.scenes:
        boxes = set()
        for band, meters in resolutions.items():
            with rasterio.open(scene.files[band]) as dataset:
                assert dataset.res == (meters, meters)
                assert dataset.crs.to_epsg() == scene.epsg
                assert dataset.nodata == 0
                assert dataset.dtypes == (("uint8",) if band == "SCL" else ("uint16",))
                boxes.add(tuple(dataset.bounds))
        assert len(boxes) == 1
        assert all(edge % 60 == 0 for edge in boxes.pop())


def test_both_zones_show_the_same_ground(report: SampleReport) -> None:
    west, east = (scene for scene in report.scenes if scene.sensed == DAYS[2].sensed)
    with rasterio.open(west.files["B04"]) as near, rasterio.open(east.files["B04"]) as far:
        here = near.read(1).astype("float32")
        there = np.zeros_like(here)
        reproject(
            far.read(1).astype("float32"),
            there,
            src_transform=far.transform,
            src_crs=far.crs,
            src_nodata=0,
            dst_transform=near.transform,
            dst_crs=near.crs,
            dst_nodata=0,
            resampling=Resampling.bilinear,
        )

    both = (here > 0) & (there > 0)
    assert both.sum() > 3_000
    assert np.corrcoef(here[both], there[both])[0, 1] > 0.95
    assert abs(float(np.median(here[both] - there[both]))) < 8


def test_the_edge_of_the_swath_is_slanted_and_the_same_in_every_band(
    report: SampleReport,
) -> None:
    scene = next(s for s in report.scenes if s.nodata_share > 5)
    seen = read(scene.files["B04"]) > 0
    coarse = read(scene.files["B11"]) > 0

    columns = seen.sum(axis=1)
    steps = np.diff(columns)
    assert abs(int(columns[0]) - int(columns[-1])) > PIXELS // 10
    assert (steps >= 0).all() or (steps <= 0).all()
    for band in ("B02", "B03", "B08"):
        assert np.array_equal(read(scene.files[band]) > 0, seen)
    parts = seen.reshape(PIXELS // 2, 2, PIXELS // 2, 2).sum(axis=(1, 3))
    assert np.array_equal(coarse, parts >= 2)
    assert np.array_equal(read(scene.files["SCL"]) > 0, coarse)


def test_the_item_says_what_the_files_hold(report: SampleReport) -> None:
    for scene in report.scenes:
        item = json.loads(scene.item.read_text())
        classes = read(scene.files["SCL"])
        clouds = 100 * np.isin(classes, (8, 9, 10)).sum() / max(1, (classes > 0).sum())

        assert item["id"] == scene.name
        assert item["properties"]["datetime"] == f"{scene.sensed:%Y-%m-%dT%H:%M:%SZ}"
        assert item["properties"]["eo:cloud_cover"] == pytest.approx(clouds, abs=0.01)
        assert item["properties"]["proj:epsg"] == scene.epsg
        assert scene.tile_id in scene.name
        for band, asset in item["assets"].items():
            path = (scene.item.parent / asset["href"]).resolve()
            assert path == scene.files[band].resolve()
            with rasterio.open(path) as dataset:
                assert asset["proj:shape"] == list(dataset.shape)
                assert asset["proj:transform"] == list(dataset.transform)[:6]


def test_the_footprint_holds_every_pixel_with_data(report: SampleReport) -> None:
    for scene in report.scenes:
        footprint = shapely.geometry.shape(scene.footprint)
        with rasterio.open(scene.files["B04"]) as dataset:
            rows, cols = np.nonzero(dataset.read(1))
            x, y = rasterio.transform.xy(dataset.transform, rows[::97], cols[::97])
            lon, lat = rasterio.warp.transform(dataset.crs, "EPSG:4326", x, y)
            share = len(rows) / dataset.width / dataset.height

        inside = shapely.contains_xy(footprint.buffer(1e-5), lon, lat)
        assert inside.all()
        assert footprint.is_valid
        assert share == pytest.approx(1 - scene.nodata_share / 100, abs=0.01)


def test_names_say_baseline_and_stored_numbers_obey_it(report: SampleReport) -> None:
    for scene in report.scenes:
        stored = read(scene.files["B04"])
        data = stored[stored > 0]
        item = json.loads(scene.item.read_text())
        baseline = item["properties"]["s2:processing_baseline"]

        assert f"_N{baseline.replace('.', '')}_" in scene.name
        if baseline >= "04.00":
            assert data.min() > 1_000
        assert 0.0 < np.nanmin(reflectance(scene, "B04")) < 0.06


def test_classes_agree_with_spectra(report: SampleReport) -> None:
    scene = next(s for s in report.scenes if s.cloud_cover > 10)
    classes = read(scene.files["SCL"])
    red, near = (
        reflectance(scene, band).reshape(PIXELS // 2, 2, PIXELS // 2, 2).mean(axis=(1, 3))
        for band in ("B04", "B08")
    )
    index = (near - red) / (near + red)

    assert set(np.unique(classes)) <= {0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
    assert np.nanmin(index[classes == 4]) > 0.3
    assert np.nanmean(red[classes == 9]) > 0.25
    assert np.nanmean(red[classes == 3]) < np.nanmean(red[classes == 5])


def test_fields_are_greener_in_april_than_in_january(tmp_path: Path) -> None:
    spec = SampleSpec(
        pixels=120, overpasses=(YEAR[3], YEAR[5]), zones=(33,), bands=("B04", "B08"), whole=True
    )

    winter, spring = (_greenness(scene) for scene in write_samples(tmp_path, spec).scenes)

    assert spring - winter > 0.1
    assert 0.1 < winter < spring < 0.9


def _greenness(scene: SampleScene) -> float:
    red, near = reflectance(scene, "B04"), reflectance(scene, "B08")
    return float(np.nanmean((near - red) / (near + red)))
