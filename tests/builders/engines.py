"""Engines over small files written by GDAL, for laws about the whole path."""

import asyncio
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import numpy as np
import rasterio
import shapely
from affine import Affine
from rasterio.shutil import copy as copy_raster

from engine.catalog.collection import Band, Collection, MosaicRule, Unit
from engine.catalog.scene import Asset, Scene
from engine.core import Engine, EngineOptions, open_engine
from engine.geo.bbox import BBox
from engine.geo.crs import WGS84, Crs
from engine.geo.geobox import GeoBox, make_geobox
from engine.geo.geometry import Geometry
from engine.ingest.outline import image_outline
from engine.plan.limits import Limits
from engine.request import Input, PixelRequest
from engine.run.open import open_image
from engine.samples import Pixels
from engine.store.route import StoreOptions
from engine.trace import Trace, tracing
from evalscripts import PoolOptions

T = TypeVar("T")
SENSED = datetime(2024, 6, 1, 10, tzinfo=UTC)


def write_cog(
    path: Path,
    values: np.ndarray,
    *,
    crs: str,
    affine: Affine,
    nodata: float | None = 0,
    block: int = 128,
    **options: Any,
) -> Path:
    """Write (band, row, col) or (row, col) as a COG by GDAL."""
    bands = values if values.ndim == 3 else values[np.newaxis]
    profile = {
        "driver": "GTiff",
        "count": bands.shape[0],
        "height": bands.shape[1],
        "width": bands.shape[2],
        "dtype": bands.dtype,
        "crs": crs,
        "transform": affine,
        "nodata": nodata,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.MemoryFile() as memory:
        with memory.open(**profile) as dataset:
            dataset.write(bands)
        with memory.open() as dataset:
            settings = {
                "compress": "deflate",
                "predictor": "yes",
                "blocksize": block,
                "overview_resampling": "nearest",
                **options,
            }
            copy_raster(dataset, path, driver="COG", **settings)
    return path


def make_collection(
    *bands: str, rule: MosaicRule = MosaicRule.FIRST_DATA, **fields: Any
) -> Collection:
    units = (Unit(name="REFLECTANCE", scale=0.0001), Unit(name="DN"))
    return Collection(
        id=f"byoc-{uuid4()}",
        title="test",
        bands={name: Band(name=name, units=units) for name in bands},
        rule=rule,
        has_cloud_cover=True,
        **fields,
    )


def make_options(
    home: Path,
    roots: Path,
    *,
    limits: Limits | None = None,
    store: StoreOptions | None = None,
    **fields: Any,
) -> EngineOptions:
    return EngineOptions(
        database_url=f"sqlite:///{home / 'catalog.db'}",
        store=store or StoreOptions(roots=(str(roots),)),
        scripts=PoolOptions(workers=1),
        limits=limits or Limits(),
        threads=2,
        **fields,
    )


async def register(
    engine: Engine,
    collection: Collection,
    name: str,
    files: Mapping[str, Path | str],
    *,
    sensed: datetime | None = SENSED,
    cloud_cover: float | None = None,
    cover: shapely.Polygon | None = None,
    created: datetime = SENSED,
    dn_offset: float = 0.0,
) -> Scene:
    """Register one scene whose bands are the first bands of ``files``."""
    assets = {}
    for band, path in files.items():
        image = await open_image(engine.store, str(path))
        assets[band] = Asset(address=str(path), band_index=0, image=image)
    first = next(iter(assets.values())).image
    scene = Scene(
        id=str(uuid4()),
        collection=collection.id,
        name=name,
        sensed=sensed,
        created=created,
        cloud_cover=cloud_cover,
        cover=image_outline(first) if cover is None else Geometry(shape=cover, crs=WGS84),
        assets=assets,
        dn_offset=dn_offset,
    )
    await engine.catalog.add_scenes([scene])
    return scene


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """An open engine in an event loop of its own, for laws that are not about waiting."""

    engine: Engine
    runner: asyncio.Runner
    folder: Path

    def collect(self, *bands: str, **fields: Any) -> Collection:
        """Return a new collection."""
        collection = make_collection(*bands, **fields)
        self.runner.run(self.engine.catalog.add_collection(collection))
        return collection

    def add(
        self,
        collection: Collection,
        name: str,
        bands: Mapping[str, np.ndarray],
        *,
        crs: str,
        affines: Mapping[str, Affine] | Affine,
        block: int = 128,
        **fields: Any,
    ) -> Scene:
        """Write the bands of one scene and register it."""
        files = {}
        for band, values in bands.items():
            affine = affines if isinstance(affines, Affine) else affines[band]
            path = self.folder / f"{uuid4()}.tif"
            files[band] = write_cog(path, values, crs=crs, affine=affine, block=block)
        return self.runner.run(register(self.engine, collection, name, files, **fields))

    def ask(self, collection: Collection, geobox: GeoBox, script: str, **fields: Any) -> Pixels:
        """Return the pixels of one input of ``collection``."""
        request = ask(collection, geobox, script, **fields)
        # The runner's own context knows nothing of a trace that was opened since.
        return self.runner.run(self.engine.pixels(request), context=copy_context())

    def trace(
        self, collection: Collection, geobox: GeoBox, script: str, **fields: Any
    ) -> tuple[Pixels, Trace]:
        """Return the same, and what it took."""
        with tracing() as trace:
            return self.ask(collection, geobox, script, **fields), trace


@contextmanager
def open_bench(folder: Path, **options: Any) -> Iterator[Bench]:
    """Give an engine whose catalog and files lie in ``folder``."""
    with asyncio.Runner() as runner:
        engine = runner.run(open_engine(make_options(folder, folder, **options)))
        try:
            yield Bench(engine=engine, runner=runner, folder=folder)
        finally:
            runner.run(engine.close())


def grid(crs: str, box: tuple[float, float, float, float], width: int, height: int) -> GeoBox:
    left, bottom, right, top = box
    return make_geobox(
        BBox(left=left, bottom=bottom, right=right, top=top, crs=Crs(crs)),
        width=width,
        height=height,
    )


def stored_numbers(*bands: str, dtype: str = "UINT16") -> str:
    """Return a script that hands through the stored numbers and the data mask."""
    names = ", ".join(f'"{band}"' for band in bands)
    values = ", ".join(f"s.{band}" for band in bands)
    return f"""//VERSION=3
function setup() {{
  return {{
    input: [{{bands: [{names}, "dataMask"], units: "DN"}}],
    output: [
      {{id: "default", bands: {len(bands)}, sampleType: "{dtype}"}},
      {{id: "mask", bands: 1, sampleType: "UINT8"}}
    ]
  }};
}}
function evaluatePixel(s) {{ return {{default: [{values}], mask: [s.dataMask]}}; }}
"""


def ask(collection: Collection, geobox: GeoBox, script: str, **fields: Any) -> PixelRequest:
    clip, outputs = fields.pop("clip", None), fields.pop("outputs", None)
    return PixelRequest(
        geobox=geobox,
        inputs=(Input(id="0", collection=collection.id, **fields),),
        script=script,
        clip=clip,
        outputs=outputs,
    )


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)
