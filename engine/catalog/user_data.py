"""`UserCollection`, `UserScene`, `UserRegistry`: users' own data (BYOC) on its way to requests.

A user scene is what somebody asked to be registered: a path inside the collection's bucket. Once
its files were read it is also a `Scene` of the same id, which is what requests find.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from engine.catalog.collection import Collection
from engine.catalog.scene import Scene


class SceneStatus(Enum):
    """How far a user scene has come."""

    WAITING = "WAITING"
    QUEUED = "QUEUED"
    INGESTING = "INGESTING"
    INGESTED = "INGESTED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserCollection:
    """A collection of somebody's own data, and where that lies."""

    collection: Collection
    """Its account is whose it is; its bands are empty until they are known."""
    bucket: str
    """A bucket's name or s3 URL, an http(s) prefix or a local folder's file URL, under which the
    paths of scenes are; empty: paths are addresses."""
    client: str
    """Id of the client that made it; empty for the command."""
    created: datetime
    """Aware, UTC."""
    nodata: float | None = None
    """Of every band; else each band says its own."""
    max_meters: float | None = None
    """Coarsest pixel that may be asked for, in meters, where the owner decided."""
    credentials: str | None = None
    """Name of the account's credentials by which the bucket is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserScene:
    """One scene that was asked for."""

    id: str
    """UUID; also of the `Scene`."""
    collection: str
    path: str
    """Inside the bucket; ``(BAND)`` stands for each band's source."""
    sensed: datetime | None
    """Aware, UTC; None matches every time range."""
    cover: Mapping[str, Any] | None
    """GeoJSON as it was given, with its ``crs`` member; None: made of the files."""
    created: datetime
    status: SceneStatus = SceneStatus.WAITING
    outline: Mapping[str, Any] | None = None
    """GeoJSON of the files' bounding box in their own CRS, once known."""
    cause: str | None = None
    """Why it failed, and what to do."""
    warnings: tuple[str, ...] = ()
    least_meters: float | None = None
    """Meters per pixel of the finest level of its files."""
    most_meters: float | None = None
    """Meters per pixel of the coarsest level of its files."""
    started: datetime | None = None
    """When its files were first looked at."""


class UserOrder(Enum):
    """In which order user scenes are listed; ties go by id."""

    CREATED_UP = "created:asc"
    CREATED_DOWN = "created:desc"
    PATH_UP = "path:asc"
    PATH_DOWN = "path:desc"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSceneQuery:
    """Which user scenes of a collection to list."""

    collection: str
    order: UserOrder = UserOrder.CREATED_UP
    path: str | None = None
    """Exactly this path, where given."""
    status: SceneStatus | None = None
    after: UserScene | None = None
    """List what comes behind this one; nothing is lost or repeated while others insert."""
    limit: int = 100


class UserRegistry(Protocol):
    """Reads and writes users' own data; each call is one transaction."""

    async def add_collection(self, made: UserCollection) -> None:
        """Register a collection; raises `Conflict` where its id is taken."""
        ...

    async def collection(self, collection_id: str) -> UserCollection:
        """Return one collection; raises `NotFound`."""
        ...

    async def collections(self, account: str | None) -> Sequence[UserCollection]:
        """Return the collections of one account, or all for None, oldest first."""
        ...

    async def replace_collection(self, changed: UserCollection) -> None:
        """Write a collection anew; raises `NotFound`."""
        ...

    async def remove_collection(self, collection_id: str) -> None:
        """Forget a collection, its scenes and their jobs; files are not touched. `NotFound`."""
        ...

    async def add_scenes(self, scenes: Sequence[UserScene]) -> None:
        """Register scenes and queue their ingestion, all or none; `Conflict` for a path taken."""
        ...

    async def scene(self, collection_id: str, scene_id: str) -> UserScene:
        """Return one scene; raises `NotFound`."""
        ...

    async def scenes(self, query: UserSceneQuery) -> Sequence[UserScene]:
        """Return the scenes that match, in the order asked for."""
        ...

    async def replace_scene(self, changed: UserScene) -> None:
        """Write what was asked for anew, and queue its ingestion; `NotFound`, `Conflict`."""
        ...

    async def reingest(self, collection_id: str, scene_id: str) -> None:
        """Queue the ingestion of a scene again; raises `NotFound`."""
        ...

    async def remove_scene(self, collection_id: str, scene_id: str) -> None:
        """Forget a scene, and what requests found of it; raises `NotFound`."""
        ...

    async def copy_scenes(self, source: str, target: str) -> int:
        """Register every scene of one collection in another, and return how many were new."""
        ...

    async def begin(self, collection_id: str, scene_id: str) -> UserScene | None:
        """Note that ingestion begins now; None where the scene was removed meanwhile."""
        ...

    async def finish(self, done: UserScene, scene: Scene | None) -> None:
        """Write how ingestion ended; with ``scene``, requests find it from here on.

        Nothing is written where the scene was removed or changed since `begin`.
        """
        ...
