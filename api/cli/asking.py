"""Requests and scripts without a server: read, ask, explain, compile."""

import sys
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from api.body import parse_json
from api.cli.listing import open_catalog
from api.debug.look import look
from api.debug.schema import DebugBody
from api.debug.translate import translate_debug
from api.errors import HttpError
from api.process.answer import answer
from api.process.replies import choose_replies
from api.process.schema import ProcessBody
from api.process.translate import parse_body, translate
from api.settings import Settings
from api.wiring import engine_options
from engine.catalog.definitions import builtin_collections, resolve_collection_id
from engine.core import Engine, Prepared, open_engine
from engine.encode.encoded import Encoded
from engine.errors import NotFound, RequestError
from engine.plan.explain import explain
from evalscripts import PoolOptions, open_compiler, open_pool
from evalscripts.check import CheckReport, check_script
from evalscripts.library import get_script, list_scripts

STANDARD_INPUT = Path("-")
CHECK_SECONDS = 10.0


def read_request(settings: Settings, request: Path, script: str | None) -> Any:
    """Return a request's JSON, with another evalscript where one is given.

    ``script`` is the name of a file, or of a ready script.
    """
    name = "standard input" if request == STANDARD_INPUT else str(request)
    raw = sys.stdin.buffer.read() if request == STANDARD_INPUT else request.read_bytes()
    try:
        body = parse_json(raw, max_depth=settings.max_json_depth)
    except HttpError as error:
        message = f"{name}: {error.message}"
        raise RequestError(message) from error
    if not isinstance(body, dict):
        message = f"{name}: a request is a JSON object"
        raise RequestError(message)
    return body if script is None else {**body, "evalscript": _script_text(script)}


def read_script(path: Path) -> str:
    """Return a script's text; raises `RequestError` where it is not text."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        message = f"{path} is not UTF-8 text"
        raise RequestError(message) from error


async def ask(settings: Settings, body: Any) -> tuple[Encoded, tuple[str, ...]]:
    """Return the file that the Process API would answer with, and what the script printed."""
    async with _prepared(settings, body) as (engine, parsed, prepared):
        replies = choose_replies(parsed.output.responses, prepared.outputs, accept=None)
        pixels = await engine.draw(prepared, outputs=replies.outputs)
        return await answer(engine, replies, pixels), tuple(pixels.console)


async def ask_why(settings: Settings, body: Any) -> Mapping[str, Any]:
    """Return what a request would read, and why."""
    async with _prepared(settings, body) as (_, parsed, prepared):
        choose_replies(parsed.output.responses, prepared.outputs, accept=None)
        return explain(prepared.plan, prepared.program)


@asynccontextmanager
async def _prepared(
    settings: Settings, body: Any
) -> AsyncIterator[tuple[Engine, ProcessBody, Prepared]]:
    # A request that is wrong in itself is told before anything is opened.
    parsed = parse_body(body)
    engine = await open_engine(engine_options(settings))
    try:
        request = translate(parsed, limits=engine.options.limits)
        yield engine, parsed, await engine.prepare(request, whole=True)
    finally:
        await engine.close()


async def ask_pixel(settings: Settings, body: Any, place: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return everything about one pixel of a request; ``place`` is its ``point`` or ``pixel``."""
    named = {name: value for name, value in body.items() if name not in ("point", "pixel")}
    parsed = DebugBody.model_validate({**(named if place else body), **place})
    engine = await open_engine(engine_options(settings))
    try:
        question = translate_debug(parsed, limits=engine.options.limits)
        return (await look(engine, question)).report
    finally:
        await engine.close()


def check_named(named: str, *, bands: Collection[str]) -> CheckReport:
    """Return what the script of a file is, or the ready one of that name.

    ``bands`` are those that a script without setup() may mean. Needs no catalog and makes none.
    Raises `NotFound`, `ScriptError`.
    """
    text = _script_text(named)
    with open_pool(PoolOptions(workers=1)) as pool, open_compiler() as compiler:
        return check_script(
            text, pool=pool, compiler=compiler, seconds=CHECK_SECONDS, known_bands=bands
        )


async def bands_of(settings: Settings, named: str | None) -> Collection[str]:
    """Return the bands of a collection; without any, those of all built-in ones.

    Only a collection of one's own is looked up in the catalog. Raises `UnknownCollection`.
    """
    builtin = {one.id: one for one in builtin_collections()}
    if named is None:
        return tuple(dict.fromkeys(band for one in builtin.values() for band in one.bands))
    known = builtin.get(resolve_collection_id(named))
    if known is None:
        async with open_catalog(settings) as catalog:
            known = await catalog.collection(named)
    return tuple(known.bands)


def _script_text(named: str) -> str:
    path = Path(named)
    if path.is_file():
        return read_script(path)
    ready = get_script(named)
    if ready is not None:
        return ready.text
    known = ", ".join(ready.id for ready in list_scripts())
    message = f"no file and no ready script is called {named!r}; ready scripts: {known}"
    raise NotFound(message)
