"""Search among 100,000 scenes: area, month, cloud cover, newest first, at most 16.

    python benchmarks/bench_catalog.py [--scenes N] [--queries N]

Two catalogs: scenes strewn over the globe, and as many stacked over one place. ``cold`` knows
nothing yet, ``beside`` had other searches before, ``again`` had this one. Times are of the CPU.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import shapely
from affine import Affine

from engine.catalog.collection import Collection, MosaicRule
from engine.catalog.cover import cover_boxes
from engine.catalog.rows import SceneRows, to_rows
from engine.catalog.scene import Asset, Scene
from engine.catalog.search import SceneQuery
from engine.catalog.sql import SqlCatalog
from engine.catalog.sql_write import write_scenes
from engine.catalog.user import make_user_band
from engine.catalog.view import CatalogView
from engine.cog.image import CogImage, Compression, Level
from engine.database.connection import open_database
from engine.database.instant import to_micros
from engine.geo.bbox import BBox
from engine.geo.crs import WGS84, Crs
from engine.geo.geometry import Geometry
from engine.geo.time import TimeRange

START = datetime(2017, 1, 1, tzinfo=UTC)
DAYS = 3000
BATCH = 5000
BANDS = ("B02", "B03", "B04", "B08")
LIMIT = 16
"""Scenes looked at first under SIMPLE mosaicking."""
MONTH = timedelta(days=30)


def make_image() -> CogImage:
    """Return the header of a 10,980² image in blocks of 512, with overviews."""
    levels = []
    side = 10_980
    while side > 512:
        across = -(-side // 512)
        sizes = np.full((1, across, across), 250_000, dtype=np.uint64)
        levels.append(
            Level(
                width=side,
                height=side,
                block_width=512,
                block_height=512,
                offsets=(np.cumsum(sizes) - sizes.ravel()[0]).reshape(sizes.shape),
                byte_counts=sizes,
            )
        )
        side //= 2
    return CogImage(
        identity="etag",
        size=120_000_000,
        width=10_980,
        height=10_980,
        bands=1,
        dtype="uint16",
        affine=Affine(10, 0, 600_000, 0, -10, 5_000_000),
        crs=Crs("EPSG:32632"),
        nodata=0.0,
        scale=(1.0,),
        offset=(0.0,),
        levels=tuple(levels),
        compression=Compression.DEFLATE,
        compression_tag=8,
        predictor=2,
        is_planar=False,
        is_little_endian=True,
        bits=16,
        photometric=1,
    )


def make_rows(first: int, stop: int, *, spread: float, random_: random.Random) -> list[SceneRows]:
    """Return scenes ``first`` to ``stop``, within ``spread`` (1: the globe) of the middle.

    Headers are the same in all: to write each of them anew would take longer than all the rest.
    """
    pattern = to_rows(make_scene(make_image()))
    made = []
    for number in range(first, stop):
        x, y = random_.uniform(-170, 168) * spread, random_.uniform(-60, 70) * spread
        cover = Geometry(shape=shapely.box(x, y, x + 1.4, y + 1).segmentize(0.2), crs=WGS84)
        scene = {
            **pattern.scene,
            "id": f"scene-{number}",
            "name": f"scene {number}",
            "sensed": to_micros(START + timedelta(days=random_.uniform(0, DAYS))),
            "cloud_cover": random_.uniform(0, 100),
            "cover": shapely.to_wkb(cover.shape),
        }
        files = [
            {**file, "address": f"s3://bucket/{number}/{file['position']}.tif"}
            for file in pattern.assets
        ]
        made.append(SceneRows(scene=scene, assets=files, boxes=cover_boxes(cover)))
    return made


def make_scene(image: CogImage) -> Scene:
    """Return a scene of four bands."""
    return Scene(
        id="scene",
        collection="byoc-bench",
        name="scene",
        sensed=START,
        created=START,
        cloud_cover=0.0,
        cover=Geometry(shape=shapely.box(0, 0, 1, 1), crs=WGS84),
        assets={
            band: Asset(address=f"s3://bucket/{band}.tif", band_index=0, image=image)
            for band in BANDS
        },
    )


def make_query(random_: random.Random, *, spread: float, size: float, month: bool) -> SceneQuery:
    """Return a query for a box of ``size`` degrees."""
    x = random_.uniform(-170, 168) * spread
    y = random_.uniform(-60, 70) * spread
    start = START + timedelta(days=random_.uniform(0, DAYS - 30))
    return SceneQuery(
        collection="byoc-bench",
        area=(BBox(left=x, bottom=y, right=x + size, top=y + size, crs=WGS84),),
        time=TimeRange(start=start, stop=start + MONTH if month else None),
        max_cloud_cover=60,
        limit=LIMIT,
    )


async def measure(
    catalogs: Callable[[], SqlCatalog], queries: Sequence[SceneQuery], *, again: bool
) -> tuple[float, float, float]:
    """Return p50 and p99 in milliseconds of CPU, and the mean number of scenes found.

    Only the second search of each query counts, where it is made ``again``.
    """
    seconds = []
    found = 0
    for query in queries:
        search = partial(timed, query)
        catalog = catalogs()
        if again:
            await catalog.read(search)
        spent, count = await catalog.read(search)
        seconds.append(spent)
        found += count
    seconds.sort()
    p99 = seconds[min(len(seconds) - 1, int(len(seconds) * 0.99))]
    return seconds[len(seconds) // 2] * 1e3, p99 * 1e3, found / len(queries)


def timed(query: SceneQuery, view: CatalogView) -> tuple[float, int]:
    """Return the seconds of this thread that a search takes, and how many scenes it finds."""
    start = time.thread_time()
    found = len(view.search(query))
    return time.thread_time() - start, found


async def bench(*, name: str, spread: float, scenes: int, queries: int) -> None:
    """Fill a catalog and print what searching it takes."""
    random_ = random.Random(7)  # noqa: S311  the same scenes every time
    with tempfile.TemporaryDirectory() as folder:
        database = await open_database(f"sqlite:///{Path(folder) / 'catalog.db'}")
        catalog = SqlCatalog(database)
        bands = {band: make_user_band(band) for band in BANDS}
        await catalog.add_collection(
            Collection(id="byoc-bench", title="bench", bands=bands, rule=MosaicRule.TOP_COVER)
        )
        start = time.perf_counter()
        for first in range(0, scenes, BATCH):
            rows = make_rows(first, min(first + BATCH, scenes), spread=spread, random_=random_)
            await database.write(partial(write_scenes, rows=rows))
        rate = scenes / (time.perf_counter() - start)
        print(f"\n{name}: {scenes} scenes of 4 bands, written at {rate:.0f} scenes/s")
        print(f"{'query':34}{'p50 ms':>9}{'p99 ms':>9}{'found':>8}")
        for size, month in ((0.02, True), (0.02, False), (5.0, True), (5.0, False), (90.0, False)):
            made = [
                make_query(random_, spread=spread, size=size, month=month) for _ in range(queries)
            ]
            for how, catalogs, again in (
                ("cold", lambda: SqlCatalog(database), False),
                ("beside", lambda: catalog, False),
                ("again", lambda: catalog, True),
            ):
                p50, p99, found = await measure(catalogs, made, again=again)
                what = f"{size:g}°, {'a month' if month else 'open end'}, {how}"
                print(f"{what:34}{p50:9.2f}{p99:9.2f}{found:8.1f}")
        await database.close()


def main() -> None:
    """Run both catalogs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=100)
    options = parser.parse_args()
    for name, spread in (("strewn over the globe", 1.0), ("stacked over one place", 0.005)):
        asyncio.run(bench(name=name, spread=spread, scenes=options.scenes, queries=options.queries))


if __name__ == "__main__":
    main()
