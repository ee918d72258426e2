"""Scenes on disk: stripes of the landscape, seen on each day, into one file per band."""

import json
import math
import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from affine import Affine
from shapely.geometry import mapping

from engine.encode.cog import CogFile
from engine.geo.geobox import GeoBox
from engine.sample.landscape import Landscape, Stripe, make_landscape, make_stripe, world_box
from engine.sample.materials import BANDS
from engine.sample.product import (
    RESOLUTION,
    file_name,
    has_offset,
    make_item,
    mgrs_square,
    product_name,
)
from engine.sample.render import COARSE, FULL, HALF, Numbers, Swath, blank_numbers, render_stripe
from engine.sample.season import Season, make_season
from engine.sample.sky import make_sky
from engine.sample.spec import Overpass, SampleReport, SampleScene, SampleSpec
from engine.sample.world import PIXEL, WorldGrid, make_grid, to_degrees, world_point

STRIPE = 252
"""Rows that are worked on at a time; a multiple of 6."""
AHEAD = 2
"""Stripes of ground that are made while the days of one before are."""
OVERLAP = 0.88
"""Meters between the centers of the two zones' scenes, as a part of a scene's side."""
LEAN = 0.19
"""Meters that the swath's edge moves west for each meter south: the orbit is inclined by 98.6°."""
PLACES = {
    **{BANDS[b]: ("full", n) for n, b in enumerate(FULL)},
    **{BANDS[b]: ("half", n) for n, b in enumerate(HALF)},
    **{BANDS[b]: ("coarse", n) for n, b in enumerate(COARSE)},
}
"""Band → where `Numbers` holds it."""


def write_samples(
    folder: Path,
    spec: SampleSpec | None = None,
    *,
    on_progress: Callable[[float], None] | None = None,
    threads: int | None = None,
) -> SampleReport:
    """Write the scenes of ``spec`` below ``folder``, each in a folder of its own.

    ``on_progress`` is called with the part done, 0 to 1, from the calling thread. Memory grows with
    the width of a scene and the number of days, not with its height. Each scene's STAC item is
    written last, so that a folder without one is not complete.
    """
    spec = spec or SampleSpec()
    half = 0.5 * OVERLAP * spec.pixels * PIXEL
    centers = {32: (-half, 0.0), 33: (half, 0.0)}
    grids = {
        zone: make_grid(zone=zone, center=centers[zone], pixels=spec.pixels) for zone in spec.zones
    }
    landscape = make_landscape(list(grids.values()), seed=spec.seed)
    scenes: list[SampleScene] = []
    workers = threads or os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        for number, grid in enumerate(grids.values()):

            def tell(part: float, number: int = number) -> None:
                if on_progress is not None:
                    on_progress((number + part) / len(grids))

            scenes += _write_zone(
                folder, spec, grid=grid, landscape=landscape, pool=pool, tell=tell
            )
    scenes.sort(key=lambda scene: (scene.sensed, scene.tile_id))
    return _report(scenes, list(grids.values()))


@dataclass(slots=True, kw_only=True, eq=False)
class _Draft:
    """A scene on its way to disk."""

    overpass: Overpass
    tile_id: str
    folder: Path
    geoboxes: dict[str, GeoBox]
    files: dict[str, CogFile]
    swath: Swath
    season: Season
    clouds: int = 0
    seen: int = 0


def _write_zone(
    folder: Path,
    spec: SampleSpec,
    *,
    grid: WorldGrid,
    landscape: Landscape,
    pool: ThreadPoolExecutor,
    tell: Callable[[float], None],
) -> list[SampleScene]:
    starts = range(0, spec.pixels, STRIPE)
    coming: deque[Future[Stripe]] = deque()

    def begin(start: int) -> None:
        stop = min(start + STRIPE, spec.pixels)
        coming.append(pool.submit(make_stripe, landscape, grid, row_start=start, row_stop=stop))

    with ExitStack() as stack:
        drafts = [_open_draft(folder, spec, grid, day, stack) for day in spec.overpasses]
        for start in starts[:AHEAD]:
            begin(start)
        for number, start in enumerate(starts):
            stripe = coming.popleft().result()
            if number + AHEAD < len(starts):
                begin(starts[number + AHEAD])
            for done in [pool.submit(_write_stripe, draft, stripe, spec) for draft in drafts]:
                done.result()
            tell(min(start + STRIPE, spec.pixels) / spec.pixels)
    return [_finish(draft, grid) for draft in drafts]


def _write_stripe(draft: _Draft, stripe: Stripe, spec: SampleSpec) -> None:
    grid = stripe.grid
    overpass = draft.overpass
    area = world_box(grid, row_start=stripe.row_start, row_stop=stripe.row_stop)
    numbers = blank_numbers(stripe.row_stop - stripe.row_start, grid.geobox.width)
    render_stripe(
        grid.nodes,
        stripe.heights,
        stripe.row_start,
        stripe.ground,
        draft.season,
        make_sky(
            overpass.weather,
            area=area,
            sun=draft.season.sun,
            seed=spec.seed * 1_000 + overpass.sensed.timetuple().tm_yday,
        ),
        draft.swath,
        1_000 if has_offset(overpass) else 0,
        numbers,
    )
    classes = np.bincount(numbers.classes.ravel(), minlength=12)
    draft.clouds += int(classes[8:11].sum())
    draft.seen += int(classes[1:].sum())
    for band, file in draft.files.items():
        file.write(_rows(numbers, band))


