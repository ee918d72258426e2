"""Blocks, fetched and decoded: cached decoded, and shared by requests that want the same one."""

import asyncio
import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.cog.blocks import BlockRead
from engine.cog.decode import DecodedBlock, decode_block
from engine.cog.gdal import GdalDecoder
from engine.cog.image import CogImage
from engine.errors import EngineError, SourceError, SourceUnavailable
from engine.run.workers import Workers
from engine.store.cache import BoundedCache
from engine.store.flights import Flight, Flights
from engine.store.protocol import ByteRange, ByteStore, ObjectInfo
from engine.trace import count, stage

GDAL_SECONDS = 30.0
"""Wall clock for one block in GDAL's worker."""

Key = tuple[str, str, int, int, int, int]
"""Address, identity, level, plane, block row, block column."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BlockReader:
    """Turns planned blocks into decoded ones."""

    store: ByteStore
    workers: Workers
    gdal: GdalDecoder
    cache: BoundedCache[Key, DecodedBlock]
    flights: Flights[Key, DecodedBlock] = field(default_factory=Flights)
    """Blocks on their way, shared by all who want them."""

    async def read(
        self,
        address: str,
        image: CogImage,
        blocks: Sequence[BlockRead],
        *,
        arrived: Callable[[], None] | None = None,
    ) -> list[DecodedBlock]:
        """Return the decoded blocks, in the order asked for.

        The missing ones are fetched by one call to the store, so that it can merge neighbors.
        ``arrived`` is called once all their bytes are there; never, where some are on their way
        for others already.
        """
        found: dict[Key, DecodedBlock] = {}
        missing: list[tuple[Key, BlockRead]] = []
        keys = [
            (address, image.identity, block.level, block.plane, block.row, block.col)
            for block in blocks
        ]
        for key, block in zip(keys, blocks, strict=True):
            cached = self.cache.get(key)
            if cached is None:
                missing.append((key, block))
            else:
                found[key] = cached
                count("block_hits")
        flights = self._board(address, image, missing, arrived)
        try:
            for flight in flights:
                found[flight.key] = await asyncio.shield(flight.task)
        finally:
            for flight in flights:
                self.flights.leave(flight)
        return [found[key] for key in keys]

    def _board(
        self,
        address: str,
        image: CogImage,
        missing: Sequence[tuple[Key, BlockRead]],
        arrived: Callable[[], None] | None,
    ) -> list[Flight[Key, DecodedBlock]]:
        """Join the blocks on their way; start one fetch for the others, and a task for each."""
        ongoing = set(self.flights.keys())
        fresh = [block for key, block in missing if key not in ongoing]
        ranges = [part for block in fresh for part in block.ranges]
        info = ObjectInfo(size=image.size, identity=image.identity)
        fetch = asyncio.create_task(self._fetch(address, ranges, info)) if fresh else None
        boarded = []
        tasks = []
        position = 0
        for key, block in missing:
            flight = self.flights.board(
                key, functools.partial(self._decode, key, image, block, fetch, position)
            )
            if key not in ongoing:
                position += len(block.ranges)
                tasks.append(flight.task)
            boarded.append(flight)
        if fetch is not None:
            fetch.add_done_callback(_retrieve)
            _stop_when_unwanted(fetch, tasks)
        if arrived is not None and not missing:
            arrived()
        elif arrived is not None and fetch is not None and len(fresh) == len(missing):
            fetch.add_done_callback(lambda _: arrived())
        return boarded

    async def _fetch(
        self, address: str, ranges: Sequence[ByteRange], info: ObjectInfo
    ) -> Sequence[bytes | memoryview]:
        if not ranges:
            return []
        with stage("fetch"):
            return await self.store.read(address, ranges, info=info)

    async def _decode(
        self,
        key: Key,
        image: CogImage,
        block: BlockRead,
        fetch: "asyncio.Task[Sequence[bytes | memoryview]] | None",
        first: int,
    ) -> DecodedBlock:
        """Return the block whose bytes are the answers of ``fetch`` from ``first`` on."""
        answers = [] if fetch is None else await asyncio.shield(fetch)
        mine = iter(answers[first : first + len(block.ranges)])
        data = next(mine) if block.data is not None else None
        masks = [next(mine) if mask.data is not None else None for mask in block.masks]
        count("blocks")
        if image.gdal_reason is None:
            decoded = await self.workers.run(_timed_decode, image, block, data, masks)
        else:
            with stage("gdal"):
                decoded = await self.workers.wait(
                    self.gdal.decode_block, image, block, data, masks, seconds=GDAL_SECONDS
                )
        self.cache.put(key, decoded)
        return decoded


def _stop_when_unwanted(
    fetch: "asyncio.Task[Any]", wanted_by: Iterable["asyncio.Task[DecodedBlock]"]
) -> None:
    """Cancel ``fetch`` when every task that waits for its bytes has ended."""
    waiting = set(wanted_by)

    def leave(task: "asyncio.Task[DecodedBlock]") -> None:
        waiting.discard(task)
        if not waiting:
            fetch.cancel()

    for task in tuple(waiting):
        task.add_done_callback(leave)


def _retrieve(task: "asyncio.Task[Any]") -> None:
    """Mark an error as seen: whoever still waits for the block gets it by awaiting."""
    if not task.cancelled():
        task.exception()


def _timed_decode(
    image: CogImage,
    block: BlockRead,
    data: bytes | memoryview | None,
    masks: Sequence[bytes | memoryview | None],
) -> DecodedBlock:
    with stage("decode"):
        return decode_block(image, block, data, masks)


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
