"""How long an answer is worth waiting for: until its deadline, or until nobody listens."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from starlette.requests import Request

from api.errors import ClientGone
from engine.errors import DeadlineExceeded

T = TypeVar("T")


async def in_time(request: Request, work: Coroutine[Any, Any, T], *, seconds: float) -> T:
    """Return what ``work`` returns; the request's body must have been read.

    Cancels it, and waits until it has let go of what it held, where the client closes the
    connection (`ClientGone`) or ``seconds`` are over (`DeadlineExceeded`).
    """
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        done, _ = await asyncio.wait(
            {task, gone}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        gone.cancel()
        if not task.done():
            task.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)
    if task in done:
        return task.result()
    if gone in done:
        message = "the client closed the connection"
        raise ClientGone(message)
    message = f"the request took longer than {seconds:g} s; ask for less, or try again later"
    raise DeadlineExceeded(message)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        continue
