"""rio-tiler: readers in threads, its own mosaic, its own rescaling, colors and PNG."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import rasterio
from rio_tiler.io import Reader
from rio_tiler.models import ImageData
from rio_tiler.mosaic import mosaic_reader

from benchmarks.peers import DEFAULT, QUICKEST, Ask
from benchmarks.peers.bands import is_index, normalized_difference
from benchmarks.peers.finish import BRIGHTEST, HIGHEST, LOWEST, RAMP
from benchmarks.peers.settings import EXACT, gdal_environment


class RioTiler:
    """One reader per band, all at once in threads; a mosaic's scenes one after the other.

    As it comes, PNG has deflate's level 6 and a mosaic's scenes are read in threads, each of them
    its bands in turn.
    """

    name = "rio-tiler"
    settings = (DEFAULT, QUICKEST)

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(4)
        self.wide_pool = ThreadPoolExecutor(32)

    def takes(self, ask: Ask) -> bool:
        """Return True: it takes all of them."""
        return bool(ask.paths)

    def answer(self, ask: Ask) -> object:
        """Return the PNG, or the array."""
        numbers = self.numbers(ask)
        if ask.work.zoom is None:
            return numbers
        options = {} if ask.setting == DEFAULT else {"zlevel": 1}
        if ask.work.is_color:
            picture = ImageData(numbers)
            picture.rescale(in_range=((0, BRIGHTEST),))
            return picture.render(img_format="PNG", **options)
        picture = ImageData(normalized_difference(numbers)[np.newaxis])
        picture.rescale(in_range=((LOWEST, HIGHEST),))
        return picture.render(img_format="PNG", colormap=RAMP, **options)

    def numbers(self, ask: Ask) -> np.ma.MaskedArray:
        """Return what the answer is made of."""
        bands = self._bands(ask, {})
        return normalized_difference(bands) if is_index(ask) else bands

    def precise(self, ask: Ask) -> np.ma.MaskedArray:
        """Return the same with GDAL's warp made precise."""
        bands = self._bands(ask, EXACT)
        return normalized_difference(bands) if is_index(ask) else bands

    def _bands(self, ask: Ask, vrt_options: Mapping[str, object]) -> np.ma.MaskedArray:
        scenes = list(zip(*(ask.paths[band] for band in ask.work.bands), strict=True))
        pool = self.wide_pool if ask.is_remote else self.pool

        def read(path: str) -> np.ma.MaskedArray:
            return _read(ask, path, vrt_options).array

        if ask.work.is_series:
            paths = [path for scene in scenes for path in scene]
            return np.ma.concatenate(list(pool.map(read, paths)))
        if len(scenes) == 1:
            return np.ma.concatenate(list(pool.map(read, scenes[0])))
        each = map if ask.setting == DEFAULT else pool.map

        def read_scene(scene: tuple[str, ...]) -> ImageData:
            return ImageData(np.ma.concatenate(list(each(read, scene))))

        threads = {} if ask.setting == DEFAULT else {"threads": 0}
        image, _ = mosaic_reader(scenes, read_scene, **threads)
        return image.array


def _read(ask: Ask, path: str, vrt_options: Mapping[str, object]) -> ImageData:
    question = ask.question
    crs = rasterio.crs.CRS.from_epsg(question.epsg)
    method = ask.work.resampling.value
    with gdal_environment(ask), Reader(path) as reader:
        return reader.part(
            question.box,
            dst_crs=crs,
            bounds_crs=crs,
            width=question.width,
            height=question.height,
            resampling_method=method,
            reproject_method=method,
            vrt_options=dict(vrt_options),
        )
