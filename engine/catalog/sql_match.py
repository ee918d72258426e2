"""Candidates that the database yields → those whose cover truly meets the area."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import shapely

from engine.catalog.dialect import Dialect, Statement
from engine.catalog.search import SceneQuery
from engine.catalog.sql_search import FIRST, candidates, first_candidates, is_crowded
from engine.database.driver import Looking

_ROWS_AT_ONCE = 256


class Found(NamedTuple):
    """What a search reads of a scene."""

    key: int
    id: str
    generation: int
    cover: bytes
    """As `Scene.cover`, in WKB."""


def matching(connection: Looking, query: SceneQuery, dialect: Dialect) -> Iterator[Sequence[Found]]:
    """Yield what matches, in order, some at a time.

    What is not asked for is not read: stop when there are enough.
    """
    if not query.area:
        yield from _partitions(connection, candidates(query, dialect))
        return
    boxes = [shapely.box(box.left, box.bottom, box.right, box.top) for box in query.area]
    area = shapely.union_all(boxes)
    shapely.prepare(area)
    if query.limit is not None and not query.ids:
        first = _among_first(connection, query, dialect, area, limit=query.limit)
        if first is not None:
            yield first
            return
    for rows in _partitions(connection, candidates(query, dialect)):
        yield _meeting(area, rows)


def ask(connection: Looking, statement: Statement) -> int:
    """Return the single number that ``statement`` yields."""
    (number,) = connection.execute(statement.sql, statement.parameters).fetchone()
    return int(number)


def _among_first(
    connection: Looking,
    query: SceneQuery,
    dialect: Dialect,
    area: shapely.Geometry,
    *,
    limit: int,
) -> Sequence[Found] | None:
    """Return enough matches from the start of the order, or None where that is not worth it."""
    if not ask(connection, is_crowded(query, dialect)):
        return None
    for among in FIRST:
        found: list[Found] = []
        for rows in _partitions(connection, first_candidates(query, dialect, among=among)):
            found += _meeting(area, rows)
            if len(found) >= limit:
                return found
    return None


def _partitions(connection: Looking, statement: Statement) -> Iterator[Sequence[Found]]:
    cursor = connection.execute(statement.sql, statement.parameters)
    try:
        while rows := cursor.fetchmany(_ROWS_AT_ONCE):
            yield [Found._make(row) for row in rows]
    finally:
        cursor.close()


def _meeting(area: shapely.Geometry, rows: Sequence[Found]) -> Sequence[Found]:
    covers = shapely.from_wkb([row.cover for row in rows])
    meets = shapely.intersects(area, covers)
    return [row for row, met in zip(rows, meets, strict=True) if met]
