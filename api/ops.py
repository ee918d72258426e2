"""What machines ask of the server: is it alive, is it ready, what does it measure."""

import asyncio

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from api.metrics import CONTENT_TYPE
from engine.errors import EngineError

router = APIRouter(tags=["operation"])

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
