"""Which files are one scene, and which band is where."""

from datetime import UTC, datetime

import pytest

from engine.catalog.collection import MosaicRule
from tests.builders.rooms import S2, Room, room, write
from tests.builders.waiting import wait

__all__ = ["room", "wait"]


def test_bands_in_a_dated_folder_are_one_scene(room: Room) -> None:
    for band, pixel in (("B02", 10), ("B05", 20)):
        write(room.home / "2024-05-01" / f"{band}.tif", pixel=pixel, size=640 // pixel)
    write(room.home / "2024-05-02" / "B02.tif")
    report = room.ingest(S2)
    scenes = room.scenes(S2)

    assert not report.refused
    assert [(one.name, one.bands) for one in report.scenes] == [
        ("home/2024-05-01", ("B02", "B05")),
        ("home/2024-05-02", ("B02",)),
    ]
    assert scenes["home/2024-05-01"].sensed == datetime(2024, 5, 1, tzinfo=UTC)
    assert report.scenes[0].sources["date"] == "folder name"
    assert report.scenes[0].sources["bands"] == "file name"


def test_files_that_differ_by_the_band_only_are_one_scene(room: Room) -> None:
    for date in ("20240501", "20240502"):
        for band in ("B02", "B8A"):
            write(room.home / f"field_{date}_{band}.tif")
    report = room.ingest(S2)

    assert [one.name for one in report.scenes] == ["home/field_20240501", "home/field_20240502"]
    assert [one.bands for one in report.scenes] == [("B02", "B8A")] * 2


def test_of_several_files_of_one_band_the_finest_is_taken(room: Room) -> None:
    product = room.home / "S2A_MSIL2A_20230618T101559_N0509_R065_T32TLS_20230618T135630.SAFE"
    for pixel in (20, 10):
        folder = product / f"R{pixel}m"
        write(folder / f"T32TLS_20230618T101559_B02_{pixel}m.tif", pixel=pixel, size=1280 // pixel)
    write(product / "R10m" / "T32TLS_20230618T101559_TCI_10m.tif", bands=3, size=128)
    report = room.ingest(S2)
    (scene,) = room.scenes(S2).values()

    assert scene.name == product.stem
    assert scene.assets["B02"].image.affine.a == 10
    assert scene.sensed == datetime(2023, 6, 18, 10, 15, 59, tzinfo=UTC)
    assert scene.properties["grid:code"] == "MGRS-32TLS"
    assert [text for text in report.warnings if "TCI" in text and "picture" in text]


@pytest.mark.parametrize(("baseline", "offset"), [("N0400", -1000.0), ("N0301", 0.0)])
def test_the_processing_baseline_tells_the_offset(room: Room, baseline: str, offset: float) -> None:
    name = f"S2A_MSIL2A_20220618T101559_{baseline}_R065_T32TLS_20220618T135630"
    write(room.home / name / "B02.tif")
    (understood,) = room.ingest(S2).scenes

    assert understood.dn_offset == offset
    assert room.scenes(S2)[name].dn_offset == offset
    assert "product name" in understood.sources["offset"]


def test_an_unknown_baseline_after_the_change_is_told(room: Room) -> None:
    write(room.home / "2022-01-24" / "B02.tif")
    write(room.home / "2022-01-25" / "B02.tif")
    told = [text for text in room.ingest(S2).warnings if "baseline" in text]

    assert len(told) == 1
    assert told[0].startswith("home/2022-01-25:")


def test_a_file_of_many_bands_is_read_by_its_descriptions(room: Room) -> None:
    write(room.home / "20240501.tif", bands=3, descriptions=("B04", "nir", "extra"))
    (understood,) = room.ingest(S2).scenes
    (scene,) = room.scenes(S2).values()

    assert understood.sources["bands"] == "descriptions in the file"
    assert {name: one.band_index for name, one in scene.assets.items()} == {"B04": 0, "B08": 1}


def test_bands_named_in_the_name_of_a_file_are_taken_in_order(room: Room) -> None:
    write(room.home / "20240501_B04_B03_B02.tif", bands=3)
    room.ingest(S2)
    (scene,) = room.scenes(S2).values()

    assert {name: one.band_index for name, one in scene.assets.items()} == {
        "B04": 0,
        "B03": 1,
        "B02": 2,
    }


def test_options_overrule_names(room: Room) -> None:
    write(room.home / "2024-05-01" / "x.tif", bands=2)
    report = room.ingest(
        S2, date="2020-02-02T10:00:00+02:00", bands={"B04": "x.tif#2", "SCL": "x.tif"}
    )
    (scene,) = room.scenes(S2).values()

    assert scene.sensed == datetime(2020, 2, 2, 8, tzinfo=UTC)
    assert {name: one.band_index for name, one in scene.assets.items()} == {"B04": 1, "SCL": 0}
    assert report.scenes[0].sources["date"] == "option"


def test_elevation_has_no_date_and_needs_no_band_name(room: Room) -> None:
    write(room.home / "Copernicus_DSM_10_N46_00_E011_00_20210101.tif", dtype="float32")
    report = room.ingest("dem")
    (scene,) = room.scenes("dem").values()

    assert scene.sensed is None
    assert list(scene.assets) == ["DEM"]
    assert report.warnings == ()


def test_the_first_scene_defines_the_bands_of_a_user_collection(room: Room) -> None:
    for date in ("2024-05-01", "2024-06-01"):
        write(room.home / f"flight_{date}.tif", bands=3, dtype="uint8", nodata=255)
    mine = room.user()
    report = room.ingest(mine)
    collection = room.wait(room.catalog.collection(mine))

    assert list(collection.bands) == ["flight_1", "flight_2", "flight_3"]
    assert collection.rule is MosaicRule.TOP_COVER
    assert collection.bands["flight_1"].sample_type == "uint8"
    assert collection.bands["flight_1"].nodata == 255
    assert collection.max_meters_per_pixel == 500
    assert [one.sensed for one in report.scenes] == [
        datetime(2024, 5, 1, tzinfo=UTC),
        datetime(2024, 6, 1, tzinfo=UTC),
    ]


def test_files_of_one_folder_are_the_bands_of_a_user_scene(room: Room) -> None:
    for date in ("2024-05-01", "2024-06-01"):
        for band in ("ndvi", "height"):
            write(room.home / date / f"{band}.tif")
    mine = room.user()
    report = room.ingest(mine)

    assert [(one.name, one.bands) for one in report.scenes] == [
        ("home/2024-05-01", ("height", "ndvi")),
        ("home/2024-06-01", ("height", "ndvi")),
    ]


def test_sheets_of_one_map_are_each_a_scene(room: Room) -> None:
    for number in range(3):
        write(room.home / f"sheet{number}.tif", left=600_000 + 640 * number)
    mine = room.user()
    report = room.ingest(mine)

    assert [one.name for one in report.scenes] == [f"home/sheet{number}" for number in range(3)]
    assert {one.bands for one in report.scenes} == {("sheet0",)}


def test_patterns_name_the_bands_of_a_user_collection(room: Room) -> None:
    for place in ("a", "b"):
        write(room.home / f"{place}_r.tif", left=600_000 if place == "a" else 700_000)
        write(room.home / f"{place}_n.tif", left=600_000 if place == "a" else 700_000)
    mine = room.user()
    report = room.ingest(mine, bands={"red": "*_r.tif", "nir": "*_n.tif"})

    assert sorted((one.name, one.bands) for one in report.scenes) == [
        ("home/a", ("nir", "red")),
        ("home/b", ("nir", "red")),
    ]
