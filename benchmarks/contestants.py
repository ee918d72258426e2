"""The contestants in this process: Cogmill and rio-tiler."""

import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import rasterio
from rio_tiler.colormap import cmap
from rio_tiler.io import Reader
from rio_tiler.models import ImageData

from benchmarks.scenes import BANDS
from benchmarks.workloads import Question
from engine.core import Engine, EngineOptions
from engine.ingest import ingest
from engine.net.guard import OutboundPolicy
from engine.request import Input, PixelRequest
from engine.store.route import StoreOptions

COLLECTION = "sentinel-2-l2a"
DATE = "2022-07-13"
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
WEB_MERCATOR = rasterio.crs.CRS.from_epsg(3857)
EXACT = {"tolerance": 0.001, "XSCALE": "1", "YSCALE": "1"}
"""Makes GDAL's warp precise: it may be off by an eighth of a pixel otherwise, and blurs where it
estimates that grids turned against each other are of different scale."""


class Loop:
    """An event loop in a thread, so that an engine can be timed beside blocking peers."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def __call__(self, coroutine: Any) -> Any:
        """Return what ``coroutine`` returns."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()


class Cogmill:
    """An engine in this process over the bands at one address."""

    def __init__(self, loop: Loop, home: Path, address: str) -> None:
        self.loop = loop
        host = urlsplit(address).netloc
        policy = OutboundPolicy(hosts=(host,) if host else ())
        store = StoreOptions(roots=() if host else (address,), policy=policy)
        self.engine = Engine(
            EngineOptions(database_url=f"sqlite:///{home / 'cogmill.db'}", store=store)
        )
        loop(self._start([f"{address}/{band}.tif" for band in BANDS]))

    async def _start(self, addresses: list[str]) -> None:
        await self.engine.open()
        report = await ingest(
            self.engine.catalog, self.engine.store, COLLECTION, addresses, date=DATE
        )
        if not report.scenes:
            raise SystemExit(f"nothing registered: {report.refused}")

    def close(self) -> None:
        """Close the engine."""
        self.loop(self.engine.close())

    def forget(self) -> None:
        """Empty the cache of decoded blocks."""
        self.engine.parts.reader.cache.clear()

    def answer(self, question: Question) -> object:
        """Return the map tile's PNG, or the array."""
        return self.loop(self._answer(question, question.work.script))

    async def _answer(self, question: Question, script: str) -> object:
        method = question.work.resampling
        source = Input(
            id="0", collection=COLLECTION, upsampling=method, downsampling=method, harmonize=False
        )
        request = PixelRequest(geobox=question.geobox, inputs=(source,), script=script)
        pixels = await self.engine.pixels(request)
        if question.work.zoom is None or script != question.work.script:
            return pixels.outputs["default"]
        return await self.engine.encode(pixels, media_type="image/png")

    def numbers(self, question: Question) -> np.ndarray:
        """Return the stored numbers (band, row, col) behind a map tile, or the array."""
        if question.work.zoom is None:
            return np.asarray(self.answer(question))
        script = _hand_through(question.work.bands)
        return np.asarray(self.loop(self._answer(question, script)))


def _hand_through(bands: tuple[str, ...]) -> str:
    """Return the script that gives stored numbers as they are."""
    values = ", ".join(f"s.{band}" for band in bands)
    return (
        "//VERSION=3\nfunction setup() { return {input: [{bands: "
        f"{list(bands)}, units: 'DN'}}], output: {{bands: {len(bands)}, sampleType: 'UINT16'}}}};"
        f" }}\nfunction evaluatePixel(s) {{ return [{values}]; }}"
    )


class RioTiler:
    """rio-tiler: one reader per band, all at once in threads."""

    def __init__(self, address: str) -> None:
        self.paths: Mapping[str, str] = {band: f"{address}/{band}.tif" for band in BANDS}
        self.pool = ThreadPoolExecutor(len(BANDS))

    def answer(self, question: Question, *, zlevel: int | None = None) -> object:
        """Return the map tile's PNG at a level of deflate (None: its default), or the array."""
        numbers = self.numbers(question, {})
        if question.work.zoom is None:
            return numbers
        options = {} if zlevel is None else {"zlevel": zlevel}
        if len(question.work.bands) == 3:
            picture = ImageData(numbers)
            picture.rescale(in_range=((0, 4000),))
            return picture.render(img_format="PNG", **options)
        picture = ImageData(_index(numbers)[np.newaxis])
        picture.rescale(in_range=((-0.2, 0.9),))
        return picture.render(img_format="PNG", colormap=RAMP, **options)

    def numbers(self, question: Question, vrt_options: Mapping[str, object]) -> np.ma.MaskedArray:
        """Return the stored numbers (band, row, col) behind a map tile, or the array."""
        work = question.work

        def read(band: str) -> np.ma.MaskedArray:
            with rasterio.Env(**IN_PROCESS), Reader(self.paths[band]) as reader:
                if work.zoom is not None:
                    return reader.tile(
                        question.x,
                        question.y,
                        work.zoom,
                        tilesize=work.side,
                        resampling_method="nearest",
                        vrt_options=dict(vrt_options),
                    ).array
                return reader.part(
                    question.box,
                    dst_crs=WEB_MERCATOR,
                    bounds_crs=WEB_MERCATOR,
                    width=work.side,
                    height=work.side,
                    resampling_method="bilinear",
                    reproject_method="bilinear",
                    vrt_options=dict(vrt_options),
                ).array

        bands = np.ma.concatenate(list(self.pool.map(read, work.bands)))
        return bands if work.zoom is not None else _index(bands)


def _index(bands: np.ma.MaskedArray) -> np.ma.MaskedArray:
    """Return the normalized difference; numpy's masked division would take many times longer."""
    red, near = bands.data.astype("float32")
    with np.errstate(invalid="ignore"):
        index = (near - red) / (near + red)
    return np.ma.MaskedArray(index, mask=np.ma.getmaskarray(bands).any(axis=0))
