"""A catalog of 100,000 scenes around one that can be read, as a national archive's looks."""

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import shapely
from affine import Affine

from engine.catalog.scene import Asset, Scene
from engine.catalog.search import SceneQuery
from engine.cog.image import CogImage, Level
from engine.core import EngineOptions, open_engine
from engine.geo.crs import WGS84, Crs
from engine.geo.geometry import Geometry
from engine.ingest import ingest
from engine.store.route import StoreOptions
from tests.builders.scenes import make_image

SIDE = 10_980
BLOCK = 1024
LEVELS = 5
FIRST_DAY = datetime(2018, 12, 20, 10, 10, 31, tzinfo=UTC)
REVISIT = timedelta(days=5)
DATES = 250
"""The last one is in May 2022, so the scene that can be read stands alone in its month."""
_MICROS = int(REVISIT.total_seconds() * 1e6)
_AXIS = REVISIT / timedelta(days=100)
"""Five days on the time axis of the R*Tree, see the first migration."""

_REPEAT = """
WITH RECURSIVE dates(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM dates WHERE n + 1 < :dates)
INSERT INTO scenes (key, id, collection, name, sensed, created, cloud_cover, cover, dn_offset,
                    properties, generation)
SELECT key + n * :step, id || '-' || n, collection, name || '-' || n, sensed + n * :micros,
       created + n, (cloud_cover + 37.0 * n) % 100, cover, dn_offset, properties, generation
FROM scenes, dates WHERE key >= :first AND key < :first + :step
"""
_REPEAT_FILES = """
WITH RECURSIVE dates(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM dates WHERE n + 1 < :dates)
INSERT INTO assets (scene_key, position, address, bands, image, coarsest_meters)
SELECT scene_key + n * :step, position, address || '-' || n, bands, image, coarsest_meters
FROM assets, dates WHERE scene_key >= :first AND scene_key < :first + :step
"""
_REPEAT_BOXES = """
WITH RECURSIVE dates(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM dates WHERE n + 1 < :dates)
INSERT INTO scene_boxes (id, west, east, south, north, earliest, latest)
SELECT id + 2 * n * :step, west, east, south, north, earliest + n * :axis, latest + n * :axis
FROM (SELECT * FROM scene_boxes WHERE id >= 2 * :first AND id < 2 * (:first + :step)), dates
"""


async def fill_catalog(
    database: Path, files: dict[str, Path], *, collection: str, date: str, scenes: int
) -> None:
    """Register the scene of ``files``, and others beside it, and on other days in its place.

    There are ``scenes`` of them: squares of 110 km on `DATES` days, five days apart. The first
    day is written through the catalog, the others are copies that SQLite makes of it.
    """
    roots = tuple({str(path.parent) for path in files.values()})
    options = EngineOptions(
        database_url=f"sqlite:///{database}", store=StoreOptions(roots=roots), native=None
    )
    engine = await open_engine(options)
    try:
        addresses = [str(path) for path in files.values()]
        report = await ingest(engine.catalog, engine.store, collection, addresses, date=date)
        if not report.scenes:
            raise RuntimeError(f"nothing registered: {report.refused}")
        (real,) = await engine.catalog.search(SceneQuery(collection=collection))
        squares = max(1, scenes // DATES)
        made = [_scene(real, number, squares=squares) for number in range(squares)]
        await engine.catalog.add_scenes(made)
    finally:
        await engine.close()
    _repeat(database, squares=squares, dates=max(1, scenes // squares))


def _repeat(database: Path, *, squares: int, dates: int) -> None:
    connection = sqlite3.connect(database)
    try:
        connection.execute("PRAGMA synchronous = OFF")
        (last,) = connection.execute("SELECT max(key) FROM scenes").fetchone()
        numbers = {
            "first": last - squares + 1,
            "step": squares,
            "dates": dates,
            "micros": _MICROS,
            "axis": _AXIS,
        }
        for statement in (_REPEAT, _REPEAT_FILES, _REPEAT_BOXES):
            connection.execute(statement, numbers)
        connection.commit()
    finally:
        connection.close()


def _scene(real: Scene, number: int, *, squares: int) -> Scene:
    """Return a square beside the real scene; number 0 lies where it lies."""
    west, south, _, north = real.cover.shape.bounds
    across = max(1, round(squares**0.5))
    width = 1.0 / np.cos(np.radians((south + north) / 2))
    left = west + (number % across) * width - (across // 2 if number else 0) * width
    bottom = south + (number // across) - (across // 2 if number else 0)
    cover = real.cover.shape
    if number:
        box = shapely.box(left, max(bottom, -80), left + 1.1 * width, max(bottom, -80) + 1.1)
        cover = box.segmentize(0.2)
    name = f"S2_{number:05}"
    image = _image()
    return replace(
        real,
        id=name,
        name=name,
        sensed=FIRST_DAY,
        cloud_cover=float(number % 100),
        cover=Geometry(shape=cover, crs=WGS84),
        assets={
            band: Asset(address=f"s3://bucket/{name}/{band}.tif", band_index=0, image=image)
            for band in real.assets
        },
    )


def _image() -> CogImage:
    """Return the header of a whole Sentinel-2 band."""
    levels = []
    for level in range(LEVELS):
        side = SIDE >> level
        across = -(-side // BLOCK)
        sizes = np.full((1, across, across), 1_300_000, dtype=np.uint64)
        levels.append(
            Level(
                width=side,
                height=side,
                block_width=BLOCK,
                block_height=BLOCK,
                offsets=(np.cumsum(sizes) - 1_300_000).reshape(sizes.shape).astype(np.uint64),
                byte_counts=sizes,
            )
        )
    return make_image(
        size=200_000_000,
        width=SIDE,
        height=SIDE,
        affine=Affine(10, 0, 600_000, 0, -10, 5_000_000),
        crs=Crs("EPSG:32632"),
        levels=tuple(levels),
    )
