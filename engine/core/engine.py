"""`Engine`: the façade; reads as the project's table of contents.

compile   text → Program            V8, cached
prepare   PixelRequest → Prepared   search, the script's hooks, then pure arithmetic; `plan`
draw      Prepared → Pixels         fetch → decode → warp → mosaic → script
pixels    PixelRequest → Pixels     prepare, then draw
debug     PixelRequest → one pixel of it, seen from inside the script; `examine`
check     text → what a script is, and what is probably wrong with it
encode    Pixels → Encoded
read      the synchronous door to `pixels`, for notebooks and training loops; `dataset`
          is the same as an xarray.Dataset; `create_collection` and `ingest` fill the catalog
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Any, Self

from engine.catalog.sql import SqlCatalog
from engine.catalog.user import make_user_collection
from engine.core.dataset import to_dataset
from engine.core.door import Door
from engine.core.draw import debug, draw
from engine.core.options import EngineOptions
from engine.core.parts import Parts, open_parts
from engine.core.prepare import Prepared, prepare
from engine.database.connection import Database
from engine.encode.encoded import Encoded
from engine.encode.formats import encode_output
from engine.errors import DeadlineExceeded
from engine.geo.window import Window
from engine.ingest import IngestReport, ingest
from engine.plan.plan import Plan
from engine.request import PixelRequest
from engine.run.examine import DebuggedPixel, one_pixel
from engine.samples import Pixels
from engine.store.cache import CacheStats
from engine.store.protocol import ByteStore
from engine.trace import stage
from evalscripts.check import CheckReport, check_script
from evalscripts.program import Program

TIFF = "image/tiff"


class Engine:
    """Answers `PixelRequest`s. Open it inside the event loop that will use it.

    It pickles by its options: a copy in another process opens its own files, workers and caches.
    """

    def __init__(self, options: EngineOptions) -> None:
        self.options = options
        self._parts: Parts | None = None
        self._door: Door | None = None
        self._inner = self
        self._entering = threading.Lock()

    def __reduce__(self) -> tuple[type[Self], tuple[EngineOptions]]:
        return type(self), (self.options,)

    async def open(self) -> Self:
        """Open the database, the stores and the workers; returns itself."""
        if self._parts is None:
            self._parts = await open_parts(self.options)
        return self

    async def close(self) -> None:
        """Free everything that `open` took."""
        if self._parts is not None:
            parts, self._parts = self._parts, None
            await parts.close()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def parts(self) -> Parts:
        """The open stores, database and workers; a RuntimeError before `open`."""
        if self._parts is None:
            message = "the engine is not open: use `async with Engine(options)`"
            raise RuntimeError(message)
        return self._parts

    @property
    def catalog(self) -> SqlCatalog:
        """The open catalog: reads and writes collections and scenes."""
        return self.parts.catalog

    @property
    def database(self) -> Database:
        """The open database."""
        return self.parts.database

    @property
    def store(self) -> ByteStore:
        """The open store of bytes."""
        return self.parts.store

    async def ready(self) -> bool:
        """Return True where the database answers; kernels are warmed by whoever starts."""
        await self.parts.catalog.generation()
        return True

    def caches(self) -> Mapping[str, Callable[[], CacheStats]]:
        """Return how each cache is asked what it holds and how often it helped."""
        parts = self.parts
        memory = parts.catalog.memory
        return {
            "blocks": parts.reader.cache.stats,
            "scripts": partial(_script_stats, parts),
            "scenes": memory.scenes.stats,
            "searches": memory.places.stats,
            "collections": memory.collections.stats,
        }

    async def compile(
        self, text: str, *, known_bands: Collection[str] = (), principal: str | None = None
    ) -> Program:
        """Return the compiled script; raises `evalscripts.errors.ScriptError`.

        ``known_bands`` are the names that a script without setup() may mean by its free variables.
        ``principal`` is who asks, as of a `PixelRequest`.
        """
        parts = self.parts
        with stage("compile"):
            # Nothing runs for a script that is known, so it takes no turn.
            program = parts.scripts.ready(text, known_bands=known_bands)
            if program is not None:
                return program
            return await parts.turns.run(
                principal,
                parts.workers,
                parts.scripts.get,
                text,
                seconds=self.options.setup_seconds,
                known_bands=known_bands,
            )

    async def prepare(
        self, request: PixelRequest, *, window: Window | None = None, whole: bool = False
    ) -> Prepared:
        """Return the request with its scenes chosen and its plan made; reads no pixel.

        Only the pixels of ``window`` are wanted, where it is given. Where a place has many scenes,
        the plan holds those that nearly always suffice, and all if it is to be ``whole``; the
        pixels are the same. Raises `RequestError`s
        (unknown collection, band or unit, `TooLarge` …) and script errors.
        """
        with stage("compile"):
            program = self.parts.scripts.ready(request.script)
        if program is None:
            program = await self._compile_for(request)
        with stage("plan"):
            return await prepare(
                self.parts, self.options, request, program, window=window, whole=whole
            )

    async def _compile_for(self, request: PixelRequest) -> Program:
        """Return the request's script, which may mean the bands of the request's collections."""
        wanted = [source.collection for source in request.inputs]
        collections = await self.catalog.read(
            lambda view: [view.collection(id_, request.account) for id_ in wanted]
        )
        names = tuple(dict.fromkeys(name for one in collections for name in one.bands))
        return await self.compile(request.script, known_bands=names, principal=request.principal)

    async def plan(self, request: PixelRequest) -> Plan:
        """Return everything that would be read for ``request``; see `prepare`."""
        return (await self.prepare(request, whole=True)).plan

    async def draw(
        self,
        prepared: Prepared,
        *,
        outputs: Sequence[str] | None = None,
        seconds: float | None = None,
    ) -> Pixels:
        """Return the pixels of a prepared request; see `pixels`.

        ``outputs`` are the ids of those wanted, where they are others than the request says.
        """
        if outputs is not None:
            prepared = prepared.with_outputs(outputs)
        async with self._deadline(seconds):
            return await draw(self.parts, self.options, prepared)

    async def pixels(self, request: PixelRequest, *, seconds: float | None = None) -> Pixels:
        """Return what the script makes of the request's pixels.

        Cancelling the task stops fetches, decoding and the script. Raises `RequestError`s,
        `SourceError`s, script errors, and `DeadlineExceeded` after ``seconds``
        (`EngineOptions.seconds` where None).
        """
        async with self._deadline(seconds):
            return await draw(self.parts, self.options, await self.prepare(request))

    async def debug(
        self, request: PixelRequest, *, col: int, row: int, seconds: float | None = None
    ) -> DebuggedPixel:
        """Return one pixel of the request, seen from inside: samples, scenes, console, values.

        ``col`` and ``row`` count from 0 at the top left of the request's grid; see `pixel_at` for
        coordinates. The pixel has the very samples that the whole request gives it. What is wrong
        with the script is in the report; the rest raises as `pixels` does.
        """
        window = one_pixel(request.geobox, col=col, row=row)
        async with self._deadline(seconds):
            return await self.examine(await self.prepare(request, window=window))

    async def examine(self, prepared: Prepared) -> DebuggedPixel:
        """Return the only pixel of a prepared request's window, seen from inside; see `debug`."""
        return await debug(self.parts, self.options, prepared)

    async def check(
        self, text: str, *, known_bands: Collection[str] = (), principal: str | None = None
    ) -> CheckReport:
        """Return what a script is and what is probably wrong with it, its tier waited for.

        ``known_bands`` and ``principal`` are as for `compile`. Raises
        `evalscripts.errors.ScriptError`.
        """
        parts = self.parts
        work = partial(check_script, pool=parts.pool, compiler=parts.compiler)
        return await parts.turns.run(
            principal,
            parts.workers,
            work,
            text,
            seconds=self.options.setup_seconds,
            known_bands=known_bands,
        )

    @asynccontextmanager
    async def _deadline(self, seconds: float | None) -> AsyncIterator[None]:
        allowed = self.options.seconds if seconds is None else seconds
        try:
            async with asyncio.timeout(allowed):
                yield
        except TimeoutError as error:
            message = f"the request did not finish within {allowed:g} seconds"
            raise DeadlineExceeded(message) from error

    async def encode(
        self,
        pixels: Pixels,
        *,
        output: str = "default",
        media_type: str = "image/png",
        quality: int | None = None,
        palette: bool = False,
    ) -> Encoded:
        """Return one output as a file; see `encode_output`. Raises `UnsupportedFormat`."""
        workers = self.parts.workers
        work = partial(encode_output, quality=quality, palette=palette)
        with stage("encode"):
            if media_type == TIFF:
                # Its blocks are compressed in all compute threads, for which another one waits.
                work = partial(work, spread=workers.spread)
                return await workers.wait(work, pixels, output, media_type)
            return await workers.run(work, pixels, output, media_type)

    def read(self, request: PixelRequest, *, seconds: float | None = None) -> Pixels:
        """Return `pixels` without an event loop of the caller's own; blocks.

        The engine opens itself on a loop thread of its own at the first call and stays open;
        `close_door` ends it.
        """
        door, inner = self._enter()
        return door.call(inner.pixels(request, seconds=seconds))

    def dataset(self, request: PixelRequest, *, seconds: float | None = None) -> Any:
        """Return `read`'s pixels as an ``xarray.Dataset`` with coordinates."""
        return to_dataset(self.read(request, seconds=seconds))

    def create_collection(self, title: str) -> str:
        """Return the id of a new collection of one's own data; blocks, as `read` does."""
        door, inner = self._enter()
        collection = make_user_collection(title)
        door.call(inner.catalog.add_collection(collection))
        return collection.id

    def ingest(
        self, collection: str, *places: str, date: datetime | str | None = None
    ) -> IngestReport:
        """Register files, folders, patterns and URLs; see `engine.ingest.ingest`. Blocks."""
        door, inner = self._enter()
        return door.call(ingest(inner.catalog, inner.parts.store, collection, places, date=date))

    def close_door(self) -> None:
        """Close what `read` opened; the next `read` opens it again."""
        with self._entering:
            if self._door is not None:
                door, self._door = self._door, None
                door.call(self._inner.close())
                door.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close_door()

    def _enter(self) -> tuple[Door, "Engine"]:
        """Return the door and the engine behind it, opened by the first who comes."""
        with self._entering:
            if self._door is None:
                door = Door()
                inner = Engine(self.options)
                try:
                    door.call(inner.open())
                except BaseException:
                    door.close()
                    raise
                self._door, self._inner = door, inner
            return self._door, self._inner


async def open_engine(options: EngineOptions) -> Engine:
    """Return an engine, open in the running event loop; close it with `Engine.close`."""
    return await Engine(options).open()


def _script_stats(parts: Parts) -> CacheStats:
    scripts = parts.scripts
    held = len(scripts)
    return CacheStats(
        hits=scripts.hits, misses=scripts.misses, items=held, weight=held, limit=scripts.entries
    )
