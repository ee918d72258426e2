import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import rasterio
from rasterio.shutil import copy as copy_raster

from engine.ingest import IngestReport, ingest
from tests.builders.engines import Bench, open_bench

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real imagery, which is not part of the repository."""
    if not DATA.is_dir():
        pytest.skip("the folder of real imagery (shared/data) is not on this machine")
    return DATA


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with open_bench(tmp_path_factory.mktemp("real")) as bench:
        yield bench


def make_cog(source: Path, target: Path) -> Path:
    """Write ``source`` as a COG with overviews by GDAL; pixels and georeference stay."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(source) as dataset:
        copy_raster(
            dataset,
            target,
            driver="COG",
            compress="deflate",
            predictor="yes",
            blocksize=256,
            overview_resampling="nearest",
        )
    return target


def take_in(
    bench: Bench,
    collection: str,
    places: list[str],
    *,
    bands: Mapping[str, str] | None = None,
    date: str | None = None,
) -> IngestReport:
    """Ingest as the command does."""
    engine = bench.engine
    work = ingest(engine.catalog, engine.parts.store, collection, places, bands=bands, date=date)
    return bench.runner.run(asyncio.wait_for(work, 60))
