"""`Engine`: the façade; reads as the project's table of contents.

compile   text → Program            V8, cached
plan      PixelRequest → Plan       search, then pure arithmetic
pixels    PixelRequest → Pixels     fetch → decode → warp → mosaic → script
encode    Pixels → Encoded
read      the synchronous door to `pixels`, for notebooks and training loops; `dataset`
          is the same as an xarray.Dataset; `create_collection` and `ingest` fill the catalog
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

from engine.catalog.collection import Collection
from engine.catalog.search import SceneQuery
from engine.catalog.sqlite import SqliteCatalog
from engine.catalog.user import make_user_collection
from engine.cog.image import CogImage
from engine.core.dataset import to_dataset
from engine.core.door import Door
from engine.core.options import EngineOptions
from engine.core.parts import Parts, open_parts
from engine.database.connection import Database
from engine.encode.encoded import Encoded
from engine.encode.formats import encode_output
from engine.errors import (
    DeadlineExceeded,
    Forbidden,
    NotFound,
    RequestError,
    SourceChanged,
    SourceError,
    SourceUnavailable,
)
from engine.ingest import IngestReport, ingest
from engine.plan.area import search_area
from engine.plan.limits import check_cost, check_grid, check_resolution
from engine.plan.plan import InputPlan, Plan
from engine.plan.planner import choose_bands, make_plan, plan_input
from engine.request import Input, PixelRequest
from engine.run.blocks import source_error
from engine.run.open import open_image
from engine.run.render import render
from engine.samples import Pixels
from engine.store.protocol import ByteStore
from engine.trace import stage
from evalscripts.program import Program
from evalscripts.setup import Setup, SetupInput

REOPENINGS = 2
"""How often a scene that changed under a request is opened anew before the request fails."""


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
    def catalog(self) -> SqliteCatalog:
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

    async def compile(self, text: str) -> Program:
        """Return the compiled script; raises `evalscripts.errors.ScriptError`."""
        parts = self.parts
        with stage("compile"):
            return await parts.workers.wait(
                parts.scripts.get, text, seconds=self.options.setup_seconds
            )

    async def plan(self, request: PixelRequest) -> Plan:
        """Return everything that would be read for ``request``; reads no pixel.

        Raises `RequestError`s: unknown collection, band or unit, and `TooLarge`.
        """
        program = await self.compile(request.script)
        with stage("plan"):
            return await self._plan(request, program.setup)

    async def pixels(self, request: PixelRequest, *, seconds: float | None = None) -> Pixels:
        """Return what the script makes of the request's pixels.

        Cancelling the task stops fetches, decoding and the script. Raises `RequestError`s,
        `SourceError`s, script errors, and `DeadlineExceeded` after ``seconds``
        (`EngineOptions.seconds` where None).
        """
        allowed = self.options.seconds if seconds is None else seconds
        try:
            async with asyncio.timeout(allowed):
                program = await self.compile(request.script)
                wanted = _wanted(request, program.setup)
                return await self._render(request, program, wanted)
        except TimeoutError as error:
            message = f"the request did not finish within {allowed:g} seconds"
            raise DeadlineExceeded(message) from error

    async def _render(
        self, request: PixelRequest, program: Program, wanted: frozenset[str]
    ) -> Pixels:
        parts = self.parts
        reopened: Counter[str] = Counter()
        while True:
            with stage("plan"):
                plan = await self._plan(request, program.setup)
            try:
                return await render(
                    plan,
                    program,
                    clip=request.clip,
                    wanted=wanted,
                    reader=parts.reader,
                    workers=parts.workers,
                    seconds=self.options.script_seconds,
                )
            except SourceChanged as changed:
                scene = changed.scene or ""
                reopened[scene] += 1
                if reopened[scene] > REOPENINGS:
                    message = f"scene {scene} keeps changing while it is read; try again later"
                    raise SourceUnavailable(
                        message, retry_after=5.0, scene=scene, band=changed.band
                    ) from changed
                await self._reopen(plan, scene_name=scene)

    async def _reopen(self, plan: Plan, *, scene_name: str) -> None:
        """Parse the headers of a scene's objects anew, since one of them has changed."""
        addresses = {
            scene.assets[use.band.name].address: use.band.name
            for part in plan.inputs
            for scene in part.scenes
            if scene.name == scene_name
            for use in part.bands
        }
        for address, band in addresses.items():
            try:
                image = await open_image(self.parts.store, address)
            except (SourceError, NotFound, Forbidden) as error:
                raise source_error(error, scene=scene_name, band=band) from error
            self.parts.images.put(address, image)

    async def _plan(self, request: PixelRequest, setup: Setup) -> Plan:
        parts = self.parts
        check_grid(request.geobox, self.options.limits)
        if len(request.inputs) != 1 or len(setup.inputs) != 1:
            message = (
                f"{len(request.inputs)} data sources and {len(setup.inputs)} script inputs; "
                "data fusion is not available yet, give one of each"
            )
            raise RequestError(message, where="input->data")
        inputs = []
        for source, wanted in zip(request.inputs, setup.inputs, strict=True):
            inputs.append(await self._plan_input(request, source, wanted))
        plan = await parts.workers.run(
            make_plan,
            geobox=request.geobox,
            inputs=inputs,
            limits=self.options.limits,
            images=self._newer_headers(inputs),
        )
        check_cost(plan.cost, self.options.limits)
        return plan

    async def _plan_input(
        self, request: PixelRequest, source: Input, wanted: SetupInput
    ) -> InputPlan:
        catalog = self.parts.catalog
        collection: Collection = await catalog.collection(source.collection)
        uses = choose_bands(collection, source, wanted.bands, wanted.units)
        check_resolution(request.geobox, collection)
        scenes = await catalog.search(
            SceneQuery(
                collection=collection.id,
                area=search_area(request.geobox),
                time=source.time,
                max_cloud_cover=source.max_cloud_cover,
                order=source.order,
                ids=source.scene_ids,
                limit=self.options.limits.scenes,
            )
        )
        matching = [scene for scene in scenes if _passes(scene.properties, source.filters)]
        return await self.parts.workers.run(
            plan_input,
            source=source,
            collection=collection,
            uses=uses,
            scenes=matching,
            geobox=request.geobox,
        )

    def _newer_headers(self, inputs: list[InputPlan]) -> Mapping[str, CogImage]:
        found: dict[str, CogImage] = {}
        if not self.parts.images.stats().items:
            return found
        for part in inputs:
            for scene in part.scenes:
                for asset in scene.assets.values():
                    image = self.parts.images.get(asset.address)
                    if image is not None and image.identity != asset.image.identity:
                        found[asset.address] = image
        return found

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
        with stage("encode"):
            return await self.parts.workers.run(
                encode_output, pixels, output, media_type, quality=quality, palette=palette
            )

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


def _wanted(request: PixelRequest, setup: Setup) -> frozenset[str]:
    """Return the ids of the outputs that are kept; raises where one does not exist."""
    known = [output.id for output in setup.outputs]
    if request.outputs is None:
        return frozenset(known)
    for name in request.outputs:
        if name not in known:
            message = f"the script has no output {name[:60]!r}; it has: {', '.join(known)}"
            raise RequestError(message, where="output->responses")
    return frozenset(request.outputs)


def _passes(properties: Mapping[str, object], filters: Mapping[str, str]) -> bool:
    return all(str(properties.get(name)) == value for name, value in filters.items())
