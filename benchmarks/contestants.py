"""The contestants: Cogmill in process and over HTTP, rio-tiler, TiTiler."""

import asyncio
import json
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import rasterio
from rio_tiler.colormap import cmap
from rio_tiler.io import Reader
from rio_tiler.models import ImageData

from benchmarks.workloads import ArrayWork, MapTileWork

GDAL_SETTINGS = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": "YES",
    "GDAL_INGESTED_BYTES_AT_OPEN": "32768",
    "GDAL_CACHEMAX": "200",
    "VSI_CACHE": "TRUE",
    "VSI_CACHE_SIZE": "5000000",
}
"""What TiTiler's documentation recommends, as environment variables."""
IN_PROCESS = {name: int(text) if text.isdigit() else text for name, text in GDAL_SETTINGS.items()}
RAMP = cmap.get("rdylgn")


class RioTiler:
    """rio-tiler, one reader per band, in threads; PNG at ``zlevel`` (None: its default)."""

    def __init__(self, paths: Mapping[str, str], *, zlevel: int | None) -> None:
        self.paths = paths
        self.options = {} if zlevel is None else {"zlevel": zlevel}
        self.pool = ThreadPoolExecutor(len(paths))

    def tile(self, work: MapTileWork, x: int, y: int) -> np.ndarray:
        """Render the map tile and return the warped numbers, for comparison."""
        images = self._read(
            work.bands,
            lambda reader: reader.tile(x, y, work.zoom, tilesize=512, resampling_method="nearest"),
        )
        joined = np.ma.concatenate([image.array for image in images])
        if len(work.bands) == 3:
            picture = ImageData(joined.copy())
            picture.rescale(in_range=((0, 4000),))
            picture.render(img_format="PNG", **self.options)
        else:
            red, near = joined.astype("float32")
            picture = ImageData(((near - red) / (near + red))[np.newaxis])
            picture.rescale(in_range=((-0.2, 0.9),))
            picture.render(img_format="PNG", colormap=RAMP, **self.options)
        return joined.data

    def array(self, work: ArrayWork, box: tuple[float, float, float, float]) -> np.ndarray:
        """Return NDVI as float32."""
        images = self._read(
            work.bands,
            lambda reader: reader.part(
                box,
                dst_crs=rasterio.crs.CRS.from_epsg(3857),
                bounds_crs=rasterio.crs.CRS.from_epsg(3857),
                width=work.side,
                height=work.side,
                resampling_method="bilinear",
                reproject_method="bilinear",
            ),
        )
        red, near = (image.array[0].astype("float32") for image in images)
        return np.asarray((near - red) / (near + red))

    def _read(self, bands: tuple[str, ...], read: Callable[[Reader], ImageData]) -> list[ImageData]:
        def one(band: str) -> ImageData:
            with rasterio.Env(**IN_PROCESS), Reader(self.paths[band]) as reader:
                return read(reader)

        return list(self.pool.map(one, bands))


class Loop:
    """An event loop in a thread, so that an engine can be timed beside blocking peers."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def __call__(self, coroutine: Any) -> Any:
        """Return what ``coroutine`` returns."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()


def fetch(url: str, parameters: Mapping[str, Any] | None = None) -> bytes:
    """Return the body of a GET request; raises where it is not a 200."""
    query = f"?{urllib.parse.urlencode(parameters, doseq=True)}" if parameters else ""
    with urllib.request.urlopen(url + query, timeout=120) as answer:
        return bytes(answer.read())


def post(url: str, body: Any) -> bytes:
    """Return the body of a POST request with JSON."""
    request = urllib.request.Request(
        url, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        return bytes(answer.read())
