"""`Decoding`: blocks of one image on their way from their bytes to the cache.

Decoded in jobs in compute threads, each of which takes longer than the way there and back. Blocks
of a local file are read there as well; those of other sources are decoded run by run, while other
runs are still on their way.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from engine.cog.blocks import BlockRead
from engine.cog.codecs import Bytes
from engine.cog.decode import DecodedBlock
from engine.cog.gdal import GdalDecoder
from engine.cog.image import CogImage
from engine.cog.partial import decode_rows, needed_rows
from engine.errors import EngineError, SourceUnavailable
from engine.geo.window import Window
from engine.run.workers import Workers
from engine.store.coalesce import merge_ranges
from engine.store.flights import Flight
from engine.store.protocol import ByteRange, ByteStore, ObjectInfo
from engine.trace import count, stage

GDAL_SECONDS = 30.0
"""Wall clock for one block in GDAL's worker."""
JOB_BYTES = 512 << 10
"""Compressed bytes that one job in a compute thread decodes, about: one or two milliseconds of
work, beside which the way there and back costs little."""
NEAR_BYTES = 4 << 10
"""Unwanted bytes that are read rather than asking a local file twice; 8 stand between the blocks
of a COG."""
FAR_BYTES = 1 << 20
"""Blocks with more than so many bytes between them do not wait for each other: far more than a
store would read for nothing, so that its requests stay as few."""

Key = tuple[str, str, int, int, int, int]
"""Address, identity, level, plane, block row, block column."""
Outcome = DecodedBlock | EngineError
T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Order:
    """One block that is to be decoded."""

    flight: Flight[Key, DecodedBlock]
    block: BlockRead
    there: DecodedBlock | None
    """Its first rows, where they are decoded already; then nothing is fetched."""
    data: Sequence[Bytes] = ()
    """Its bytes, once they are there: what `BlockRead.ranges` names."""

    @property
    def weight(self) -> int:
        """Compressed bytes: about what it takes to decode it."""
        return sum(part.size for part in self.block.ranges)


