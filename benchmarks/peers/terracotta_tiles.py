"""terracotta: its own reading, stretching, colors and PNG, without its database and its cache."""

from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from io import BytesIO
from multiprocessing import get_context

import numpy as np
from terracotta import image
from terracotta.raster import get_raster_tile

from benchmarks.peers import DEFAULT, QUICKEST, Ask
from benchmarks.peers.bands import normalized_difference
from benchmarks.peers.finish import BRIGHTEST, HIGHEST, LOWEST

RIO_OPTIONS = {"GDAL_TIFF_INTERNAL_MASK": True, "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR"}
"""As its raster store sets them."""


class Terracotta:
    """Bands in threads; as it comes, in three processes. PNG has level 1 in both.

    What it looks up in its database for each request is left out, in its favor.
    """

    name = "terracotta"
    settings = (DEFAULT, QUICKEST)

    def __init__(self) -> None:
        self.threads = ThreadPoolExecutor(4)
        self.processes: ProcessPoolExecutor | None = None

    def takes(self, ask: Ask) -> bool:
        """Return True for map tiles of one scene on disk: what it is made for."""
        is_single = all(len(paths) == 1 for paths in ask.paths.values())
        return ask.work.zoom is not None and is_single and not ask.is_remote

    def answer(self, ask: Ask) -> object:
        """Return the PNG."""
        if ask.work.is_color:
            return _color(self._bands(ask)).getvalue()
        index = normalized_difference(np.ma.stack(self._bands(ask)))
        return image.array_to_png(image.to_uint8(index, LOWEST, HIGHEST), colormap="rdylgn").read()

    def numbers(self, ask: Ask) -> np.ma.MaskedArray:
        """Return what the answer is made of."""
        return np.ma.stack(self._bands(ask))

    def close(self) -> None:
        """End the processes."""
        if self.processes is not None:
            self.processes.shutdown()

    def _bands(self, ask: Ask) -> list[np.ma.MaskedArray]:
        read = partial(
            get_raster_tile,
            tile_bounds=ask.question.box,
            tile_size=(ask.question.height, ask.question.width),
            reprojection_method="nearest",
            resampling_method="nearest",
            rio_env_options=RIO_OPTIONS,
        )
        paths = [ask.paths[band][0] for band in ask.work.bands]
        return list(self._pool(ask).map(read, paths))

    def _pool(self, ask: Ask) -> Executor:
        if ask.setting == QUICKEST:
            return self.threads
        if self.processes is None:
            self.processes = ProcessPoolExecutor(3, mp_context=get_context("spawn"))
        return self.processes


def _color(bands: list[np.ma.MaskedArray]) -> BytesIO:
    """Return the PNG as terracotta's handler of /rgb makes it."""
    stretched = [image.contrast_stretch(band, (0, BRIGHTEST), (0, 1)) for band in bands]
    numbers = [image.to_uint8(band, lower_bound=0, upper_bound=1) for band in stretched]
    return image.array_to_png(np.ma.stack(numbers, axis=-1))
