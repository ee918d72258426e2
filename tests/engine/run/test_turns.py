"""`Turns`: what one principal may hold at once, and what becomes of those who leave."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator

import pytest

from engine.run.turns import Place, Turns
from engine.run.workers import Workers, make_workers


@pytest.fixture
def workers() -> Iterator[Workers]:
    made = make_workers(compute=1, waiting=4)
    yield made
    made.close()


def run(law: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20):
            await law()

    asyncio.run(bounded())


async def taken(turns: Turns, principal: str | None) -> Place:
    place = turns.place(principal)
    await place.take()
    return place


def test_the_turns_of_one_are_not_those_of_another_and_nobody_has_no_bounds() -> None:
    async def law() -> None:
        turns = Turns(each=1)
        await taken(turns, "a")
        await taken(turns, "b")
        await taken(turns, None)
        await taken(turns, None)
        waiting = asyncio.create_task(taken(turns, "a"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)

        assert not waiting.done()
        waiting.cancel()

    run(law)


def test_turns_are_handed_on_in_the_order_of_asking() -> None:
    async def law() -> None:
        turns = Turns(each=1)
        order: list[int] = []

        async def work(number: int) -> None:
            place = await taken(turns, "a")
            order.append(number)
            await asyncio.sleep(0)
            place.leave()
            place.leave()

        await asyncio.gather(*(work(number) for number in range(10)))

        assert order == list(range(10))

    run(law)


def test_those_who_leave_the_line_take_no_turn_with_them() -> None:
    async def law() -> None:
        turns = Turns(each=1)
        first = await taken(turns, "a")
        line = [asyncio.create_task(taken(turns, "a")) for _ in range(3)]
        await asyncio.sleep(0)
        # The second gets the turn and is cancelled before it learns of it.
        line[0].cancel()
        first.leave()
        line[1].cancel()
        third = await line[2]
        third.leave()
        await asyncio.gather(*line, return_exceptions=True)

        await taken(turns, "a")

    run(law)


def test_a_thread_that_goes_on_holds_the_turn_of_the_request_that_left(workers: Workers) -> None:
    async def law() -> None:
        turns = Turns(each=1)
        begun, end = threading.Event(), threading.Event()

        def job() -> None:
            begun.set()
            end.wait(20)

        first = asyncio.create_task(turns.run("a", workers, job))
        await asyncio.to_thread(begun.wait, 20)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        second = asyncio.create_task(turns.run("a", workers, lambda: 7))
        other = await turns.run("b", workers, lambda: 8)

        assert (other, second.done()) == (8, False)
        end.set()
        assert await second == 7

    run(law)


def test_errors_give_the_turn_back(workers: Workers) -> None:
    async def law() -> None:
        turns = Turns(each=1)

        def job() -> None:
            raise LookupError

        for _ in range(3):
            with pytest.raises(LookupError):
                await turns.run("a", workers, job)

    run(law)
