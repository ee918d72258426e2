"""Reads → samples: blocks put together, resampled and laid on each other, scene by scene.

A stripe of rows at a time, a layer for every sample. Scenes that together cover the area are read
ahead, a few at a time; the others only where pixels stay open after those above them. A scene is
resampled only when it is laid, into the samples themselves where they are still blank.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.scene import Scene
from engine.cog.decode import DecodedBlock
from engine.errors import Forbidden, NotFound, SourceError
from engine.geo.geobox import GeoBox
from engine.geo.window import Window
from engine.plan.memory import band_dtypes
from engine.plan.plan import BandRead, InputPlan, Layer, Plan, SceneRead
from engine.plan.planner import Grids, plan_scene
from engine.run.awaited import Awaited
from engine.run.blocks import BlockReader, source_error
from engine.run.compose import SceneBlocks, join, lay_rows
from engine.run.cover import covered
from engine.run.mosaic import Canvas, open_canvas
from engine.run.workers import Workers, together
from engine.samples import Samples

PART = 1 << 19
"""Pixels times bands of a scene that are worth a thread of their own: some milliseconds."""
STANDBY = 4
"""Scenes under open pixels that are read together once the first ones left these open."""


_Started = asyncio.Task[SceneBlocks | None] | SceneBlocks | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sheet:
    """The samples of one input for one stripe, in the making."""

    part: InputPlan
    stripe: Window
    geobox: GeoBox
    """The stripe's own grid."""
    clip: NDArray[np.bool_] | None
    values: tuple[NDArray[Any], ...]
    """For each band (layer, row, col); 0 where `valid` is False."""
    valid: NDArray[np.bool_]
    """(layer, row, col)."""
    awaited: Awaited
    grids: Grids = field(default_factory=dict)

    def canvas(self, index: int) -> Canvas:
        """Return the blank canvas of one layer; it writes into the sheet."""
        return open_canvas(
            values=tuple(band[index] for band in self.values),
            valid=self.valid[index],
            wanted=self.clip,
            is_blank=True,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Assembler:
    """Puts the samples of a plan's stripes together."""

    reader: BlockReader
    workers: Workers
    plan: Plan
    filled: set[tuple[str, str]] = field(default_factory=set)
    """(input id, scene id) of the scenes that filled pixels so far."""

    async def samples(
        self,
        stripe: Window,
        clip: NDArray[np.bool_] | None,
        *,
        fetched: asyncio.Event | None = None,
    ) -> Samples:
        """Return the samples of one stripe; ``clip`` is (row, col) of the stripe, True inside.

        ``fetched`` is set as soon as no more bytes are awaited, while the last blocks are decoded.
        """
        awaited = Awaited(self.plan, fetched)
        sheets = [self._sheet(part, stripe, clip, awaited) for part in self.plan.inputs]
        await together([self._fill(sheet) for sheet in sheets])
        bands: dict[tuple[str, str], NDArray[Any]] = {}
        for sheet in sheets:
            for use, values in zip(sheet.part.bands, sheet.values, strict=True):
                bands[sheet.part.input.id, use.band.name] = values
        return Samples(
            geobox=self.plan.geobox.crop(stripe),
            bands=bands,
            valid={sheet.part.input.id: sheet.valid for sheet in sheets},
        )

    def used(self, part: InputPlan) -> tuple[Scene, ...]:
        """Return the input's scenes that filled pixels so far, in the order of its layers."""
        return tuple(scene for scene in part.scenes if (part.input.id, scene.id) in self.filled)

    def _sheet(
        self,
        part: InputPlan,
        stripe: Window,
        clip: NDArray[np.bool_] | None,
        awaited: Awaited,
    ) -> "_Sheet":
        shape = (len(part.layers), stripe.height, stripe.width)
        dtypes = band_dtypes(part, self.plan.images)
        return _Sheet(
            part=part,
            stripe=stripe,
            clip=clip,
            values=tuple(np.empty(shape, dtype=dtype) for dtype in dtypes),
            valid=np.empty(shape, dtype=np.bool_),
            geobox=self.plan.geobox.crop(stripe),
            awaited=awaited,
        )

    async def _fill(self, sheet: "_Sheet") -> None:
        """Fill all layers, a few at the same time.

        Fewer scenes of each are read ahead then, so that as many are in memory as of one layer.
        """
        layers = sheet.part.layers
        lanes = min(len(layers), self.plan.at_once)
        waiting = iter(enumerate(layers))

        async def fill_next() -> None:
            for index, layer in waiting:
                await self._fill_layer(sheet, index, layer, ahead=self.plan.at_once // lanes)

        await together([fill_next() for _ in range(lanes)])

    async def _fill_layer(self, sheet: "_Sheet", index: int, layer: Layer, *, ahead: int) -> None:
        """Lay scenes, top first, until no pixel of the stripe is open."""
        canvas = sheet.canvas(index)
        first = deque(scene for scene in layer.scenes if scene.id in layer.first)
        standby = deque(scene for scene in layer.scenes if scene.id not in layer.first)
        started: dict[str, _Started] = {}
        try:
            for scene in layer.scenes:
                if canvas.open_count == 0:
                    break
                starting: list[Scene] = []
                while first and (len(started) + len(starting) < ahead or first[0] is scene):
                    starting.append(first.popleft())
                if standby and standby[0] is scene:
                    starting += await self.workers.run(_take_needed, standby, canvas, sheet.geobox)
                for one in starting:
                    started[one.id] = self._start(sheet, one, layer)
                found = started.get(scene.id)
                if isinstance(found, asyncio.Task):
                    found = await found
                # Popped only now, so that a caller who goes away finds it among the others.
                started.pop(scene.id, None)
                if found is not None:
                    await self._lay(sheet, canvas, found)
                sheet.awaited.leave(sheet.part, scene)
            for scene in layer.scenes:
                sheet.awaited.leave(sheet.part, scene)
            canvas.clear()
        finally:
            tasks = [task for task in started.values() if isinstance(task, asyncio.Task)]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, sheet: "_Sheet", scene: Scene, layer: Layer) -> "_Started":
        """Return the scene where it is all in the cache, or the task that reads it."""
        found = self._ready(sheet, scene, layer)
        return asyncio.create_task(self._read(sheet, scene, layer)) if found is None else found

    def _ready(self, sheet: "_Sheet", scene: Scene, layer: Layer) -> SceneBlocks | None:
        """Return what `_read` would, where no wait and no thread is needed for it."""
        read = self._known_read(sheet, scene, layer)
        if read is None:
            return None
        found = []
        for band in read.bands:
            blocks = self.reader.cached(
                band.asset.address, band.image, band.blocks, window=band.window
            )
            if blocks is None:
                return None
            found.append(blocks)
        sheet.awaited.leave(sheet.part, scene)
        return SceneBlocks(read=read, blocks=tuple(found))

    def _known_read(self, sheet: "_Sheet", scene: Scene, layer: Layer) -> SceneRead | None:
        if len(self.plan.stripes) > 1 or scene.id not in layer.first:
            return None
        return self.plan.reads.get((sheet.part.input.id, scene.id))

    async def _read(self, sheet: "_Sheet", scene: Scene, layer: Layer) -> SceneBlocks | None:
        read = await self._scene_read(sheet, scene, layer)
        if read is None:
            return None
        blocks = await together(
            [
                self._band(read, band, sheet.awaited.of_band(sheet.part, scene, position))
                for position, band in enumerate(read.bands)
            ]
        )
        return SceneBlocks(read=read, blocks=tuple(blocks))

    async def _scene_read(self, sheet: "_Sheet", scene: Scene, layer: Layer) -> SceneRead | None:
        """Return what is to be read of a scene for a stripe; the plan knows where it is all."""
        if len(self.plan.stripes) == 1 and scene.id in layer.first:
            return self._known_read(sheet, scene, layer)
        return await self.workers.run(
            plan_scene,
            sheet.part,
            scene,
            geobox=self.plan.geobox,
            target=sheet.stripe,
            images=self.plan.images,
            grids=sheet.grids,
        )

    async def _band(
        self, read: SceneRead, band: BandRead, arrived: Callable[[], None] | None
    ) -> Sequence[DecodedBlock]:
        try:
            return await self.reader.read(
                band.asset.address,
                band.image,
                band.blocks,
                window=band.window,
                arrived=arrived,
            )
        except (SourceError, NotFound, Forbidden) as error:
            raise source_error(error, scene=read.scene.name, band=band.use.band.name) from error

    async def _lay(self, sheet: "_Sheet", canvas: Canvas, found: SceneBlocks) -> None:
        """Resample a scene and lay it; a large one in parts, by several threads."""
        height = sheet.stripe.height
        work = height * sheet.stripe.width * len(found.read.bands)
        parts = min(self.workers.threads, height, work // PART + 1)
        if parts == 1:
            filled = await self.workers.run(_lay_whole, sheet, canvas, found)
        else:
            await self.workers.run(join, found, sheet.geobox)
            edges = [height * part // parts for part in range(parts + 1)]
            counts = await together(
                [
                    self.workers.run(lay_rows, sheet.part, found, canvas, rows=rows)
                    for rows in pairwise(edges)
                ]
            )
            filled = any(counts)
        canvas.is_blank = False
        if filled:
            self.filled.add((sheet.part.input.id, found.read.scene.id))


def _lay_whole(sheet: "_Sheet", canvas: Canvas, found: SceneBlocks) -> bool:
    join(found, sheet.geobox)
    return lay_rows(sheet.part, found, canvas, rows=(0, sheet.stripe.height))


def _take_needed(standby: deque[Scene], canvas: Canvas, geobox: GeoBox) -> list[Scene]:
    """Take the next scenes under whose covers pixels are open, and drop those in between.

    Open pixels only become fewer, so what has none under its cover now never will have.
    """
    taken: list[Scene] = []
    while standby and len(taken) < STANDBY:
        scene = standby.popleft()
        cover = covered(scene, geobox)
        if cover is None or (cover & canvas.is_open).any():
            taken.append(scene)
    return taken
