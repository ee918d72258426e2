"""`create_app`: the server as one object."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache, partial
from importlib.metadata import version
from threading import Thread

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from api import auth, ops
from api.debug import routes as debug
from api.debug.document import MODELS
from api.desk import Desk
from api.dialects import answer_error
from api.errors import HttpError
from api.guard import Guard
from api.library import routes as library
from api.logs import configure_logs
from api.metrics import Metrics
from api.observe import Observe
from api.process import routes as process
from api.quota import Buckets
from api.settings import Settings, load_settings
from api.tokens import open_key
from api.web import routes as web
from api.wiring import engine_options
from api.xyz import routes as xyz
from engine.core import open_engine
from engine.database.clients import ClientStore
from engine.errors import EngineError
from engine.run.warm import warm_kernels
from evalscripts.errors import ScriptError

log = logging.getLogger("cogmill.app")

ANSWERED = (
    EngineError,
    ScriptError,
    HttpError,
    HTTPException,
    RequestValidationError,
    ValidationError,
)
"""Errors that routes may raise; any other is unforeseen, and the guard's."""

SENT_BY_BROWSERS = (
    "origin",
    "content-type",
    "accept",
    "accept-crs",
    "authorization",
    "cache-control",
    "if-none-match",
    "x-request-id",
)
READ_BY_BROWSERS = (
    "x-processingunits-spent",
    "retry-after",
    "x-request-id",
    "x-cogmill-debug",
    "x-cogmill-facts",
    "server-timing",
    "etag",
    "sh-components",
    "sh-width",
    "sh-height",
    "sh-sampletype",
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the app for ``settings``; without any, for those of the environment, with logs."""
    if settings is None:
        settings = load_settings()
        configure_logs(settings.log_level)
    metrics = Metrics()
    app = FastAPI(
        title="Cogmill",
        version=version("cogmill"),
        lifespan=_lifespan,
        middleware=_middleware(settings, metrics),
        exception_handlers=dict.fromkeys(ANSWERED, _answer),
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.metrics = metrics
    app.state.desk = Desk(settings)
    app.state.is_warm = False
    app.state.token_requests = Buckets(
        what="token requests", per_minute=settings.token_requests_per_minute
    )
    metrics.watch("cogmill_running", "Requests worked on now.", lambda: app.state.desk.gate.running)
    metrics.watch("cogmill_waiting", "Requests in line now.", lambda: app.state.desk.gate.waiting)
    for room in (auth, process, debug, library, xyz, ops, web):
        app.include_router(room.router)
    # FastAPI's way of letting an app describe itself.
    app.openapi = cache(partial(ops.describe, app, MODELS))  # type: ignore[method-assign]
    return app


def _middleware(settings: Settings, metrics: Metrics) -> list[Middleware]:
    """Return the layers around the routes, the outermost first."""
    return [
        Middleware(Observe, metrics=metrics),
        Middleware(
            CORSMiddleware,
            allow_origins=tuple(origin for origin in settings.cors_origins if origin != "*"),
            # OpenLayers' own source asks with credentials, and then `*` is no answer: the origin
            # is named. There are no cookies, so this gives nothing away.
            allow_origin_regex=".*" if "*" in settings.cors_origins else None,
            allow_credentials=True,
            allow_methods=("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"),
            allow_headers=SENT_BY_BROWSERS,
            expose_headers=READ_BY_BROWSERS,
        ),
        Middleware(
            Guard,
            hosts=settings.hosts,
            is_open=settings.anonymous_read,
            max_body_bytes=settings.max_body_bytes,
        ),
    ]


async def _answer(request: Request, error: Exception) -> Response:
    return answer_error(
        error,
        path=request.url.path,
        method=request.method,
        request_id=request.state.request_id,
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open what requests need, and free it when the last of them is answered."""
    settings: Settings = app.state.settings
    app.state.token_key = await asyncio.to_thread(open_key, settings.token_key)
    engine = await open_engine(engine_options(settings))
    try:
        app.state.engine = engine
        for name, read in engine.caches().items():
            app.state.metrics.watch_cache(name, read)
        app.state.clients = ClientStore(database=engine.database)
        # A daemon: a server that is told to stop does not wait for its compiler.
        Thread(target=_warm, args=(app,), name="cogmill-warming", daemon=True).start()
        yield
    finally:
        await engine.close()


def _warm(app: FastAPI) -> None:
    """Compile what the first request would wait for; until then the server is not ready."""
    try:
        warm_kernels()
    except Exception:
        log.exception("kernels cannot be compiled; the server stays not ready")
        return
    app.state.is_warm = True
