"""`Geometry`: polygons and a CRS."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
import shapely.geometry
from shapely.validation import explain_validity

from engine.errors import InvalidGeometry
from engine.geo.bbox import BBox
from engine.geo.crs import Crs, transform

MAX_VERTICES = 100_000
"""More corners than this are refused: clipping costs time in proportion."""
MAX_NEIGHBORS = 50_000_000
"""More pairs of edges beside each other are refused: judging validity looks at each of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Geometry:
    """One polygon or several, with holes, in the plane of a CRS (x first)."""

    shape: shapely.Polygon | shapely.MultiPolygon
    """Valid, not empty, two-dimensional."""
    crs: Crs

    @property
    def bbox(self) -> BBox:
        """The box around all parts."""
        left, bottom, right, top = self.shape.bounds
        return BBox(left=left, bottom=bottom, right=right, top=top, crs=self.crs)

    def to(self, crs: Crs) -> "Geometry":
        """Return the corners moved to ``crs``; edges stay straight between them."""
        if crs == self.crs:
            return self

        def move(points: np.ndarray) -> np.ndarray:
            return np.stack(transform(self.crs, crs, points[:, 0], points[:, 1]), axis=1)

        return Geometry(shape=shapely.transform(self.shape, move), crs=crs)


def parse_geometry(value: Mapping[str, Any], crs: Crs) -> Geometry:
    """Return the `Geometry` of a GeoJSON Polygon or MultiPolygon in ``crs``.

    Raises `InvalidGeometry` where it is of another type, has an open ring, crosses itself, is
    empty, holds a number that is not finite or has more than `MAX_VERTICES` corners.
    """
    kind = value.get("type")
    if kind not in ("Polygon", "MultiPolygon"):
        message = f"geometry type {str(kind)[:40]!r} is not allowed; allowed: Polygon, MultiPolygon"
        raise InvalidGeometry(message)
    coordinates = value.get("coordinates")
    _check_rings([coordinates] if kind == "Polygon" else coordinates)
    try:
        shape = shapely.force_2d(shapely.geometry.shape(value))
    except (ValueError, TypeError, shapely.errors.ShapelyError) as error:
        message = "geometry coordinates are not lists of [x, y] numbers"
        raise InvalidGeometry(message) from error
    if shape.is_empty:
        message = "geometry is empty"
        raise InvalidGeometry(message)
    _check_neighbors(shape)
    if not shape.is_valid:
        message = f"geometry is not valid: {explain_validity(shape)}"
        raise InvalidGeometry(message)
    return Geometry(shape=shape, crs=crs)


def _check_rings(polygons: Any) -> None:
    count = 0
    try:
        for polygon in polygons:
            if len(polygon) == 0:
                message = "geometry holds an empty polygon"
                raise InvalidGeometry(message)
            for ring in polygon:
                points = np.asarray([point[:2] for point in ring])
                count += len(points)
                _check_ring(points)
    except (TypeError, ValueError, IndexError, KeyError) as error:
        message = "geometry coordinates are not lists of rings of [x, y] numbers"
        raise InvalidGeometry(message) from error
    if count > MAX_VERTICES:
        message = f"geometry has {count} points; at most {MAX_VERTICES} are allowed, simplify it"
        raise InvalidGeometry(message)


def _check_ring(points: np.ndarray) -> None:
    if points.dtype.kind not in "iuf":
        # Texts, truth values, null, integers that no float holds.
        raise TypeError
    minimum = 4
    if points.ndim != 2 or len(points) < minimum:
        message = f"a polygon ring has {len(points)} points; at least 4 are needed"
        raise InvalidGeometry(message)
    if not np.isfinite(points).all():
        message = "geometry holds a coordinate that is not a finite number"
        raise InvalidGeometry(message)
    if not np.array_equal(points[0], points[-1]):
        message = "a polygon ring is not closed: its first and last points differ"
        raise InvalidGeometry(message)


def _check_neighbors(shape: shapely.Polygon | shapely.MultiPolygon) -> None:
    """Raise where too many edges lie beside each other: above each other and side by side."""
    rings = shapely.get_rings(shapely.get_parts(shape))
    points, ring = shapely.get_coordinates(rings, return_index=True)
    edges = np.stack([points[:-1], points[1:]])[:, ring[1:] == ring[:-1]]
    lows, highs = edges.min(axis=0), edges.max(axis=0)
    pairs = min(_overlaps(lows[:, axis], highs[:, axis]) for axis in (0, 1))
    if pairs > MAX_NEIGHBORS:
        message = (
            f"{pairs} pairs of the geometry's edges lie beside each other; at most "
            f"{MAX_NEIGHBORS} are allowed, simplify it"
        )
        raise InvalidGeometry(message)


def _overlaps(lows: np.ndarray, highs: np.ndarray) -> int:
    """Return how many pairs of the intervals from ``lows`` to ``highs`` share a point."""
    count = len(lows)
    begun = np.searchsorted(np.sort(lows), highs, side="right")
    return int(begun.sum()) - count * (count + 1) // 2
