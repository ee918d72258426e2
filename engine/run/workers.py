"""The process' threads: one pool for arithmetic, one for calls that block on a worker process.

A job never waits for a job of its own pool, and the event loop never runs a kernel.
"""

import asyncio
import contextvars
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Workers:
    """Threads that belong to one engine."""

    compute: ThreadPoolExecutor
    """As many as the process may use cores."""
    waiting: ThreadPoolExecutor
    """For calls that wait for another process: script workers, GDAL."""

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what ``function`` returns, run in a compute thread under the open trace."""
        return await _submit(self.compute, function, *args, **kwargs)

    async def wait(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what ``function`` returns, run in a thread that may block."""
        return await _submit(self.waiting, function, *args, **kwargs)

    def submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Start ``function`` in a thread that may block, and return its future.

        For callers who must free what it returns even after they have gone.
        """
        context = contextvars.copy_context()
        return self.waiting.submit(lambda: context.run(function, *args, **kwargs))

    def close(self) -> None:
        """Let running jobs end and drop the queued ones."""
        self.compute.shutdown(wait=False, cancel_futures=True)
        self.waiting.shutdown(wait=False, cancel_futures=True)


def make_workers(*, compute: int, waiting: int) -> Workers:
    """Return pools of so many threads."""
    return Workers(
        compute=ThreadPoolExecutor(compute, thread_name_prefix="cogmill-compute"),
        waiting=ThreadPoolExecutor(waiting, thread_name_prefix="cogmill-waiting"),
    )


async def _submit(
    pool: ThreadPoolExecutor, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    context = contextvars.copy_context()
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(pool, lambda: context.run(function, *args, **kwargs))


async def together(coroutines: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """Return what each coroutine returns, in order; they run at the same time.

    The first error ends the others and is raised itself, not wrapped in a group, since errors
    are told apart by their class all the way up.
    """
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
