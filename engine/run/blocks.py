"""Blocks, fetched and decoded: cached decoded, and shared by requests that want the same one."""

import asyncio
import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.cog.blocks import BlockRead
from engine.cog.decode import DecodedBlock, decode_block
from engine.cog.gdal import GdalDecoder
from engine.cog.image import CogImage
from engine.errors import SourceError
from engine.run.workers import Workers
from engine.store.cache import BoundedCache
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
    _flights: dict[Key, "asyncio.Task[DecodedBlock]"] = field(default_factory=dict)
    _waiters: dict[Key, int] = field(default_factory=dict)

    async def read(
        self, address: str, image: CogImage, blocks: Sequence[BlockRead]
    ) -> list[DecodedBlock]:
        """Return the decoded blocks, in the order asked for.

        The missing ones are fetched by one call to the store, so that it can merge neighbors.
        """
        found: dict[Key, DecodedBlock] = {}
        missing: list[tuple[Key, BlockRead]] = []
        flights: dict[Key, asyncio.Task[DecodedBlock]] = {}
        for block in blocks:
            key = (address, image.identity, block.level, block.plane, block.row, block.col)
            cached = self.cache.get(key)
            if cached is not None:
                found[key] = cached
                count("block_hits")
            elif key in self._flights:
                flights[key] = self._flights[key]
            else:
                missing.append((key, block))
        if missing:
            flights.update(self._start(address, image, missing))
        try:
            for key in flights:
                self._waiters[key] = self._waiters.get(key, 0) + 1
            for key, task in flights.items():
                found[key] = await asyncio.shield(task)
        finally:
            for key, task in flights.items():
                self._leave(key, task)
        return [
            found[address, image.identity, block.level, block.plane, block.row, block.col]
            for block in blocks
        ]

    def _start(
        self, address: str, image: CogImage, missing: Sequence[tuple[Key, BlockRead]]
    ) -> dict[Key, "asyncio.Task[DecodedBlock]"]:
        """Start one fetch for all missing blocks and one decoding task for each."""
        ranges = [part for _, block in missing for part in block.ranges]
        info = ObjectInfo(size=image.size, identity=image.identity)
        fetch = asyncio.create_task(self._fetch(address, ranges, info))
        fetch.add_done_callback(_retrieve)
        tasks = {}
        position = 0
        for key, block in missing:
            first = position
            position += len(block.ranges)
            task = asyncio.create_task(self._decode(image, block, fetch, first))
            task.add_done_callback(_retrieve)
            self._flights[key] = task
            tasks[key] = task
            task.add_done_callback(functools.partial(self._land, key))
        _stop_when_unwanted(fetch, tasks.values())
        return tasks

    async def _fetch(
        self, address: str, ranges: Sequence[ByteRange], info: ObjectInfo
    ) -> Sequence[bytes | memoryview]:
        if not ranges:
            return []
        with stage("fetch"):
            return await self.store.read(address, ranges, info=info)

    async def _decode(
        self,
        image: CogImage,
        block: BlockRead,
        fetch: "asyncio.Task[Sequence[bytes | memoryview]]",
        first: int,
    ) -> DecodedBlock:
        answers = await asyncio.shield(fetch)
        mine = iter(answers[first : first + len(block.ranges)])
        data = next(mine) if block.data is not None else None
        masks = [next(mine) if mask.data is not None else None for mask in block.masks]
        count("blocks")
        if image.gdal_reason is not None:
            with stage("gdal"):
                return await self.workers.wait(
                    self.gdal.decode_block, image, block, data, masks, seconds=GDAL_SECONDS
                )
        return await self.workers.run(_timed_decode, image, block, data, masks)

    def _land(self, key: Key, task: "asyncio.Task[DecodedBlock]") -> None:
        self._flights.pop(key, None)
        if not task.cancelled() and task.exception() is None:
            decoded = task.result()
            self.cache.put(key, decoded)

    def _leave(self, key: Key, task: "asyncio.Task[DecodedBlock]") -> None:
        """Stop the work on a block when the last one who waited for it has gone."""
        left = self._waiters[key] - 1
        if left:
            self._waiters[key] = left
            return
        del self._waiters[key]
        if not task.done():
            task.cancel()
            self._flights.pop(key, None)


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


def named(error: SourceError, *, scene: str, band: str) -> SourceError:
    """Return ``error``, naming the scene and the band that it concerns where it did not yet."""
    if error.scene is None:
        error.scene, error.band = scene, band
        error.message = f"scene {scene}, band {band}: {error.message}"
        error.args = (error.message,)
    return error
