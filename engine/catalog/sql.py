"""`SqlCatalog`: collections and scenes in a database, found through an index on boxes.

What differs between SQLite and PostgreSQL is in `engine.catalog.dialect` and the migrations.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from engine.catalog.collection import Collection
from engine.catalog.dialect import dialect_of
from engine.catalog.form import to_form
from engine.catalog.rows import to_rows
from engine.catalog.scene import Scene
from engine.catalog.search import SceneQuery
from engine.catalog.sql_match import ask, matching
from engine.catalog.sql_search import count_anywhere
from engine.catalog.sql_write import write_scenes
from engine.catalog.view import CatalogMemory, CatalogView, make_memory
from engine.database.connection import Database
from engine.database.driver import Looking
from engine.database.generation import advance_generation, read_generation, read_mark
from engine.database.schema import assets, collections, scenes
from engine.errors import Conflict, NotFound

T = TypeVar("T")

_ROWS_AT_ONCE = 256


@dataclass(frozen=True, slots=True, eq=False)
class SqlCatalog:
    """A `SceneCatalog` and `CollectionRegistry` over a `Database`.

    What was found stays in memory as long as there is room, by the mark of the catalog or the
    generation in which it was last written; so what another process changed is never served from
    here.
    """

    database: Database
    memory: CatalogMemory = field(kw_only=True, default_factory=make_memory)

    async def read(self, work: Callable[[CatalogView], T]) -> T:
        """Return what ``work`` returns, run in one thread over one state of the catalog."""
        return await self.database.look(
            lambda connection: work(CatalogView(connection, self.memory, dialect_of(self.database)))
        )

    async def collection(self, collection_id: str, account: str | None = None) -> Collection:
        """Return one collection that is open to ``account``, None meaning every one.

        Raises `UnknownCollection`, naming some that are.
        """
        return await self.read(lambda view: view.collection(collection_id, account))

    async def collections(self, account: str | None = None) -> Sequence[Collection]:
        """Return every collection that is open to ``account``, sorted by id."""
        return await self.read(lambda view: view.collections(account))

    async def search(self, query: SceneQuery) -> Sequence[Scene]:
        """Return the scenes that match, in the order asked for; headers parse when looked at."""
        return await self.read(lambda view: view.search(query))

    async def count(self, query: SceneQuery) -> int:
        """Return how many scenes match, whatever the query's limit, without reading them."""
        dialect = dialect_of(self.database)

        def work(connection: Looking) -> int:
            if not query.area:
                return ask(connection, count_anywhere(query, dialect))
            return sum(len(rows) for rows in matching(connection, query, dialect))

        return await self.database.look(work)

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

    async def mark(self) -> str:
        """Return a text that is drawn anew with every change, unlike that of any other catalog."""
        return await self.database.look(read_mark)

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
        dialect = dialect_of(self.database)
        await self.database.write(lambda connection: write_scenes(connection, rows, dialect))

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


def _collection_row(connection: Connection, collection: Collection) -> dict[str, Any]:
    return {
        "id": collection.id,
        "title": collection.title,
        "definition": orjson.dumps(to_form(collection)).decode(),
        "generation": advance_generation(connection),
    }
