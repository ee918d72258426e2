"""The request's area in longitude and latitude, for the catalog's search and what it found."""

from collections.abc import Sequence

import numpy as np
import shapely
from shapely.affinity import translate

from engine.catalog.scene import Scene
from engine.errors import UnsupportedCrs
from engine.geo.bbox import BBox
from engine.geo.crs import WGS84, transform, wrap_period
from engine.geo.geobox import GeoBox
from engine.geo.geometry import Geometry

NODES = 21
"""Points along each side of the grid that is moved to longitude and latitude; inner points count
too, since an extreme of latitude may lie inside (a polar projection around its pole)."""

HELD_NODES = 5
"""Points along each side of the grid at which covers are looked at before all scenes are."""

TURN = 360.0


def search_area(geobox: GeoBox) -> tuple[BBox, ...]:
    """Return one or two boxes in EPSG:4326 that hold every pixel of ``geobox``.

    Two where the antimeridian cuts the area; all longitudes where a pole lies inside. Raises
    `UnsupportedCrs` where no point of the grid has a longitude and latitude.
    """
    box = geobox.bbox
    x, y = np.linspace(box.left, box.right, NODES), np.linspace(box.bottom, box.top, NODES)
    # On a cylinder x alone gives the longitude and y alone the latitude: a diagonal has them all.
    is_cylinder = wrap_period(geobox.crs) is not None
    if not is_cylinder:
        x, y = np.meshgrid(x, y)
    lon, lat = transform(geobox.crs, WGS84, x, y)
    good = np.isfinite(lon) & np.isfinite(lat)
    if not good.any():
        message = f"the area has no coordinates on Earth in {geobox.crs.name[:40]}"
        raise UnsupportedCrs(message, where="input->bounds")
    south, north = float(lat[good].min()), float(lat[good].max())
    pad = (north - south) / NODES + 1e-9
    south, north = max(-90.0, south - pad), min(90.0, north + pad)
    # A cylinder has no pole inside: there a pole is a whole edge, or nowhere.
    for pole in () if is_cylinder else (-90.0, 90.0):
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
    # Nor have other projections that show it as a line.
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


def touching(scenes: Sequence[Scene], geobox: GeoBox, clip: Geometry | None) -> list[Scene]:
    """Return the scenes whose covers meet the area itself, and not only the box around it.

    The area is that between the centers of the outermost pixels, and within ``clip``. Scenes that
    meet it may still have no data there. All of them, where the area runs around a pole.
    """
    area = _outline(geobox)
    if area is None:
        return list(scenes)
    if clip is not None:
        area = shapely.intersection(area, _inside(clip, geobox, area))
    west, _, east, _ = shapely.bounds(area)
    # Covers lie between −180 and 180 degrees; the outline runs on beyond.
    turns = [turn for turn in (-TURN, 0.0, TURN) if west + turn <= 180.0 and east + turn >= -180.0]
    area = shapely.union_all([translate(area, xoff=turn) for turn in turns])
    shapely.prepare(area)
    meets = shapely.intersects(area, [scene.cover.shape for scene in scenes])
    return [scene for scene, met in zip(scenes, meets, strict=True) if met]


def are_held(geobox: GeoBox, scenes: Sequence[Scene]) -> bool:
    """Return True where each of some points all over the grid lies in the cover of a scene.

    Points between them may still lie in none, and pixels in a cover may have no data.
    """
    col, row = np.meshgrid(
        np.linspace(0.5, geobox.width - 0.5, HELD_NODES),
        np.linspace(0.5, geobox.height - 0.5, HELD_NODES),
    )
    a, b, c, d, e, f = geobox.affine[:6]
    x, y = a * col + b * row + c, d * col + e * row + f
    lon, lat = transform(geobox.crs, WGS84, x.ravel(), y.ravel())
    lon = (lon + TURN / 2) % TURN - TURN / 2
    is_open = np.isfinite(lon) & np.isfinite(lat)
    for scene in scenes:
        if not is_open.any():
            break
        is_open &= ~shapely.intersects_xy(scene.cover.shape, lon, lat)
    return not is_open.any()


def _outline(geobox: GeoBox) -> shapely.Geometry | None:
    """Return the polygon through the outermost pixels' centers, its longitudes without a jump.

    None where it has no such polygon: around a pole, or beyond what has coordinates.
    """
    t = np.linspace(0.0, 1.0, NODES)
    zero, one = np.zeros(NODES), np.ones(NODES)
    col = 0.5 + np.concatenate([t, one, t[::-1], zero]) * (geobox.width - 1)
    row = 0.5 + np.concatenate([zero, t, one, t[::-1]]) * (geobox.height - 1)
    a, b, c, d, e, f = geobox.affine[:6]
    x, y = a * col + b * row + c, d * col + e * row + f
    lon, lat = transform(geobox.crs, WGS84, x, y)
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        return None
    if not geobox.crs.is_geographic:
        lon = np.unwrap(lon, period=TURN)
    is_around = abs(lon[-1] - lon[0]) > TURN / 2 or np.ptp(lon) >= TURN
    if is_around or search_area(geobox)[0].width >= TURN:
        return None
    ring = np.stack([lon, lat], axis=1)
    line = geobox.width == 1 or geobox.height == 1
    area = shapely.multipoints(ring).convex_hull if line else shapely.polygons(ring)
    return area if shapely.is_valid(area) else None


def _inside(clip: Geometry, geobox: GeoBox, area: shapely.Geometry) -> shapely.Geometry:
    """Return the clip's shape in longitude and latitude, near ``area``."""
    box = geobox.bbox
    # Straight in the request's CRS is not straight on the globe.
    dense = shapely.segmentize(clip.shape, max(box.width, box.height) / NODES)
    shape = Geometry(shape=dense, crs=clip.crs).to(WGS84).shape
    if geobox.crs.is_geographic:
        return shape
    middle = area.centroid.x

    def unwrap(points: np.ndarray) -> np.ndarray:
        lon = middle + (points[:, 0] - middle + TURN / 2) % TURN - TURN / 2
        return np.stack([lon, points[:, 1]], axis=1)

    return shapely.make_valid(shapely.transform(shape, unwrap))
