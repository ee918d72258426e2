"""Reads → samples: blocks put together, resampled and laid on each other, scene by scene.

A stripe of rows at a time, a layer for every sample. Scenes that together cover the area are read
ahead, a few at a time; the others only where pixels stay open after those above them.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.collection import MosaicRule
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
from engine.run.cover import covered
from engine.run.mosaic import Canvas, lay_scene, open_canvas
from engine.run.workers import Workers, together
from engine.samples import Samples
from engine.trace import stage
from engine.warp.resample import resample, resampled_dtype

STANDBY = 4
"""Scenes under open pixels that are read together once the first ones left these open."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SceneSamples:
    """One scene on the target grid: for each band (row, col) values and validity."""

    read: SceneRead
    values: tuple[NDArray[Any], ...]
    valid: tuple[NDArray[np.bool_], ...]


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
        """Return the empty canvas of one layer; it writes into the sheet."""
        return open_canvas(
            values=tuple(band[index] for band in self.values),
            valid=self.valid[index],
            wanted=self.clip,
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
            values=tuple(np.zeros(shape, dtype=dtype) for dtype in dtypes),
            valid=np.zeros(shape, dtype=np.bool_),
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
        started: dict[str, asyncio.Task[SceneSamples | None]] = {}
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
                    started[one.id] = asyncio.create_task(self._read(sheet, one, layer))
                if scene.id in started:
                    sampled = await started[scene.id]
                    # Popped only now, so that a caller who goes away finds it among the others.
                    del started[scene.id]
                    if sampled is not None:
                        await self.workers.run(self._lay, sheet.part, canvas, sampled)
                sheet.awaited.leave(sheet.part, scene)
            for scene in layer.scenes:
                sheet.awaited.leave(sheet.part, scene)
        finally:
            for task in started.values():
                task.cancel()
            await asyncio.gather(*started.values(), return_exceptions=True)

    async def _read(self, sheet: "_Sheet", scene: Scene, layer: Layer) -> SceneSamples | None:
        read = await self._scene_read(sheet, scene, layer)
        if read is None:
            return None
        done = await together(
            [
                self._band(read, band, sheet.awaited.of_band(sheet.part, scene, position))
                for position, band in enumerate(read.bands)
            ]
        )
        return SceneSamples(
            read=read,
            values=tuple(values for values, _ in done),
            valid=tuple(valid for _, valid in done),
        )

    async def _scene_read(self, sheet: "_Sheet", scene: Scene, layer: Layer) -> SceneRead | None:
        """Return what is to be read of a scene for a stripe; the plan knows where it is all."""
        if len(self.plan.stripes) == 1 and scene.id in layer.first:
            return self.plan.reads.get((sheet.part.input.id, scene.id))
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
        self, read: SceneRead, band: BandRead, arrived: Callable[[], None]
    ) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        try:
            blocks = await self.reader.read(
                band.asset.address, band.image, band.blocks, arrived=arrived
            )
        except (SourceError, NotFound, Forbidden) as error:
            raise source_error(error, scene=read.scene.name, band=band.use.band.name) from error
        return await self.workers.run(resample_band, read, band, blocks)

    def _lay(self, part: InputPlan, canvas: Canvas, sampled: SceneSamples) -> None:
        scene = sampled.read.scene
        is_top = part.collection.rule is MosaicRule.TOP_COVER
        with stage("mosaic"):
            before = canvas.open_count
            cover = covered(scene, self.plan.geobox.crop(sampled.read.target))
            # Data beside the cover never counts: other windows would not find the scene for it.
            limits = () if cover is None or is_top else (cover,)
            lay_scene(
                canvas,
                values=sampled.values,
                valid=sampled.valid + limits,
                cover=cover if is_top else None,
                rule=part.collection.rule,
                offsets=tuple(scene.dn_offset if use.add_offset else 0.0 for use in part.bands),
                clamp=tuple(use.clamp for use in part.bands),
            )
        if canvas.open_count < before:
            self.filled.add((part.input.id, scene.id))


def resample_band(
    read: SceneRead, band: BandRead, blocks: Sequence[DecodedBlock]
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return the band on the read's target: values and validity, both (row, col)."""
    with stage("warp"):
        values, valid = _join(band, blocks)
        shape = (read.target.height, read.target.width)
        out = np.empty(shape, dtype=resampled_dtype(values.dtype, band.resampling))
        out_valid = np.empty(shape, dtype=np.bool_)
        level = band.image.levels[band.level]
        nodata = band.image.nodata if band.image.nodata is not None else band.use.band.nodata
        resample(
            values,
            valid,
            window=band.window,
            grid=band.grid,
            inverse=band.inverse,
            level_width=level.width,
            level_height=level.height,
            resampling=band.resampling,
            nodata=nodata,
            out=out,
            out_valid=out_valid,
        )
        return out, out_valid


def _join(
    band: BandRead, blocks: Sequence[DecodedBlock]
) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """Return the source window (row, col) as one array, without a copy where one block holds it."""
    plane = 0 if band.image.is_planar else band.asset.band_index
    window = band.window
    if len(blocks) == 1:
        rows, cols = _place(window, band.blocks[0].window)
        only = blocks[0]
        return only.values[plane][rows, cols], None if only.valid is None else only.valid[
            rows, cols
        ]
    shape = (window.height, window.width)
    values = np.empty(shape, dtype=blocks[0].values.dtype)
    masked = any(block.valid is not None for block in blocks)
    valid = np.ones(shape, dtype=np.bool_) if masked else None
    for planned, block in zip(band.blocks, blocks, strict=True):
        common = planned.window.intersect(window)
        target = _place(common, window)
        source = _place(common, planned.window)
        values[target] = block.values[plane][source]
        if valid is not None and block.valid is not None:
            valid[target] = block.valid[source]
    return values, valid


def _place(inner: Window, outer: Window) -> tuple[slice, slice]:
    """Return the rows and columns of ``inner`` within an array that holds ``outer``."""
    return (
        slice(inner.row_start - outer.row_start, inner.row_stop - outer.row_start),
        slice(inner.col_start - outer.col_start, inner.col_stop - outer.col_start),
    )


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
