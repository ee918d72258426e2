"""What one request may take; checked before anything is read."""

import math
from dataclasses import dataclass

import numpy as np

from engine.catalog.collection import Collection
from engine.errors import TooCoarse, TooLarge, UnsupportedCrs
from engine.geo.crs import WGS84, transform
from engine.geo.geobox import GeoBox
from engine.plan.plan import Cost
from evalscripts.setup import Mosaicking


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Upper bounds of one request."""

    side: int = 2500
    """Columns or rows of the output."""
    scenes: int = 1000
    """Scenes of one input. Under SIMPLE mosaicking a search hands over no more, and the rest,
    further down, is never needed; under ORBIT and TILE more are refused."""
    source_bytes: int = 4 << 30
    """Compressed bytes to read."""
    decoded_bytes: int = 16 << 30
    """Bytes to decode."""
    stripe_bytes: int = 192 << 20
    """Memory for the samples of a stripe of rows and of the one read ahead; more work is done in
    more stripes."""
    block_row_bytes: int = 640 << 20
    """The same, where a stripe would be lower than the blocks it is read from: each of them is
    decoded once for every stripe that it meets."""


def check_grid(geobox: GeoBox, limits: Limits) -> None:
    """Raise `TooLarge` where the grid has more columns or rows than allowed."""
    for name, found in (("width", geobox.width), ("height", geobox.height)):
        if found > limits.side:
            message = f"{name} = {found} pixels is larger than the allowed {limits.side}"
            raise TooLarge(message, found=found, limit=limits.side, where=f"output->{name}")


def check_resolution(geobox: GeoBox, collection: Collection) -> None:
    """Raise `TooCoarse` where a pixel spans more meters than the collection allows."""
    limit = collection.max_meters_per_pixel
    if limit is None:
        return
    found = meters_per_pixel(geobox)
    if found > limit * 1.0001:
        message = (
            f"{found:.2f} meters per pixel exceeds the limit of {limit:.2f} meters per pixel of "
            f"collection {collection.id}; ask for a finer resolution (or a larger width and height)"
        )
        raise TooCoarse(message, found=found, limit=limit, where="output")


def meters_per_pixel(geobox: GeoBox) -> float:
    """Return the longer side of a pixel in meters, measured at the center of the grid.

    Degrees of longitude shrink with the cosine of the latitude; units of a projection are taken
    as they are, so web mercator counts its own meters. Raises `UnsupportedCrs` where the center
    is nowhere.
    """
    step_x, step_y = geobox.resolution
    unit = geobox.crs.meters_per_unit
    if not geobox.crs.is_geographic:
        return max(step_x, step_y) * unit
    box = geobox.bbox
    _, [lat] = transform(
        geobox.crs,
        WGS84,
        np.array([(box.left + box.right) / 2]),
        np.array([(box.bottom + box.top) / 2]),
    )
    if not math.isfinite(lat):
        message = f"the area has no coordinates on Earth in {geobox.crs.name[:40]}"
        raise UnsupportedCrs(message, where="input->bounds")
    return max(step_x * unit * max(0.0, math.cos(math.radians(float(lat)))), step_y * unit)


def check_scenes(found: int, mosaicking: Mosaicking, limits: Limits, *, where: str) -> None:
    """Raise `TooLarge` where ORBIT or TILE mosaicking would have to leave scenes out."""
    if mosaicking is not Mosaicking.SIMPLE and found > limits.scenes:
        message = (
            f"more than {limits.scenes} scenes match; mosaicking {mosaicking.value} takes at most "
            "so many: ask for a shorter time, a smaller area or less cloud cover"
        )
        raise TooLarge(message, found=found, limit=limits.scenes, where=where)


def check_cost(cost: Cost, limits: Limits) -> None:
    """Raise `TooLarge` where more bytes would be read, decoded or held than allowed."""
    for name, found, limit in (
        ("read", cost.source_bytes, limits.source_bytes),
        ("decode", cost.decoded_bytes, limits.decoded_bytes),
        ("hold", cost.memory_bytes, max(limits.stripe_bytes, limits.block_row_bytes)),
    ):
        if found > limit:
            fewer = "fewer bands" if cost.layers <= 1 else "a shorter time, fewer bands"
            message = (
                f"the request would {name} {found >> 20} MiB; at most {limit >> 20} MiB are "
                f"allowed: ask for a smaller area, {fewer} or a coarser resolution"
            )
            raise TooLarge(message, found=found, limit=limit, where="input->bounds")
