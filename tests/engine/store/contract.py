"""What every `ByteStore` must do: a store gets these tests by subclassing and two fixtures.

``place`` writes bytes to where the store reads from, past the store, and returns their address.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import pytest

from engine.errors import NotFound, SourceChanged, SourceCorrupt
from engine.store.protocol import ByteRange, ByteStore, ObjectInfo
from engine.trace import tracing

CONTENT = bytes((7 * i + i // 251) % 256 for i in range(50_000))
SECONDS = 10.0
"""No call of any test may take longer."""


class Place(Protocol):
    """Writes ``content`` under ``name``, replacing what was there, and returns the address."""

    def __call__(self, name: str, content: bytes) -> str: ...


Use = Callable[[ByteStore], Awaitable[None]]


class ByteStoreContract:
    """The tests; subclasses give the fixtures ``store`` (made in the test's loop) and ``place``."""

    @pytest.fixture
    def make_store(self) -> Callable[[], ByteStore]:
        raise NotImplementedError

    @pytest.fixture
    def place(self) -> Place:
        raise NotImplementedError

    @pytest.fixture
    def run(self, make_store: Callable[[], ByteStore]) -> Callable[[Use], None]:
        """Run one coroutine on a store of its own loop, which is closed behind it."""

        async def main(use: Use) -> None:
            store = make_store()
            try:
                async with asyncio.timeout(SECONDS):
                    await use(store)
            finally:
                await store.close()

        return lambda use: asyncio.run(main(use))

    def test_open_gives_the_start_and_the_size(
        self, run: Callable[[Use], None], place: Place
    ) -> None:
        address = place("start.bin", CONTENT)

        async def use(store: ByteStore) -> None:
            opened = await store.open(address, first=1000)

            assert opened.start == CONTENT[:1000]
            assert opened.info.size == len(CONTENT)
            assert opened.info.identity != ""

        run(use)

    def test_open_of_less_than_was_asked_for_gives_the_whole_object(
        self, run: Callable[[Use], None], place: Place
    ) -> None:
        address = place("short.bin", CONTENT[:10])

        async def use(store: ByteStore) -> None:
            opened = await store.open(address, first=16_384)

            assert opened.start == CONTENT[:10]
            assert opened.info.size == 10

        run(use)

    def test_an_empty_object_opens_empty(self, run: Callable[[Use], None], place: Place) -> None:
        address = place("empty.bin", b"")

        async def use(store: ByteStore) -> None:
            opened = await store.open(address, first=100)

            assert opened.start == b""
            assert opened.info.size == 0

        run(use)

    def test_ranges_come_in_the_order_asked_for(
        self, run: Callable[[Use], None], place: Place
    ) -> None:
        address = place("order.bin", CONTENT)
        ranges = [
            ByteRange(40_000, 40_100),
            ByteRange(0, 1),
            ByteRange(0, len(CONTENT)),
            ByteRange(300, 700),
            ByteRange(500, 900),
            ByteRange(49_999, 50_000),
            ByteRange(300, 700),
        ]

        async def use(store: ByteStore) -> None:
            opened = await store.open(address, first=10)
            answers = await store.read(address, ranges, info=opened.info)

            assert [bytes(one) for one in answers] == [CONTENT[r.start : r.stop] for r in ranges]

        run(use)

    def test_an_empty_range_is_empty_and_no_ranges_are_no_answers(
        self, run: Callable[[Use], None], place: Place
    ) -> None:
        address = place("nothing.bin", CONTENT)

        async def use(store: ByteStore) -> None:
            info = (await store.open(address, first=10)).info

            with tracing() as trace:
                answers = await store.read(
                    address, [ByteRange(5, 5), ByteRange(50_000, 50_000)], info=info
                )

                assert [bytes(one) for one in answers] == [b"", b""]
                assert list(await store.read(address, [], info=info)) == []
                assert trace.counts["requests"] == 0

        run(use)

    def test_open_and_read_are_counted_with_their_bytes(
        self, run: Callable[[Use], None], place: Place
    ) -> None:
        address = place("counted.bin", CONTENT)

        async def use(store: ByteStore) -> None:
            with tracing() as trace:
                opened = await store.open(address, first=1000)

                assert dict(trace.counts) == {"requests": 1, "bytes": 1000}
            with tracing() as trace:
                await store.read(address, [ByteRange(100, 400)], info=opened.info)

                assert dict(trace.counts) == {"requests": 1, "bytes": 300}

        run(use)

    def test_what_is_had_without_waiting_is_the_same_and_counted_once(
        self, run: Callable[[Use], None], place: Place
    ) -> None:
        address = place("instant.bin", CONTENT)
        ranges = [ByteRange(100, 400), ByteRange(7, 7), ByteRange(49_999, 50_000)]

        async def use(store: ByteStore) -> None:
            info = (await store.open(address, first=10)).info

            with tracing() as trace:
                answers = store.read_now(address, ranges, info=info)

            assert answers is None or [bytes(one) for one in answers] == [
                CONTENT[r.start : r.stop] for r in ranges
            ]
            assert dict(trace.counts) == ({} if answers is None else {"requests": 2, "bytes": 301})

        run(use)

    def test_what_is_not_there_is_not_found(self, run: Callable[[Use], None], place: Place) -> None:
        address = place("there.bin", CONTENT).replace("there.bin", "secret-not-there.bin")

        async def use(store: ByteStore) -> None:
            with pytest.raises(NotFound) as opening:
                await store.open(address, first=10)
            with pytest.raises(NotFound) as reading:
                await store.read(
                    address, [ByteRange(0, 1)], info=ObjectInfo(size=10, identity='"x"')
                )

            assert "secret" not in opening.value.message
            assert "secret" not in reading.value.message

        run(use)

    def test_a_range_beyond_the_end_is_corrupt_and_is_not_asked_for(
        self, run: Callable[[Use], None], place: Place
    ) -> None:
        address = place("beyond.bin", CONTENT)

        async def use(store: ByteStore) -> None:
            info = (await store.open(address, first=10)).info
            with tracing() as trace, pytest.raises(SourceCorrupt, match="points at bytes"):
                await store.read(address, [ByteRange(49_990, 50_001)], info=info)

            assert trace.counts["requests"] == 0

        run(use)

    def test_an_object_that_was_replaced_is_told_and_opens_anew(
        self, run: Callable[[Use], None], place: Place
    ) -> None:
        address = place("replaced.bin", CONTENT)

        async def use(store: ByteStore) -> None:
            old = (await store.open(address, first=10)).info
            await store.read(address, [ByteRange(0, 10)], info=old)
            await asyncio.to_thread(place, "replaced.bin", CONTENT[::-1])

            with pytest.raises(SourceChanged):
                await store.read(address, [ByteRange(0, 10)], info=old)
            new = await store.open(address, first=10)
            answers = await store.read(address, [ByteRange(0, 10)], info=new.info)

            assert bytes(answers[0]) == new.start == CONTENT[::-1][:10]
            assert new.info.identity != old.identity

        run(use)

    def test_an_object_that_shrank_is_told(self, run: Callable[[Use], None], place: Place) -> None:
        address = place("shrunk.bin", CONTENT)

        async def use(store: ByteStore) -> None:
            old = (await store.open(address, first=10)).info
            await asyncio.to_thread(place, "shrunk.bin", CONTENT[:100])

            with pytest.raises(SourceChanged):
                await store.read(address, [ByteRange(40_000, 40_010)], info=old)

        run(use)

    def test_many_reads_at_once_get_their_own_bytes(
        self, run: Callable[[Use], None], place: Place
    ) -> None:
        address = place("many.bin", CONTENT)

        async def use(store: ByteStore) -> None:
            info = (await store.open(address, first=10)).info
            starts = range(0, 40_000, 997)
            answers = await asyncio.gather(
                *(store.read(address, [ByteRange(i, i + 500)], info=info) for i in starts)
            )

            assert [bytes(one) for (one,) in answers] == [CONTENT[i : i + 500] for i in starts]

        run(use)
