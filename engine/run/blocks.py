"""Blocks, fetched and decoded: cached decoded, and shared by requests that want the same one."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from engine.cog.blocks import BlockRead
from engine.cog.decode import DecodedBlock
from engine.cog.gdal import GdalDecoder
from engine.cog.image import CogImage
from engine.errors import EngineError, SourceError, SourceUnavailable
from engine.geo.window import Window
from engine.run.decoding import Decoding, Key, Order
from engine.run.workers import Workers
from engine.store.cache import BoundedCache
from engine.store.flights import Flight, Flights
from engine.store.protocol import ByteStore
from engine.trace import count


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
            decoding = Decoding(
                store=self.store,
                workers=self.workers,
                gdal=self.gdal,
                keep=self.cache.put,
                address=address,
                image=image,
                window=window,
                arrived=arrived,
            )
            for key, decoded in zip(
                missing, await self._landed(decoding, missing, there), strict=True
            ):
                # Who asked first for a block that was on its way may need fewer of its rows.
                (found if decoded.holds(window) else there)[key] = decoded
            missing = {key: block for key, block in missing.items() if key not in found}
            arrived = None
        return [found[key] for key in keys]

    async def _landed(
        self, decoding: Decoding, missing: dict[Key, BlockRead], there: dict[Key, DecodedBlock]
    ) -> list[DecodedBlock]:
        """Return the blocks, whatever their rows; ``decoding`` makes what nobody makes yet."""
        flights: list[Flight[Key, DecodedBlock]] = []
        orders: list[Order] = []
        try:
            for key, block in missing.items():
                flight = self.flights.join(key)
                if flight is None:
                    flight = self.flights.launch(key)
                    orders.append(Order(flight, block, there.get(key)))
                flights.append(flight)
            if orders:
                decoding.start(orders, is_all=len(orders) == len(flights))
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


def _key(address: str, image: CogImage, block: BlockRead) -> Key:
    return address, image.identity, block.level, block.plane, block.row, block.col


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
