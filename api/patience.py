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
    # The work stays in this task: one of its own, and the waiting for it, cost more than the rest.
    deadline = asyncio.timeout(seconds)
    watch = asyncio.ensure_future(_watch(request, deadline))
    try:
        async with deadline:
            return await work
    except TimeoutError as error:
        if not deadline.expired():
            raise
        if watch.done():
            message = "the client closed the connection"
            raise ClientGone(message) from error
        message = f"the request took longer than {seconds:g} s; ask for less, or try again later"
        raise DeadlineExceeded(message) from error
    finally:
        watch.cancel()


async def _watch(request: Request, deadline: asyncio.Timeout) -> None:
    """Let the deadline be now once the client has closed the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        continue
    deadline.reschedule(asyncio.get_running_loop().time())
