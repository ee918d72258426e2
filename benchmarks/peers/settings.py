"""GDAL's settings that the peers' documentation recommends for files in the cloud."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import rasterio

from benchmarks.peers import QUICKEST, Ask

GDAL_SETTINGS = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": "YES",
    "GDAL_HTTP_MULTIPLEX": "YES",
    "GDAL_INGESTED_BYTES_AT_OPEN": "32768",
    "GDAL_CACHEMAX": "200",
    "VSI_CACHE": "TRUE",
    "VSI_CACHE_SIZE": "5000000",
}
"""What TiTiler's documentation recommends, as environment variables."""
IN_PROCESS: Mapping[str, object] = {**GDAL_SETTINGS, "GDAL_CACHEMAX": 200 << 20}
"""The same for `rasterio.Env`, which takes the size of GDAL's cache in bytes; 200 bytes would make
it decode a block again for each of its rows."""
EXACT = {"tolerance": 0.001, "XSCALE": "1", "YSCALE": "1"}
"""Makes GDAL's warp precise: it may be off by an eighth of a pixel otherwise, and blurs where it
estimates that grids turned against each other are of different scale."""


@contextmanager
def gdal_environment(ask: Ask) -> Iterator[None]:
    """Set what the documentation recommends, unless the peer is asked as it comes."""
    with rasterio.Env(**(IN_PROCESS if ask.setting == QUICKEST else {})):
        yield
