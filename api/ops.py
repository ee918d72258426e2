"""What machines ask of the server: is it alive, is it ready, what does it measure, how to ask."""

import asyncio
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, Response

from api.metrics import CONTENT_TYPE
from engine.errors import EngineError

router = APIRouter(tags=["operation"])

ERROR = {
    "description": "What was wrong, where, what was found and what is allowed.",
    "content": {
        "application/json": {
            "example": {
                "error": {
                    "status": 400,
                    "reason": "Bad Request",
                    "message": "width = 2600 is larger than the allowed 2500 pixels",
                    "code": "COMMON_BAD_PAYLOAD",
                    "errors": [{"parameter": "output->width", "violation": "width = 2600 is …"}],
                }
            }
        }
    },
}
TOKEN = {
    "type": "oauth2",
    "description": "Clients are made by `cogmill client create`.",
    "flows": {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": {}}},
}
OPEN = ("/oauth/token", "/auth/", "/health", "/ready", "/metrics")
"""Paths that ask for no token."""

PATIENCE_SECONDS = 2.0
"""A database that takes longer than this is not ready."""


@router.get("/health")
async def health() -> dict[str, str]:
    """Say that the process serves requests."""
    return {"status": "ok"}


@router.get("/ready")
async def ready(request: Request) -> Response:
    """Say whether requests for pixels will be quick: kernels warm, database reachable."""
    checks = {
        "kernels": request.app.state.is_warm,
        "database": await _reaches_database(request),
    }
    return JSONResponse(
        {"ready": all(checks.values()), **checks}, 200 if all(checks.values()) else 503
    )


async def _reaches_database(request: Request) -> bool:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return bool(await request.app.state.engine.ready())
    except (EngineError, TimeoutError, OSError):
        return False


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Give this process' measurements in Prometheus' format."""
    return Response(request.app.state.metrics.page(), media_type=CONTENT_TYPE)


def describe(app: FastAPI, models: Mapping[str, Any]) -> dict[str, Any]:
    """Return the OpenAPI document of ``app``.

    Added to what FastAPI finds: the ``models`` of bodies that it never parses, by name, how tokens
    are had, and errors as they are (400, where FastAPI expects 422).
    """
    page = get_openapi(
        title=app.title,
        version=app.version,
        summary="Pixels on the fly from one's own images, by Sentinel Hub's API.",
        routes=app.routes,
    )
    parts = page.setdefault("components", {})
    parts["schemas"] = dict(models)
    parts["securitySchemes"] = {"token": TOKEN}
    for path, methods in page["paths"].items():
        for operation in methods.values():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = ERROR
            if not path.startswith(OPEN):
                operation["security"] = [{"token": []}]
    return page
