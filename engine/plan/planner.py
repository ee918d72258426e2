"""Requests → plans; pure arithmetic on headers."""

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.catalog.collection import DATA_MASK, Band, Collection
from engine.catalog.scene import Asset, Scene
from engine.cog.blocks import blocks_of
from engine.cog.image import CogImage
from engine.errors import SourceCorrupt, UnknownBand
from engine.geo.crs import Crs
from engine.geo.geobox import GeoBox
from engine.geo.window import Window
from engine.plan.layers import make_layers
from engine.plan.levels import Sight, see
from engine.plan.limits import Limits
from engine.plan.memory import band_dtypes, row_bytes, scenes_at_once
from engine.plan.plan import (
    BandRead,
    BandUse,
    Cost,
    InputPlan,
    Plan,
    SceneRead,
)
from engine.plan.stripes import cut_stripes
from engine.request import Input
from engine.warp.coordinates import CoordinateGrid, make_coordinate_grid, source_window
from engine.warp.resample import Frame
from engine.warp.resampling import Resampling
from evalscripts.setup import SetupInput, SetupOutput


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SharedGrid:
    """The coordinates that scenes of one CRS share, and what was found by them."""

    grid: CoordinateGrid
    """Exact to a small part of the pixels of the levels that are read by it."""
    frames: dict[tuple[Sight, Resampling], Frame | None] = field(default_factory=dict)
    """None: nothing of the level is touched. Bands and dates of one place share a frame."""


Grids = MutableMapping[tuple[Window, Crs, float, float | None], SharedGrid]
"""By target, source, resolution and center, what was computed so far for a request."""


def choose_bands(collection: Collection, source: Input, wanted: SetupInput) -> tuple[BandUse, ...]:
    """Return the bands that a script asked for, each in its unit, without ``dataMask``.

    Raises `UnknownBand` and `UnknownUnit`.
    """
    uses = []
    for name, unit_name in zip(wanted.bands, wanted.units, strict=True):
        if name == DATA_MASK:
            continue
        band = collection.band(name)
        unit = band.unit(unit_name)
        is_dn = unit.name.upper() == "DN"
        is_reflectance = any(other.name == "REFLECTANCE" for other in band.units)
        uses.append(
            BandUse(
                band=band,
                unit=unit,
                add_offset=is_reflectance and (source.harmonize or not is_dn),
                clamp=source.harmonize,
            )
        )
    return tuple(uses)


def plan_input(
    *,
    source: Input,
    wanted: SetupInput,
    collection: Collection,
    uses: tuple[BandUse, ...],
    scenes: Sequence[Scene],
    geobox: GeoBox,
    is_fusion: bool,
) -> InputPlan:
    """Return an input with all the layers that its scenes make."""
    mask_only = not uses
    if mask_only:
        band = _mask_band(collection, scenes)
        uses = (BandUse(band=band, unit=band.units[0], add_offset=False, clamp=False),)
    return InputPlan(
        input=source,
        wanted=wanted,
        collection=collection,
        bands=uses,
        mask_only=mask_only,
        layers=make_layers(scenes, wanted.mosaicking, geobox=geobox, is_fusion=is_fusion),
    )


def _mask_band(collection: Collection, scenes: Sequence[Scene]) -> Band:
    """Choose the band that stands for the data mask: the coarsest that every scene has."""
    shared = [b for b in collection.bands.values() if all(b.name in s.assets for s in scenes)]
    choice = max(shared or list(collection.bands.values()), key=lambda b: b.resolution or 0.0)
    first = next(iter(collection.bands.values()))
    # Angle bands of 5 km would blur the edge; stay with imagery.
    return choice if (choice.resolution or 0.0) <= 100.0 else first


def plan_scene(
    inputs: InputPlan,
    scene: Scene,
    *,
    geobox: GeoBox,
    target: Window,
    images: Mapping[str, CogImage],
    grids: Grids,
) -> SceneRead | None:
    """Return the reads of one scene for the pixels of ``target``; None where it has none there.

    ``geobox`` is the whole request's grid; ``images`` are newer headers by address; ``grids``
    starts empty, and is for one request alone.
    """
    reads = []
    for use in inputs.bands:
        asset = _asset(inputs.collection, scene, use.band)
        image = images.get(asset.address, asset.image)
        crs = image.crs
        if crs is None or asset.band_index >= image.bands:
            message = f"band {use.band.name} of scene {scene.name} lost its georeference or bands"
            raise SourceCorrupt(message, scene=scene.name, band=use.band.name)
        sight = see(geobox, image, crs)
        method = _method(inputs.input, use, sight)
        frame = _frame(sight, method, geobox=geobox, target=target, grids=grids)
        if frame is None:
            return None
        reads.append(
            BandRead(
                use=use,
                asset=asset,
                image=image,
                level=sight.level,
                frame=frame,
                blocks=blocks_of(
                    image, level=sight.level, window=frame.window, band=asset.band_index
                ),
            )
        )
    return SceneRead(input_id=inputs.input.id, scene=scene, target=target, bands=tuple(reads))


