"""GDAL's settings that the peers' documentation recommends for files in the cloud."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import rasterio

from benchmarks.contestants import GDAL_SETTINGS
from benchmarks.peers import QUICKEST, Ask

IN_PROCESS: Mapping[str, object] = {**GDAL_SETTINGS, "GDAL_CACHEMAX": 200 << 20}
"""The settings for `rasterio.Env`, which takes the size of GDAL's cache in bytes: of 200 bytes it
would decode a block many times."""
EXACT = {"tolerance": 0.001, "XSCALE": "1", "YSCALE": "1"}
"""Makes GDAL's warp precise: it may be off by an eighth of a pixel otherwise, and blurs where it
estimates that grids turned against each other are of different scale."""


@contextmanager
def gdal_environment(ask: Ask) -> Iterator[None]:
    """Set what the documentation recommends, unless the peer is asked as it comes."""
    with rasterio.Env(**(IN_PROCESS if ask.setting == QUICKEST else {})):
        yield