@dataclass(slots=True, kw_only=True, eq=False)
class Decoding:
    """Blocks of one image that are made together, for whoever waits for any of them."""

    store: ByteStore
    workers: Workers
    gdal: GdalDecoder
    keep: Callable[[Key, DecodedBlock], None]
    """Called with each block that was decoded, in any thread."""
    address: str
    image: CogImage
    window: Window | None
    """What of the level is needed; None: all of it."""
    arrived: Callable[[], None] | None
    """Called once, in the loop, when no bytes are awaited any more."""
    unread: int = 0
    """Jobs, or runs, that do not have their bytes yet."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Of ``unread``."""
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)

    def start(self, orders: Sequence[Order], *, is_all: bool) -> None:
        """Make the blocks and complete their flights.

        ``is_all``: whoever calls waits for no other blocks; else ``arrived`` is not called.
        """
        if not is_all:
            self.arrived = None
        task = asyncio.create_task(self._make(orders))
        waiting = len(orders)

        def leave(_: "asyncio.Future[DecodedBlock]") -> None:
            nonlocal waiting
            waiting -= 1
            if waiting == 0:
                task.cancel()

        for order in orders:
            order.flight.task.add_done_callback(leave)

    async def _make(self, orders: Sequence[Order]) -> None:
        left = orders
        try:
            if self.image.gdal_reason is None and self._is_at_hand():
                jobs = self._jobs(orders)
                self.unread = len(jobs)
                left = await self._decode_in(jobs, self._decode_now)
            if left:
                runs = _runs(left, self.image)
                self.unread = len(runs)
                await _all(self._fetch_and_decode(run) for run in runs)
        except Exception as error:  # noqa: BLE001 - told to everyone who waits
            _fail(orders, error)
        finally:
            self._tell()
            for order in orders:
                order.flight.task.cancel()

    def _is_at_hand(self) -> bool:
        """Return whether the store may have bytes without waiting: an open file of this machine.

        Asked here, as a job in a thread that finds nothing costs ten times as much.
        """
        try:
            return self.store.read_now(self.address, (), info=self._info) is not None
        except EngineError:
            return False

    async def _fetch_and_decode(self, orders: Sequence[Order]) -> None:
        try:
            await self._fetch([order for order in orders if order.there is None])
            await self._decode_in(self._jobs(orders), self._decode)
        except Exception as error:  # noqa: BLE001 - as above; other runs may do better
            _fail(orders, error)

    async def _fetch(self, orders: Sequence[Order]) -> None:
        ranges = [part for order in orders for part in order.block.ranges]
        if ranges:
            with stage("fetch"):
                answers = await self.store.read(self.address, ranges, info=self._info)
            _hand_out(orders, answers)
        self._has_read(self._tell)

    def _jobs(self, orders: Sequence[Order]) -> list[list[Order]]:
        """Return the orders in jobs of about `JOB_BYTES`, none longer by more than one block.

        GDAL has a process for every job, and gets them one by one.
        """
        jobs: list[list[Order]] = []
        room = 0
        for order in orders:
            if room <= 0:
                jobs.append([])
                room = JOB_BYTES if self.image.gdal_reason is None else 0
            jobs[-1].append(order)
            room -= order.weight
        return jobs

    async def _decode_in(
        self, jobs: Sequence[Sequence[Order]], decode: Callable[[Sequence[Order]], list[Outcome]]
    ) -> list[Order]:
        """Decode blocks in compute threads, and return those whose bytes were not at hand."""
        left = await _all(self._run(job, decode) for job in jobs)
        return [order for some in left for order in some]

    async def _run(
        self, orders: Sequence[Order], decode: Callable[[Sequence[Order]], list[Outcome]]
    ) -> list[Order]:
        if self.image.gdal_reason is None:
            outcomes = await self.workers.run(decode, orders)
        else:
            with stage("gdal"):
                outcomes = await self.workers.wait(decode, orders)
        for order, outcome in zip(orders, outcomes, strict=False):
            future = order.flight.task
            if future.done():
                continue
            if isinstance(outcome, EngineError):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)
        return [] if outcomes else list(orders)

    def _decode_now(self, orders: Sequence[Order]) -> list[Outcome]:
        """Read and decode blocks in one go; nothing where their bytes are not at hand.

        The store never waits for a disk here, so that a slow one holds up no computation; what
        it does not have at once, or not at all, is asked for in the usual way.
        """
        fresh = [order for order in orders if order.there is None]
        ranges = [part for order in fresh for part in order.block.ranges]
        if ranges:
            try:
                with stage("fetch"):
                    answers = self._read_now(ranges)
            except EngineError:
                answers = None
            if answers is None:
                return []
            _hand_out(fresh, answers)
        self._has_read(lambda: self.loop.call_soon_threadsafe(self._tell))
        return self._decode(orders)

    def _read_now(self, ranges: Sequence[ByteRange]) -> Sequence[Bytes] | None:
        """Return the bytes of each range; neighbors are read as one, as `ByteStore.read` does."""
        most = sum(wanted.size + NEAR_BYTES for wanted in ranges)
        spans = merge_ranges(ranges, max_gap=NEAR_BYTES, max_span=most)
        wholes = self.store.read_now(self.address, [span.range for span in spans], info=self._info)
        if wholes is None:
            return None
        answers: list[Bytes] = [b""] * len(ranges)
        for span, whole in zip(spans, wholes, strict=True):
            for part in span.parts:
                start = ranges[part].start - span.range.start
                answers[part] = memoryview(whole)[start : start + ranges[part].size]
        return answers

    def _decode(self, orders: Sequence[Order]) -> list[Outcome]:
        return [self._outcome(order) for order in orders]

    def _outcome(self, order: Order) -> Outcome:
        """Return a decoded block, which the cache has then as well, or what is wrong with it."""
        if order.flight.task.cancelled():
            return SourceUnavailable("nobody waits for the block any more")
        try:
            decoded = self._decode_one(order)
        except EngineError as error:
            return error
        finally:
            order.data = ()
        self.keep(order.flight.key, decoded)
        before = 0 if order.there is None else order.there.window.height
        count("blocks", 0 if before else 1)
        count("rows_decoded", decoded.window.height - before)
        return decoded

    def _decode_one(self, order: Order) -> DecodedBlock:
        block = order.block
        if order.there is not None and order.there.rest is not None:
            with stage("decode"):
                return order.there.rest.reach(needed_rows(block, self.window))
        data, masks = _parts(block, iter(order.data))
        if self.image.gdal_reason is None:
            with stage("decode"):
                return decode_rows(self.image, block, data, masks, window=self.window)
        return self.gdal.decode_block(self.image, block, data, masks, seconds=GDAL_SECONDS)

    def _has_read(self, tell: Callable[[], object]) -> None:
        """Let ``tell`` say so once every job, or run, has its bytes."""
        with self.lock:
            self.unread -= 1
            is_last = self.unread == 0
        if is_last and self.arrived is not None:
            tell()

    def _tell(self) -> None:
        if self.arrived is not None:
            self.arrived()
            self.arrived = None

    @property
    def _info(self) -> ObjectInfo:
        return ObjectInfo(size=self.image.size, identity=self.image.identity)


def _parts(block: BlockRead, mine: Iterator[Bytes]) -> tuple[Bytes | None, list[Bytes | None]]:
    """Return the bytes of a block's data and of its masks, None for the sparse ones."""
    data = next(mine) if block.data is not None else None
    return data, [next(mine) if mask.data is not None else None for mask in block.masks]


def _hand_out(orders: Sequence[Order], answers: Sequence[Bytes]) -> None:
    """Give each order as many of the answers as it has ranges."""
    left = iter(answers)
    for order in orders:
        order.data = [next(left) for _ in order.block.ranges]


def _runs(orders: Sequence[Order], image: CogImage) -> list[list[Order]]:
    """Return the orders in groups that need not wait for each other's bytes.

    What is there in part needs none, and comes first.
    """
    placed = [order for order in orders if order.there is None and order.block.ranges]
    instant = [order for order in orders if order.there is not None or not order.block.ranges]
    spans = merge_ranges(
        [_reach(order.block) for order in placed], max_gap=FAR_BYTES, max_span=image.size
    )
    runs = [[placed[part] for part in span.parts] for span in spans]
    return [instant, *runs] if instant else runs


def _reach(block: BlockRead) -> ByteRange:
    """Return the bytes from the first to the last one that a block takes."""
    ranges = block.ranges
    return ByteRange(min(one.start for one in ranges), max(one.stop for one in ranges))


async def _all(works: Iterator[Coroutine[Any, Any, T]]) -> list[T]:
    """Return what the works return; a single one needs no task of its own."""
    first, *others = works
    if not others:
        return [await first]
    return await asyncio.gather(first, *others)


def _fail(orders: Sequence[Order], error: Exception) -> None:
    for order in orders:
        if not order.flight.task.done():
            order.flight.task.set_exception(error)
