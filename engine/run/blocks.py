"""Blocks, fetched and decoded: cached decoded, and shared by requests that want the same one."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from engine.cog.blocks import BlockRead
from engine.cog.codecs import Bytes
from engine.cog.decode import DecodedBlock
from engine.cog.gdal import GdalDecoder
from engine.cog.image import CogImage
from engine.cog.partial import decode_rows, needed_rows
from engine.errors import EngineError, SourceError, SourceUnavailable
from engine.geo.window import Window
from engine.run.workers import Workers
from engine.store.cache import BoundedCache
from engine.store.coalesce import merge_ranges
from engine.store.flights import Flight, Flights
from engine.store.protocol import ByteRange, ByteStore, ObjectInfo
from engine.store.route import scheme_of
from engine.trace import count, stage

GDAL_SECONDS = 30.0
"""Wall clock for one block in GDAL's worker."""
JOB_BYTES = 512 << 10
"""Compressed bytes that one job in a compute thread decodes, about: one or two milliseconds of
work, beside which the way there and back costs little."""
NEAR_BYTES = 4 << 10
"""Unwanted bytes that are read rather than asking a local file twice; 8 stand between the blocks
of a COG."""

Key = tuple[str, str, int, int, int, int]
"""Address, identity, level, plane, block row, block column."""
Outcome = DecodedBlock | EngineError


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BlockReader:
    """Turns planned blocks into decoded ones."""

    store: ByteStore
    workers: Workers
    gdal: GdalDecoder
    cache: BoundedCache[Key, DecodedBlock]
    flights: Flights[Key, DecodedBlock] = field(default_factory=Flights)
    """Blocks on their way, shared by all who want them."""

    def cached(
        self,
        address: str,
        image: CogImage,
        blocks: Sequence[BlockRead],
        *,
        window: Window | None = None,
    ) -> list[DecodedBlock] | None:
        """Return what `read` would, if it is all in the cache, else None; from any thread."""
        found = self.cache.get_all([_key(address, image, block) for block in blocks])
        if found is None or not all(block.holds(window) for block in found):
            return None
        count("block_hits", len(found))
        return found

    async def read(
        self,
        address: str,
        image: CogImage,
        blocks: Sequence[BlockRead],
        *,
        window: Window | None = None,
        arrived: Callable[[], None] | None = None,
    ) -> list[DecodedBlock]:
        """Return the decoded blocks, in the order asked for.

        Given a ``window`` of the level, each has at least the rows that it needs of it, from the
        block's first row on (`DecodedBlock.window` tells); else all rows. The missing blocks are
        fetched by one call to the store, so that it can merge neighbors. ``arrived`` is called
        once all bytes are there; never, where some are on their way for others already.
        """
        found: dict[Key, DecodedBlock] = {}
        missing: dict[Key, BlockRead] = {}
        there: dict[Key, DecodedBlock] = {}
        keys = [_key(address, image, block) for block in blocks]
        for key, block in zip(keys, blocks, strict=True):
            cached = self.cache.get(key)
            if cached is not None:
                count("block_hits")
            if cached is not None and cached.holds(window):
                found[key] = cached
                continue
            missing[key] = block
            if cached is not None:
                there[key] = cached
        if arrived is not None and not missing:
            arrived()
        while missing:
            batch = _Batch(self, address, image, window, arrived)
            for key, decoded in zip(
                missing, await self._landed(batch, missing, there), strict=True
            ):
                # Who asked first for a block that was on its way may need fewer of its rows.
                (found if decoded.holds(window) else there)[key] = decoded
            missing = {key: block for key, block in missing.items() if key not in found}
            arrived = None
        return [found[key] for key in keys]

    async def _landed(
        self, batch: "_Batch", missing: dict[Key, BlockRead], there: dict[Key, DecodedBlock]
    ) -> list[DecodedBlock]:
        """Return the blocks, whatever their rows; ``batch`` makes those that nobody makes yet."""
        flights: list[Flight[Key, DecodedBlock]] = []
        try:
            for key, block in missing.items():
                flight = self.flights.join(key)
                if flight is None:
                    flight = self.flights.launch(key)
                    batch.orders.append(_Order(flight, block, there.get(key)))
                flights.append(flight)
            if batch.orders:
                batch.start(is_all=len(batch.orders) == len(flights))
            # Unlike awaiting them, wait leaves the flights alone when this caller is cancelled.
            await asyncio.wait(
                [flight.task for flight in flights], return_when=asyncio.FIRST_EXCEPTION
            )
            for flight in flights:
                if flight.task.done():
                    flight.task.result()
            return [flight.task.result() for flight in flights]
        finally:
            for flight in flights:
                self.flights.leave(flight)


