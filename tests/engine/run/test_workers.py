"""`spread`: jobs on all compute threads, waited for by a thread that may wait."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from engine.run.workers import Workers, make_workers
from engine.trace import stage, tracing


@pytest.fixture
def workers() -> Iterator[Workers]:
    made = make_workers(compute=3, waiting=2)
    yield made
    made.close()


def test_every_job_runs_once_and_is_done_when_spread_returns(workers: Workers) -> None:
    done: list[int] = []

    asyncio.run(workers.wait(workers.spread, done.append, 200))

    assert sorted(done) == list(range(200))


def test_jobs_run_at_the_same_time(workers: Workers) -> None:
    # Passed only where three jobs wait for each other.
    barrier = threading.Barrier(3)

    asyncio.run(workers.wait(workers.spread, lambda _: barrier.wait(20) and None, 3))

    assert barrier.n_waiting == 0


def test_the_first_error_is_raised_when_no_job_runs_any_more(workers: Workers) -> None:
    running = threading.Semaphore(0)
    ended: list[int] = []

    def job(number: int) -> None:
        if number == 0:
            # Only once another job has begun.
            assert running.acquire(timeout=20)
            message = "number 0"
            raise ValueError(message)
        running.release()
        # Long enough that the error is seen before all are done.
        ended.append(sum(range(10_000)))

    with pytest.raises(ValueError, match="number 0"):
        asyncio.run(workers.wait(workers.spread, job, 10_000))
    counted = len(ended)

    assert 0 < counted < 9_999
    assert len(ended) == counted


def test_a_compute_thread_may_not_wait_for_its_own_pool(workers: Workers) -> None:
    async def work() -> None:
        await workers.run(workers.spread, lambda _: None, 2)

    with pytest.raises(RuntimeError, match="own pool"):
        asyncio.run(work())


def test_jobs_add_to_the_callers_trace(workers: Workers) -> None:
    def job(_: int) -> None:
        with stage("here"):
            pass

    async def work() -> set[str]:
        with tracing() as trace:
            await workers.wait(workers.spread, job, 4)
        return set(trace.seconds)

    assert asyncio.run(work()) == {"here"}


def test_nothing_to_do_returns_at_once(workers: Workers) -> None:
    asyncio.run(workers.wait(workers.spread, lambda _: None, 0))
