"""odc-stac: `odc.stac.load` onto the grid of the answer, and numpy by hand."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import odc.stac
import pystac
import rasterio
import rasterio.warp
from odc.geo.geobox import GeoBox
from shapely.geometry import box, mapping

from benchmarks.peers import DEFAULT, QUICKEST, Ask
from benchmarks.peers.bands import is_index, normalized_difference
from benchmarks.peers.finish import finish
from benchmarks.peers.settings import gdal_environment

NEWEST = datetime(2024, 1, 1, tzinfo=UTC)
PROJECTION = "https://stac-extensions.github.io/projection/v2.0.0/schema.json"


class OdcStac:
    """Read at once (no chunks), in threads; as it comes, one file after the other."""

    name = "odc-stac"
    settings = (DEFAULT, QUICKEST)

    def takes(self, ask: Ask) -> bool:
        """Return True: it takes all of them."""
        return bool(ask.paths)

    def answer(self, ask: Ask) -> object:
        """Return the PNG, or the array."""
        bands = self._bands(ask)
        return normalized_difference(bands) if is_index(ask) else finish(ask, bands)

    def numbers(self, ask: Ask) -> np.ma.MaskedArray:
        """Return what the answer is made of."""
        bands = self._bands(ask)
        return normalized_difference(bands) if is_index(ask) else bands

    def _bands(self, ask: Ask) -> np.ma.MaskedArray:
        question = ask.question
        # It closes the pool of threads that it is given, so it is told how many.
        threads = {} if ask.setting == DEFAULT else {"pool": 32 if ask.is_remote else 4}
        with gdal_environment(ask):
            loaded = odc.stac.load(
                _items(ask),
                bands=list(ask.work.bands),
                geobox=GeoBox.from_bbox(
                    question.box,
                    crs=f"EPSG:{question.epsg}",
                    shape=(question.height, question.width),
                    tight=True,
                ),
                resampling=ask.work.resampling.value,
                groupby="time" if ask.work.is_series else "eo:constellation",
                preserve_original_order=True,
                dtype="uint16",
                nodata=0,
                **threads,
            )
            values = np.stack([loaded[band].values for band in ask.work.bands])
        if ask.work.is_series:
            # Its dates come the oldest first.
            values = values[:, ::-1].swapaxes(0, 1)
        values = values.reshape(-1, question.height, question.width)
        return np.ma.MaskedArray(values, values == 0)


def _items(ask: Ask) -> list[pystac.Item]:
    """Return an item for each scene, made in memory."""
    scenes = zip(*(ask.paths[band] for band in ask.work.bands), strict=True)
    return [_item(ask, number, scene) for number, scene in enumerate(scenes)]


def _item(ask: Ask, number: int, scene: tuple[str, ...]) -> pystac.Item:
    facts = [_facts(path.partition("?")[0]) for path in scene]
    item = pystac.Item(
        id=f"scene-{number}",
        geometry=mapping(box(*facts[0].bounds)),
        bbox=list(facts[0].bounds),
        datetime=NEWEST - timedelta(days=number),
        properties={"eo:constellation": "sentinel-2", "proj:code": facts[0].code},
        stac_extensions=[PROJECTION],
    )
    for band, path, known in zip(ask.work.bands, scene, facts, strict=True):
        fields = {"proj:shape": known.shape, "proj:transform": known.transform}
        asset = pystac.Asset(href=path, media_type=pystac.MediaType.COG, extra_fields=fields)
        item.add_asset(band, asset)
    return item


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What a STAC item says of a file."""

    code: str
    shape: list[int]
    transform: list[float]
    bounds: tuple[float, float, float, float]
    """West, south, east, north."""


@cache
def _facts(path: str) -> _Facts:
    """Return what the catalog would say; looked up before the first time that counts."""
    with rasterio.open(path) as dataset:
        return _Facts(
            code=f"EPSG:{dataset.crs.to_epsg()}",
            shape=list(dataset.shape),
            transform=list(dataset.transform)[:6],
            bounds=rasterio.warp.transform_bounds(dataset.crs, "EPSG:4326", *dataset.bounds),
        )
