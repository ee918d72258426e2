"""Search among 100,000 scenes: area, month, cloud cover, newest first, at most 100.

    python benchmarks/bench_catalog.py [--scenes N] [--queries N]

Two catalogs: scenes strewn over the globe, and as many stacked over one place. ``ids`` is the
search with every scene parsed already, ``cold`` parses each scene it returns.
"""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import shapely
from affine import Affine

from engine.catalog.collection import Collection, MosaicRule
from engine.catalog.recent import Recent
from engine.catalog.scene import Asset, Scene
from engine.catalog.search import SceneQuery
from engine.catalog.sqlite import SqliteCatalog
from engine.catalog.user import make_user_band
from engine.cog.image import CogImage, Compression, Level
from engine.database.connection import open_database
from engine.geo.bbox import BBox
from engine.geo.crs import WGS84, Crs
from engine.geo.geometry import Geometry
from engine.geo.time import TimeRange

START = datetime(2017, 1, 1, tzinfo=UTC)
DAYS = 3000
BATCH = 5000
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


def make_scene(number: int, *, spread: float, image: CogImage, random_: random.Random) -> Scene:
    """Return scene ``number``, somewhere within ``spread`` (1: the globe) of the middle."""
    x = random_.uniform(-170, 168) * spread
    y = random_.uniform(-60, 70) * spread
    cover = shapely.box(x, y, x + 1.4, y + 1).segmentize(0.2)
    return Scene(
        id=f"scene-{number}",
        collection="byoc-bench",
        name=f"scene {number}",
        sensed=START + timedelta(days=random_.uniform(0, DAYS)),
        created=START,
        cloud_cover=random_.uniform(0, 100),
        cover=Geometry(shape=cover, crs=WGS84),
        assets={
            band: Asset(address=f"s3://bucket/{number}/{band}.tif", band_index=0, image=image)
            for band in ("B02", "B03", "B04", "B08")
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
        limit=100,
    )


async def measure(
    catalog: SqliteCatalog, queries: Sequence[SceneQuery], *, is_warm: bool
) -> tuple[float, float, float]:
    """Return p50 and p99 in milliseconds, and the mean number of scenes found."""
    seconds = []
    found = 0
    for query in queries:
        if is_warm:
            await catalog.search(query)
        start = time.perf_counter()
        found += len(await catalog.search(query))
        seconds.append(time.perf_counter() - start)
    seconds.sort()
    p99 = seconds[min(len(seconds) - 1, int(len(seconds) * 0.99))]
    return seconds[len(seconds) // 2] * 1e3, p99 * 1e3, found / len(queries)


async def bench(*, name: str, spread: float, scenes: int, queries: int) -> None:
    """Fill a catalog and print what searching it takes."""
    random_ = random.Random(7)  # noqa: S311  the same scenes every time
    image = make_image()
    with tempfile.TemporaryDirectory() as folder:
        database = await open_database(f"sqlite:///{Path(folder) / 'catalog.db'}")
        catalog = SqliteCatalog(database)
        bands = {band: make_user_band(band) for band in ("B02", "B03", "B04", "B08")}
        await catalog.add_collection(
            Collection(id="byoc-bench", title="bench", bands=bands, rule=MosaicRule.TOP_COVER)
        )
        start = time.perf_counter()
        for first in range(0, scenes, BATCH):
            numbers = range(first, min(first + BATCH, scenes))
            await catalog.add_scenes(
                [make_scene(n, spread=spread, image=image, random_=random_) for n in numbers]
            )
        rate = scenes / (time.perf_counter() - start)
        print(f"\n{name}: {scenes} scenes of 4 bands, written at {rate:.0f} scenes/s")
        print(f"{'query':34}{'p50 ms':>9}{'p99 ms':>9}{'found':>8}")
        for size, month in ((0.1, True), (5.0, True), (0.1, False), (5.0, False), (90.0, False)):
            made = [
                make_query(random_, spread=spread, size=size, month=month) for _ in range(queries)
            ]
            for is_warm in (True, False):
                cold = SqliteCatalog(database, recent_scenes=Recent(limit=0))
                p50, p99, found = await measure(catalog if is_warm else cold, made, is_warm=is_warm)
                what = f"{size:g}°, {'a month' if month else 'open end'}, "
                what += "ids" if is_warm else "cold"
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