@dataclass(slots=True, eq=False)
class _Order:
    """One block that a batch makes."""

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


@dataclass(slots=True, eq=False)
class _Batch:
    """Blocks of one image that are made together, for whoever waits for any of them."""

    reader: BlockReader
    address: str
    image: CogImage
    window: Window | None
    arrived: Callable[[], None] | None
    orders: list[_Order] = field(default_factory=list)
    loop: asyncio.AbstractEventLoop | None = None
    unread: int = 0
    """Jobs that have not read their bytes."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Of ``unread``."""

    def start(self, *, is_all: bool) -> None:
        """Make the blocks; ``is_all``: no others are waited for by whoever calls."""
        if not is_all:
            self.arrived = None
        task = asyncio.create_task(self._make())
        waiting = len(self.orders)

        def leave(_: "asyncio.Future[DecodedBlock]") -> None:
            nonlocal waiting
            waiting -= 1
            if waiting == 0:
                task.cancel()

        for order in self.orders:
            order.flight.task.add_done_callback(leave)

    async def _make(self) -> None:
        left = self.orders
        try:
            if self.image.gdal_reason is None and scheme_of(self.address) == "file":
                left = await self._run(left, self._decode_now)
            if left:
                await self._fetch(left)
                await self._run(left, self._decode)
        except Exception as error:  # noqa: BLE001 - told to everyone who waits
            for order in self.orders:
                if not order.flight.task.done():
                    order.flight.task.set_exception(error)
        finally:
            self._tell()
            for order in self.orders:
                order.flight.task.cancel()

    async def _fetch(self, orders: Sequence[_Order]) -> None:
        orders = [order for order in orders if order.there is None]
        ranges = [part for order in orders for part in order.block.ranges]
        if ranges:
            with stage("fetch"):
                answers = await self.reader.store.read(self.address, ranges, info=self._info)
            _hand_out(orders, answers)
        self._tell()

    async def _run(
        self, orders: Sequence[_Order], decode: Callable[[Sequence[_Order]], list[Outcome]]
    ) -> list[_Order]:
        """Decode blocks in compute threads, and return those whose bytes were not at hand."""
        is_ours = self.image.gdal_reason is None
        shares = _shares(orders) if is_ours else [[order] for order in orders]
        self.unread = len(shares)
        self.loop = asyncio.get_running_loop()
        jobs = [self._run_job(share, decode) for share in shares]
        if len(jobs) == 1:
            return await jobs[0]
        return [order for left in await asyncio.gather(*jobs) for order in left]

    async def _run_job(
        self, orders: Sequence[_Order], decode: Callable[[Sequence[_Order]], list[Outcome]]
    ) -> list[_Order]:
        workers = self.reader.workers
        if self.image.gdal_reason is None:
            outcomes = await workers.run(decode, orders)
        else:
            with stage("gdal"):
                outcomes = await workers.wait(decode, orders)
        for order, outcome in zip(orders, outcomes, strict=False):
            future = order.flight.task
            if future.done():
                continue
            if isinstance(outcome, EngineError):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)
        return [] if outcomes else list(orders)

    def _decode_now(self, orders: Sequence[_Order]) -> list[Outcome]:
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
        self._has_read()
        return self._decode(orders)

    def _read_now(self, ranges: Sequence[ByteRange]) -> Sequence[Bytes] | None:
        """Return the bytes of each range; neighbors are read as one, as `ByteStore.read` does."""
        most = sum(wanted.size + NEAR_BYTES for wanted in ranges)
        spans = merge_ranges(ranges, max_gap=NEAR_BYTES, max_span=most)
        wholes = self.reader.store.read_now(
            self.address, [span.range for span in spans], info=self._info
        )
        if wholes is None:
            return None
        answers: list[Bytes] = [b""] * len(ranges)
        for span, whole in zip(spans, wholes, strict=True):
            for part in span.parts:
                start = ranges[part].start - span.range.start
                answers[part] = memoryview(whole)[start : start + ranges[part].size]
        return answers

    def _decode(self, orders: Sequence[_Order]) -> list[Outcome]:
        return [self._outcome(order) for order in orders]

    def _outcome(self, order: _Order) -> Outcome:
        """Return a decoded block, which the cache has then as well, or what is wrong with it."""
        if order.flight.task.cancelled():
            return SourceUnavailable("nobody waits for the block any more")
        try:
            decoded = self._decode_one(order)
        except EngineError as error:
            return error
        finally:
            order.data = ()
        self.reader.cache.put(order.flight.key, decoded)
        before = 0 if order.there is None else order.there.window.height
        count("blocks", 0 if before else 1)
        count("rows_decoded", decoded.window.height - before)
        return decoded

    def _decode_one(self, order: _Order) -> DecodedBlock:
        block = order.block
        if order.there is not None and order.there.rest is not None:
            with stage("decode"):
                return order.there.rest.reach(needed_rows(block, self.window))
        data, masks = _parts(block, iter(order.data))
        if self.image.gdal_reason is None:
            with stage("decode"):
                return decode_rows(self.image, block, data, masks, window=self.window)
        return self.reader.gdal.decode_block(self.image, block, data, masks, seconds=GDAL_SECONDS)

    def _has_read(self) -> None:
        """Tell the loop once every job has its bytes."""
        if self.arrived is None or self.loop is None:
            return
        with self.lock:
            self.unread -= 1
            is_last = self.unread == 0
        if is_last:
            self.loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        if self.arrived is not None:
            self.arrived()
            self.arrived = None

    @property
    def _info(self) -> ObjectInfo:
        return ObjectInfo(size=self.image.size, identity=self.image.identity)


