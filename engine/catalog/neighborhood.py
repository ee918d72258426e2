"""`Neighborhood`: what a search found around a place, kept for the next one beside it.

Map tiles of one zoom lie in a lattice: a search for one of them is made for a coarser box that
holds it, and the next tiles are answered from memory. What is kept is the candidates' keys and
covers, in the order asked for; the covers then decide as exactly as in a search of one's own.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from engine.catalog.search import SceneQuery
from engine.catalog.sql_match import Found
from engine.geo.bbox import BBox
from engine.geo.crs import WGS84

MOST_KEPT = 64
"""Scenes of one neighborhood; of more, the first ones of the order."""
_LARGEST = 1.0
"""Degrees; wider areas stand for themselves."""
_FINEST = 2.0**-4
"""Degrees; the side of the smallest cells."""
_AREAS_ACROSS = 4
"""A cell is at least so many areas wide."""
_AT_ONCE = 16


class SceneKey(NamedTuple):
    """Which row of the table holds a scene, and since when."""

    key: int
    id: str
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Neighborhood:
    """Scenes whose boxes meet a box, in the order of one kind of query."""

    keys: tuple[SceneKey, ...]
    covers: NDArray[Any]
    """Of each scene, as shapely has them."""
    bounds: NDArray[np.float64]
    """Of each cover: west, south, east, north."""
    is_whole: bool
    """False where there are more scenes, further down the order."""

    @property
    def weight(self) -> int:
        """Bytes in memory, about."""
        return (
            1024 + int(shapely.get_num_coordinates(self.covers).sum()) * 16 + 512 * len(self.keys)
        )

    def search(self, area: Sequence[BBox], limit: int | None) -> list[SceneKey] | None:
        """Return the first scenes that meet ``area``; None where those below might, too."""
        if not self.is_whole and (limit is None or limit > len(self.keys)):
            return None
        boxes = [shapely.box(box.left, box.bottom, box.right, box.top) for box in area]
        shape = boxes[0] if len(boxes) == 1 else shapely.union_all(boxes)
        shapely.prepare(shape)
        near = np.zeros(len(self.keys), dtype=np.bool_)
        west, south, east, north = self.bounds.T
        for box in area:
            near |= (
                (west <= box.right)
                & (east >= box.left)
                & (south <= box.top)
                & (north >= box.bottom)
            )
        found: list[SceneKey] = []
        indices = np.flatnonzero(near)
        for start in range(0, len(indices), _AT_ONCE):
            some = indices[start : start + _AT_ONCE]
            meets = shapely.intersects(shape, self.covers[some])
            found += [self.keys[index] for index in some[meets]]
            if limit is not None and len(found) >= limit:
                return found[:limit]
        return found if self.is_whole else None


def make_neighborhood(rows: Sequence[Found]) -> Neighborhood:
    """Return what the first rows of a search say."""
    kept = rows[:MOST_KEPT]
    covers = shapely.from_wkb([row.cover for row in kept])
    return Neighborhood(
        keys=tuple(SceneKey(row.key, row.id, row.generation) for row in kept),
        covers=covers,
        bounds=shapely.bounds(covers).reshape(-1, 4),
        is_whole=len(rows) <= MOST_KEPT,
    )


def neighborhood_query(query: SceneQuery) -> SceneQuery:
    """Return the query whose answer holds that of ``query`` and of those beside it."""
    return replace(query, area=tuple(_cell(box) for box in query.area), limit=MOST_KEPT + 1)


def _cell(box: BBox) -> BBox:
    """Return the box of whole cells around ``box``."""
    size = max(box.width, box.height)
    if size > _LARGEST:
        return box
    side = 2.0 ** math.ceil(math.log2(max(size * _AREAS_ACROSS, _FINEST)))
    return BBox(
        left=max(-180.0, math.floor(box.left / side) * side),
        bottom=max(-90.0, math.floor(box.bottom / side) * side),
        right=min(180.0, math.ceil(box.right / side) * side),
        top=min(90.0, math.ceil(box.top / side) * side),
        crs=WGS84,
    )
