"""`SceneQuery` → SQL that the database runs in the order we mean.

Left alone, SQLite's planner may walk the index on dates: 317 ms among 100,000 scenes instead of 5.
So the index on boxes stands in a subquery that yields keys, and what another index could serve is
hidden from the planner by a unary plus. Where very many boxes match and few scenes are wanted, the
first scenes of the order are tried before. The text is written out, since building it from
expressions would take longer than running it. Values go in as parameters, always.
"""

import re

from engine.catalog.dialect import Dialect, Statement, Value, to_axis
from engine.catalog.search import SceneOrder, SceneQuery
from engine.database.instant import to_micros
from engine.errors import RequestError

_PROPERTY = re.compile(r"[\w:.\-]{1,100}", re.ASCII)

_ORDER = {
    SceneOrder.MOST_RECENT: "sensed DESC NULLS LAST",
    SceneOrder.LEAST_RECENT: "sensed ASC NULLS LAST",
    SceneOrder.LEAST_CLOUDY: "cloud_cover ASC NULLS LAST",
}

_CROWD = 1000
"""So many boxes are sorted within some 3 ms; more are worth a look at the first scenes instead."""
FIRST = (256, 2000)
"""How many scenes such looks take in, one after the other."""

_SELECT = "SELECT key, id, generation, cover FROM scenes"
_KEYS = "SELECT key FROM scenes"
_COUNT = "SELECT count(*) FROM scenes"
_IS_MORE = "SELECT CASE WHEN count(*) > ? THEN 1 ELSE 0 END FROM"


def candidates(query: SceneQuery, dialect: Dialect) -> Statement:
    """Return what yields key, id, generation and cover of the scenes that may match, in order.

    Everything is exact but the area: the R*Tree knows boxes only.
    """
    # Ids find their scenes by the index on them; boxes would only be a detour.
    by_boxes = bool(query.area) and not query.ids
    return _in_order(query, _keys_within(query, dialect) if by_boxes else None, dialect)


def first_candidates(query: SceneQuery, dialect: Dialect, *, among: int) -> Statement:
    """Return what yields those of `candidates` that are ``among`` the first of the order."""
    keys = f"{_KEYS} WHERE collection = ? ORDER BY {_order(query)} LIMIT ?"
    return _in_order(query, Statement(keys, (query.collection, among)), dialect)


def is_crowded(query: SceneQuery, dialect: Dialect) -> Statement:
    """Return what yields 1 where more boxes match than are sorted quickly, else 0."""
    keys = _keys_within(query, dialect)
    sql = f"{_IS_MORE} ({keys.sql} LIMIT ?) AS boxes"
    return Statement(sql, (_CROWD, *keys.parameters, _CROWD + 1))


def count_anywhere(query: SceneQuery, dialect: Dialect) -> Statement:
    """Return what counts the matches of a query without an area."""
    where = _conditions(query, None, dialect)
    return Statement(f"{_COUNT} WHERE {where.sql}", where.parameters)


def _in_order(query: SceneQuery, keys: Statement | None, dialect: Dialect) -> Statement:
    where = _conditions(query, keys, dialect)
    return Statement(f"{_SELECT} WHERE {where.sql} ORDER BY {_order(query)}", where.parameters)


def _order(query: SceneQuery) -> str:
    return f"{_ORDER[query.order]}, created DESC, id"


def _conditions(query: SceneQuery, keys: Statement | None, dialect: Dialect) -> Statement:
    """Return all conditions but the area; ``keys`` alone are to choose the rows, where given."""
    parts: list[str] = []
    values: list[Value] = []
    hidden = "" if keys is None else dialect.hide
    if keys is not None:
        parts.append(f"key IN ({keys.sql})")
        values += keys.parameters
    parts.append(f"{hidden}collection = ?")
    values.append(query.collection)
    if query.ids:
        parts.append(f"id IN ({', '.join('?' * len(query.ids))})")
        values += query.ids
    if query.time.start is not None:
        parts.append(f"({hidden}sensed >= ? OR {hidden}sensed IS NULL)")
        values.append(to_micros(query.time.start))
    if query.time.stop is not None:
        parts.append(f"({hidden}sensed < ? OR {hidden}sensed IS NULL)")
        values.append(to_micros(query.time.stop))
    if query.max_cloud_cover is not None:
        parts.append("(cloud_cover <= ? OR cloud_cover IS NULL)")
        values.append(query.max_cloud_cover)
    for name, text in query.properties.items():
        parts.append(f"{dialect.property} = ?")
        values += [_path_of(name, dialect), text]
    return Statement(" AND ".join(parts), tuple(values))


def _keys_within(query: SceneQuery, dialect: Dialect) -> Statement:
    start, stop = (
        None if instant is None else to_axis(to_micros(instant))
        for instant in (query.time.start, query.time.stop)
    )
    within = [dialect.keys_within(box, start, stop) for box in query.area]
    return Statement(
        " UNION ALL ".join(keys.sql for keys in within),
        tuple(value for keys in within for value in keys.parameters),
    )


def _path_of(name: str, dialect: Dialect) -> str:
    if _PROPERTY.fullmatch(name) is None:
        message = f"property {name[:40]!r} is not letters, digits and _ : . - only"
        raise RequestError(message, where="filter")
    return dialect.path_of(name)
