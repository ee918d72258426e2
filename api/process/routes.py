"""``POST /api/v1/process`` and its alias."""

import asyncio
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.auth import Principal, Reader
from api.body import JSON, MULTIPART, content_type, parse_json, read_body, read_form, wrong_type
from api.desk import Desk
from api.errors import BadBody
from api.process.answer import answer
from api.process.document import DOCUMENTED
from api.process.replies import Replies, choose_replies
from api.process.schema import ProcessBody
from api.process.translate import parse_body, translate
from api.respond import debug_header, facts_header, respond, units_header
from api.units import OCTET_STREAM, units_of
from engine.core import Engine, Prepared
from engine.samples import Pixels

router = APIRouter(tags=["process"])


@router.post(
    "/api/v1/process",
    response_class=Response,
    summary="Ask for pixels",
    openapi_extra=DOCUMENTED,
)
@router.post("/process/v1", response_class=Response, include_in_schema=False)
async def process(request: Request, who: Reader) -> Response:
    """Answer with the pixels that a script makes of a collection's scenes."""
    body = await read_request(request)
    desk: Desk = request.app.state.desk
    return await desk.serve(request, who, lambda: draw(request, who, body))


async def draw(request: Request, who: Principal, body: ProcessBody) -> Response:
    """Translate, ask, finish, respond; nothing is read before everything is known to fit."""
    engine: Engine = request.app.state.engine
    desk: Desk = request.app.state.desk
    ask = partial(translate, body, limits=engine.options.limits, principal=who.id)
    # To judge a polygon may take a second, in which others are served.
    asked = ask() if body.input.bounds.geometry is None else await asyncio.to_thread(ask)
    prepared = await engine.prepare(asked)
    accept = request.headers.get("accept")
    replies = choose_replies(body.output.responses, prepared.outputs, accept=accept)
    units = spent(replies, prepared)
    with desk.spending(who, units):
        pixels = await engine.draw(prepared, outputs=replies.outputs)
        file = await answer(engine, replies, pixels)
    about = {**units_header(units), **facts_header(pixels), **raw_header(replies, pixels)}
    console = debug_header(pixels.console, is_cut=bool(pixels.facts.get("console_cut")))
    return respond(file, headers={**about, **console})


async def read_request(request: Request) -> ProcessBody:
    """Return the request of the body; raises as `read_value`, and pydantic's ValidationError."""
    return parse_body(await read_value(request))


async def read_value(request: Request) -> Any:
    """Return the JSON value of the body, JSON or multipart; raises `BadBody`, `WrongMediaType`."""
    max_depth = request.app.state.settings.max_json_depth
    kind = content_type(request)
    if kind == JSON or kind.endswith("+json"):
        return parse_json(await read_body(request), max_depth=max_depth)
    if kind != MULTIPART:
        raise wrong_type(request, (JSON, MULTIPART))
    form = await read_form(request)
    if "request" not in form:
        message = "the part 'request' is missing; parts are 'request' (JSON) and 'evalscript'"
        raise BadBody(message)
    value = parse_json(form["request"], max_depth=max_depth)
    if isinstance(value, dict) and "evalscript" in form:
        value["evalscript"] = form["evalscript"]
    return value


def spent(replies: Replies, prepared: Prepared) -> float:
    """Return the processing units of a request."""
    types = {output.id: output.sample_type for output in prepared.outputs}
    files = [file for file in replies.files if not file.is_user_data]
    return units_of(prepared, [(file.media_type, types[file.identifier]) for file in files])


def raw_header(replies: Replies, pixels: Pixels) -> dict[str, str]:
    """Return what is needed to read raw samples: shape and type, as xcube-sh knows them."""
    first = replies.files[0]
    if replies.is_archive or first.media_type != OCTET_STREAM:
        return {}
    values = pixels.outputs[first.identifier]
    return {
        "SH-Components": str(values.shape[0]),
        "SH-Height": str(values.shape[1]),
        "SH-Width": str(values.shape[2]),
        "SH-SampleType": values.dtype.name.upper(),
    }
