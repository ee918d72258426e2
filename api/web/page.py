"""What the page needs to know of collections and their dates, as JSON."""

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from engine.catalog.collection import Collection
from engine.catalog.protocol import SceneCatalog
from engine.catalog.scene import Scene
from engine.catalog.search import SceneQuery

MOST_SCENES = 5000
"""Of each collection the page knows so many scenes, the most recent ones."""


async def describe_collections(catalog: SceneCatalog) -> list[dict[str, Any]]:
    """Return every collection with its bands, dates and bounds, those with most dates first."""
    described = []
    for collection in await catalog.collections():
        query = SceneQuery(collection=collection.id, limit=MOST_SCENES)
        described.append(describe_collection(collection, await catalog.search(query)))
    return in_order(described)


def in_order(described: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return collections with the most promising first: scenes, then many dates."""
    return sorted(described, key=lambda one: (one["bounds"] is None, -len(one["dates"])))


def describe_collection(collection: Collection, scenes: Sequence[Scene]) -> dict[str, Any]:
    """Return one collection as the page reads it; see ``source/explorer/contract.ts``."""
    bands = [{"name": band.name, "title": band.title} for band in collection.bands.values()]
    named = [scene.properties.get("attribution") for scene in scenes]
    sources = dict.fromkeys(str(name) for name in named if name)
    return {
        "id": collection.id,
        "title": collection.title,
        "bounds": _bounds(scenes),
        "dates": _dates(scenes),
        "bands": bands,
        "attribution": ", ".join(sources) or None,
    }


def _bounds(scenes: Sequence[Scene]) -> list[float] | None:
    """Return west, south, east, north in degrees; None without scenes."""
    if not scenes:
        return None
    boxes = [scene.cover.bbox for scene in scenes]
    return [
        min(box.left for box in boxes),
        min(box.bottom for box in boxes),
        max(box.right for box in boxes),
        max(box.top for box in boxes),
    ]


def _dates(scenes: Sequence[Scene]) -> list[dict[str, Any]]:
    """Return the days (UTC) that have scenes, oldest first, with their mean cloud cover."""
    days: Mapping[date, list[Scene]] = defaultdict(list)
    for scene in scenes:
        if scene.sensed is not None:
            days[scene.sensed.date()].append(scene)
    return [
        {"date": day.isoformat(), "cloudCover": _cloud_cover(days[day]), "scenes": len(days[day])}
        for day in sorted(days)
    ]


def _cloud_cover(scenes: Sequence[Scene]) -> float | None:
    known = [scene.cloud_cover for scene in scenes if scene.cloud_cover is not None]
    return round(statistics.fmean(known), 1) if known else None
