"""The request's area in longitude and latitude, for the catalog's search."""

import numpy as np

from engine.errors import UnsupportedCrs
from engine.geo.bbox import BBox
from engine.geo.crs import WGS84, transform
from engine.geo.geobox import GeoBox

NODES = 21
"""Points along each side of the grid that is moved to longitude and latitude; inner points count
too, since an extreme of latitude may lie inside (a polar projection around its pole)."""


def search_area(geobox: GeoBox) -> tuple[BBox, ...]:
    """Return one or two boxes in EPSG:4326 that hold every pixel of ``geobox``.

    Two where the antimeridian cuts the area; all longitudes where a pole lies inside. Raises
    `UnsupportedCrs` where no point of the grid has a longitude and latitude.
    """
    box = geobox.bbox
    x, y = np.meshgrid(
        np.linspace(box.left, box.right, NODES), np.linspace(box.bottom, box.top, NODES)
    )
    lon, lat = transform(geobox.crs, WGS84, x, y)
    good = np.isfinite(lon) & np.isfinite(lat)
    if not good.any():
        message = f"the area has no coordinates on Earth in {geobox.crs.name[:40]}"
        raise UnsupportedCrs(message, where="input->bounds")
    south, north = float(lat[good].min()), float(lat[good].max())
    pad = (north - south) / NODES + 1e-9
    south, north = max(-90.0, south - pad), min(90.0, north + pad)
    for pole in (-90.0, 90.0):
        if _holds(box, 0.0, pole):
            return (_box(-180.0, min(south, pole), 180.0, max(north, pole)),)
    reference = float(lon[good][good[good].size // 2])
    unwrapped = reference + (lon[good] - reference + 180.0) % 360.0 - 180.0
    if geobox.crs.is_geographic:
        unwrapped = x[good]
    west, east = float(unwrapped.min()), float(unwrapped.max())
    pad = (east - west) / NODES + 1e-9 if not geobox.crs.is_geographic else 0.0
    return _split(west - pad, south, east + pad, north)


def _holds(box: BBox, lon: float, lat: float) -> bool:
    x, y = transform(WGS84, box.crs, np.array([lon]), np.array([lat]))
    inside_x = bool(box.left <= x[0] <= box.right)
    # A cylinder has no pole inside: there a pole is a whole edge, or nowhere.
    other_x, _ = transform(WGS84, box.crs, np.array([lon + 90.0]), np.array([lat]))
    return inside_x and bool(box.bottom <= y[0] <= box.top) and bool(abs(other_x[0] - x[0]) < 1.0)


def _split(west: float, south: float, east: float, north: float) -> tuple[BBox, ...]:
    if east - west >= 360.0:
        return (_box(-180.0, south, 180.0, north),)
    shift = 360.0 * np.floor((west + 180.0) / 360.0)
    west, east = west - shift, east - shift
    if east <= 180.0:
        return (_box(west, south, east, north),)
    return (_box(west, south, 180.0, north), _box(-180.0, south, east - 360.0, north))


def _box(west: float, south: float, east: float, north: float) -> BBox:
    return BBox(left=west, bottom=south, right=east, top=north, crs=WGS84)
