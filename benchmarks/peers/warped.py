"""rasterio: a WarpedVRT for each file, in threads, and numpy by hand."""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import rasterio
import rasterio.transform
import rasterio.windows
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT

from benchmarks.peers import DEFAULT, QUICKEST, Ask
from benchmarks.peers.finish import finish, is_index, normalized_difference
from benchmarks.peers.settings import gdal_environment


class Warped:
    """Files in threads, the overview named by hand; where no warp is needed, a window is read.

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
        if ask.work.is_series or len(scenes) == 1:
            return np.ma.stack(read)
        count = len(ask.work.bands)
        filled = np.ma.stack(read[:count])
        for start in range(count, len(read), count):
            under = np.ma.stack(read[start : start + count])
            gaps = np.ma.getmaskarray(filled)
            filled = np.ma.MaskedArray(
                np.where(gaps, under.data, filled.data), gaps & np.ma.getmaskarray(under)
            )
        return filled


def _read(ask: Ask, path: str) -> np.ma.MaskedArray:
    question = ask.question
    crs = rasterio.crs.CRS.from_epsg(question.epsg)
    options = {} if ask.setting == DEFAULT else _overview(ask)
    with gdal_environment(ask), rasterio.open(path, **options) as dataset:
        if ask.setting == QUICKEST and dataset.crs == crs:
            window = rasterio.windows.from_bounds(*question.box, transform=dataset.transform)
            shape = (question.height, question.width)
            return dataset.read(1, window=window, out_shape=shape, masked=True)
        with WarpedVRT(
            dataset,
            crs=crs,
            transform=rasterio.transform.from_bounds(
                *question.box, question.width, question.height
            ),
            width=question.width,
            height=question.height,
            resampling=Resampling[ask.work.resampling.value],
        ) as vrt:
            return vrt.read(1, masked=True)


def _overview(ask: Ask) -> dict[str, int]:
    """Return the coarsest overview of a 10 m band that is as fine as the question."""
    level = int(math.log2(max(1.0, 1.01 * ask.question.meters / 10)))
    return {"overview_level": level - 1} if level else {}
