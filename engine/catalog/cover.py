"""Outlines on the globe: cut at the antimeridian, with the boxes that find them again.

Stored covers lie within longitudes −180 to 180. An outline that runs on beyond (185°, or −190°)
is cut there and its outer part moved by a full turn, as RFC 7946 §3.1.9 asks.
"""

from dataclasses import dataclass

import shapely
from shapely.affinity import translate

from engine.errors import InvalidGeometry
from engine.geo.geometry import Geometry

_HALF_TURN = 180.0
_TURN = 360.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Degrees; a box never crosses the antimeridian."""

    west: float
    south: float
    east: float
    north: float


def cut_at_antimeridian(cover: Geometry) -> Geometry:
    """Return ``cover`` (EPSG:4326) with every part between longitudes −180 and 180.

    Raises `InvalidGeometry` where it reaches beyond −540, 540 or a pole, or has no area.
    """
    west, south, east, north = cover.shape.bounds
    if west < -3 * _HALF_TURN or east > 3 * _HALF_TURN or south < -90 or north > 90:
        message = (
            f"a cover's longitudes and latitudes run from {west:g}, {south:g} to {east:g}, "
            f"{north:g}; allowed: -180, -90 to 180, 90"
        )
        raise InvalidGeometry(message)
    if west >= -_HALF_TURN and east <= _HALF_TURN:
        return cover
    parts: list[shapely.Polygon] = []
    for turns in (-1, 0, 1):
        middle = turns * _TURN
        strip = shapely.box(middle - _HALF_TURN, -90, middle + _HALF_TURN, 90)
        inside = shapely.intersection(cover.shape, strip)
        moved = translate(inside, xoff=-middle)
        parts += [part for part in _polygons(moved) if part.area > 0]
    if not parts:
        message = "the cover has no area"
        raise InvalidGeometry(message)
    shape = parts[0] if len(parts) == 1 else shapely.union_all(parts)
    return Geometry(shape=shape, crs=cover.crs)


def cover_boxes(cover: Geometry) -> tuple[Box, ...]:
    """Return one box around ``cover``, or two where its parts meet at the antimeridian.

    ``cover`` is what `cut_at_antimeridian` returned.
    """
    parts = _polygons(cover.shape)
    west, _, east, _ = cover.shape.bounds
    if len(parts) > 1 and east - west > _HALF_TURN:
        groups = [
            [part for part in parts if part.centroid.x < 0],
            [part for part in parts if part.centroid.x >= 0],
        ]
    else:
        groups = [parts]
    return tuple(_box(group) for group in groups if group)


def _box(parts: list[shapely.Polygon]) -> Box:
    west, south, east, north = shapely.total_bounds(parts)
    return Box(west=float(west), south=float(south), east=float(east), north=float(north))


def _polygons(shape: shapely.Geometry) -> list[shapely.Polygon]:
    if isinstance(shape, shapely.Polygon):
        return [] if shape.is_empty else [shape]
    return [part for part in shapely.get_parts(shape) if isinstance(part, shapely.Polygon)]
