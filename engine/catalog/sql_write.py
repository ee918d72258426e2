"""Scenes → rows of the database's tables; many at once."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, bindparam, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from engine.catalog.dialect import ALWAYS, Dialect, to_axis
from engine.catalog.rows import SceneRows
from engine.catalog.view import KNOWN_COLLECTIONS, unknown_collection
from engine.database.generation import advance_generation
from engine.database.schema import assets, collections, scenes
from engine.errors import Conflict


def write_scenes(connection: Connection, rows: Sequence[SceneRows], dialect: Dialect) -> None:
    """Write scenes, each in the place of the one of its collection and name, if there is one.

    Raises `UnknownCollection`, and `Conflict` where two scenes of a collection share an id.
    """
    _check_collections(connection, rows)
    now = advance_generation(connection)
    same = delete(scenes).where(
        scenes.c.collection == bindparam("of"), scenes.c.name == bindparam("called")
    )
    named = [{"of": row.scene["collection"], "called": row.scene["name"]} for row in rows]
    connection.execute(same, named)
    first = connection.execute(select(func.coalesce(func.max(scenes.c.key), 0))).scalar_one() + 1
    keyed = list(enumerate(rows, start=first))
    try:
        connection.execute(
            insert(scenes), [{**row.scene, "key": key, "generation": now} for key, row in keyed]
        )
    except IntegrityError as error:
        message = "two scenes of one collection have the same id"
        raise Conflict(message) from error
    files = [{**file, "scene_key": key} for key, row in keyed for file in row.assets]
    if files:
        connection.execute(insert(assets), files)
    boxes = [box for key, row in keyed for box in _box_rows(key, row, dialect)]
    connection.exec_driver_sql(dialect.insert_box, boxes)


def _check_collections(connection: Connection, rows: Sequence[SceneRows]) -> None:
    for collection_id in {row.scene["collection"] for row in rows}:
        statement = select(collections.c.id).where(collections.c.id == collection_id)
        if connection.execute(statement).one_or_none() is None:
            known = connection.exec_driver_sql(KNOWN_COLLECTIONS).scalars()
            raise unknown_collection(collection_id, known.all())


def _box_rows(key: int, row: SceneRows, dialect: Dialect) -> Iterator[tuple[float, ...]]:
    sensed = row.scene["sensed"]
    earliest, latest = (-ALWAYS, ALWAYS) if sensed is None else (to_axis(sensed), to_axis(sensed))
    for number, box in enumerate(row.boxes):
        yield dialect.box_row(key, number, box, earliest, latest)
