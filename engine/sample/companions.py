"""Scenes of other satellites over the same country: Sentinel-1, Landsat 8 and a height model."""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from shapely.geometry import mapping

from engine.encode.cog import CogFile
from engine.geo.geobox import GeoBox
from engine.sample.generate import OVERLAP, STRIPE, footprint_of
from engine.sample.landscape import Stripe, make_landscape, make_stripe, world_box
from engine.sample.product import mgrs_square
from engine.sample.render import Swath
from engine.sample.season import make_season
from engine.sample.sensors import Flood, landsat_rows, mean_heights, radar_rows, shorten
from engine.sample.sky import make_sky
from engine.sample.spec import SampleSpec, Weather
from engine.sample.world import PIXEL, WorldGrid, make_grid

COMPANIONS = ("sentinel-1-grd", "landsat-ot-l2", "dem")
"""The collections that they belong to."""
RADAR_DAYS = (("2021-11-14", 8.0), ("2022-04-23", -1.0), ("2022-07-12", -1.0))
"""Day, and the height below which the land was flooded."""
LANDSAT_DAYS = (("2022-04-24", Weather(0.22, 1_500.0, 0.2, 0.3)),
                ("2022-07-13", Weather(0.0, 1_000.0, 0.0, 0.0)))  # fmt: skip
OPTICAL = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B10")
EVERYWHERE = Swath(-1e9, 1e9, 0.0)

