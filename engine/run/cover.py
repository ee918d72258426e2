"""`covered`: the pixels of a grid that lie under a scene's cover."""

from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.affinity import translate

from engine.catalog.scene import Scene
from engine.geo.crs import WGS84, transform
from engine.geo.geobox import GeoBox
from engine.geo.geometry import Geometry
from engine.warp.clip import rasterize

_NODES = 9
"""Points along each side of a grid's outline."""
_ROOM = 0.05
"""Share of the grid's size by which a cover must reach beyond it to be known to hold it all:
more than the sides of any grid bend between two points of its outline."""
_WIDEST = 10.0
"""Degrees; a grid that is wider may bend by more, or run around the globe."""


def covered(scene: Scene, geobox: GeoBox) -> NDArray[np.bool_] | None:
    """Return (row, col), True where the scene's cover holds the pixel's center; None: everywhere.

    Edges of covers are straight in longitude and latitude, whatever the grid's CRS.
    """
    if _holds_all(scene, geobox):
        return None
    return rasterize(_turned(scene.cover, geobox), geobox)


def _turned(cover: Geometry, geobox: GeoBox) -> Geometry:
    """Return the cover, repeated wherever a grid in degrees runs on beyond the antimeridian."""
    box = geobox.bbox
    if geobox.crs != cover.crs or (box.left >= -180.0 and box.right <= 180.0):
        return cover
    parts = [
        translate(part, xoff=turn)
        for turn in (-360.0, 0.0, 360.0)
        for part in shapely.get_parts(cover.shape)
    ]
    return Geometry(shape=shapely.MultiPolygon(parts), crs=cover.crs)


def _holds_all(scene: Scene, geobox: GeoBox) -> bool:
    """Return True where that is plain to see, without looking at each pixel."""
    around = _surroundings(geobox)
    return around is not None and bool(shapely.contains(scene.cover.shape, around))


@lru_cache(maxsize=64)
def _surroundings(geobox: GeoBox) -> shapely.Geometry | None:
    """Return a box in longitude and latitude with room around the grid; None where none is sure.

    Scenes and stripes of one request ask again and again.
    """
    t = np.linspace(0.0, 1.0, _NODES)
    ring_x = np.concatenate([t, np.ones(_NODES), t[::-1], np.zeros(_NODES)]) * geobox.width
    ring_y = np.concatenate([np.zeros(_NODES), t, np.ones(_NODES), t[::-1]]) * geobox.height
    a, b, c, d, e, f = geobox.affine[:6]
    lon, lat = transform(
        geobox.crs, WGS84, a * ring_x + b * ring_y + c, d * ring_x + e * ring_y + f
    )
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        return None
    west, east, south, north = lon.min(), lon.max(), lat.min(), lat.max()
    if west < -180.0 or east > 180.0 or max(east - west, north - south) > _WIDEST:
        return None
    room_x, room_y = _ROOM * (east - west), _ROOM * (north - south)
    return shapely.box(west - room_x, south - room_y, east + room_x, north + room_y)
