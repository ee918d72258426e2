"""The plane on which the landscape is defined, and the grids of scenes in it.

World coordinates are meters east and north of `ORIGIN` on a plain equirectangular plane. Every
UTM zone reads the same plane, so the ground goes on across a zone's edge.
"""

from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from engine.geo.crs import WGS84, Crs, transform
from engine.geo.geobox import GeoBox
from engine.jit import kernel

ORIGIN = (12.0, 44.3)
"""Longitude and latitude of the world's (0, 0): on the edge of UTM zones 32 and 33."""
METERS_PER_LATITUDE = 111_114.0
METERS_PER_LONGITUDE = 79_788.0
"""Meters of a degree at `ORIGIN`; constants, as they only fix what the plane means."""
NODE_STEP = 64
"""Pixels between two exact points of a grid; between them the error is below a centimeter."""
PIXEL = 10.0
"""Meters of the finest pixel."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WorldGrid:
    """World coordinates of a scene's pixels, by nodes."""

    geobox: GeoBox
    """The 10 m grid."""
    nodes: NDArray[np.float64]
    """(2, node row, node column): world x and y at pixel edges 0, `NODE_STEP`, …; whole mm, so
    that another version of PROJ gives the same bytes."""


def to_world(longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return world x and y, stacked on a new first axis."""
    x = (longitude - ORIGIN[0]) * METERS_PER_LONGITUDE
    y = (latitude - ORIGIN[1]) * METERS_PER_LATITUDE
    return np.stack([x, y])


def to_degrees(x: float, y: float) -> tuple[float, float]:
    """Return longitude and latitude of a world point."""
    return ORIGIN[0] + x / METERS_PER_LONGITUDE, ORIGIN[1] + y / METERS_PER_LATITUDE


def utm_zone(zone: int) -> Crs:
    """Return the northern UTM zone on WGS 84."""
    return Crs(f"EPSG:{32600 + zone}")


def make_grid(*, zone: int, center: tuple[float, float], pixels: int) -> WorldGrid:
    """Return the square grid of ``pixels`` × ``pixels`` whose middle is near world ``center``.

    Its corner lies on a multiple of 60 m, as Sentinel-2's do, so that 10, 20 and 60 m pixels nest.
    """
    crs = utm_zone(zone)
    longitude, latitude = to_degrees(*center)
    x, y = transform(WGS84, crs, np.array([longitude]), np.array([latitude]))
    half = pixels * PIXEL / 2.0
    left = round((float(x[0]) - half) / 60.0) * 60.0
    top = round((float(y[0]) + half) / 60.0) * 60.0
    affine = Affine(PIXEL, 0.0, left, 0.0, -PIXEL, top)
    geobox = GeoBox(width=pixels, height=pixels, affine=affine, crs=crs)
    steps = np.arange(-(-pixels // NODE_STEP) + 2, dtype=np.float64) * (NODE_STEP * PIXEL)
    # One node before the corner: slopes and shadows look beyond the edge.
    east, north = np.meshgrid(left + steps - NODE_STEP * PIXEL, top - steps + NODE_STEP * PIXEL)
    lon, lat = transform(crs, WGS84, east, north)
    return WorldGrid(geobox=geobox, nodes=np.round(to_world(lon, lat), 3))


@kernel
def world_point(nodes: NDArray[np.float64], row: float, col: float) -> tuple[float, float]:
    """Return world x and y of pixel coordinates (0.5 is the first center); bilinear."""
    r = row / NODE_STEP + 1.0
    c = col / NODE_STEP + 1.0
    i = min(max(int(r), 0), nodes.shape[1] - 2)
    j = min(max(int(c), 0), nodes.shape[2] - 2)
    v = r - i
    u = c - j
    x = (nodes[0, i, j] * (1 - u) + nodes[0, i, j + 1] * u) * (1 - v) + (
        nodes[0, i + 1, j] * (1 - u) + nodes[0, i + 1, j + 1] * u
    ) * v
    y = (nodes[1, i, j] * (1 - u) + nodes[1, i, j + 1] * u) * (1 - v) + (
        nodes[1, i + 1, j] * (1 - u) + nodes[1, i + 1, j + 1] * u
    ) * v
    return x, y
