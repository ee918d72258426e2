"""An image's outline on the globe."""

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray

from engine.catalog.cover import cut_at_antimeridian
from engine.cog.image import CogImage
from engine.errors import InvalidGeometry
from engine.geo.crs import WGS84, Crs, transform
from engine.geo.geometry import Geometry

Float = NDArray[np.float64]

_FEWEST = 4
_MOST = 128
"""Corners along one side of an outline."""
_PIXELS = 0.1
"""How far the middle of an outline's edge may lie from the image's true edge."""
_TURN = 360.0
_ROUNDING = 1e-6
"""Degrees, a tenth of a meter: footprints are written with six decimals."""


def image_outline(image: CogImage) -> Geometry:
    """Return the outline of ``image`` in EPSG:4326, cut at the antimeridian.

    Straight sides of a projected image are curves in degrees: corners are added until they are
    true to a tenth of a pixel. An image with a pole inside reaches to that pole. Raises
    `InvalidGeometry` where a part of the image is nowhere on the globe.
    """
    if image.crs is None:
        message = "the image has no coordinate reference system"
        raise InvalidGeometry(message)
    corners = _FEWEST
    while True:
        columns, rows = _ring(image, 2 * corners)
        longitude, latitude = _to_globe(image, image.crs, columns, rows)
        if corners >= _MOST or _is_true(image, image.crs, (columns, rows), (longitude, latitude)):
            return _polygon(longitude[::2], latitude[::2])
        corners *= 2


def straighten(geometry: Geometry, image: CogImage) -> Geometry:
    """Return a footprint (EPSG:4326) with edges that run straight over the image, not in degrees.

    Footprints name few corners, and what lies between them is straight in the image's own plane:
    there an edge of 110 km runs up to 250 m beside the line that is straight in degrees. Wider by
    what its numbers are rounded to, lest they cut off a pixel whose center lies on the edge. One
    that comes in parts (cut at the antimeridian) is returned as it is.
    """
    crs = image.crs
    shape = geometry.shape
    if crs is None or not isinstance(shape, shapely.Polygon):
        return geometry

    def onto(points: Float) -> Float:
        x, y = transform(WGS84, crs, points[:, 0], points[:, 1])
        return np.stack(_apply(~image.affine, x, y), axis=1)

    def back(points: Float) -> Float:
        x, y = _apply(image.affine, points[:, 0], points[:, 1])
        return np.stack(transform(crs, WGS84, x, y), axis=1)

    globe = shapely.box(-_TURN / 2, -_TURN / 4, _TURN / 2, _TURN / 4)
    wide = shape.buffer(_ROUNDING, join_style="mitre").intersection(globe)
    flat = shapely.transform(wide, onto)
    step = max(image.width, image.height) / _MOST
    curved = shapely.transform(shapely.segmentize(flat, step), back)
    is_whole = curved.is_valid and not curved.is_empty and np.isfinite(curved.bounds).all()
    return Geometry(shape=curved, crs=WGS84) if is_whole else geometry


def _ring(image: CogImage, corners: int) -> tuple[Float, Float]:
    """Return columns and rows of a closed ring along the image's edge, clockwise from the top."""
    t = np.arange(corners) / corners
    ones = np.ones(corners)
    columns = np.concatenate([t, ones, 1 - t, 0 * ones, [0.0]])
    rows = np.concatenate([0 * ones, t, ones, 1 - t, [0.0]])
    return columns * image.width, rows * image.height


def _to_globe(image: CogImage, crs: Crs, columns: Float, rows: Float) -> tuple[Float, Float]:
    x, y = _apply(image.affine, columns, rows)
    longitude, latitude = transform(crs, WGS84, x, y)
    if not (np.isfinite(longitude).all() and np.isfinite(latitude).all()):
        message = "a part of the image's edge has no longitude and latitude"
        raise InvalidGeometry(message)
    # Neighbors on the ring are near each other: a jump by a full turn is the antimeridian.
    return np.unwrap(longitude, period=_TURN), latitude


def _apply(affine: Affine, x: Float, y: Float) -> tuple[Float, Float]:
    a, b, c, d, e, f = affine[:6]
    return a * x + b * y + c, d * x + e * y + f


def _is_true(
    image: CogImage, crs: Crs, ring: tuple[Float, Float], globe: tuple[Float, Float]
) -> bool:
    """Return True where every second point lies near the chord of its neighbors, in pixels."""
    longitude, latitude = ((part[:-2:2] + part[2::2]) / 2 for part in globe)
    x, y = transform(WGS84, crs, longitude, latitude)
    columns, rows = _apply(~image.affine, x, y)
    off = np.hypot(columns - ring[0][1::2], rows - ring[1][1::2])
    return bool(np.isfinite(off).all() and off.max() <= _PIXELS)


def _polygon(longitude: Float, latitude: Float) -> Geometry:
    turn = longitude[-1] - longitude[0]
    if abs(turn) > _TURN / 2:
        # The ring runs once around the globe, so a pole is inside; which one, the latitudes tell.
        pole = float(np.copysign(90.0, latitude.mean()))
        longitude = np.concatenate([longitude, [longitude[-1], longitude[0]]])
        latitude = np.concatenate([latitude, [pole, pole]])
    shape = shapely.make_valid(shapely.Polygon(np.stack([longitude, latitude], axis=1)))
    parts = [part for part in shapely.get_parts(shape) if isinstance(part, shapely.Polygon)]
    if not parts or sum(part.area for part in parts) == 0:
        message = "the image's outline has no area on the globe"
        raise InvalidGeometry(message)
    whole = parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
    middle = (whole.bounds[0] + whole.bounds[2]) / 2
    turns = np.round(middle / _TURN)
    return cut_at_antimeridian(
        Geometry(shape=shapely.affinity.translate(whole, xoff=-turns * _TURN), crs=WGS84)
    )
