import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
from affine import Affine

from engine.cog.blocks import BlockRead, blocks_of
from engine.cog.decode import DecodedBlock
from engine.cog.gdal import GdalDecoder
from engine.cog.image import CogImage
from engine.errors import SourceCorrupt
from engine.geo.window import Window
from engine.run.blocks import BlockReader, Key
from engine.run.open import open_image
from engine.run.workers import make_workers
from engine.store.cache import BoundedCache
from engine.store.protocol import ByteRange, ObjectInfo
from engine.store.route import OpenStore, StoreOptions, open_store
from engine.trace import tracing
from tests.builders.engines import write_cog

T = TypeVar("T")
SIZE, BLOCK = 512, 256
VALUES = np.random.default_rng(2).integers(1, 3000, (SIZE, SIZE), dtype=np.uint16)
AFFINE = Affine.translation(6e5, 5e6) * Affine.scale(10, -10)


@dataclass(kw_only=True)
class Bench:
    reader: BlockReader
    address: str
    image: CogImage

    def blocks(self, window: Window) -> tuple[BlockRead, ...]:
        return blocks_of(self.image, level=0, window=window, band=0)

    def cached(self, window: Window) -> list[DecodedBlock] | None:
        return self.reader.cached(self.address, self.image, self.blocks(window), window=window)

    async def read(self, window: Window, **options: Any) -> list[DecodedBlock]:
        return await self.reader.read(
            self.address, self.image, self.blocks(window), window=window, **options
        )


@asynccontextmanager
async def opened(path: Path, *, store: OpenStore | None = None) -> AsyncIterator[Bench]:
    store = open_store(StoreOptions(roots=(str(path.parent),))) if store is None else store
    workers = make_workers(compute=2, waiting=1)
    gdal = GdalDecoder(workers=1)
    cache: BoundedCache[Key, DecodedBlock] = BoundedCache(64 << 20, weigh=lambda one: one.nbytes)
    try:
        yield Bench(
            reader=BlockReader(store=store, workers=workers, gdal=gdal, cache=cache),
            address=str(path),
            image=await open_image(store, str(path)),
        )
    finally:
        workers.close()
        gdal.close()
        await store.close()