Rows = Callable[[Stripe], Mapping[str, NDArray[Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanionScene:
    """A scene that was written."""

    collection: str
    name: str
    item: Path
    files: Mapping[str, Path]
    """Band → file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Product:
    """What is written of one zone."""

    collection: str
    name: str
    sensed: datetime | None
    step: int
    """Pixels of 10 m along the side of one of its own."""
    dtypes: Mapping[str, str]
    rows: Rows
    properties: Mapping[str, Any]
    cloud_cover: float | None = None


def write_companions(folder: Path, spec: SampleSpec | None = None) -> tuple[CompanionScene, ...]:
    """Write radar, Landsat and heights below ``folder``, over the ground of ``spec``'s scenes.

    Radar has pixels of 20 m and three dates, one of them with a flood; Landsat has 30 m and two
    dates; the heights have 30 m. The same seed gives the same pixels on every machine.
    """
    spec = spec or SampleSpec()
    half = 0.5 * OVERLAP * spec.pixels * PIXEL
    grids = {
        zone: make_grid(zone=zone, center=(half if zone == 33 else -half, 0.0), pixels=spec.pixels)
        for zone in spec.zones
    }
    landscape = make_landscape(list(grids.values()), seed=spec.seed)
    written: list[CompanionScene] = []
    for grid in grids.values():
        with ExitStack() as stack:
            drafts = [
                (product, *_open(folder, product, grid, stack)) for product in _products(grid, spec)
            ]
            for start in range(0, spec.pixels, STRIPE):
                stop = min(start + STRIPE, spec.pixels)
                stripe = make_stripe(landscape, grid, row_start=start, row_stop=stop)
                for product, files, _ in drafts:
                    for band, rows in product.rows(stripe).items():
                        files[band].write(rows)
        written += [_finish(product, scene, grid) for product, _, scene in drafts]
    return tuple(written)


def _products(grid: WorldGrid, spec: SampleSpec) -> Iterator[_Product]:
    middle = 0.5 * spec.pixels * PIXEL
    zone = (grid.geobox.crs.epsg or 0) - 32_600
    left, top = grid.geobox.affine.c, grid.geobox.affine.f
    square = mgrs_square(zone, left + middle, top - middle, 44.3)
    for day, height in RADAR_DAYS:
        sensed = datetime.fromisoformat(f"{day}T05:18:42").replace(tzinfo=UTC)
        yield _Product(
            collection="sentinel-1-grd",
            name=f"S1A_{sensed:%Y%m%d}_{square}_DSC",
            sensed=sensed,
            step=2,
            dtypes={"VV": "float32", "VH": "float32"},
            rows=_radar(sensed, height, spec.seed),
            properties={"platform": "sentinel-1a", "sat:orbit_state": "descending"},
        )
    for day, weather in LANDSAT_DAYS:
        sensed = datetime.fromisoformat(f"{day}T09:58:11").replace(tzinfo=UTC)
        row = "192029" if zone == 32 else "191029"
        yield _Product(
            collection="landsat-ot-l2",
            name=f"LC08_L2SP_{row}_{sensed:%Y%m%d}_{sensed:%Y%m%d}_02_T1",
            sensed=sensed,
            step=3,
            dtypes={**dict.fromkeys(OPTICAL, "uint16"), "BQA": "uint16"},
            rows=_landsat(sensed, weather, spec.seed),
            properties={"platform": "landsat-8"},
            cloud_cover=100.0 * weather.cover,
        )
    yield _Product(
        collection="dem",
        name=f"DEM_30_{square}",
        sensed=None,
        step=3,
        dtypes={"DEM": "float32"},
        rows=lambda stripe: {"DEM": mean_heights(stripe.heights)},
        properties={},
    )


def _radar(sensed: datetime, flood: float, seed: int) -> Rows:
    season = make_season(sensed, rain=0.5)
    draw = seed * 1_000 + sensed.timetuple().tm_yday

    def rows(stripe: Stripe) -> Mapping[str, NDArray[Any]]:
        height, width = stripe.ground.kind.shape
        out = np.empty((2, height // 2, width // 2), np.float32)
        radar_rows(
            stripe.grid.nodes,
            stripe.heights,
            stripe.row_start,
            stripe.ground,
            season,
            Flood(flood),
            draw,
            out,
        )
        short = shorten(out)
        return {"VV": short[0], "VH": short[1]}

    return rows


def _landsat(sensed: datetime, weather: Weather, seed: int) -> Rows:
    season = make_season(sensed, rain=weather.rain)

    def rows(stripe: Stripe) -> Mapping[str, NDArray[Any]]:
        height, width = stripe.ground.kind.shape
        bands = np.empty((len(OPTICAL), height // 3, width // 3), np.uint16)
        flags = np.empty(bands.shape[1:], np.uint16)
        area = world_box(stripe.grid, row_start=stripe.row_start, row_stop=stripe.row_stop)
        draw = seed * 1_000 + sensed.timetuple().tm_yday
        sky = make_sky(weather, area=area, sun=season.sun, seed=draw)
        landsat_rows(
            stripe.grid.nodes,
            stripe.heights,
            stripe.row_start,
            stripe.ground,
            season,
            sky,
            bands,
            flags,
        )
        return {**dict(zip(OPTICAL, bands, strict=True)), "BQA": flags}

    return rows


def _open(
    folder: Path, product: _Product, grid: WorldGrid, stack: ExitStack
) -> tuple[dict[str, CogFile], CompanionScene]:
    place = folder / product.collection / product.name
    place.mkdir(parents=True, exist_ok=True)
    paths = {band: place / f"{product.name}_{band}.tif" for band in product.dtypes}
    box = _geobox(grid, product.step)
    files = {
        band: stack.enter_context(
            CogFile(
                path,
                geobox=box,
                dtype=product.dtypes[band],
                nodata=None if product.sensed is None else 0,
                is_categorical=band == "BQA",
            )
        )
        for band, path in paths.items()
    }
    scene = CompanionScene(
        collection=product.collection,
        name=product.name,
        item=place / f"{product.name}.json",
        files=paths,
    )
    return files, scene


def _geobox(grid: WorldGrid, step: int) -> GeoBox:
    return GeoBox(
        width=grid.geobox.width // step,
        height=grid.geobox.height // step,
        affine=grid.geobox.affine * Affine.scale(step),
        crs=grid.geobox.crs,
    )


def _finish(product: _Product, scene: CompanionScene, grid: WorldGrid) -> CompanionScene:
    outline = footprint_of(grid, EVERYWHERE)
    properties = {
        "title": "Sample scene of a country that does not exist",
        "attribution": "Sample scenes, generated by Cogmill",
        "datetime": None if product.sensed is None else f"{product.sensed:%Y-%m-%dT%H:%M:%SZ}",
        **product.properties,
    }
    if product.cloud_cover is not None:
        properties["eo:cloud_cover"] = math.floor(product.cloud_cover)
    item = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": product.name,
        "collection": product.collection,
        "geometry": mapping(outline),
        "bbox": list(outline.bounds),
        "properties": properties,
        "assets": {
            band: {
                "href": f"./{path.name}",
                "type": "image/tiff; application=geotiff; profile=cloud-optimized",
                "roles": ["data"],
                "eo:bands": [{"name": band}],
            }
            for band, path in scene.files.items()
        },
        "links": [],
    }
    scene.item.write_text(json.dumps(item, indent=1), encoding="utf-8")
    return scene
