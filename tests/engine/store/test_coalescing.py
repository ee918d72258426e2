import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import SourceUnavailable
from engine.store.coalesce import Coalescing
from engine.store.local import LocalStore
from engine.store.protocol import ByteRange, ByteStore, ObjectInfo, Opened
from tests.engine.store.contract import CONTENT
from tests.engine.store.test_local import TestLocalStore as LocalStoreTests

INFO = ObjectInfo(size=len(CONTENT), identity="one")


class TestCoalescedLocalStore(LocalStoreTests):
    @pytest.fixture
    def make_store(self, tmp_path: Path) -> Callable[[], ByteStore]:
        return lambda: Coalescing(LocalStore([tmp_path]), max_gap=64, max_span=1 << 20)


class GatedStore:
    """A store in memory that answers when it is told to, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[ByteRange] = []
        self.cancelled: list[ByteRange] = []
        self.gate = asyncio.Event()
        self.failure: Exception | None = None

    async def open(self, address: str, *, first: int) -> Opened:
        del address
        await self._pass(ByteRange(0, first))
        return Opened(info=INFO, start=CONTENT[:first])

    async def read(
        self, address: str, ranges: Sequence[ByteRange], *, info: ObjectInfo
    ) -> Sequence[bytes]:
        del address, info
        for wanted in ranges:
            await self._pass(wanted)
        return [CONTENT[wanted.start : wanted.stop] for wanted in ranges]

    def read_now(self, address: str, ranges: Sequence[ByteRange], *, info: ObjectInfo) -> None:
        del address, ranges, info

    async def close(self) -> None:
        self.gate.set()

    async def _pass(self, wanted: ByteRange) -> None:
        self.asked.append(wanted)
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled.append(wanted)
            raise
        if self.failure is not None:
            raise self.failure


async def settle() -> None:
    """Let every task run as far as it can without the gate."""
    for _ in range(20):
        await asyncio.sleep(0)


def coalescing(inner: ByteStore) -> Coalescing:
    return Coalescing(inner, max_gap=16, max_span=4096)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(
    ranges=st.lists(
        st.builds(
            lambda start, size: ByteRange(start, start + size),
            st.integers(0, 4000),
            st.integers(0, 300),
        ),
        max_size=12,
    ),
    max_gap=st.integers(0, 500),
    max_span=st.integers(1, 2000),
)
def test_merged_reads_give_the_bytes_of_direct_ones_by_no_more_requests(
    ranges: list[ByteRange], max_gap: int, max_span: int
) -> None:
    async def main() -> tuple[Sequence[bytes | memoryview], int]:
        inner = GatedStore()
        inner.gate.set()
        store = Coalescing(inner, max_gap=max_gap, max_span=max_span)
        return await store.read("a", ranges, info=INFO), len(inner.asked)

    answers, requests = asyncio.run(main())

    assert [bytes(one) for one in answers] == [CONTENT[r.start : r.stop] for r in ranges]
    assert requests <= len(ranges)


def test_answers_are_views_into_one_span_not_copies() -> None:
    async def main() -> Sequence[bytes | memoryview]:
        inner = GatedStore()
        inner.gate.set()
        return await coalescing(inner).read(
            "a", [ByteRange(0, 100), ByteRange(108, 200)], info=INFO
        )

    first, second = asyncio.run(main())

    assert isinstance(first, memoryview)
    assert isinstance(second, memoryview)
    assert first.obj is second.obj


def test_readers_of_the_same_range_share_one_request() -> None:
    async def main() -> tuple[list[Sequence[bytes | memoryview]], list[ByteRange]]:
        inner = GatedStore()
        store = coalescing(inner)
        readers = [
            asyncio.create_task(store.read("a", [ByteRange(10, 20)], info=INFO)) for _ in range(50)
        ]
        await settle()
        inner.gate.set()
        return await asyncio.gather(*readers), inner.asked

    answers, asked = asyncio.run(main())

    assert asked == [ByteRange(10, 20)]
    assert all(bytes(one) == CONTENT[10:20] for (one,) in answers)


def test_a_range_inside_a_span_that_is_being_read_is_not_read_again() -> None:
    async def main() -> tuple[list[Sequence[bytes | memoryview]], list[ByteRange]]:
        inner = GatedStore()
        store = coalescing(inner)
        readers = [
            asyncio.create_task(store.read("a", [ByteRange(0, 50), ByteRange(50, 99)], info=INFO)),
            asyncio.create_task(
                store.read("a", [ByteRange(60, 70), ByteRange(2000, 2010)], info=INFO)
            ),
        ]
        await settle()
        inner.gate.set()
        return await asyncio.gather(*readers), inner.asked

    answers, asked = asyncio.run(main())

    assert asked == [ByteRange(0, 99), ByteRange(2000, 2010)]
    assert [bytes(one) for one in answers[1]] == [CONTENT[60:70], CONTENT[2000:2010]]


def test_openers_of_the_same_object_share_one_request() -> None:
    async def main() -> tuple[list[Opened], list[ByteRange]]:
        inner = GatedStore()
        store = coalescing(inner)
        openers = [asyncio.create_task(store.open("a", first=64)) for _ in range(10)]
        await settle()
        inner.gate.set()
        return await asyncio.gather(*openers), inner.asked

    opened, asked = asyncio.run(main())

    assert asked == [ByteRange(0, 64)]
    assert all(one.start == CONTENT[:64] for one in opened)


def test_other_objects_and_other_versions_of_one_are_not_shared() -> None:
    async def main() -> int:
        inner = GatedStore()
        store = coalescing(inner)
        other = ObjectInfo(size=INFO.size, identity="two")
        readers = [
            asyncio.create_task(store.read(address, [ByteRange(0, 9)], info=info))
            for address, info in [("a", INFO), ("b", INFO), ("a", other)]
        ]
        await settle()
        inner.gate.set()
        await asyncio.gather(*readers)
        return len(inner.asked)

    assert asyncio.run(main()) == 3


def test_nothing_is_remembered_once_the_bytes_are_there() -> None:
    async def main() -> tuple[int, int]:
        inner = GatedStore()
        inner.gate.set()
        store = coalescing(inner)
        for _ in range(3):
            await store.read("a", [ByteRange(0, 9)], info=INFO)
            await store.open("a", first=9)
        await settle()
        return len(inner.asked), len(store._reads) + len(store._opens)

    assert asyncio.run(main()) == (6, 0)


@pytest.mark.parametrize("leaver", [0, 1, 2])
def test_a_reader_that_is_cancelled_leaves_the_others_their_answer(leaver: int) -> None:
    async def main() -> tuple[list[bytes], GatedStore]:
        inner = GatedStore()
        store = coalescing(inner)
        readers = [
            asyncio.create_task(store.read("a", [ByteRange(0, 9)], info=INFO)) for _ in range(3)
        ]
        await settle()
        readers[leaver].cancel()
        await settle()
        inner.gate.set()
        stayed = [await one for one in readers if one is not readers[leaver]]
        return [bytes(one) for (one,) in stayed], inner

    answers, inner = asyncio.run(main())

    assert answers == [CONTENT[:9], CONTENT[:9]]
    assert inner.asked == [ByteRange(0, 9)]
    assert inner.cancelled == []


def test_the_request_is_cancelled_when_its_last_reader_leaves() -> None:
    async def main() -> tuple[GatedStore, int]:
        inner = GatedStore()
        store = coalescing(inner)
        ranges = [ByteRange(0, 9), ByteRange(1000, 1009)]
        readers = [asyncio.create_task(store.read("a", ranges, info=INFO)) for _ in range(2)]
        await settle()
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)
        await settle()
        return inner, len(store._reads)

    inner, left = asyncio.run(main())

    assert sorted(inner.cancelled) == [ByteRange(0, 9), ByteRange(1000, 1009)]
    assert left == 0


def test_who_comes_after_the_last_reader_left_gets_a_request_of_its_own() -> None:
    async def main() -> tuple[bytes, GatedStore]:
        inner = GatedStore()
        store = coalescing(inner)
        reader = asyncio.create_task(store.read("a", [ByteRange(0, 9)], info=INFO))
        await settle()
        reader.cancel()
        newcomer = asyncio.create_task(store.read("a", [ByteRange(0, 9)], info=INFO))
        await settle()
        inner.gate.set()
        (answer,) = await newcomer
        return bytes(answer), inner

    answer, inner = asyncio.run(main())

    assert answer == CONTENT[:9]
    assert len(inner.asked) == 2
    assert len(inner.cancelled) == 1


def test_a_failure_reaches_every_reader_and_the_next_one_asks_again() -> None:
    async def main() -> tuple[list[object], bytes, int]:
        inner = GatedStore()
        inner.failure = SourceUnavailable("the source did not answer")
        store = coalescing(inner)
        readers = [
            asyncio.create_task(store.read("a", [ByteRange(0, 9)], info=INFO)) for _ in range(3)
        ]
        await settle()
        inner.gate.set()
        failures: list[object] = list(await asyncio.gather(*readers, return_exceptions=True))
        inner.failure = None
        (answer,) = await store.read("a", [ByteRange(0, 9)], info=INFO)
        return failures, bytes(answer), len(inner.asked)

    failures, answer, requests = asyncio.run(main())

    assert [type(one) for one in failures] == [SourceUnavailable] * 3
    assert answer == CONTENT[:9]
    assert requests == 2


def test_one_failing_span_ends_the_read_without_waiting_for_the_others() -> None:
    class OneFails(GatedStore):
        async def read(
            self, address: str, ranges: Sequence[ByteRange], *, info: ObjectInfo
        ) -> Sequence[bytes]:
            if ranges[0].start == 0:
                raise SourceUnavailable("the source did not answer")
            return await super().read(address, ranges, info=info)

    async def main() -> list[ByteRange]:
        inner = OneFails()
        with pytest.raises(SourceUnavailable):
            await coalescing(inner).read("a", [ByteRange(0, 9), ByteRange(1000, 1009)], info=INFO)
        await settle()
        return inner.cancelled

    assert asyncio.run(main()) == [ByteRange(1000, 1009)]
