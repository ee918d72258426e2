import asyncio
import random
import time
from collections.abc import Sequence

import pytest

from engine.errors import (
    EngineError,
    Forbidden,
    NotFound,
    SourceChanged,
    SourceCorrupt,
    SourceDenied,
    SourceUnavailable,
)
from engine.net.client import HttpClient, Timeouts
from engine.net.guard import OutboundPolicy
from engine.store.http import HttpStore
from engine.store.protocol import ByteRange, ByteStore, ObjectInfo, Opened
from engine.store.retry import Retrying, RetryOptions
from engine.trace import tracing
from tests.builders.servers_fault import (
    ETAG,
    FaultServer,
    breaks_after,
    never_answers,
    refuses,
    serves,
)

CONTENT = bytes(i % 253 for i in range(4000))
INFO = ObjectInfo(size=4000, identity=ETAG)
QUICK = RetryOptions(first_pause=0.001, longest_pause=0.01, deadline=5.0)


class Failing:
    """A store that raises what it is told to, call by call, and then answers."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.calls = 0

    async def open(self, address: str, *, first: int) -> Opened:
        del address
        self._fail()
        return Opened(info=INFO, start=CONTENT[:first])

    async def read(
        self, address: str, ranges: Sequence[ByteRange], *, info: ObjectInfo
    ) -> Sequence[bytes]:
        del address, info
        self._fail()
        return [CONTENT[wanted.start : wanted.stop] for wanted in ranges]

    def read_now(self, address: str, ranges: Sequence[ByteRange], *, info: ObjectInfo) -> None:
        del address, ranges, info

    async def close(self) -> None:
        self.calls = -1

    def _fail(self) -> None:
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)


def retrying(inner: ByteStore, options: RetryOptions = QUICK) -> Retrying:
    return Retrying(inner, options, rng=random.Random(1))  # noqa: S311 - a seed, no secret


def opening(store: Retrying, address: str = "https://host/a.tif") -> Opened:
    return asyncio.run(store.open(address, first=9))


def test_a_passing_failure_is_tried_again() -> None:
    inner = Failing(SourceUnavailable("busy"), SourceUnavailable("busy"))

    with tracing() as trace:
        opened = opening(retrying(inner))

    assert opened.start == CONTENT[:9]
    assert inner.calls == 3
    assert trace.counts["retries"] == 2


def test_a_read_is_tried_again_like_an_open() -> None:
    inner = Failing(SourceUnavailable("busy"))

    answers = asyncio.run(retrying(inner).read("https://host/a.tif", [ByteRange(3, 5)], info=INFO))

    assert list(answers) == [CONTENT[3:5]]
    assert inner.calls == 2


def test_the_last_failure_is_raised_after_as_many_tries_as_allowed() -> None:
    inner = Failing(*(SourceUnavailable(f"failure {i}") for i in range(9)))

    with pytest.raises(SourceUnavailable, match="failure 3"):
        opening(retrying(inner))

    assert inner.calls == 4


@pytest.mark.parametrize(
    "error",
    [
        SourceDenied("no"),
        SourceCorrupt("no"),
        SourceChanged("no"),
        NotFound("no"),
        Forbidden("no"),
        RuntimeError("no"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_another_try_cannot_mend_is_raised_at_once(error: Exception) -> None:
    inner = Failing(error)

    with pytest.raises(type(error)):
        opening(retrying(inner))

    assert inner.calls == 1


def test_pauses_are_drawn_between_nothing_and_a_bound_that_doubles() -> None:
    options = RetryOptions(first_pause=0.1, longest_pause=0.5)
    store = retrying(Failing(), options)

    for attempt, bound in enumerate([0.1, 0.2, 0.4, 0.5, 0.5]):
        pauses = [store._pause(attempt, None) or 0.0 for _ in range(500)]

        assert 0.0 <= min(pauses) < 0.05 * bound
        assert 0.95 * bound < max(pauses) <= bound


def test_the_same_seed_draws_the_same_pauses() -> None:
    first, second = retrying(Failing()), retrying(Failing())

    assert [first._pause(i, None) for i in range(5)] == [second._pause(i, None) for i in range(5)]


def test_a_source_that_names_its_time_is_left_alone_until_then() -> None:
    inner = Failing(SourceUnavailable("busy", retry_after=0.15))
    options = RetryOptions(first_pause=0.001, longest_pause=1.0)
    start = time.monotonic()

    opening(retrying(inner, options))

    assert time.monotonic() - start >= 0.15
    assert inner.calls == 2


def test_a_source_that_asks_for_too_much_patience_is_not_waited_for() -> None:
    inner = Failing(SourceUnavailable("busy", retry_after=3600))

    with pytest.raises(SourceUnavailable) as error:
        opening(retrying(inner))

    assert error.value.retry_after == 3600
    assert inner.calls == 1


def test_a_dead_source_soon_gets_one_request_per_call() -> None:
    inner = Failing(*(SourceUnavailable("dead") for _ in range(1000)))
    store = retrying(inner)

    async def main() -> None:
        for _ in range(50):
            with pytest.raises(SourceUnavailable):
                await store.open("https://dead/a.tif", first=9)

    asyncio.run(main())

    assert inner.calls == 50 + QUICK.budget


def test_a_dead_source_leaves_the_others_their_budget() -> None:
    inner = Failing(*(SourceUnavailable("dead") for _ in range(60)))
    store = retrying(inner)

    async def main() -> Opened:
        for _ in range(50):
            with pytest.raises(SourceUnavailable):
                await store.open("https://dead/a.tif", first=9)
        inner.failures = [SourceUnavailable("busy")]
        return await store.open("https://alive/a.tif", first=9)

    assert asyncio.run(main()).start == CONTENT[:9]


def test_successes_fill_the_budget_again() -> None:
    options = RetryOptions(first_pause=0.001, budget=1.0, refund=0.5)
    inner = Failing(SourceUnavailable("busy"))
    store = retrying(inner, options)

    async def main() -> int:
        await store.open("https://host/a.tif", first=9)
        await store.open("https://host/a.tif", first=9)
        inner.failures = [SourceUnavailable("busy")]
        await store.open("https://host/a.tif", first=9)
        return inner.calls

    assert asyncio.run(main()) == 5


def test_a_call_with_all_its_tries_ends_at_its_deadline(fault_server: FaultServer) -> None:
    address = fault_server.script("/never", never_answers())
    options = RetryOptions(tries=100, first_pause=0.01, deadline=0.5, budget=100)
    start = time.monotonic()

    with pytest.raises(SourceUnavailable, match=r"within 0\.5 s"):
        run_with(fault_server, address, options, timeouts=Timeouts(silence=0.2))

    assert 0.5 <= time.monotonic() - start < 1.5


def run_with(
    fault_server: FaultServer, address: str, options: RetryOptions, *, timeouts: Timeouts
) -> bytes:
    """Open ``address`` over HTTP, then read bytes 100 to 200 of it."""

    async def main() -> bytes:
        policy = OutboundPolicy(hosts=(fault_server.authority,))
        inner = HttpStore(HttpClient(policy, timeouts=timeouts, per_host=4))
        store = retrying(inner, options)
        try:
            info = (await store.open(address, first=9)).info
            (answer,) = await store.read(address, [ByteRange(100, 200)], info=info)
            return bytes(answer)
        finally:
            await store.close()

    return asyncio.run(main())


def test_a_shaky_server_is_read_all_the_same(fault_server: FaultServer) -> None:
    address = fault_server.script(
        "/shaky",
        refuses(503, {"Retry-After": "0"}),
        serves(CONTENT),
        breaks_after(CONTENT, 10),
        refuses(500),
        serves(CONTENT),
    )

    answer = run_with(fault_server, address, QUICK, timeouts=Timeouts())

    assert answer == CONTENT[100:200]
    assert len(fault_server.asked("/shaky")) == 5


@pytest.mark.parametrize(
    ("status", "error"), [(403, SourceDenied), (404, NotFound), (412, SourceChanged)]
)
def test_a_refusal_costs_one_request(
    fault_server: FaultServer, status: int, error: type[EngineError]
) -> None:
    path = f"/refused-{status}"
    address = fault_server.script(path, serves(CONTENT), refuses(status))

    with pytest.raises(error):
        run_with(fault_server, address, QUICK, timeouts=Timeouts())

    assert len(fault_server.asked(path)) == 2


def test_a_cancelled_caller_ends_the_tries() -> None:
    inner = Failing(*(SourceUnavailable("busy") for _ in range(100)))
    options = RetryOptions(tries=100, first_pause=10.0, longest_pause=10.0)

    async def main() -> None:
        caller = asyncio.create_task(retrying(inner, options).open("https://host/a", first=9))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        caller.cancel()
        await caller

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())

    assert inner.calls == 1


def test_closing_closes_the_inner_store() -> None:
    inner = Failing()

    asyncio.run(retrying(inner).close())

    assert inner.calls == -1
