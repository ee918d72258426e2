"""Scenes → layers: which scenes become one sample, as the script's mosaicking has it."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date

import numpy as np
import shapely
from numpy.typing import NDArray

from engine.catalog.scene import Scene
from engine.geo.crs import WGS84, transform
from engine.geo.geobox import GeoBox
from engine.plan.plan import Layer
from evalscripts.setup import Mosaicking

COVER_NODES = 17
"""Points along each side of the area at which scenes' covers are tried against each other."""

Points = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Longitudes and latitudes."""


def make_layers(
    scenes: Sequence[Scene], mosaicking: Mosaicking, *, geobox: GeoBox, is_fusion: bool
) -> tuple[Layer, ...]:
    """Return the layers of one input, in the order of their first scenes.

    SIMPLE has one layer, be there scenes or not; in a fusion, without scenes, none. ORBIT has one
    for each UTC day with scenes; scenes without a date are a day of their own.
    """
    if mosaicking is Mosaicking.SIMPLE:
        groups = [] if is_fusion and not scenes else [tuple(scenes)]
    elif mosaicking is Mosaicking.TILE:
        groups = [(scene,) for scene in scenes]
    else:
        groups = list(_by_day(scenes))
    points = _center_points(geobox) if any(len(group) > 1 for group in groups) else None
    return tuple(
        Layer(
            scenes=group,
            first=frozenset(scene.id for scene in group)
            if points is None or len(group) == 1
            else _covering(group, points),
        )
        for group in groups
    )


def day_of(scene: Scene) -> date | None:
    """Return the UTC day on which the scene was sensed, None where it has no date."""
    return None if scene.sensed is None else scene.sensed.astimezone(UTC).date()


def _by_day(scenes: Sequence[Scene]) -> Iterator[tuple[Scene, ...]]:
    days: dict[date | None, list[Scene]] = {}
    for scene in scenes:
        days.setdefault(day_of(scene), []).append(scene)
    return (tuple(day) for day in days.values())


def _center_points(geobox: GeoBox) -> Points:
    """Return points all over the grid; of those without coordinates, none."""
    # Centers of pixels: on the outer edge, a scene of the very same outline would miss points.
    col, row = np.meshgrid(
        np.linspace(0.5, geobox.width - 0.5, COVER_NODES),
        np.linspace(0.5, geobox.height - 0.5, COVER_NODES),
    )
    a, b, c, d, e, f = geobox.affine[:6]
    x, y = a * col + b * row + c, d * col + e * row + f
    lon, lat = transform(geobox.crs, WGS84, x.ravel(), y.ravel())
    good = np.isfinite(lon) & np.isfinite(lat)
    return (lon[good] + 180.0) % 360.0 - 180.0, lat[good]


def _covering(scenes: Sequence[Scene], points: Points) -> frozenset[str]:
    """Return the ids of the scenes, top first, whose covers add something to those above."""
    lon, lat = points
    chosen = set()
    for scene in scenes:
        if not len(lon):
            break
        held = shapely.intersects_xy(scene.cover.shape, lon, lat)
        if held.any():
            chosen.add(scene.id)
            lon, lat = lon[~held], lat[~held]
    return frozenset(chosen)