@pytest.fixture(params=[2, 3, 1])
def path(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return written(tmp_path, predictor=request.param)


def written(folder: Path, *, predictor: int = 2) -> Path:
    values = VALUES.astype(np.float32) if predictor == 3 else VALUES
    return write_cog(
        folder / "a.tif", values, crs="EPSG:32632", affine=AFFINE, block=BLOCK, predictor=predictor
    )


def area(top: int, bottom: int, left: int = 0, right: int = SIZE) -> Window:
    return Window(row_start=top, row_stop=bottom, col_start=left, col_stop=right)


def check(found: Sequence[DecodedBlock], window: Window) -> None:
    """Compare the window's pixels of each block with those that were written."""
    for block in found:
        here = block.window.intersect(window)
        rows = slice(
            here.row_start - block.window.row_start, here.row_stop - block.window.row_start
        )
        cols = slice(
            here.col_start - block.window.col_start, here.col_stop - block.window.col_start
        )
        expected = VALUES[here.row_start : here.row_stop, here.col_start : here.col_stop]
        np.testing.assert_array_equal(block.values[0, rows, cols], expected)
    covered = sum((one := block.window.intersect(window)).height * one.width for block in found)

    assert covered == window.height * window.width


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def test_no_rows_are_decoded_but_those_that_windows_need(path: Path) -> None:
    windows = [area(10, 40, 0, 50), area(30, 41, 20, 60), area(10, 256, 0, 50), area(0, 256, 3, 9)]

    async def work() -> list[tuple[int, int, int]]:
        counts = []
        async with opened(path) as bench:
            for window in windows:
                with tracing() as trace:
                    check(await bench.read(window), window)
                counts.append(
                    tuple(trace.counts[name] for name in ("rows_decoded", "requests", "block_hits"))
                )
        return counts

    # A block that is taken up again goes on by an eighth of its rows at least.
    assert run(work()) == [(40, 1, 0), (32, 0, 1), (256 - 72, 0, 1), (0, 0, 1)]


def test_what_is_cached_is_answered_at_once_and_what_is_not_never(path: Path) -> None:
    window, more = area(200, 300, 30, 400), area(200, 301, 30, 400)

    async def work() -> None:
        async with opened(path) as bench:
            assert bench.cached(window) is None
            await bench.read(area(0, 300, 0, 30))
            assert bench.cached(window) is None
            read = await bench.read(window)
            with tracing() as trace:
                at_once = await asyncio.to_thread(bench.cached, window)

            assert at_once == read
            check(read, window)
            assert dict(trace.counts) == {"block_hits": 4}
            assert bench.cached(more) is None

    run(work())


def test_readers_of_one_block_share_its_bytes_and_each_gets_its_rows(path: Path) -> None:
    windows = [area(0, 1 + step * 17, 0, 40) for step in (3, 0, 9, 5, 12)]

    async def work() -> tuple[int, int]:
        async with opened(path) as bench:
            with tracing() as trace:
                found = await asyncio.gather(*(bench.read(window) for window in windows))
            for blocks, window in zip(found, windows, strict=True):
                check(blocks, window)
            return trace.counts["requests"], trace.counts["rows_decoded"]

    requests, rows = run(work())

    assert requests == 1
    assert rows <= BLOCK


def test_a_reader_that_leaves_takes_nothing_from_the_others(path: Path) -> None:
    async def work() -> None:
        async with opened(path) as bench:
            left = asyncio.create_task(bench.read(area(0, 512)))
            await asyncio.sleep(0)
            stays = asyncio.create_task(bench.read(area(0, 100, 0, 100)))
            await asyncio.sleep(0)
            left.cancel()
            check(await stays, area(0, 100, 0, 100))

            assert (await asyncio.gather(left, return_exceptions=True))[0].__class__ is (
                asyncio.CancelledError
            )
            check(await bench.read(area(0, 512)), area(0, 512))
            assert len(bench.reader.flights) == 0

    run(work())


def test_a_damaged_block_fails_those_who_want_it_and_nobody_else(tmp_path: Path) -> None:
    path = written(tmp_path)

    async def work() -> None:
        async with opened(path) as bench:
            _, second, *_ = bench.blocks(area(0, 512))
            assert second.data is not None
            content = bytearray(path.read_bytes())
            content[second.data.start : second.data.stop] = bytes(second.data.size)
            path.write_bytes(content)
        async with opened(path) as bench:
            good = asyncio.create_task(bench.read(area(0, 256, 0, 256)))
            with pytest.raises(SourceCorrupt, match="block row 0, column 1 of level 0 "):
                await bench.read(area(0, 512))
            check(await good, area(0, 256, 0, 256))
            check(await bench.read(area(256, 512)), area(256, 512))
            assert len(bench.reader.flights) == 0

    run(work())


@pytest.mark.parametrize("is_open", [True, False])
def test_who_waits_for_bytes_is_told_once_they_are_there(tmp_path: Path, *, is_open: bool) -> None:
    path = written(tmp_path)
    told: list[str] = []

    async def work() -> None:
        async with opened(path) as bench:
            if is_open:
                await bench.read(area(500, 512, 500, 512))
            for name in ("fetched", "cached"):
                await bench.read(area(0, 300), arrived=lambda name=name: told.append(name))
            await bench.read(area(0, 512), arrived=lambda: told.append("taken up"))

    run(work())

    assert told == ["fetched", "cached", "taken up"]


class Remote:
    """A store of one file whose reads have to be waited for; counts them."""

    def __init__(self, path: Path) -> None:
        self.inner = open_store(StoreOptions(roots=(str(path.parent),)))
        self.path = str(path)
        self.calls: list[int] = []

    async def open(self, _: str, *, first: int) -> Any:
        return await self.inner.open(self.path, first=first)

    def read_now(self, _: str, __: Sequence[ByteRange], *, info: ObjectInfo) -> None:
        assert info.size

    async def read(self, _: str, ranges: Sequence[ByteRange], *, info: ObjectInfo) -> Any:
        self.calls.append(len(ranges))
        return await self.inner.read(self.path, ranges, info=info)

    async def close(self) -> None:
        await self.inner.close()


def test_blocks_that_have_to_be_fetched_are_asked_for_by_one_call(path: Path) -> None:
    store: Any = Remote(path)

    async def work() -> None:
        async with opened(path, store=store) as bench:
            bench.address = "https://elsewhere/a.tif"
            check(await bench.read(area(0, 20, 0, 20)), area(0, 20, 0, 20))
            check(await bench.read(area(0, 512)), area(0, 512))

    run(work())

    assert store.calls == [1, 3]


class Gated(Remote):
    """A remote store whose reads behind the first megabyte wait until they may go on."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.gate = asyncio.Event()

    async def read(self, _: str, ranges: Sequence[ByteRange], *, info: ObjectInfo) -> Any:
        if ranges[0].start > 1 << 20:
            await self.gate.wait()
        return await super().read(_, ranges, info=info)


def test_blocks_far_apart_in_a_file_do_not_wait_for_each_other(tmp_path: Path) -> None:
    noise = np.random.default_rng(3).integers(0, 1 << 16, (1024, 1024), dtype=np.uint16)
    path = write_cog(tmp_path / "a.tif", noise, crs="EPSG:32632", affine=AFFINE, block=BLOCK)

    async def work() -> None:
        store: Any = Gated(path)
        async with opened(path, store=store) as bench:
            bench.address = "https://elsewhere/a.tif"
            first, *_, last = bench.blocks(area(0, 1024, 0, 1024))
            both = asyncio.create_task(bench.reader.read(bench.address, bench.image, [first, last]))
            await asyncio.sleep(0)
            async with asyncio.timeout(20):
                (early,) = await bench.reader.read(bench.address, bench.image, [first])
            assert not both.done()
            store.gate.set()
            found = await both

            assert found[0] is early
            np.testing.assert_array_equal(found[1].values[0], noise[768:, 768:])
            assert store.calls == [1, 1]

    run(work())
