"""``/api/v1/scripts``: ready scripts, and checks of any script."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse, Response

from api.auth import Reader, reader
from api.body import JSON, content_type, parse_json, read_body, wrong_type
from api.desk import Desk
from api.library.checked import describe_check, describe_mistake
from api.library.describe import describe_legend, describe_script, find_script
from api.library.legend import draw_legend
from api.library.schema import CheckBody
from api.respond import NO_SNIFFING
from engine.core import Engine
from evalscripts.errors import ScriptError, ScriptTierUnavailable
from evalscripts.library import list_scripts, script_text

router = APIRouter(prefix="/api/v1/scripts", tags=["scripts"])

ScriptId = Annotated[str, Path(description="A ready script.", examples=["ndvi"])]
CHECKED = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {
                "schema": CheckBody.model_json_schema(),
                "example": {
                    "evalscript": "return [2.5 * B04, 2.5 * B03, 2.5 * B02]",
                    "collections": ["sentinel-2-l2a"],
                },
            }
        },
    }
}


@router.get("", dependencies=[Depends(reader)], summary="List the ready scripts")
def scripts() -> list[dict[str, Any]]:
    """List the scripts that come with Cogmill, the most used first, without their texts."""
    return [describe_script(script) for script in list_scripts()]


@router.get("/{script_id}", dependencies=[Depends(reader)], summary="Get a ready script")
def script(
    script_id: ScriptId,
    form: Annotated[
        Literal["json", "js"], Query(alias="format", description="js: its text alone.")
    ] = "json",
) -> Response:
    """Give a script with its text."""
    found = find_script(script_id)
    if form == "js":
        return Response(found.text, media_type="text/javascript", headers=NO_SNIFFING)
    return JSONResponse({**describe_script(found), "text": found.text})


@router.get(
    "/{script_id}/legend.{extension}",
    dependencies=[Depends(reader)],
    response_class=Response,
    summary="Get what a script's colors mean",
)
def legend(script_id: ScriptId, extension: Literal["json", "svg"]) -> Response:
    """Give a ready script's legend as data or as a drawing."""
    found = find_script(script_id)
    if extension == "json":
        return JSONResponse(describe_legend(found))
    return Response(draw_legend(found), media_type="image/svg+xml", headers=NO_SNIFFING)


@router.post("/check", summary="Check a script", openapi_extra=CHECKED)
async def check(request: Request, who: Reader) -> Response:
    """Tell what a script reads and returns, in which tier it runs and why, and what looks wrong.

    `remarks` are on usual mistakes, each with its place. A script that cannot be run at all is
    answered 200, too, with `error` alone. Reads no pixel and costs no processing units.
    """
    if content_type(request) != JSON:
        raise wrong_type(request, (JSON,))
    depth = request.app.state.settings.max_json_depth
    body = CheckBody.model_validate(parse_json(await read_body(request), max_depth=depth))
    desk: Desk = request.app.state.desk
    engine: Engine = request.app.state.engine
    return JSONResponse(
        await desk.serve(request, who, lambda: checked(engine, body, principal=who.id))
    )


async def checked(
    engine: Engine, body: CheckBody, *, principal: str | None = None
) -> dict[str, Any]:
    """Return what there is to say of a script; raises `UnknownCollection`."""
    collections = [await engine.catalog.collection(one) for one in body.collections]
    bands = dict.fromkeys(name for one in collections for name in one.bands)
    try:
        report = await engine.check(
            script_text(body.evalscript), known_bands=tuple(bands), principal=principal
        )
    except ScriptTierUnavailable:
        raise
    except ScriptError as error:
        return describe_mistake(error)
    return describe_check(report)
