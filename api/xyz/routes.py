"""``GET /tiles/{collection}/{z}/{x}/{y}.{extension}`` and its TileJSON."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from api.auth import Principal, Reader, reader
from api.desk import Desk
from api.respond import debug_header, facts_header, respond, units_header
from api.units import units_of
from api.xyz.route import TileRoute
from api.xyz.schema import TileQuery
from api.xyz.translate import (
    MAX_ZOOM,
    bounds_of,
    entity_tag,
    holds_tag,
    media_type_of,
    parse_time,
    script_of,
    tile_box,
    tile_request,
)
from engine.catalog.search import SceneQuery
from engine.core import Engine
from engine.encode.formats import check_format
from engine.request import PixelRequest

router = APIRouter(prefix="/tiles", tags=["tiles"])
CollectionId = Annotated[str, Path(description="A collection.", examples=["sentinel-2-l2a"])]
EXTENT_SCENES = 2000
"""The extent of a collection with more scenes than this is said to be the whole map."""


@router.get(
    "/{collection}/tilejson.json",
    dependencies=[Depends(reader)],
    summary="Describe map tiles",
)
async def tile_json(
    request: Request, collection: CollectionId, query: Annotated[TileQuery, Query()]
) -> Response:
    """Describe a collection's map tiles (TileJSON 3.0) with the query that is given."""
    engine: Engine = request.app.state.engine
    known = await engine.catalog.collection(collection)
    wanted = SceneQuery(collection=known.id, time=parse_time(query.time), limit=EXTENT_SCENES + 1)
    scenes = await engine.catalog.search(wanted)
    base = request.app.state.settings.public_url or str(request.base_url)
    url = f"{base.rstrip('/')}/tiles/{known.id}/{{z}}/{{x}}/{{y}}.png"
    return JSONResponse(
        {
            "tilejson": "3.0.0",
            "name": known.title,
            "scheme": "xyz",
            "tiles": [f"{url}?{request.url.query}" if request.url.query else url],
            "minzoom": 0,
            "maxzoom": MAX_ZOOM,
            "bounds": bounds_of(scenes if len(scenes) <= EXTENT_SCENES else ()),
        }
    )


async def tile(
    *,
    request: Request,
    who: Reader,
    collection: CollectionId,
    z: Annotated[int, Path(description="Zoom, 0 to 24.", examples=[13])],
    x: Annotated[int, Path(description="Column, from the west.", examples=[4369])],
    y: Annotated[int, Path(description="Row, from the north.", examples=[2965])],
    extension: Annotated[str, Path(description="png, jpg, webp or npy.", examples=["png"])],
    query: Annotated[TileQuery, Query()],
) -> Response:
    """Give one map tile of web mercator, as a script draws it."""
    script = script_of(query)
    asked = tile_request(collection, tile_box(z, x, y), query, script=script, principal=who.id)
    form = Form(media_type=media_type_of(extension), quality=query.quality)
    if (held := request.headers.get("if-none-match")) is not None:
        mark = await request.app.state.engine.catalog.mark()
        headers = cache_headers(request, who, asked, form, mark=mark)
        if holds_tag(held, headers["ETag"]):
            return Response(status_code=304, headers=headers)
    desk: Desk = request.app.state.desk
    return await desk.serve(request, who, lambda: draw(request, who, asked, form))


router.add_api_route(
    "/{collection}/{z}/{x}/{y}.{extension}",
    tile,
    methods=["GET"],
    response_class=Response,
    summary="Ask for a map tile",
    route_class_override=TileRoute,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a map tile is written."""

    media_type: str
    quality: int
    """Of lossy formats, 0 to 100."""


def cache_headers(
    request: Request, who: Principal, asked: PixelRequest, form: Form, *, mark: str
) -> dict[str, str]:
    """Return ETag and Cache-Control of a map tile drawn by the catalog of this ``mark``."""
    tag = entity_tag(asked, mark=mark, media_type=form.media_type, quality=form.quality)
    audience = "public" if who.is_anonymous else "private"
    seconds = request.app.state.settings.tile_cache_seconds
    return {"ETag": tag, "Cache-Control": f"{audience}, max-age={seconds}", "Vary": "Authorization"}


async def draw(request: Request, who: Principal, asked: PixelRequest, form: Form) -> Response:
    """Return the map tile: the script's output ``default``, or its first one."""
    engine: Engine = request.app.state.engine
    desk: Desk = request.app.state.desk
    prepared = await engine.prepare(asked)
    named = [output for output in prepared.outputs if output.id == "default"]
    output = (named or prepared.outputs)[0]
    check_format(form.media_type, bands=output.bands, dtype=output.sample_type.dtype)
    units = units_of(prepared, [(form.media_type, output.sample_type)])
    with desk.spending(who, units):
        pixels = await engine.draw(prepared, outputs=(output.id,))
        file = await engine.encode(
            pixels,
            output=output.id,
            media_type=form.media_type,
            quality=form.quality,
            # Maps show tiles and ask for no bands.
            palette=True,
        )
    console = debug_header(pixels.console, is_cut=bool(pixels.facts.get("console_cut")))
    headers = cache_headers(request, who, asked, form, mark=prepared.mark)
    about = {**headers, **units_header(units), **facts_header(pixels)}
    return respond(file, headers={**about, **console})
