"""`together`: several waits at once, with one result or one failure."""

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

T = TypeVar("T")


async def together(waits: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Return the results, in order; the first failure ends the other waits and is raised bare."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(wait) for wait in waits]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
