"""What cannot be used is refused by name and reason."""

from pathlib import Path

import pytest
import rasterio
from rasterio.control import GroundControlPoint

from engine.errors import RequestError, UnknownBand, UnknownCollection
from tests.builders.rooms import S2, Room, room, write
from tests.builders.waiting import wait

__all__ = ["room", "wait"]


def not_a_tiff(path: Path) -> None:
    path.write_text("<!doctype html><title>Sign in</title>")


def cut_short(path: Path) -> None:
    write(path, size=512, compress=None)
    path.write_bytes(path.read_bytes()[:100])


def without_crs(path: Path) -> None:
    write(path, crs=None)


def without_place(path: Path) -> None:
    with pytest.warns(rasterio.errors.NotGeoreferencedWarning):
        write(path, transform=None, crs=None)


def with_points_only(path: Path) -> None:
    points = [
        GroundControlPoint(row=row, col=col, x=10 + col / 640, y=45 - row / 640)
        for row in (0, 63)
        for col in (0, 63)
    ]
    write(path, transform=None, crs=None)
    with rasterio.open(path, "r+") as dataset:
        dataset.gcps = (points, rasterio.crs.CRS.from_epsg(4326))


def jpeg_2000(path: Path) -> None:
    path.write_bytes(b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(500))


def of_odd_bands(path: Path) -> None:
    write(path, bands=2)


REFUSALS = {
    "html": (not_a_tiff, "not a TIFF: it looks like"),
    "truncated": (cut_short, ""),
    "no CRS": (without_crs, "has no coordinate reference system"),
    "no place": (without_place, "has no georeference"),
    "points only": (with_points_only, "ground control points"),
    "JPEG 2000": (jpeg_2000, "not a TIFF: it looks like a JPEG 2000"),
    "bands unknown": (of_odd_bands, "none of its 2 bands is recognized as one of sentinel-2-l2a"),
}


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize("name", REFUSALS)
def test_what_cannot_be_used_is_refused_by_name_and_the_rest_is_taken(
    room: Room, name: str
) -> None:
    make, reason = REFUSALS[name]
    write(room.home / "2024-05-01" / "B02.tif")
    make(room.home / "2024-05-02.tif")
    report = room.ingest(S2)

    assert [one.name for one in report.scenes] == ["home/2024-05-01"]
    ((refused, found),) = report.refused
    assert refused == "home/2024-05-02.tif"
    assert reason in found
    assert str(room.home) not in repr(report)


def test_a_file_that_differs_from_the_others_of_its_scene_is_refused(room: Room) -> None:
    for band in ("B02", "B03"):
        write(room.home / "2024-05-01" / f"{band}.tif")
    write(room.home / "2024-05-01" / "B04.tif", left=700_000)
    write(room.home / "2024-05-01" / "B05.tif", crs="EPSG:32633")
    report = room.ingest(S2)

    assert [one.bands for one in report.scenes] == [("B02", "B03")]
    assert [name for name, _ in report.refused] == [
        "2024-05-01/B04.tif",
        "2024-05-01/B05.tif",
    ]
    assert all("differs in CRS or box" in reason for _, reason in report.refused)


def test_a_scene_whose_files_all_differ_is_refused(room: Room) -> None:
    write(room.home / "2024-05-01" / "B02.tif")
    write(room.home / "2024-05-01" / "B03.tif", left=700_000)
    report = room.ingest(S2)

    assert report.scenes == ()
    ((name, reason),) = report.refused
    assert name == "2024-05-01"
    assert "B02.tif" in reason
    assert "B03.tif" in reason


def test_a_product_of_another_collection_is_refused(room: Room) -> None:
    name = "LC08_L1TP_013032_20180131_20180207_01_T1"
    write(room.home / name / f"{name}_B4.TIF")

    assert room.ingest(S2).refused == (
        (name, "is a product of landsat-ot-l1, not of sentinel-2-l2a"),
    )
    assert len(room.ingest("landsat-ot-l1").scenes) == 1


def test_places_that_hold_nothing_or_are_forbidden_are_refused(room: Room) -> None:
    (room.home / "empty").mkdir()
    (room.home / "notes.txt").write_text("hello")
    places = [room.home / "empty", room.home / "nowhere", "/etc/passwd", "ftp://host/x.tif"]
    report = room.ingest(S2, *places)

    assert [name for name, _ in report.refused] == [str(place) for place in places]
    assert "no GeoTIFF and no STAC item" in report.refused[0][1]
    assert "outside" in report.refused[2][1]


def test_json_that_is_broken_or_too_large_is_refused(room: Room) -> None:
    write(room.home / "2024-05-01" / "B02.tif")
    (room.home / "broken.json").write_text('{"type": ')
    (room.home / "large.json").write_text(" " * (4 << 20) + "{}")
    report = room.ingest(S2)

    assert dict(report.refused).keys() == {"home/broken.json", "home/large.json"}
    assert len(report.scenes) == 1


def test_wrong_questions_are_refused_at_once(room: Room) -> None:
    with pytest.raises(UnknownCollection):
        room.ingest("nowhere")
    with pytest.raises(UnknownBand):
        room.ingest(S2, bands={"purple": "*.tif"})
    with pytest.raises(RequestError):
        room.ingest(S2, date="yesterday")
    with pytest.raises(RequestError):
        room.ingest(room.user(), bands={"1x": "*.tif"})
    with pytest.raises(RequestError):
        room.ingest(room.user(), bands={"x": "*.tif#0"})


def test_what_costs_more_to_read_is_told(room: Room) -> None:
    write(room.home / "20240501_B02.tif", size=2048, tiled=False, blockxsize=None, blockysize=1)
    told = " ".join(room.ingest(S2).warnings)

    assert "strips" in told


def test_progress_is_told_file_by_file(room: Room) -> None:
    for number in range(1, 4):
        write(room.home / f"2024-05-0{number}" / "B02.tif")
    (room.home / "broken.tif").write_text("x")
    steps: list[tuple[int, int, str]] = []
    room.ingest(S2, on_progress=lambda *step: steps.append(step))

    assert [step[:2] for step in steps] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert {step[2] for step in steps} == {
        "home/broken.tif",
        *(f"home/2024-05-0{number}/B02.tif" for number in range(1, 4)),
    }
