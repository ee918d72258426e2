"""`local_engine` and `make_request`: an engine and a question in a line each, for notebooks."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.catalog.definitions import resolve_collection_id
from engine.catalog.search import SceneOrder
from engine.core.engine import Engine
from engine.core.options import EngineOptions
from engine.errors import RequestError
from engine.geo.bbox import BBox
from engine.geo.crs import parse_crs
from engine.geo.geobox import make_geobox
from engine.geo.time import ALL_TIME, TimeRange, as_utc
from engine.ingest.dates import parse_date
from engine.net.guard import OutboundPolicy
from engine.request import Input, PixelRequest
from engine.store.route import StoreOptions
from engine.warp.resampling import Resampling
from evalscripts.library import get_script

Instant = datetime | str


def local_engine(
    home: Path | str,
    *,
    roots: Sequence[str] = ("/",),
    hosts: Sequence[str] = ("*",),
    **options: Any,
) -> Engine:
    """Return an engine over the catalog in the folder ``home``, which is made if it is not there.

    It is the catalog of the ``cogmill`` command with the same home. Whoever calls this is trusted
    with all that the process may read: narrow ``roots`` (folders) and ``hosts`` where the scenes
    come from others. ``options`` are further fields of `EngineOptions`.
    """
    folder = Path(home).expanduser().absolute()
    folder.mkdir(parents=True, exist_ok=True)
    store = StoreOptions(roots=tuple(roots), policy=OutboundPolicy(hosts=tuple(hosts)))
    return Engine(
        EngineOptions(database_url=f"sqlite:///{folder / 'cogmill.db'}", store=store, **options)
    )


def make_request(
    collection: str,
    script: str,
    *,
    bbox: tuple[float, float, float, float],
    size: tuple[int, int],
    crs: str = "EPSG:4326",
    time: tuple[Instant | None, Instant | None] = (None, None),
    order: SceneOrder = SceneOrder.MOST_RECENT,
    max_cloud_cover: float | None = None,
    resampling: Resampling = Resampling.NEAREST,
) -> PixelRequest:
    """Return the question for one collection on a north-up grid.

    ``collection`` is an id, or an older name of a built-in one (``S2L2A``); ``script``
    is an evalscript's text or the id of a ready one (``ndvi``, ``true-color`` …), of which one that
    reads two collections brings the other along; ``bbox`` is
    (left, bottom, right, top) in ``crs``, x first; ``size`` is (width, height) in pixels; ``time``
    is half-open: instants or ISO 8601 texts, UTC where they name no zone.
    Raises `RequestError` where a number or a date cannot be meant.
    """
    left, bottom, right, top = bbox
    width, height = size
    if not (left < right and bottom < top and width > 0 and height > 0):
        message = f"bbox {bbox} and size {size} enclose no pixel; x comes first, then y"
        raise RequestError(message, where="bbox")
    ready = get_script(script)
    box = BBox(left=left, bottom=bottom, right=right, top=top, crs=parse_crs(crs))
    source = Input(
        id=(ready and ready.source) or "0",
        collection=resolve_collection_id(collection),
        time=_time_range(*time),
        order=order,
        max_cloud_cover=max_cloud_cover,
        upsampling=resampling,
        downsampling=resampling,
    )
    inputs = [source]
    if ready is not None and (other := ready.also) is not None:
        # It may be a radar's, which knows no clouds.
        inputs.append(
            replace(source, id=other.id, collection=other.collection, max_cloud_cover=None)
        )
    return PixelRequest(
        geobox=make_geobox(box, width=width, height=height),
        inputs=tuple(inputs),
        script=script if ready is None else ready.text,
    )


def _time_range(start: Instant | None, stop: Instant | None) -> TimeRange:
    if start is None and stop is None:
        return ALL_TIME
    return TimeRange(start=_instant(start), stop=_instant(stop))


def _instant(value: Instant | None) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return None if value is None else as_utc(value)
    try:
        return parse_date(value)
    except ValueError as error:
        message = f"time {value[:40]!r} is not ISO 8601, such as 2024-05-01T10:30:00Z"
        raise RequestError(message, where="time") from error
