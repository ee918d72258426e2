"""Requests and scripts without a server: read, ask, explain, compile."""

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from api.body import parse_json
from api.errors import HttpError
from api.process.answer import answer
from api.process.replies import choose_replies
from api.process.schema import ProcessBody
from api.process.translate import parse_body, translate
from api.settings import Settings
from api.wiring import engine_options
from engine.core import Engine, Prepared, open_engine
from engine.encode.encoded import Encoded
from engine.errors import NotFound, RequestError
from engine.plan.explain import explain
from evalscripts import PoolOptions, Program, compile_script, open_pool
from evalscripts.library import get_script, list_scripts

STANDARD_INPUT = Path("-")
CHECK_SECONDS = 10.0


def read_request(settings: Settings, request: Path, script: Path | None) -> Any:
    """Return a request's JSON, with the evalscript of another file where one is given."""
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
    return body if script is None else {**body, "evalscript": read_script(script)}


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
        yield engine, parsed, await engine.prepare(request)
    finally:
        await engine.close()


async def compile_named(named: str) -> Program:
    """Return the compiled script of a file, or the ready one of that name.

    Needs no catalog and makes none.
    """
    text = _script_text(named)

    def work() -> Program:
        with open_pool(PoolOptions(workers=1)) as pool:
            return compile_script(text, pool=pool, seconds=CHECK_SECONDS)

    return await asyncio.to_thread(work)


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
