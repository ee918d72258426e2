"""``/``, ``/docs``, their files, and what the page asks for."""

from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Request, Response

from api.auth import Reader
from api.library.describe import describe_script
from api.web.assets import answer_asset, built_assets
from api.web.page import describe_collections
from engine.errors import NotFound
from evalscripts.library import list_scripts

router = APIRouter(include_in_schema=False)


@router.get("/")
def page(request: Request) -> Response:
    """Give the page."""
    return _answer(request, "index.html")


@router.get("/docs")
def docs(request: Request) -> Response:
    """Give the API's documentation, drawn from ``/openapi.json``."""
    return _answer(request, "docs.html")


@router.get("/favicon.ico")
def favicon(request: Request) -> Response:
    """Give the mark to browsers that ask without having read a page."""
    return _answer(request, "favicon.svg")


@router.get("/static/{path:path}")
def static(request: Request, path: str) -> Response:
    """Give one built file."""
    return _answer(request, path)


@router.get("/api/v1/page")
async def describe_page(request: Request, _: Reader) -> dict[str, Any]:
    """Tell what there is to look at."""
    return {
        "version": version("cogmill"),
        "collections": await describe_collections(request.app.state.engine.catalog),
        "scripts": [describe_script(script) for script in list_scripts()],
        "anonymous": request.app.state.settings.anonymous_read,
    }


def _answer(request: Request, path: str) -> Response:
    assets = built_assets()
    if not assets:
        message = (
            "the page was not built; run: pip install -e . (or npm run build in api/web/source)"
        )
        raise NotFound(message)
    asset = assets.get(path)
    if asset is None:
        message = f"there is no file {path[:80]!r} here"
        raise NotFound(message)
    return answer_asset(request, asset)
