"""Engines over small files written by GDAL, for laws about the whole path."""

import asyncio
from collections.abc import Coroutine, Mapping
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
from engine.core import Engine, EngineOptions
from engine.geo.bbox import BBox
from engine.geo.crs import WGS84, Crs
from engine.geo.geobox import GeoBox, make_geobox
from engine.geo.geometry import Geometry
from engine.plan.limits import Limits
from engine.request import Input, PixelRequest
from engine.run.open import open_image
from engine.store.route import StoreOptions
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


def make_options(home: Path, roots: Path, *, limits: Limits | None = None, **fields: Any) -> Any:
    return EngineOptions(
        database_url=f"sqlite+aiosqlite:///{home / 'catalog.db'}",
        store=StoreOptions(roots=(str(roots),)),
        scripts=PoolOptions(workers=1),
        limits=limits or Limits(),
        threads=2,
        **fields,
    )


async def register(
    engine: Engine,
    collection: Collection,
    name: str,
    files: Mapping[str, Path],
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
        image = await open_image(engine.parts.store, str(path))
        assets[band] = Asset(address=str(path), band_index=0, image=image)
    first = next(iter(assets.values())).image
    if cover is None:
        corners = [
            first.affine * (col, row)
            for col, row in (
                (0, 0),
                (first.width, 0),
                (first.width, first.height),
                (0, first.height),
            )
        ]
        cover = Geometry(shape=shapely.Polygon(corners), crs=first.crs or WGS84).to(WGS84).shape
    scene = Scene(
        id=str(uuid4()),
        collection=collection.id,
        name=name,
        sensed=sensed,
        created=created,
        cloud_cover=cloud_cover,
        cover=Geometry(shape=cover, crs=WGS84),
        assets=assets,
        dn_offset=dn_offset,
    )
    await engine.parts.catalog.add_scenes([scene])
    return scene


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
    clip = fields.pop("clip", None)
    return PixelRequest(
        geobox=geobox,
        inputs=(Input(id="0", collection=collection.id, **fields),),
        script=script,
        clip=clip,
    )


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)