def _key(address: str, image: CogImage, block: BlockRead) -> Key:
    return address, image.identity, block.level, block.plane, block.row, block.col


def _parts(block: BlockRead, mine: Iterator[Bytes]) -> tuple[Bytes | None, list[Bytes | None]]:
    """Return the bytes of a block's data and of its masks, None for the sparse ones."""
    data = next(mine) if block.data is not None else None
    return data, [next(mine) if mask.data is not None else None for mask in block.masks]


def _hand_out(orders: Sequence[_Order], answers: Sequence[Bytes]) -> None:
    """Give each order as many of the answers as it has ranges."""
    left = iter(answers)
    for order in orders:
        order.data = [next(left) for _ in order.block.ranges]


def _shares(orders: Sequence[_Order]) -> list[list[_Order]]:
    """Return the orders in jobs of about `JOB_BYTES`, none longer by more than one block."""
    jobs: list[list[_Order]] = []
    room = 0
    for order in orders:
        if room <= 0:
            jobs.append([])
            room = JOB_BYTES
        jobs[-1].append(order)
        room -= order.weight
    return jobs


def source_error(error: EngineError, *, scene: str, band: str) -> SourceError:
    """Return ``error`` as trouble with our data, naming the scene and band that it concerns.

    The caller asked for a scene that we hold; that its file is gone, or may not be read any
    more, is our trouble.
    """
    if not isinstance(error, SourceError):
        error = SourceUnavailable("the registered file cannot be read any more")
    if error.scene is None:
        error.scene, error.band = scene, band
        error.message = f"scene {scene}, band {band}: {error.message}"
        error.args = (error.message,)
    return error
