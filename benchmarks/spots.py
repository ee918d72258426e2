"""Places inside a scene: map tiles and boxes that lie whole within it."""

import math
from pathlib import Path

import numpy as np
import rasterio
import rasterio.warp
from numpy.typing import NDArray

HALF_WORLD = 20_037_508.342789244
"""Meters from the center to the edge of web mercator."""


def map_tiles(path: Path, zoom: int, *, pixels: int | None = None) -> list[tuple[int, int]]:
    """Return x and y of every map tile whole inside the image, or inside its first ``pixels``.

    Those are the square in its north west, so that what they touch can be kept decoded.
    """
    with rasterio.open(path) as dataset:
        crs, (left, bottom, right, top) = dataset.crs, dataset.bounds
        if pixels is not None:
            right = min(right, left + pixels * dataset.res[0])
            bottom = max(bottom, top - pixels * dataset.res[1])
    west, south, east, north = rasterio.warp.transform_bounds(
        crs, "EPSG:4326", left, bottom, right, top
    )
    low, high = cell_at(west, north, zoom), cell_at(east, south, zoom)
    cols, rows = np.meshgrid(np.arange(low[0], high[0] + 1), np.arange(low[1], high[1] + 1))
    inside = np.ones(cols.shape, dtype=bool)
    for corner in ((0, 0), (0, 1), (1, 0), (1, 1)):
        x, y = _north_west(cols + corner[0], rows + corner[1], zoom)
        found = rasterio.warp.transform("EPSG:3857", crs, x.ravel(), y.ravel())
        easting, northing = (np.reshape(values, cols.shape) for values in found)
        inside &= (left < easting) & (easting < right) & (bottom < northing) & (northing < top)
    return [(int(x), int(y)) for x, y in zip(cols[inside], rows[inside], strict=True)]


def _north_west(
    cols: NDArray[np.int64], rows: NDArray[np.int64], zoom: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return web mercator coordinates of the north west corners of map tiles."""
    step = 2 * HALF_WORLD / 2**zoom
    return cols * step - HALF_WORLD, HALF_WORLD - rows * step


def cell_at(longitude: float, latitude: float, zoom: int) -> tuple[int, int]:
    """Return x and y of the map tile that holds a place."""
    count = 1 << zoom
    north = math.asinh(math.tan(math.radians(latitude))) / math.pi
    return int((longitude + 180) / 360 * count), int((1 - north) / 2 * count)


def lattice(tiles: list[tuple[int, int]], step: int) -> list[tuple[int, int]]:
    """Return every ``step``-th map tile in both directions: few that touch most of the blocks."""
    return [(x, y) for x, y in tiles if x % step == 0 and y % step == 0]


def utm_boxes(
    path: Path, *, side: int, count: int, pixels: int, random: np.random.Generator
) -> tuple[str, list[tuple[float, float, float, float]]]:
    """Return the CRS, and boxes of ``side`` of the image's pixels at random places.

    They lie in the square of ``pixels`` in its north west.
    """
    with rasterio.open(path) as dataset:
        left, top, step = dataset.bounds.left, dataset.bounds.top, dataset.res[0]
        cols = random.integers(0, min(pixels, dataset.width) - side, count)
        rows = random.integers(0, min(pixels, dataset.height) - side, count)
        crs = f"http://www.opengis.net/def/crs/EPSG/0/{dataset.crs.to_epsg()}"
    return crs, [
        (
            left + col * step,
            top - (row + side) * step,
            left + (col + side) * step,
            top - row * step,
        )
        for col, row in zip(cols.tolist(), rows.tolist(), strict=True)
    ]
