import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.errors import CapacityExceeded, RateLimited
from api.quota import Buckets, Gate
from engine.errors import Overloaded


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_gives_its_allowance_and_then_says_when_to_come_back() -> None:
    clock = Clock()
    buckets = Buckets(what="requests", per_minute=3, clock=clock)
    for _ in range(3):
        buckets.take("a", 1)

    with pytest.raises(RateLimited) as caught:
        buckets.take("a", 1)

    assert caught.value.retry_after == pytest.approx(20.0)


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0.01, 10)), max_size=60))
@settings(derandomize=True, max_examples=50)
def test_waiting_as_told_is_always_enough_and_never_too_much_is_given(
    asks: list[tuple[float, float]],
) -> None:
    clock = Clock()
    buckets = Buckets(what="units", per_minute=10, clock=clock)
    start, taken = clock.now, 0.0
    for pause, amount in asks:
        clock.now += pause
        try:
            buckets.take("a", amount)
        except RateLimited as limited:
            clock.now += (limited.retry_after or 0.0) + 1e-6
            buckets.take("a", amount)
        taken += amount

    assert taken <= 10 + (clock.now - start) * 10 / 60 + 1e-6


def test_clients_have_buckets_of_their_own() -> None:
    buckets = Buckets(what="requests", per_minute=1, clock=Clock())
    buckets.take("a", 1)

    buckets.take("b", 1)

    with pytest.raises(RateLimited):
        buckets.take("b", 1)


def test_what_failed_is_given_back() -> None:
    buckets = Buckets(what="units", per_minute=1, clock=Clock())
    buckets.take("a", 1)
    buckets.give_back("a", 1)

    buckets.take("a", 1)

    with pytest.raises(RateLimited):
        buckets.take("a", 0.01)


def test_more_than_the_whole_allowance_is_told_apart() -> None:
    with pytest.raises(CapacityExceeded, match="whole allowance"):
        Buckets(what="units", per_minute=5, clock=Clock()).take("a", 6)


def test_without_a_limit_everything_is_given() -> None:
    buckets = Buckets(what="units", per_minute=0)

    buckets.take("a", 1e9)


def make_gate(**changes: int) -> Gate:
    sizes = {"running": 4, "waiting": 8, "running_per_client": 2, "waiting_per_client": 4}
    return Gate(**{**sizes, **changes})


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3)), max_size=40))
@settings(derandomize=True, max_examples=40, deadline=None)
def test_no_bound_is_ever_passed_and_everybody_gets_a_turn(asks: list[tuple[str, int]]) -> None:
    async def scenario() -> tuple[int, int, int]:
        gate = make_gate(waiting=100, waiting_per_client=100)
        now: dict[str, int] = {}
        worst = [0, 0]
        served = 0

        async def one(client: str, turns: int) -> None:
            nonlocal served
            async with gate.turn(client):
                now[client] = now.get(client, 0) + 1
                worst[0] = max(worst[0], sum(now.values()))
                worst[1] = max(worst[1], now[client])
                for _ in range(turns):
                    await asyncio.sleep(0)
                now[client] -= 1
                served += 1

        await asyncio.gather(*(one(client, turns) for client, turns in asks))
        assert (gate.running, gate.waiting) == (0, 0)
        return worst[0], worst[1], served

    at_once, at_once_per_client, served = asyncio.run(scenario())

    assert at_once <= 4
    assert at_once_per_client <= 2
    assert served == len(asks)


def test_a_full_line_of_one_client_is_its_own_fault() -> None:
    async def scenario() -> None:
        gate = make_gate()
        held = [asyncio.create_task(hold(gate, "a")) for _ in range(6)]
        await asyncio.sleep(0)
        with pytest.raises(RateLimited):
            await hold(gate, "a")
        for task in held:
            task.cancel()
        await asyncio.gather(*held, return_exceptions=True)
        assert (gate.running, gate.waiting) == (0, 0)

    asyncio.run(scenario())


def test_a_full_line_of_all_is_the_servers() -> None:
    async def scenario() -> None:
        gate = make_gate(waiting=2)
        held = [asyncio.create_task(hold(gate, client)) for client in "aabbcd"]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded) as caught:
            await hold(gate, "e")
        assert caught.value.retry_after > 0
        for task in held:
            task.cancel()
        await asyncio.gather(*held, return_exceptions=True)

    asyncio.run(scenario())


def test_a_client_at_its_limit_lets_others_pass() -> None:
    async def scenario() -> bool:
        gate = make_gate()
        held = [asyncio.create_task(hold(gate, "a")) for _ in range(5)]
        await asyncio.sleep(0)
        async with asyncio.timeout(1), gate.turn("b"):
            passed = True
        for task in held:
            task.cancel()
        await asyncio.gather(*held, return_exceptions=True)
        return passed

    assert asyncio.run(scenario())


def test_a_hundred_that_give_up_leave_the_next_turn_free() -> None:
    async def scenario() -> tuple[int, int]:
        gate = make_gate(waiting=200, waiting_per_client=200)
        tasks = [asyncio.create_task(hold(gate, "map")) for _ in range(100)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        async with asyncio.timeout(1), gate.turn("map"):
            during = (gate.running, gate.waiting)
        await asyncio.gather(*tasks, return_exceptions=True)
        return during

    assert asyncio.run(scenario()) == (1, 0)


async def hold(gate: Gate, client: str) -> None:
    async with gate.turn(client):
        await asyncio.Event().wait()
