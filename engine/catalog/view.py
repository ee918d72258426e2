"""`CatalogView`: the catalog as one unit of work sees it, and what it remembers of earlier ones."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from engine.catalog.collection import Collection
from engine.catalog.dialect import Dialect
from engine.catalog.form import from_form
from engine.catalog.neighborhood import (
    MOST_KEPT,
    Neighborhood,
    SceneKey,
    make_neighborhood,
    neighborhood_query,
)
from engine.catalog.recent import Recent
from engine.catalog.rows import FileRow, SceneRow, from_rows
from engine.catalog.scene import Scene
from engine.catalog.search import SceneOrder, SceneQuery
from engine.catalog.sql_match import Found, matching
from engine.database.driver import Looking
from engine.database.generation import read_mark
from engine.errors import UnknownCollection
from engine.geo.bbox import BBox
from engine.geo.time import TimeRange
from engine.trace import count, stage

SCENE_CACHE_BYTES = 256 * 2**20
"""Stored size of the scenes that are kept, per process."""
PLACE_CACHE_BYTES = 64 * 2**20
"""Size of the neighborhoods that are kept, per process."""
_COLLECTIONS_KEPT = 1000
_ROWS_AT_ONCE = 256
_ROW_OVERHEAD = 4096
"""Bytes that a parsed scene takes besides its stored headers, about."""

_SHOWN = 12
KNOWN_COLLECTIONS = "SELECT id FROM collections ORDER BY id LIMIT 13"
"""What `unknown_collection` wants to know for one who may see all."""
_COLLECTION = "SELECT definition FROM collections WHERE id = ?"
_COLLECTIONS = "SELECT id, definition FROM collections ORDER BY id"
_SCENES = (
    "SELECT key, id, collection, name, sensed, created, cloud_cover, cover, dn_offset, properties, "
    "generation FROM scenes WHERE key IN"
)
_FILES = "SELECT scene_key, address, bands, image FROM assets WHERE scene_key IN"
_IN_ORDER = "ORDER BY scene_key, position"

Place = tuple[str, str, tuple[BBox, ...], TimeRange, float | None, SceneOrder]
"""Mark of the catalog, collection, and what else a neighborhood was searched by."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CatalogMemory:
    """What one process keeps of the catalog; keyed so that nothing out of date is found."""

    scenes: Recent[tuple[str, str, int], Scene]
    """By collection, id and the generation in which the scene was last written."""
    collections: Recent[tuple[str, str], Collection]
    """By mark and id."""
    places: Recent[Place, Neighborhood]


def make_memory(
    *, scene_bytes: int = SCENE_CACHE_BYTES, place_bytes: int = PLACE_CACHE_BYTES
) -> CatalogMemory:
    """Return an empty memory with so much room."""
    return CatalogMemory(
        scenes=Recent(limit=scene_bytes),
        collections=Recent(limit=_COLLECTIONS_KEPT),
        places=Recent(limit=place_bytes),
    )


class CatalogView:
    """Reads collections and scenes over one connection, in one thread, at one moment."""

    __slots__ = ("_connection", "_dialect", "_memory", "mark")

    def __init__(self, connection: Looking, memory: CatalogMemory, dialect: Dialect) -> None:
        """Look at the catalog; from here on, what others write is not seen."""
        self._connection = connection
        self._memory = memory
        self._dialect = dialect
        self.mark = read_mark(connection)

    def collection(self, collection_id: str, account: str | None = None) -> Collection:
        """Return one collection that is open to ``account`` (None: to whoever runs the machine).

        Raises `UnknownCollection`, naming some that are, for one that is not or is not there.
        """
        found = self._memory.collections.get((self.mark, collection_id))
        if found is None:
            row = self._connection.execute(_COLLECTION, (collection_id,)).fetchone()
            found = None if row is None else self._parsed(collection_id, row[0])
        if found is None or not found.is_open_to(account):
            open_ones = [one.id for one in self.collections(account)]
            raise unknown_collection(collection_id, open_ones)
        return found

    def collections(self, account: str | None = None) -> Sequence[Collection]:
        """Return every collection that is open to ``account``, sorted by id."""
        every = (
            self._memory.collections.get((self.mark, id_)) or self._parsed(id_, definition)
            for id_, definition in self._connection.execute(_COLLECTIONS)
        )
        return [one for one in every if one.is_open_to(account)]

    def search(self, query: SceneQuery) -> Sequence[Scene]:
        """Return the scenes that match, in the order asked for; headers parse when looked at."""
        with stage("search"):
            found = self._nearby(query)
            if found is None:
                found = self._search(query)
            return self._load(query.collection, found)

    def _nearby(self, query: SceneQuery) -> Sequence[SceneKey] | None:
        """Return what a neighborhood knows of the matches; None where it does not know enough."""
        if not query.area or query.ids or query.properties:
            return None
        wider = neighborhood_query(query)
        place = (
            self.mark,
            query.collection,
            wider.area,
            query.time,
            query.max_cloud_cover,
            query.order,
        )
        near = self._memory.places.get(place)
        count("searches_kept" if near is not None else "searches_made")
        if near is None:
            near = make_neighborhood(self._rows(wider, MOST_KEPT + 1))
            self._memory.places.put(place, near, weight=near.weight)
        return near.search(query.area, query.limit)

    def _search(self, query: SceneQuery) -> Sequence[SceneKey]:
        rows = self._rows(query, query.limit)
        return [SceneKey(row.key, row.id, row.generation) for row in rows]

    def _rows(self, query: SceneQuery, limit: int | None) -> Sequence[Found]:
        found: list[Found] = []
        for rows in matching(self._connection, query, self._dialect):
            found += rows
            if limit is not None and len(found) >= limit:
                break
        return found[:limit]

    def _load(self, collection_id: str, found: Sequence[SceneKey]) -> Sequence[Scene]:
        """Return the scenes of keys, reading only those that are not kept."""
        loaded: dict[int, Scene] = {}
        for key, scene_id, generation in found:
            kept = self._memory.scenes.get((collection_id, scene_id, generation))
            if kept is not None:
                loaded[key] = kept
        missing = [one.key for one in found if one.key not in loaded]
        for start in range(0, len(missing), _ROWS_AT_ONCE):
            keys = missing[start : start + _ROWS_AT_ONCE]
            marks = f"({', '.join('?' * len(keys))})"
            files: defaultdict[int, list[FileRow]] = defaultdict(list)
            for values in self._connection.execute(f"{_FILES} {marks} {_IN_ORDER}", keys):
                file = FileRow._make(values)
                files[file.scene_key].append(file)
            for values in self._connection.execute(f"{_SCENES} {marks}", keys):
                row = SceneRow._make(values)
                scene = loaded[row.key] = from_rows(row, files[row.key])
                weight = sum(len(file.image) for file in files[row.key]) + _ROW_OVERHEAD
                key_of_scene = (collection_id, row.id, row.generation)
                self._memory.scenes.put(key_of_scene, scene, weight=weight)
        return [loaded[one.key] for one in found]

    def _parsed(self, collection_id: str, definition: str) -> Collection:
        found = from_form(orjson.loads(definition))
        self._memory.collections.put((self.mark, collection_id), found, weight=1)
        return found


def unknown_collection(collection_id: str, known: Sequence[str]) -> UnknownCollection:
    """Return the error that names some of the collections there are."""
    names = ", ".join(known[:_SHOWN]) + (", …" if len(known) > _SHOWN else "")
    message = f"there is no collection {collection_id[:60]!r}; there are: {names or 'none'}"
    return UnknownCollection(message)
