"""The process' threads: one pool for arithmetic, one for calls that block on a worker process.

A job never waits for a job of its own pool, and the event loop never runs a kernel.
"""

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

COMPUTE = "cogmill-compute"
"""What the names of compute threads begin with."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Workers:
    """Threads that belong to one engine."""

    compute: ThreadPoolExecutor
    """As many as the process may use cores."""
    threads: int
    """How many those are."""
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

    def spread(self, job: Callable[[int], None], count: int) -> None:
        """Run job(0) … job(count - 1) in compute threads, and wait for all of them.

        Blocks: call it from a thread that may wait, never from a compute thread, which would wait
        for a job of its own pool. The first error drops the jobs that have not begun, and is
        raised when none runs any more.
        """
        if threading.current_thread().name.startswith(COMPUTE):
            message = "a compute thread would wait for its own pool"
            raise RuntimeError(message)
        context = contextvars.copy_context()
        futures: list[Future[None]] = []
        try:
            # A context can be entered by one thread at a time.
            futures.extend(
                self.compute.submit(context.copy().run, job, index) for index in range(count)
            )
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            for future in futures:
                future.cancel()
            wait(futures)
        for future in futures:
            if not future.cancelled():
                future.result()

    def close(self) -> None:
        """Let running jobs end and drop the queued ones."""
        self.compute.shutdown(wait=False, cancel_futures=True)
        self.waiting.shutdown(wait=False, cancel_futures=True)


def make_workers(*, compute: int, waiting: int) -> Workers:
    """Return pools of so many threads."""
    return Workers(
        compute=ThreadPoolExecutor(compute, thread_name_prefix=COMPUTE),
        threads=compute,
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
    are told apart by their class all the way up. One alone runs in the caller's task.
    """
    if len(coroutines) == 1:
        return [await coroutines[0]]
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