def _rows(numbers: Numbers, band: str) -> np.ndarray:
    if band == "SCL":
        return numbers.classes
    name, index = PLACES[band]
    rows: np.ndarray = getattr(numbers, name)[index]
    return rows


def _open_draft(
    folder: Path,
    spec: SampleSpec,
    grid: WorldGrid,
    overpass: Overpass,
    stack: ExitStack,
) -> _Draft:
    left, top = grid.geobox.affine.c, grid.geobox.affine.f
    middle = 0.5 * spec.pixels * PIXEL
    tile_id = mgrs_square((grid.geobox.crs.epsg or 0) - 32_600, left + middle, top - middle, 44.3)
    scene = folder / product_name(overpass, tile_id)
    scene.mkdir(parents=True, exist_ok=True)
    geoboxes = {band: _geobox(grid, RESOLUTION[band]) for band in spec.bands}
    files = {
        band: stack.enter_context(
            CogFile(
                scene / file_name(overpass, tile_id, band),
                geobox=geobox,
                dtype="uint8" if band == "SCL" else "uint16",
                is_categorical=band == "SCL",
            )
        )
        for band, geobox in geoboxes.items()
    }
    return _Draft(
        overpass=overpass,
        tile_id=tile_id,
        folder=scene,
        geoboxes=geoboxes,
        files=files,
        swath=_swath(overpass, spec),
        season=make_season(overpass.sensed, rain=overpass.weather.rain),
    )


def _geobox(grid: WorldGrid, resolution: int) -> GeoBox:
    step = int(resolution / PIXEL)
    return GeoBox(
        width=grid.geobox.width // step,
        height=grid.geobox.height // step,
        affine=grid.geobox.affine * Affine.scale(step),
        crs=grid.geobox.crs,
    )


def _swath(overpass: Overpass, spec: SampleSpec) -> Swath:
    """Return the strip that the orbit sees: 122 the west, 22 the east, a middle part both."""
    if spec.whole:
        return Swath(-1e9, 1e9, 0.0)
    reach = 0.50 * spec.pixels * PIXEL
    return Swath(-1e9, reach, -LEAN) if overpass.orbit == 122 else Swath(-reach, 1e9, -LEAN)


def _finish(draft: _Draft, grid: WorldGrid) -> SampleScene:
    overpass = draft.overpass
    total = (grid.geobox.width // 2) * (grid.geobox.height // 2)
    cloud_cover = round(100.0 * draft.clouds / max(1, draft.seen), 2)
    nodata_share = round(100.0 * (1.0 - draft.seen / total), 2)
    east, north, up = draft.season.sun
    footprint = footprint_of(grid, draft.swath)
    item = make_item(
        overpass,
        tile_id=draft.tile_id,
        geoboxes=draft.geoboxes,
        footprint=footprint,
        cloud_cover=cloud_cover,
        nodata_share=nodata_share,
        sun=(
            round(math.degrees(math.atan2(east, north)) % 360.0, 3),
            round(math.degrees(math.asin(up)), 3),
        ),
    )
    path = draft.folder / f"{draft.folder.name}.json"
    path.write_text(json.dumps(item, indent=1), encoding="utf-8")
    return SampleScene(
        name=draft.folder.name,
        folder=draft.folder,
        item=path,
        files={
            band: draft.folder / file_name(overpass, draft.tile_id, band) for band in draft.geoboxes
        },
        sensed=overpass.sensed,
        tile_id=draft.tile_id,
        epsg=grid.geobox.crs.epsg or 0,
        cloud_cover=cloud_cover,
        nodata_share=nodata_share,
        footprint=mapping(footprint),
    )


def footprint_of(grid: WorldGrid, swath: Swath) -> shapely.Polygon:
    """Return the outline of the data in degrees: the scene's square cut by the swath's edges."""
    size = grid.geobox.width
    t = np.linspace(0.0, size, 9)
    edge = [
        *((0.0, col) for col in t[:-1]),
        *((row, float(size)) for row in t[:-1]),
        *((float(size), col) for col in t[:0:-1]),
        *((row, 0.0) for row in t[:0:-1]),
    ]
    return _cut(grid, edge, swath)


def _cut(grid: WorldGrid, edge: Sequence[tuple[float, float]], swath: Swath) -> shapely.Polygon:
    outline = shapely.Polygon([world_point(grid.nodes, float(r), float(c)) for r, c in edge])
    far = 200_000.0
    low, high = max(swath.low, -far), min(swath.high, far)
    strip = shapely.Polygon(
        [
            (low - swath.lean * far, far),
            (high - swath.lean * far, far),
            (high + swath.lean * far, -far),
            (low + swath.lean * far, -far),
        ]
    )
    seen = outline.intersection(strip)
    ring = [to_degrees(x, y) for x, y in seen.exterior.coords]
    return shapely.Polygon([(round(x, 6), round(y, 6)) for x, y in ring])


def _report(scenes: list[SampleScene], grids: list[WorldGrid]) -> SampleReport:
    boxes = [world_box(grid) for grid in grids]
    west, south = to_degrees(min(b.left for b in boxes), min(b.bottom for b in boxes))
    east, north = to_degrees(max(b.right for b in boxes), max(b.top for b in boxes))
    return SampleReport(
        scenes=tuple(scenes),
        bounds=(west, south, east, north),
        center=to_degrees(500.0, 400.0),
        zoom=12,
        bytes=sum(
            path.stat().st_size for scene in scenes for path in (*scene.files.values(), scene.item)
        ),
    )
