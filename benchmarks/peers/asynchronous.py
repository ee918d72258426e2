"""async-geotiff over obstore: windows of all files at once, warped by GDAL where that is needed."""

import asyncio
import math
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import obstore.store
import rasterio.transform
import rasterio.warp
from async_geotiff import GeoTIFF, Window
from async_geotiff._overview import Overview
from rasterio.crs import CRS
from rasterio.enums import Resampling

from benchmarks.peers import QUICKEST, Ask
from benchmarks.peers.bands import coarsest_overview, is_index, lay, normalized_difference
from benchmarks.peers.finish import finish
from benchmarks.workloads import Question

MARGIN = 2
"""Pixels around the window, for the warp."""


class AsyncGeotiff:
    """Every file is opened and read in one event loop; its decoder has threads of its own."""

    name = "async-geotiff"
    settings = (QUICKEST,)

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(4)
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.local = obstore.store.LocalStore()
        self.remote: dict[str, Any] = {}

    def takes(self, ask: Ask) -> bool:
        """Return True for files behind HTTP, and for the series, where no warp is needed."""
        return ask.is_remote or ask.work.is_series

    def answer(self, ask: Ask) -> object:
        """Return the PNG, or the array."""
        bands = self._bands(ask)
        return normalized_difference(bands) if is_index(ask) else finish(ask, bands)

    def numbers(self, ask: Ask) -> np.ma.MaskedArray:
        """Return what the answer is made of."""
        bands = self._bands(ask)
        return normalized_difference(bands) if is_index(ask) else bands

    def _bands(self, ask: Ask) -> np.ma.MaskedArray:
        return asyncio.run_coroutine_threadsafe(self._read_all(ask), self.loop).result()

    async def _read_all(self, ask: Ask) -> np.ma.MaskedArray:
        scenes = zip(*(ask.paths[band] for band in ask.work.bands), strict=True)
        paths = [path for scene in scenes for path in scene]
        return lay(ask, await asyncio.gather(*(self._read(ask, path) for path in paths)))

    async def _read(self, ask: Ask, path: str) -> np.ma.MaskedArray:
        store, name = self._find(path)
        file = await GeoTIFF.open(name, store=store)
        overview = coarsest_overview(ask)
        image = file if overview is None else file.overviews[overview]
        crs = CRS.from_epsg(file.crs.to_epsg())
        window = _window(ask.question, image, crs)
        shape = (ask.question.height, ask.question.width)
        if window is None:
            return np.ma.masked_all(shape, np.uint16)
        read = await image.read(window=window)
        work = partial(_place, ask, read.data[0], read.transform, crs)
        return await self.loop.run_in_executor(self.pool, work)

    def _find(self, path: str) -> tuple[Any, str]:
        """Return the store of an address, kept with its connections, and the name in it."""
        if not path.startswith("http"):
            return self.local, path.lstrip("/")
        parts = urlsplit(path)
        base = f"{parts.scheme}://{parts.netloc}"
        if base not in self.remote:
            options = {"allow_http": True}
            self.remote[base] = obstore.store.HTTPStore.from_url(base, client_options=options)
        return self.remote[base], parts.path.lstrip("/")


def _window(question: Question, image: GeoTIFF | Overview, crs: CRS) -> Window | None:
    """Return the part of the image under the question; None where there is none."""
    target = CRS.from_epsg(question.epsg)
    box = question.box
    margin = 0
    if crs != target:
        box = rasterio.warp.transform_bounds(target, crs, *box)
        margin = MARGIN
    left, top = ~image.transform * (box[0], box[3])
    right, bottom = ~image.transform * (box[2], box[1])
    cols = (max(0, math.floor(left) - margin), min(image.width, math.ceil(right) + margin))
    rows = (max(0, math.floor(top) - margin), min(image.height, math.ceil(bottom) + margin))
    if cols[0] >= cols[1] or rows[0] >= rows[1]:
        return None
    return Window(
        col_off=cols[0], row_off=rows[0], width=cols[1] - cols[0], height=rows[1] - rows[0]
    )


def _place(ask: Ask, values: np.ndarray, transform: Any, crs: CRS) -> np.ma.MaskedArray:
    """Return the values on the grid of the question."""
    question = ask.question
    shape = (question.height, question.width)
    target = CRS.from_epsg(question.epsg)
    if crs == target and values.shape == shape:
        return np.ma.MaskedArray(values, values == 0)
    if crs == target:
        times = shape[0] // values.shape[0]
        placed = values.repeat(times, axis=0).repeat(times, axis=1)
        return np.ma.MaskedArray(placed, placed == 0)
    placed = np.zeros(shape, values.dtype)
    rasterio.warp.reproject(
        values,
        placed,
        src_transform=transform,
        src_crs=crs,
        src_nodata=0,
        dst_transform=rasterio.transform.from_bounds(*question.box, *shape[::-1]),
        dst_crs=target,
        dst_nodata=0,
        resampling=Resampling[ask.work.resampling.value],
    )
    return np.ma.MaskedArray(placed, placed == 0)
