import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.requests import Request

from api.errors import ClientGone
from api.patience import in_time
from engine.errors import DeadlineExceeded


def request_from(receive: Callable[[], Awaitable[dict[str, Any]]]) -> Request:
    return Request({"type": "http", "method": "GET", "path": "/", "headers": []}, receive)


async def stays() -> dict[str, Any]:
    await asyncio.Event().wait()
    return {}


async def leaves() -> dict[str, Any]:
    return {"type": "http.disconnect"}


class Work:
    def __init__(self, *, forever: bool) -> None:
        self.forever = forever
        self.freed = False

    async def __call__(self) -> str:
        try:
            if self.forever:
                await asyncio.Event().wait()
            return "done"
        finally:
            # What a stage does when it is cancelled: it lets go in its own time.
            await asyncio.sleep(0)
            self.freed = True


def test_work_in_time_is_answered() -> None:
    work = Work(forever=False)

    assert asyncio.run(in_time(request_from(stays), work(), seconds=10)) == "done"


def test_work_is_freed_when_the_client_goes_away() -> None:
    work = Work(forever=True)

    with pytest.raises(ClientGone):
        asyncio.run(in_time(request_from(leaves), work(), seconds=10))

    assert work.freed


def test_work_is_freed_at_the_deadline() -> None:
    work = Work(forever=True)

    with pytest.raises(DeadlineExceeded, match=r"longer than 0\.01 s"):
        asyncio.run(in_time(request_from(stays), work(), seconds=0.01))

    assert work.freed


def test_work_is_freed_when_the_server_stops() -> None:
    async def scenario() -> bool:
        work = Work(forever=True)
        task = asyncio.create_task(in_time(request_from(stays), work(), seconds=10))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return work.freed

    assert asyncio.run(scenario())


def test_the_works_own_error_comes_through() -> None:
    async def broken() -> None:
        message = "own"
        raise ValueError(message)

    with pytest.raises(ValueError, match="own"):
        asyncio.run(in_time(request_from(stays), broken(), seconds=10))
