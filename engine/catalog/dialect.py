"""`Dialect`: what of the catalog's SQL differs between SQLite and PostgreSQL.

Boxes stand in a table of their own: one a scene, or two where its cover crosses the antimeridian.
Their axes are degrees, degrees, and time in units of a hundred days since 1970, which weighs a year
like a few degrees when the index splits its nodes. SQLite indexes them by an R*Tree, PostGIS by
GiST in three dimensions; both round to 32-bit floats, outwards.
"""

from collections.abc import Callable
from dataclasses import dataclass

from engine.catalog.cover import Box
from engine.database.connection import Database
from engine.geo.bbox import BBox

Value = str | float | None

_TIME_UNIT = 100 * 86_400 * 1_000_000
"""Microseconds of one unit on the time axis."""
ALWAYS = 1e30
"""End of that axis, for scenes that match every time range."""


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with a question mark for each of its parameters."""

    sql: str
    parameters: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One database's words."""

    name: str
    """As SQLAlchemy has it."""
    hide: str
    """Stands before a column whose index the planner must not walk."""
    property: str
    """Text of a scene's property, of whose path `path_of` makes the parameter."""
    path_of: Callable[[str], str]
    keys_within: Callable[[BBox, float | None, float | None], Statement]
    """Yields the keys of scenes of whose boxes one meets a box and the times between two, on the
    axis; None is open."""
    insert_box: str
    """Takes id, west, east, south, north, earliest, latest."""
    box_row: Callable[[int, int, Box, float, float], tuple[float, ...]]
    """Makes what it takes of a scene's key, the box's number, the box and its times."""


def to_axis(micros: int) -> float:
    """Return an instant as boxes hold it; never decreases as ``micros`` grows."""
    return micros / _TIME_UNIT


def dialect_of(database: Database) -> Dialect:
    """Return the words of ``database``."""
    return SQLITE if database.driver.url.startswith("sqlite") else POSTGRESQL


def _sqlite_keys(box: BBox, start: float | None, stop: float | None) -> Statement:
    sql = (
        "SELECT id >> 1 FROM scene_boxes "
        "WHERE west <= ? AND east >= ? AND south <= ? AND north >= ?"
    )
    values: list[Value] = [box.right, box.left, box.top, box.bottom]
    if stop is not None:
        sql += " AND earliest <= ?"
        values.append(stop)
    if start is not None:
        sql += " AND latest >= ?"
        values.append(start)
    return Statement(sql, tuple(values))


def _postgresql_keys(box: BBox, start: float | None, stop: float | None) -> Statement:
    sql = (
        "SELECT scene_key FROM scene_boxes WHERE box &&& ST_3DMakeBox("
        "ST_MakePoint(?, ?, ?), ST_MakePoint(?, ?, ?))::geometry"
    )
    first, last = (-ALWAYS if start is None else start), (ALWAYS if stop is None else stop)
    return Statement(sql, (box.left, box.bottom, first, box.right, box.top, last))


SQLITE = Dialect(
    name="sqlite",
    hide="+",
    property="CAST(json_extract(properties, ?) AS TEXT)",
    path_of=lambda name: f'$."{name}"',
    keys_within=_sqlite_keys,
    insert_box=(
        "INSERT INTO scene_boxes (id, west, east, south, north, earliest, latest) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)"
    ),
    box_row=lambda key, number, box, earliest, latest: (
        *(2 * key + number, box.west, box.east, box.south, box.north),
        *(earliest, latest),
    ),
)
POSTGRESQL = Dialect(
    name="postgresql",
    hide="",
    property="(properties::jsonb ->> ?)",
    path_of=lambda name: name,
    keys_within=_postgresql_keys,
    insert_box=(
        "INSERT INTO scene_boxes (scene_key, box) VALUES ($1, ST_3DMakeBox("
        "ST_MakePoint($2, $3, $4), ST_MakePoint($5, $6, $7))::geometry)"
    ),
    box_row=lambda key, _, box, earliest, latest: (
        *(key, box.west, box.south, earliest),
        *(box.east, box.north, latest),
    ),
)
