"""The catalog as the command asks it: collections, scenes, and what an ingest registered."""

import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from api.cli.output import progress
from api.settings import Settings
from api.wiring import store_options
from engine.catalog.collection import Collection
from engine.catalog.definitions import ensure_builtin, resolve_collection_id
from engine.catalog.search import SceneOrder, SceneQuery
from engine.catalog.sql import SqlCatalog
from engine.catalog.user import make_user_collection
from engine.database.connection import open_database
from engine.errors import Conflict, Forbidden, RequestError
from engine.ingest import IngestReport
from engine.ingest import ingest as register
from engine.store.pattern import fixed_prefix
from engine.store.route import open_store

Facts = dict[str, Any]


@asynccontextmanager
async def open_catalog(settings: Settings) -> AsyncIterator[SqlCatalog]:
    """Give the catalog with the built-in collections in it."""
    database = await open_database(settings.database)
    try:
        catalog = SqlCatalog(database)
        await ensure_builtin(catalog)
        yield catalog
    finally:
        await database.close()


async def all_collections(settings: Settings) -> Sequence[Facts]:
    """Return every collection, those with most scenes first."""
    async with open_catalog(settings) as catalog:
        found = [
            _brief(one, await catalog.count(SceneQuery(collection=one.id)))
            for one in await catalog.collections()
        ]
    return sorted(found, key=lambda one: (-one["scenes"], one["id"]))


async def one_collection(settings: Settings, named: str) -> Facts:
    """Return everything about a collection; raises `UnknownCollection`."""
    async with open_catalog(settings) as catalog:
        known = await catalog.collection(resolve_collection_id(named))
        count = await catalog.count(SceneQuery(collection=known.id))
        ends = [
            await catalog.search(SceneQuery(collection=known.id, order=order, limit=1))
            for order in (SceneOrder.LEAST_RECENT, SceneOrder.MOST_RECENT)
        ]
    sensed = [scene.sensed.isoformat() for found in ends for scene in found if scene.sensed]
    return {
        **_brief(known, count),
        "sensed": [sensed[0], sensed[-1]] if sensed else None,
        "rule": known.rule.value,
        "maxMetersPerPixel": known.max_meters_per_pixel,
        "bands": [
            {
                "name": band.name,
                "title": band.title,
                "units": [unit.name for unit in band.units],
                "resolution": band.resolution,
                "sampleType": band.sample_type,
                "nodata": band.nodata,
            }
            for band in known.bands.values()
        ],
    }


def _brief(collection: Collection, scenes: int) -> Facts:
    return {
        "id": collection.id,
        "title": collection.title,
        "scenes": scenes,
        "bands": list(collection.bands),
    }


async def make_collection(settings: Settings, title: str) -> Facts:
    """Register an empty user collection and return it."""
    collection = make_user_collection(title)
    async with open_catalog(settings) as catalog:
        await catalog.add_collection(collection)
    return _brief(collection, 0)


async def remove_collection(settings: Settings, named: str, *, with_scenes: bool) -> int:
    """Forget a collection; return how many scenes went with it.

    Raises `Conflict` where it has scenes and ``with_scenes`` is not said.
    """
    async with open_catalog(settings) as catalog:
        known = await catalog.collection(resolve_collection_id(named))
        count = await catalog.count(SceneQuery(collection=known.id))
        if count and not with_scenes:
            message = f"{known.id} has {count} scenes; to forget them too, add --with-scenes"
            raise Conflict(message)
        await catalog.remove_collection(known.id)
    return count


async def newest_scenes(
    settings: Settings, named: str, *, limit: int
) -> tuple[Sequence[Facts], int]:
    """Return a collection's newest scenes, and how many it has in all."""
    async with open_catalog(settings) as catalog:
        known = await catalog.collection(resolve_collection_id(named))
        found = await catalog.search(SceneQuery(collection=known.id, limit=limit))
        total = await catalog.count(SceneQuery(collection=known.id))
    rows = [
        {
            "id": scene.id,
            "name": scene.name,
            "sensed": scene.sensed.isoformat() if scene.sensed else None,
            "cloudCover": scene.cloud_cover,
            "bands": list(scene.assets),
        }
        for scene in found
    ]
    return rows, total


async def ingest_places(
    settings: Settings,
    named: str,
    places: Sequence[str],
    *,
    date: str | None,
    bands: Mapping[str, str],
) -> IngestReport:
    """Register what lies at ``places``; shows progress.

    Raises `Forbidden` for a local place that servers could not read later.
    """
    for place in places:
        _check_root(settings, place)
    store = open_store(store_options(settings))
    try:
        async with open_catalog(settings) as catalog:
            known = await catalog.collection(resolve_collection_id(named))
            with progress("reading headers") as step:
                return await register(
                    catalog, store, known.id, places, date=date, bands=bands, on_progress=step
                )
    finally:
        await store.close()


def _check_root(settings: Settings, place: str) -> None:
    if urlsplit(place).scheme:
        return
    path = Path(os.path.realpath(fixed_prefix(str(Path(place).expanduser().absolute()))))
    roots = [Path(os.path.realpath(root)) for root in settings.data_roots]
    if any(path.is_relative_to(root) for root in roots):
        return
    folder = path if path.is_dir() else path.parent
    listed = ",".join(str(root) for root in (*settings.data_roots, folder))
    message = f"{place} lies outside the folders that may be read; allow it: "
    message += f"export COGMILL_DATA_ROOTS={listed}"
    raise Forbidden(message)


def parse_band_option(text: str) -> tuple[str, str]:
    """Return (band, pattern) of ``B04='*_red.tif'``; raises `RequestError`."""
    name, equals, pattern = text.partition("=")
    if not (name and equals and pattern):
        message = f"{text!r} is not NAME=PATTERN, like B04='*_red.tif'"
        raise RequestError(message, where="--band")
    return name, pattern
