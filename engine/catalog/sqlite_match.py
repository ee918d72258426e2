"""Candidates that SQLite yields → those whose cover truly meets the area."""

from collections.abc import Iterator, Sequence
from typing import Any

import shapely
from sqlalchemy import Connection, CursorResult, Row

from engine.catalog.search import SceneQuery
from engine.catalog.sqlite_search import FIRST, Statement, candidates, first_candidates, is_crowded

Rows = Sequence[Row[Any]]

_ROWS_AT_ONCE = 256


def matching(connection: Connection, query: SceneQuery) -> Iterator[Rows]:
    """Yield key, id, generation and cover of what matches, in order, some at a time.

    What is not asked for is not read: stop when there are enough.
    """
    if not query.area:
        yield from _partitions(connection, candidates(query))
        return
    boxes = [shapely.box(box.left, box.bottom, box.right, box.top) for box in query.area]
    area = shapely.union_all(boxes)
    shapely.prepare(area)
    if query.limit is not None and not query.ids:
        first = _among_first(connection, query, area, limit=query.limit)
        if first is not None:
            yield first
            return
    for rows in _partitions(connection, candidates(query)):
        yield _meeting(area, rows)


def run(connection: Connection, statement: Statement) -> CursorResult[Any]:
    """Return the open cursor of ``statement``."""
    return connection.exec_driver_sql(statement.sql, statement.parameters)


def _among_first(
    connection: Connection, query: SceneQuery, area: shapely.Geometry, *, limit: int
) -> Rows | None:
    """Return enough matches from the start of the order, or None where that is not worth it."""
    if not run(connection, is_crowded(query)).scalar_one():
        return None
    for among in FIRST:
        found: list[Row[Any]] = []
        for rows in _partitions(connection, first_candidates(query, among=among)):
            found += _meeting(area, rows)
            if len(found) >= limit:
                return found
    return None


def _partitions(connection: Connection, statement: Statement) -> Iterator[Rows]:
    result = run(connection, statement)
    try:
        yield from result.partitions(_ROWS_AT_ONCE)
    finally:
        result.close()


def _meeting(area: shapely.Geometry, rows: Rows) -> Rows:
    covers = shapely.from_wkb([row.cover for row in rows])
    meets = shapely.intersects(area, covers)
    return [row for row, met in zip(rows, meets, strict=True) if met]
