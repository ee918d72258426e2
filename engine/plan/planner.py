"""Requests → plans; pure arithmetic on headers."""

import math
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from affine import Affine

from engine.catalog.collection import DATA_MASK, Band, Collection
from engine.catalog.scene import Asset, Scene
from engine.cog.blocks import blocks_of, level_affine
from engine.cog.image import CogImage
from engine.errors import SourceCorrupt, UnknownBand
from engine.geo.crs import WGS84, Crs, transform, wrap_period
from engine.geo.geobox import GeoBox
from engine.geo.window import Window
from engine.plan.levels import choose_level, reduction
from engine.plan.limits import Limits
from engine.plan.plan import (
    SCENES_AT_ONCE,
    BandRead,
    BandUse,
    Cost,
    InputPlan,
    Plan,
    SceneRead,
)
from engine.request import Input
from engine.warp.coordinates import CoordinateGrid, make_coordinate_grid, source_window
from engine.warp.resampling import Resampling

COVER_NODES = 17
"""Points along each side of the area at which scenes' covers are tried against each other."""

Grids = MutableMapping[tuple[Window, Crs, float, float | None], CoordinateGrid]
"""Coordinate grids made so far, since scenes of one CRS share them."""


def choose_bands(
    collection: Collection, source: Input, names: Sequence[str], units: Sequence[str | None]
) -> tuple[BandUse, ...]:
    """Return the bands that a script asked for, each in its unit, without ``dataMask``.

    Raises `UnknownBand` and `UnknownUnit`.
    """
    uses = []
    for name, unit_name in zip(names, units, strict=True):
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
    collection: Collection,
    uses: tuple[BandUse, ...],
    scenes: Sequence[Scene],
    geobox: GeoBox,
) -> InputPlan:
    """Return which scenes are read at once and which stand by."""
    mask_only = not uses
    if mask_only:
        band = _mask_band(collection, scenes)
        uses = (BandUse(band=band, unit=band.units[0], add_offset=False, clamp=False),)
    return InputPlan(
        input=source,
        collection=collection,
        bands=uses,
        mask_only=mask_only,
        scenes=tuple(scenes),
        first=_covering(scenes, geobox),
    )


def _mask_band(collection: Collection, scenes: Sequence[Scene]) -> Band:
    """Choose the band that stands for the data mask: the coarsest that every scene has."""
    shared = [b for b in collection.bands.values() if all(b.name in s.assets for s in scenes)]
    choice = max(shared or list(collection.bands.values()), key=lambda b: b.resolution or 0.0)
    first = next(iter(collection.bands.values()))
    # Angle bands of 5 km would blur the edge; stay with imagery.
    return choice if (choice.resolution or 0.0) <= 100.0 else first


def _covering(scenes: Sequence[Scene], geobox: GeoBox) -> frozenset[str]:
    """Return the ids of the scenes, top first, whose covers add something to those above."""
    # Centers of pixels: on the outer edge, a scene of the very same outline would miss points.
    col, row = np.meshgrid(
        np.linspace(0.5, geobox.width - 0.5, COVER_NODES),
        np.linspace(0.5, geobox.height - 0.5, COVER_NODES),
    )
    a, b, c, d, e, f = geobox.affine[:6]
    x, y = a * col + b * row + c, d * col + e * row + f
    lon, lat = transform(geobox.crs, WGS84, x.ravel(), y.ravel())
    is_open = np.isfinite(lon) & np.isfinite(lat)
    lon, lat = (np.where(is_open, lon, 0.0) + 180.0) % 360.0 - 180.0, np.where(is_open, lat, 0.0)
    chosen = set()
    for scene in scenes:
        if not is_open.any():
            break
        held = shapely.intersects_xy(scene.cover.shape, lon, lat) & is_open
        if held.any():
            chosen.add(scene.id)
            is_open &= ~held
    return frozenset(chosen)


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
    limits: Limits,
    images: Mapping[str, CogImage],
) -> Plan:
    """Return the whole plan of a request; reads nothing."""
    whole = Window(row_start=0, row_stop=geobox.height, col_start=0, col_stop=geobox.width)
    grids: Grids = {}
    reads = []
    for part in inputs:
        for scene in part.scenes:
            if scene.id in part.first:
                read = plan_scene(
                    part, scene, geobox=geobox, target=whole, images=images, grids=grids
                )
                if read is not None:
                    reads.append(read)
    row_bytes = _row_bytes(reads, inputs, geobox)
    rows = max(1, min(geobox.height, limits.stripe_bytes // max(1, row_bytes)))
    stripes = tuple(
        Window(
            row_start=row,
            row_stop=min(row + rows, geobox.height),
            col_start=0,
            col_stop=geobox.width,
        )
        for row in range(0, geobox.height, rows)
    )
    return Plan(
        geobox=geobox,
        inputs=tuple(inputs),
        stripes=stripes,
        reads=tuple(reads),
        cost=_cost(geobox, inputs, reads, memory=row_bytes * rows),
        images=images,
    )


def _row_bytes(reads: Sequence[SceneRead], inputs: Sequence[InputPlan], geobox: GeoBox) -> int:
    """Estimate the memory that one row of the output needs while it is put together.

    That of the scenes which are read ahead, the mosaic, the samples that the script has, and what
    it makes of them.
    """
    total = 0
    for part in inputs:
        own = [read for read in reads if read.input_id == part.input.id]
        sources = sorted((_window_bytes(read) for read in own), reverse=True)[:SCENES_AT_ONCE]
        total += sum(sources) // max(1, geobox.height)
        # At most 4 bytes for most numbers, and one for the mask of each band.
        total += geobox.width * len(part.bands) * 5 * (len(sources) + 3)
    return total


def _window_bytes(read: SceneRead) -> int:
    return sum(
        band.window.width * band.window.height * np.dtype(band.image.dtype).itemsize
        for band in read.bands
    )


def _cost(
    geobox: GeoBox, inputs: Sequence[InputPlan], reads: Sequence[SceneRead], *, memory: int
) -> Cost:
    bands = [band for read in reads for band in read.bands]
    return Cost(
        pixels=geobox.width * geobox.height,
        bands=sum(len(part.bands) for part in inputs),
        scenes=len(reads),
        candidates=sum(len(part.scenes) for part in inputs),
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
