"""``POST /api/v1/process/debug`` and its alias."""

import asyncio
import json
from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.auth import Principal, Reader
from api.body import JSON
from api.debug.document import DOCUMENTED
from api.debug.look import look
from api.debug.schema import DebugBody
from api.debug.translate import translate_debug
from api.desk import Desk
from api.process.routes import read_value
from api.respond import respond, units_header
from engine.core import Engine
from engine.encode.encoded import Encoded

router = APIRouter(tags=["process"])


@router.post(
    "/api/v1/process/debug",
    response_class=Response,
    summary="See one pixel from inside the script",
    openapi_extra=DOCUMENTED,
)
@router.post("/process/v1/debug", response_class=Response, include_in_schema=False)
async def debug(request: Request, who: Reader) -> Response:
    """Tell of one pixel what the script was given, printed, returned, and how it failed.

    The body is a Process request, with `point` (x, y in the CRS of its bounds) or `pixel`
    (`{"col": …, "row": …}`). The script runs in V8, for this pixel only, on the samples that the
    whole request would give it. A script that throws is answered 200 with `error` in the report.
    It costs as many processing units as a picture of one pixel.
    """
    body = DebugBody.model_validate(await read_value(request))
    desk: Desk = request.app.state.desk
    return await desk.serve(request, who, lambda: answer(request, who, body))


async def answer(request: Request, who: Principal, body: DebugBody) -> Response:
    """Translate, ask, respond."""
    engine: Engine = request.app.state.engine
    desk: Desk = request.app.state.desk
    ask = partial(translate_debug, body, limits=engine.options.limits, principal=who.id)
    # To judge a polygon may take a second, in which others are served.
    question = ask() if body.input.bounds.geometry is None else await asyncio.to_thread(ask)
    seen = await look(engine, question, spending=partial(desk.spending, who))
    # Escaped to ASCII: JavaScript has texts with half characters, UTF-8 has not.
    text = json.dumps(seen.report, allow_nan=False).encode("ascii")
    file = Encoded(media_type=JSON, body=text, name="pixel.json")
    return respond(file, headers=units_header(seen.units))