def _method(source: Input, use: BandUse, sight: Sight) -> Resampling:
    if use.band.is_categorical:
        return Resampling.NEAREST
    return source.upsampling if sight.reduction < 1.0 else source.downsampling


def _frame(
    sight: Sight, method: Resampling, *, geobox: GeoBox, target: Window, grids: Grids
) -> Frame | None:
    """Return what is read of a level for ``target``; None where that is nothing."""
    key = (target, sight.crs, sight.resolution, sight.near)
    shared = grids.get(key)
    if shared is None:
        grid = make_coordinate_grid(
            geobox.crop(target), sight.crs, source_resolution=sight.resolution, near=sight.near
        )
        shared = grids[key] = SharedGrid(grid=grid)
    known = (sight, method)
    if known not in shared.frames:
        window = source_window(
            shared.grid, sight.inverse, width=sight.width, height=sight.height, resampling=method
        )
        shared.frames[known] = (
            None
            if window is None
            else Frame(
                window=window,
                grid=shared.grid,
                inverse=sight.inverse,
                level_width=sight.width,
                level_height=sight.height,
                resampling=method,
            )
        )
    return shared.frames[known]


def _asset(collection: Collection, scene: Scene, band: Band) -> Asset:
    asset = scene.assets.get(band.name)
    if asset is None:
        message = (
            f"scene {scene.name} of collection {collection.id} has no band {band.name}; "
            f"it has: {', '.join(scene.assets)}"
        )
        raise UnknownBand(message)
    return asset


def make_plan(
    *,
    geobox: GeoBox,
    inputs: Sequence[InputPlan],
    outputs: Sequence[SetupOutput],
    limits: Limits,
    images: Mapping[str, CogImage],
    window: Window | None = None,
) -> Plan:
    """Return the whole plan of a request; reads nothing.

    Of the pixels of ``geobox``, only those of ``window`` are wanted, where it is given: they are
    the same that they are in the whole.
    """
    if window is None:
        window = Window(row_start=0, row_stop=geobox.height, col_start=0, col_stop=geobox.width)
    grids: Grids = {}
    reads: dict[tuple[str, str], SceneRead] = {}
    for part in inputs:
        for scene in (
            one for layer in part.layers for one in layer.scenes if one.id in layer.first
        ):
            read = plan_scene(part, scene, geobox=geobox, target=window, images=images, grids=grids)
            if read is not None:
                reads[part.input.id, scene.id] = read
    all_reads = tuple(reads.values())
    at_once = scenes_at_once(all_reads)
    row = sum(
        row_bytes(
            [read for read in all_reads if read.input_id == part.input.id],
            at_once=at_once,
            layers=len(part.layers),
            dtypes=band_dtypes(part, images),
            window=window,
        )
        for part in inputs
    )
    stripes = cut_stripes(geobox, window, reads=all_reads, row_bytes=row, limits=limits)
    return Plan(
        geobox=geobox,
        window=window,
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        stripes=stripes,
        reads=reads,
        at_once=at_once,
        cost=_cost(
            window, inputs, tuple(reads.values()), memory=row * max(one.height for one in stripes)
        ),
        images=images,
    )


def _cost(
    window: Window, inputs: Sequence[InputPlan], reads: Sequence[SceneRead], *, memory: int
) -> Cost:
    bands = [band for read in reads for band in read.bands]
    ranges = [part for band in bands for block in band.blocks for part in block.ranges]
    return Cost(
        pixels=window.width * window.height,
        bands=sum(len(part.bands) for part in inputs),
        scenes=len(reads),
        layers=sum(len(part.layers) for part in inputs),
        candidates=sum(len(layer.scenes) for part in inputs for layer in part.layers),
        blocks=sum(len(band.blocks) for band in bands),
        requests=len(ranges),
        source_bytes=sum(part.size for part in ranges),
        decoded_bytes=sum(
            np.dtype(band.image.dtype).itemsize
            * sum(block.window.width * block.window.height for block in band.blocks)
            for band in bands
        ),
        memory_bytes=memory,
    )
