"""`SqliteCatalog`: collections and scenes in SQLite, found through an R*Tree.

Everything that only SQLite understands is here, in `sqlite_search` and in the first migration.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson
from sqlalchemy import (
    Connection,
    Row,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from engine.catalog.collection import Collection
from engine.catalog.form import from_form, to_form
from engine.catalog.recent import Recent
from engine.catalog.rows import SceneRows, from_rows, to_rows
from engine.catalog.scene import Scene
from engine.catalog.search import SceneQuery
from engine.catalog.sqlite_match import matching, run
from engine.catalog.sqlite_search import ALWAYS, INSERT_BOX, count_anywhere, to_axis
from engine.database.connection import Database
from engine.database.generation import advance_generation, read_generation
from engine.database.schema import assets, collections, scenes
from engine.errors import Conflict, NotFound, UnknownCollection
from engine.trace import stage

SCENE_CACHE_BYTES = 256 * 2**20
"""Stored size of the scenes that are kept parsed, per process."""
_COLLECTIONS_KEPT = 1000
_ROWS_AT_ONCE = 256
_ROW_OVERHEAD = 4096
"""Bytes that a parsed scene takes besides its stored headers, about."""


@dataclass(frozen=True, slots=True, eq=False)
class SqliteCatalog:
    """A `SceneCatalog` and `CollectionRegistry` over a `Database`.

    Scenes and collections stay parsed as long as there is room, by their id and the generation in
    which they were last written; so what another process changed is never served from here.
    """

    database: Database
    recent_scenes: Recent[tuple[str, str, int], Scene] = field(
        kw_only=True, default_factory=partial(Recent, limit=SCENE_CACHE_BYTES)
    )
    recent_collections: Recent[tuple[str, int], Collection] = field(
        kw_only=True, default_factory=partial(Recent, limit=_COLLECTIONS_KEPT)
    )

    async def collection(self, collection_id: str) -> Collection:
        """Return one collection; raises `UnknownCollection`, naming some that there are."""
        statement = select(collections).where(collections.c.id == collection_id)

        def work(connection: Connection) -> Collection:
            row = connection.execute(statement).one_or_none()
            if row is None:
                raise _unknown(connection, collection_id)
            return self._parsed(row)

        return await self.database.read(work)

    async def collections(self) -> Sequence[Collection]:
        """Return every collection, sorted by id."""
        statement = select(collections).order_by(collections.c.id)
        return await self.database.read(
            lambda connection: [self._parsed(row) for row in connection.execute(statement)]
        )

    async def search(self, query: SceneQuery) -> Sequence[Scene]:
        """Return the scenes that match, in the order asked for, with their parsed headers."""

        def work(connection: Connection) -> Sequence[Scene]:
            found: list[Row[Any]] = []
            for rows in matching(connection, query):
                found += rows
                if query.limit is not None and len(found) >= query.limit:
                    break
            return self._load(connection, query.collection, found[: query.limit])

        with stage("search"):
            return await self.database.read(work)

    async def count(self, query: SceneQuery) -> int:
        """Return how many scenes match, whatever the query's limit, without reading them."""

        def work(connection: Connection) -> int:
            if not query.area:
                return int(run(connection, count_anywhere(query)).scalar_one())
            return sum(len(rows) for rows in matching(connection, query))

        return await self.database.read(work)

    async def coarsest_resolutions(self, collection_id: str) -> Sequence[float]:
        """Return the meters per pixel of the coarsest level of every file of a collection."""
        statement = (
            select(assets.c.coarsest_meters)
            .join(scenes, scenes.c.key == assets.c.scene_key)
            .where(scenes.c.collection == collection_id, assets.c.coarsest_meters.is_not(None))
        )
        return await self.database.read(
            lambda connection: list(connection.execute(statement).scalars())
        )

    async def known_files(
        self, collection_id: str, *, names: Sequence[str], addresses: Sequence[str]
    ) -> Sequence[tuple[str, str]]:
        """Return (scene name, address) of the files of scenes so called, or at these addresses."""
        files = (
            select(scenes.c.name, assets.c.address)
            .join(assets, scenes.c.key == assets.c.scene_key)
            .where(scenes.c.collection == collection_id)
        )

        def work(connection: Connection) -> Sequence[tuple[str, str]]:
            found: dict[tuple[str, str], None] = {}
            for column, wanted in ((scenes.c.name, names), (assets.c.address, addresses)):
                for start in range(0, len(wanted), _ROWS_AT_ONCE):
                    some = column.in_(wanted[start : start + _ROWS_AT_ONCE])
                    for row in connection.execute(files.where(some)):
                        found[row.name, row.address] = None
            return list(found)

        return await self.database.read(work)

    async def generation(self) -> int:
        """Return a number that grows with every change; caches are keyed by it."""
        return await self.database.read(read_generation)

    async def add_collection(self, collection: Collection) -> None:
        """Register a collection; raises `Conflict` where its id is taken."""

        def work(connection: Connection) -> None:
            values = _collection_row(connection, collection)
            try:
                connection.execute(insert(collections).values(values))
            except IntegrityError as error:
                message = f"collection {collection.id!r} exists already"
                raise Conflict(message) from error

        await self.database.write(work)

    async def replace_collection(self, collection: Collection) -> None:
        """Write a collection anew; raises `NotFound`."""
        statement = update(collections).where(collections.c.id == collection.id)

        def work(connection: Connection) -> None:
            values = _collection_row(connection, collection)
            if connection.execute(statement.values(values)).rowcount == 0:
                message = f"there is no collection {collection.id!r}"
                raise NotFound(message)

        await self.database.write(work)

    async def remove_collection(self, collection_id: str) -> None:
        """Forget a collection and its scenes; raises `NotFound`."""
        statement = delete(collections).where(collections.c.id == collection_id)

        def work(connection: Connection) -> None:
            advance_generation(connection)
            if connection.execute(statement).rowcount == 0:
                message = f"there is no collection {collection_id[:60]!r}"
                raise NotFound(message)

        await self.database.write(work)

    async def add_scenes(self, scenes: Sequence[Scene]) -> None:
        """Register scenes, all or none; one with the same collection and name is replaced.

        Covers are stored cut at the antimeridian. Raises `UnknownCollection`, `Conflict` where
        two scenes of a collection would share an id, and `InvalidGeometry` for a cover that is
        not on the globe.
        """
        if not scenes:
            return
        # The last one wins among those of one name, as it would if they came one by one.
        latest = {(scene.collection, scene.name): scene for scene in scenes}
        rows = await self.database.read(lambda _: [to_rows(scene) for scene in latest.values()])
        await self.database.write(lambda connection: _write_scenes(connection, rows))

    async def remove_scene(self, collection_id: str, scene_id: str) -> None:
        """Forget a scene; raises `NotFound`."""
        statement = delete(scenes).where(
            scenes.c.collection == collection_id, scenes.c.id == scene_id
        )

        def work(connection: Connection) -> None:
            advance_generation(connection)
            if connection.execute(statement).rowcount == 0:
                message = f"collection {collection_id[:60]!r} has no scene {scene_id[:60]!r}"
                raise NotFound(message)

        await self.database.write(work)

    def _parsed(self, row: Row[Any]) -> Collection:
        key = (row.id, row.generation)
        found = self.recent_collections.get(key)
        if found is None:
            found = from_form(orjson.loads(row.definition))
            self.recent_collections.put(key, found, weight=1)
        return found

    def _load(
        self, connection: Connection, collection_id: str, found: Sequence[Row[Any]]
    ) -> Sequence[Scene]:
        """Return the scenes of candidate rows, parsing only those that are not kept."""
        loaded: dict[int, Scene] = {}
        for row in found:
            kept = self.recent_scenes.get((collection_id, row.id, row.generation))
            if kept is not None:
                loaded[row.key] = kept
        missing = [row.key for row in found if row.key not in loaded]
        for start in range(0, len(missing), _ROWS_AT_ONCE):
            keys = missing[start : start + _ROWS_AT_ONCE]
            files: defaultdict[int, list[Row[Any]]] = defaultdict(list)
            statement = select(assets).where(assets.c.scene_key.in_(keys))
            for file in connection.execute(statement.order_by(assets.c.position)):
                files[file.scene_key].append(file)
            for row in connection.execute(select(scenes).where(scenes.c.key.in_(keys))):
                scene = loaded[row.key] = from_rows(row, files[row.key])
                weight = sum(len(file.image) for file in files[row.key]) + _ROW_OVERHEAD
                key = (collection_id, row.id, row.generation)
                self.recent_scenes.put(key, scene, weight=weight)
        return [loaded[row.key] for row in found]


