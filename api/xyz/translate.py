"""A map tile's address and query → the engine's question; pure."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from api.params import at, parse_instant, time_range
from api.xyz.schema import TileQuery
from engine.catalog.scene import Scene
from engine.catalog.search import SceneOrder
from engine.errors import NotFound, RequestError
from engine.geo.bbox import BBox
from engine.geo.crs import WEB_MERCATOR
from engine.geo.geobox import make_geobox
from engine.geo.time import ALL_TIME, TimeRange
from engine.request import Input, PixelRequest
from engine.warp.resampling import Resampling
from evalscripts.library import LibraryScript, OtherSource, get_script, list_scripts

MEDIA_TYPES: Mapping[str, str] = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "npy": "application/x-npy",
}
"""File extension → media type."""

MAX_ZOOM = 24
HALF_WORLD = 20_037_508.342789244
"""Meters from the center to the edge of web mercator: π times WGS 84's equatorial radius."""

INPUT_ID = "0"
"""The data source of a script that reads only one."""
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+={0,2}")


def tile_box(z: int, x: int, y: int) -> BBox:
    """Return the box of a cell of OGC's WebMercatorQuad; neighbors share edges to the last bit.

    Raises `NotFound` for a cell that the matrix does not have.
    """
    if not 0 <= z <= MAX_ZOOM:
        message = f"zoom {z} is not between 0 and {MAX_ZOOM}"
        raise NotFound(message)
    count = 1 << z
    if not (0 <= x < count and 0 <= y < count):
        message = f"there is no map tile {x}, {y} at zoom {z}: both run from 0 to {count - 1}"
        raise NotFound(message)
    span = 2 * HALF_WORLD / count
    return BBox(
        left=x * span - HALF_WORLD,
        bottom=HALF_WORLD - (y + 1) * span,
        right=(x + 1) * span - HALF_WORLD,
        top=HALF_WORLD - y * span,
        crs=WEB_MERCATOR,
    )


def media_type_of(extension: str) -> str:
    """Return the media type of a file extension; raises `NotFound`."""
    found = MEDIA_TYPES.get(extension.lower())
    if found is None:
        message = f"format {extension[:20]!r} is not available; allowed: {', '.join(MEDIA_TYPES)}"
        raise NotFound(message)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class TileScript:
    """What draws a map tile."""

    text: str
    source: str = INPUT_ID
    """What the script calls the collection of the address."""
    also: OtherSource | None = None
    """The other collection that a ready script of a fusion reads."""


def script_of(query: TileQuery) -> TileScript:
    """Return the inline script, or the ready one of that name; raises `RequestError`."""
    if query.evalscript is not None:
        ready = get_script(query.evalscript)
        return TileScript(text=_inline(query.evalscript)) if ready is None else _ready(ready)
    known = ", ".join(script.id for script in list_scripts())
    if query.script is None:
        message = f"script or evalscript must be given; ready scripts: {known}"
        raise RequestError(message, where="script")
    ready = get_script(query.script)
    if ready is None:
        message = f"no ready script is called {query.script[:60]!r}; there are: {known}"
        raise RequestError(message, where="script")
    return _ready(ready)


def _ready(script: LibraryScript) -> TileScript:
    return TileScript(text=script.text, source=script.source or INPUT_ID, also=script.also)


def _inline(text: str) -> str:
    """Return a script given as base64url; any other text is the script itself."""
    if not _BASE64URL.fullmatch(text):
        return text
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return text


def tile_request(
    collection: str,
    box: BBox,
    query: TileQuery,
    *,
    script: TileScript,
    principal: str | None = None,
) -> PixelRequest:
    """Return the question for one map tile.

    Cloud cover is asked of the collection of the address only: a fusion's other one may be a
    radar's, which knows none.
    """
    first = Input(
        id=script.source,
        collection=collection,
        time=parse_time(query.time),
        max_cloud_cover=query.maxcc,
        order=SceneOrder(query.order),
        upsampling=Resampling(query.upsampling),
        downsampling=Resampling(query.downsampling),
    )
    inputs = [first]
    if (other := script.also) is not None:
        second = replace(first, id=other.id, collection=other.collection, max_cloud_cover=None)
        inputs.append(second)
    return PixelRequest(
        geobox=make_geobox(box, width=query.size, height=query.size),
        inputs=tuple(inputs),
        script=script.text,
        principal=principal,
    )


def parse_time(text: str) -> TimeRange:
    """Return the range of a day, an instant or ``from/to``; all ends are inside.

    Raises `RequestError`.
    """
    if not text:
        return ALL_TIME
    first, slash, last = text.partition("/")
    with at("time"):
        try:
            start = _end(first)
            stop = _end(last) if slash else start
        except (ValueError, OverflowError) as error:
            message = f"time {text[:60]!r} is not a day, an instant with zone or from/to: {error}"
            raise RequestError(message) from error
        return time_range(start and start[0], stop and stop[1])


def _end(text: str) -> tuple[datetime, datetime] | None:
    """Return the first and the last instant that a text means; None for an open end."""
    if text in ("", ".."):
        return None
    if not _DAY.fullmatch(text):
        return parse_instant(text), parse_instant(text)
    day = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return day, day + timedelta(days=1, microseconds=-1)


def entity_tag(request: PixelRequest, *, mark: str, media_type: str, quality: int) -> str:
    """Return a weak ETag that changes where anything changes that a tile's pixels depend on.

    ``mark`` is the catalog's, drawn anew with every change of it.
    """
    facts = [
        mark,
        repr(request.geobox),
        repr(request.inputs),
        request.script,
        media_type,
        quality,
    ]
    digest = hashlib.sha256(json.dumps(facts).encode("utf-8", "surrogatepass")).hexdigest()
    return f'W/"{digest[:32]}"'


def holds_tag(header: str | None, tag: str) -> bool:
    """Return True where an If-None-Match header names ``tag`` (compared weakly) or anything."""
    if header is None:
        return False
    bare = tag.removeprefix("W/")
    return any(part.strip().removeprefix("W/") in (bare, "*") for part in header.split(","))


def bounds_of(scenes: Sequence[Scene]) -> tuple[float, float, float, float]:
    """Return west, south, east and north of the scenes' covers; the whole map for none."""
    if not scenes:
        return (-180.0, -85.051129, 180.0, 85.051129)
    boxes = [scene.cover.shape.bounds for scene in scenes]
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )
