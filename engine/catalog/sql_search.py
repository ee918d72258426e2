"""`SceneQuery` → SQL that SQLite runs in the order we mean.

Left alone, its planner may walk the index on dates: 317 ms among 100,000 scenes instead of 5.
So the R*Tree stands in a subquery that yields row ids, and what an index could serve is hidden
from the planner by a unary plus. Where very many boxes match and few scenes are wanted, the first
scenes of the order are tried before. The text is written out, since building it from
expressions would take longer than running it. Values go in as parameters, always.
"""

import re
from dataclasses import dataclass

from engine.catalog.search import SceneOrder, SceneQuery
from engine.database.instant import to_micros
from engine.errors import RequestError
from engine.geo.bbox import BBox
from engine.geo.time import TimeRange

Value = str | float | None

_TIME_UNIT = 100 * 86_400 * 1_000_000
"""Microseconds of one unit on the R*Tree's time axis; see the migration."""
ALWAYS = 1e30
"""End of that axis, for scenes that match every time range."""
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
_IS_MORE = "SELECT count(*) > ? FROM"
_KEYS_WITHIN = (
    "SELECT id >> 1 FROM scene_boxes WHERE west <= ? AND east >= ? AND south <= ? AND north >= ?"
)
INSERT_BOX = (
    "INSERT INTO scene_boxes (id, west, east, south, north, earliest, latest) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with a question mark for each of its parameters."""

    sql: str
    parameters: tuple[Value, ...]


def to_axis(micros: int) -> float:
    """Return an instant as the R*Tree holds it; never decreases as ``micros`` grows."""
    return micros / _TIME_UNIT


def candidates(query: SceneQuery) -> Statement:
    """Return what yields key, id, generation and cover of the scenes that may match, in order.

    Everything is exact but the area: the R*Tree knows boxes only.
    """
    # Ids find their scenes by the index on them; boxes would only be a detour.
    by_boxes = bool(query.area) and not query.ids
    return _in_order(query, _keys_within(query) if by_boxes else None)


def first_candidates(query: SceneQuery, *, among: int) -> Statement:
    """Return what yields those of `candidates` that are ``among`` the first of the order."""
    keys = f"{_KEYS} WHERE collection = ? ORDER BY {_order(query)} LIMIT ?"
    return _in_order(query, Statement(keys, (query.collection, among)))


def is_crowded(query: SceneQuery) -> Statement:
    """Return what yields 1 where more boxes match than are sorted quickly, else 0."""
    keys = _keys_within(query)
    return Statement(f"{_IS_MORE} ({keys.sql} LIMIT ?)", (_CROWD, *keys.parameters, _CROWD + 1))


def count_anywhere(query: SceneQuery) -> Statement:
    """Return what counts the matches of a query without an area."""
    where = _conditions(query, None)
    return Statement(f"{_COUNT} WHERE {where.sql}", where.parameters)


def _in_order(query: SceneQuery, keys: Statement | None) -> Statement:
    where = _conditions(query, keys)
    return Statement(f"{_SELECT} WHERE {where.sql} ORDER BY {_order(query)}", where.parameters)


def _order(query: SceneQuery) -> str:
    return f"{_ORDER[query.order]}, created DESC, id"


def _conditions(query: SceneQuery, keys: Statement | None) -> Statement:
    """Return all conditions but the area; ``keys`` alone are to choose the rows, where given."""
    parts: list[str] = []
    values: list[Value] = []
    hidden = "" if keys is None else "+"
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
        parts.append("CAST(json_extract(properties, ?) AS TEXT) = ?")
        values += [_path_of(name), text]
    return Statement(" AND ".join(parts), tuple(values))


def _keys_within(query: SceneQuery) -> Statement:
    within = [_keys_of(box, query.time) for box in query.area]
    return Statement(
        " UNION ALL ".join(keys.sql for keys in within),
        tuple(value for keys in within for value in keys.parameters),
    )


def _keys_of(box: BBox, time: TimeRange) -> Statement:
    sql = _KEYS_WITHIN
    values: list[Value] = [box.right, box.left, box.top, box.bottom]
    if time.stop is not None:
        sql += " AND earliest <= ?"
        values.append(to_axis(to_micros(time.stop)))
    if time.start is not None:
        sql += " AND latest >= ?"
        values.append(to_axis(to_micros(time.start)))
    return Statement(sql, tuple(values))


def _path_of(name: str) -> str:
    if _PROPERTY.fullmatch(name) is None:
        message = f"property {name[:40]!r} is not letters, digits and _ : . - only"
        raise RequestError(message, where="filter")
    return f'$."{name}"'
