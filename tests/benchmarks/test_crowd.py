"""The catalog of a hundred thousand scenes, with fewer."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import rasterio
from rasterio.transform import from_origin

from benchmarks.crowd import DATES, fill_catalog
from engine.catalog.search import SceneQuery
from engine.catalog.sql import SqlCatalog
from engine.database.connection import open_database
from engine.geo.bbox import BBox
from engine.geo.crs import WGS84
from engine.geo.time import TimeRange
from tests.builders.waiting import Await, wait

__all__ = ["wait"]
SCENES = 9 * DATES


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    paths = {}
    for band in ("B04", "B08"):
        paths[band] = tmp_path / f"{band}.tif"
        with rasterio.open(
            paths[band],
            "w",
            driver="GTiff",
            width=512,
            height=512,
            count=1,
            dtype="uint16",
            crs="EPSG:32632",
            transform=from_origin(600_000, 5_000_000, 200, 200),
            tiled=True,
            sparse_ok=True,
        ):
            pass
    return paths


def test_a_crowd_is_found_by_place_and_month(
    tmp_path: Path, files: dict[str, Path], wait: Await
) -> None:
    database = tmp_path / "catalog.db"
    place = BBox(left=10.5, bottom=44.5, right=10.6, top=44.6, crs=WGS84)

    async def search(start: datetime | None, stop: datetime | None) -> tuple[int, list[str]]:
        opened = await open_database(f"sqlite:///{database}")
        try:
            catalog = SqlCatalog(opened)
            everything = SceneQuery(collection="sentinel-2-l2a")
            query = SceneQuery(
                collection="sentinel-2-l2a",
                area=(place,),
                time=TimeRange(start=start, stop=stop),
            )
            found = await catalog.search(query)
            return await catalog.count(everything), [scene.name for scene in found]
        finally:
            await opened.close()

    wait(
        fill_catalog(database, files, collection="sentinel-2-l2a", date="2022-07-13", scenes=SCENES)
    )
    july = datetime(2022, 7, 1, tzinfo=UTC), datetime(2022, 8, 1, tzinfo=UTC)
    count, in_july = wait(search(*july))
    may = datetime(2022, 5, 1, tzinfo=UTC), datetime(2022, 5, 11, tzinfo=UTC)
    _, in_may = wait(search(*may))

    assert count == SCENES + 1
    assert len(in_july) == 1
    assert not in_july[0].startswith("S2_")
    assert len(in_may) >= 2
    assert all(name.startswith("S2_") for name in in_may)