def _unknown(connection: Connection, collection_id: str) -> UnknownCollection:
    shown = 12
    statement = select(collections.c.id).order_by(collections.c.id).limit(shown + 1)
    known = list(connection.execute(statement).scalars())
    names = ", ".join(known[:shown]) + (", …" if len(known) > shown else "")
    message = f"there is no collection {collection_id[:60]!r}; there are: {names or 'none'}"
    return UnknownCollection(message)


def _collection_row(connection: Connection, collection: Collection) -> dict[str, Any]:
    return {
        "id": collection.id,
        "title": collection.title,
        "definition": orjson.dumps(to_form(collection)).decode(),
        "generation": advance_generation(connection),
    }


def _write_scenes(connection: Connection, rows: Sequence[SceneRows]) -> None:
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
    boxes = [box for key, row in keyed for box in _box_rows(key, row)]
    connection.exec_driver_sql(INSERT_BOX, boxes)


def _check_collections(connection: Connection, rows: Sequence[SceneRows]) -> None:
    for collection_id in {row.scene["collection"] for row in rows}:
        statement = select(collections.c.id).where(collections.c.id == collection_id)
        if connection.execute(statement).one_or_none() is None:
            raise _unknown(connection, collection_id)


def _box_rows(key: int, row: SceneRows) -> Iterator[tuple[float, ...]]:
    sensed = row.scene["sensed"]
    time = (-ALWAYS, ALWAYS) if sensed is None else (to_axis(sensed), to_axis(sensed))
    for number, box in enumerate(row.boxes):
        yield (2 * key + number, box.west, box.east, box.south, box.north, *time)
