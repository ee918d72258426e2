"""rasterio: a WarpedVRT for each file, in threads, and numpy by hand."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import rasterio
import rasterio.transform
import rasterio.windows
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT

from benchmarks.peers import DEFAULT, QUICKEST, Ask
from benchmarks.peers.bands import coarsest_overview, is_index, lay, normalized_difference
from benchmarks.peers.finish import finish
from benchmarks.peers.settings import gdal_environment

UNSCALED = {"XSCALE": "1", "YSCALE": "1"}
"""Spares bilinear a kernel widened for a scale that GDAL estimates a little below 1."""


class Warped:
    """Files in threads, the overview named by hand; where no warp is needed, a window is read.

    The mask is made of the values by hand: to read a masked array would warp a second time.

    As it comes: one file after the other, a WarpedVRT onto the grid of the answer, PNG at level 6.
    """

    name = "WarpedVRT"
    settings = (DEFAULT, QUICKEST)

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(4)
        self.wide_pool = ThreadPoolExecutor(32)

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
        scenes = list(zip(*(ask.paths[band] for band in ask.work.bands), strict=True))
        if ask.setting == DEFAULT:
            each = map
        else:
            each = (self.wide_pool if ask.is_remote else self.pool).map
        read = list(each(lambda path: _read(ask, path), [p for scene in scenes for p in scene]))
        return lay(ask, read)


def _read(ask: Ask, path: str) -> np.ma.MaskedArray:
    question = ask.question
    crs = rasterio.crs.CRS.from_epsg(question.epsg)
    shape = (question.height, question.width)
    is_quick = ask.setting == QUICKEST
    overview = coarsest_overview(ask) if is_quick else None
    options = {} if overview is None else {"overview_level": overview}
    with gdal_environment(ask), rasterio.open(path, **options) as dataset:
        if is_quick and dataset.crs == crs:
            window = rasterio.windows.from_bounds(*question.box, transform=dataset.transform)
            values = dataset.read(1, window=window, out_shape=shape)
            return np.ma.MaskedArray(values, values == dataset.nodata)
        with WarpedVRT(
            dataset,
            crs=crs,
            transform=rasterio.transform.from_bounds(*question.box, *shape[::-1]),
            width=question.width,
            height=question.height,
            resampling=Resampling[ask.work.resampling.value],
            **(UNSCALED if is_quick else {}),
        ) as vrt:
            if not is_quick:
                return vrt.read(1, masked=True)
            values = vrt.read(1)
            return np.ma.MaskedArray(values, values == vrt.nodata)
