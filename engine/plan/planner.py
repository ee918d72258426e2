"""Requests → plans; pure arithmetic on headers."""

import math
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass

import numpy as np
from affine import Affine

from engine.catalog.collection import DATA_MASK, Band, Collection
from engine.catalog.scene import Asset, Scene
from engine.cog.blocks import blocks_of, level_affine
from engine.cog.image import CogImage
from engine.errors import SourceCorrupt, UnknownBand
from engine.geo.crs import Crs, wrap_period
from engine.geo.geobox import GeoBox
from engine.geo.window import Window
from engine.plan.layers import make_layers
from engine.plan.levels import choose_level, reduction
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
from engine.warp.resampling import Resampling
from evalscripts.setup import SetupInput, SetupOutput

Grids = MutableMapping[tuple[Window, Crs, float, float | None], CoordinateGrid]
"""Coordinate grids made so far, since scenes of one CRS share them."""


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

    ``geobox`` is the whole request's grid; ``images`` are newer headers by address.
    """
    reads = []
    for use in inputs.bands:
        asset = _asset(inputs.collection, scene, use.band)
        image = images.get(asset.address, asset.image)
        crs = image.crs
        if crs is None or asset.band_index >= image.bands:
            message = f"band {use.band.name} of scene {scene.name} lost its georeference or bands"
            raise SourceCorrupt(message, scene=scene.name, band=use.band.name)
        part = _Part(geobox=geobox, target=target, image=image, crs=crs, grids=grids)
        read = _plan_band(inputs.input, use, asset=asset, part=part)
        if read is None:
            return None
        reads.append(read)
    return SceneRead(input_id=inputs.input.id, scene=scene, target=target, bands=tuple(reads))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Part:
    """One image, for one part of a request's grid."""

    geobox: GeoBox
    target: Window
    image: CogImage
    crs: Crs
    grids: Grids


def _asset(collection: Collection, scene: Scene, band: Band) -> Asset:
    asset = scene.assets.get(band.name)
    if asset is None:
        message = (
            f"scene {scene.name} of collection {collection.id} has no band {band.name}; "
            f"it has: {', '.join(scene.assets)}"
        )
        raise UnknownBand(message)
    return asset


def _plan_band(source: Input, use: BandUse, *, asset: Asset, part: _Part) -> BandRead | None:
    image = part.image
    factor = reduction(part.geobox, image, part.crs)
    level_index = choose_level(image, factor)
    level = image.levels[level_index]
    method = source.upsampling if factor < 1.0 else source.downsampling
    resampling = Resampling.NEAREST if use.band.is_categorical else method
    affine = level_affine(image, level_index)
    grid = _grid(part, affine)
    inverse = ~affine
    window = source_window(
        grid, inverse, width=level.width, height=level.height, resampling=resampling
    )
    if window is None or window.is_empty:
        return None
    return BandRead(
        use=use,
        asset=asset,
        image=image,
        level=level_index,
        resampling=resampling,
        grid=grid,
        inverse=inverse,
        window=window,
        blocks=blocks_of(image, level=level_index, window=window, band=asset.band_index),
    )


def _grid(part: _Part, affine: Affine) -> CoordinateGrid:
    """Return the coordinates of the part's pixels, exact to a small part of the level's pixels."""
    center = (part.image.affine * (part.image.width / 2, part.image.height / 2))[0]
    near = None if wrap_period(part.crs) is None else center
    a, b, _, d, e, _ = affine[:6]
    # Levels of one step share a grid although rounded sizes make their pixels differ a little.
    resolution = float(f"{min(math.hypot(a, d), math.hypot(b, e)):.2g}")
    key = (part.target, part.crs, resolution, near)
    if key not in part.grids:
        part.grids[key] = make_coordinate_grid(
            part.geobox.crop(part.target), part.crs, source_resolution=resolution, near=near
        )
    return part.grids[key]


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
    return Cost(
        pixels=window.width * window.height,
        bands=sum(len(part.bands) for part in inputs),
        scenes=len(reads),
        layers=sum(len(part.layers) for part in inputs),
        candidates=sum(len(layer.scenes) for part in inputs for layer in part.layers),
        blocks=sum(len(band.blocks) for band in bands),
        requests=sum(len(block.ranges) for band in bands for block in band.blocks),
        source_bytes=sum(band.compressed_bytes for band in bands),
        decoded_bytes=sum(
            block.window.width * block.window.height * np.dtype(band.image.dtype).itemsize
            for band in bands
            for block in band.blocks
        ),
        memory_bytes=memory,
    )
