"""`SceneCatalog` (read) and `CollectionRegistry` (write): the catalog as others see it."""

from collections.abc import Sequence
from typing import Protocol

from engine.catalog.collection import Collection
from engine.catalog.scene import Scene
from engine.catalog.search import SceneQuery


class SceneCatalog(Protocol):
    """Reads collections and scenes. Waits; safe to call from many tasks."""

    async def collection(self, collection_id: str, account: str | None = None) -> Collection:
        """Return one collection that is open to ``account``, None meaning every one.

        Raises `UnknownCollection`, naming some that are.
        """
        ...

    async def collections(self, account: str | None = None) -> Sequence[Collection]:
        """Return every collection that is open to ``account``, sorted by id."""
        ...

    async def search(self, query: SceneQuery) -> Sequence[Scene]:
        """Return the scenes that match, in the order asked for, with their parsed headers."""
        ...

    async def count(self, query: SceneQuery) -> int:
        """Return how many scenes match, without reading them."""
        ...

    async def coarsest_resolutions(self, collection_id: str) -> Sequence[float]:
        """Return the meters per pixel of the coarsest level of every file of a collection."""
        ...

    async def known_files(
        self, collection_id: str, *, names: Sequence[str], addresses: Sequence[str]
    ) -> Sequence[tuple[str, str]]:
        """Return (scene name, address) of the files of scenes so called, or at these addresses."""
        ...

    async def generation(self) -> int:
        """Return a number that grows with every change; caches are keyed by it."""
        ...


class CollectionRegistry(Protocol):
    """Writes collections and scenes."""

    async def add_collection(self, collection: Collection) -> None:
        """Register a collection; raises `Conflict` where its id is taken."""
        ...

    async def replace_collection(self, collection: Collection) -> None:
        """Write a collection anew; raises `NotFound`."""
        ...

    async def remove_collection(self, collection_id: str) -> None:
        """Forget a collection and its scenes; raises `NotFound`."""
        ...

    async def add_scenes(self, scenes: Sequence[Scene]) -> None:
        """Register scenes, all or none; one with the same collection and name is replaced."""
        ...

    async def remove_scene(self, collection_id: str, scene_id: str) -> None:
        """Forget a scene; raises `NotFound`."""
        ...


class Catalog(SceneCatalog, CollectionRegistry, Protocol):
    """One that reads and writes, as the stores of our own do; a remote STAC API only reads."""
