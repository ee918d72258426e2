"""The country: what is computed once for all scenes, and stripes of ground from it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.geo.bbox import BBox
from engine.geo.crs import WGS84
from engine.sample.courses import TOWNS, river_courses, road_courses
from engine.sample.ground import Ground, Land, blank_ground, cover_ground
from engine.sample.lines import make_lines
from engine.sample.terrain import Relief, make_relief, shape_terrain
from engine.sample.world import PIXEL, WorldGrid, world_point

MARGIN = 2_000.0
"""Meters of country around the scenes, so that their edges know what lies beyond."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Landscape:
    """Terrain, rivers, roads and towns of the world."""

    relief: Relief
    land: Land
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stripe:
    """Some rows of a scene's 10 m grid."""

    grid: WorldGrid
    row_start: int
    row_stop: int
    heights: NDArray[np.float32]
    """(rows + 2, cols + 2): meters, with a border of one pixel."""
    ground: Ground


def world_box(grid: WorldGrid, *, row_start: int = 0, row_stop: int | None = None) -> BBox:
    """Return the box around some rows of a grid, in world meters.

    The CRS of the box is only nominal: the world's plane has no code.
    """
    stop = grid.geobox.height if row_stop is None else row_stop
    corners = [
        world_point(grid.nodes, float(row), float(col))
        for row in (row_start, stop)
        for col in (0, grid.geobox.width)
    ]
    xs, ys = zip(*corners, strict=True)
    return BBox(left=min(xs), bottom=min(ys), right=max(xs), top=max(ys), crs=WGS84)


def make_landscape(grids: list[WorldGrid], *, seed: int) -> Landscape:
    """Return the country under ``grids``."""
    boxes = [world_box(grid) for grid in grids]
    area = BBox(
        left=min(box.left for box in boxes) - MARGIN,
        bottom=min(box.bottom for box in boxes) - MARGIN,
        right=max(box.right for box in boxes) + MARGIN,
        top=max(box.top for box in boxes) + MARGIN,
        crs=WGS84,
    )
    courses = river_courses(seed, west=area.left - 3_000.0)
    land = Land(
        rivers=make_lines(courses, area=area, reach=600.0),
        roads=make_lines(road_courses(seed), area=area, reach=60.0),
        towns=np.array(TOWNS),
    )
    return Landscape(relief=make_relief(courses, area=area, seed=seed), land=land, seed=seed)


def make_stripe(landscape: Landscape, grid: WorldGrid, *, row_start: int, row_stop: int) -> Stripe:
    """Return terrain and ground of rows ``row_start`` to ``row_stop``."""
    shape = (row_stop - row_start, grid.geobox.width)
    heights = np.empty((shape[0] + 2, shape[1] + 2), np.float32)
    shape_terrain(grid.nodes, landscape.relief, row_start, landscape.seed, heights)
    ground = blank_ground(shape)
    cover_ground(grid.nodes, heights, row_start, landscape.land, landscape.seed, ground)
    return Stripe(grid=grid, row_start=row_start, row_stop=row_stop, heights=heights, ground=ground)


__all__ = ["MARGIN", "PIXEL", "Landscape", "Stripe", "make_landscape", "make_stripe", "world_box"]
