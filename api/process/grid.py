"""``bounds`` and ``output`` → the grid and the clip geometry; pure."""

import math

from api.params import at, crs_of
from api.process.schema import Bounds, ProcessOutput
from engine.errors import RequestError, TooLarge
from engine.geo.bbox import BBox
from engine.geo.geobox import GeoBox, make_geobox
from engine.geo.geometry import Geometry, parse_geometry

DEFAULT_PIXELS = 256
"""Width or height where nothing is said of it."""
MAX_COORDINATE = 1e10
"""Units of any CRS; the Earth is 4 × 10⁷ meters around."""
MIN_STEP = 1e-12
"""Units of any CRS: a tenth of a micrometer in degrees."""
RELATIVE_STEP = 2.0**-44
"""A pixel must be so much of its coordinate, for its parts to be told apart in double."""


def make_grid(
    bounds: Bounds, output: ProcessOutput, *, side: int
) -> tuple[GeoBox, Geometry | None]:
    """Return the grid that covers the box exactly, and the geometry outside of which is no data.

    ``side`` is the largest width and height. Raises `RequestError`s.
    """
    with at("input->bounds->properties->crs"):
        crs = crs_of(bounds.properties.crs)
    clip = None
    if bounds.geometry is not None:
        with at("input->bounds->geometry"):
            clip = parse_geometry(bounds.geometry, crs)
    if bounds.bbox is not None:
        (x1, y1, x2, y2), where = bounds.bbox, "input->bounds->bbox"
    elif clip is not None:
        (x1, y1, x2, y2), where = clip.shape.bounds, "input->bounds->geometry"
    else:
        message = "bbox or geometry, or both, must be given"
        raise RequestError(message, where="input->bounds")
    box = BBox(left=min(x1, x2), bottom=min(y1, y2), right=max(x1, x2), top=max(y1, y2), crs=crs)
    width, height = _size(box, output, side=side)
    _check_box(box, width=width, height=height, where=where)
    return make_geobox(box, width=width, height=height), clip


def _size(box: BBox, output: ProcessOutput, *, side: int) -> tuple[int, int]:
    by_size = output.width is not None or output.height is not None
    by_resolution = output.resx is not None or output.resy is not None
    if by_size and by_resolution:
        message = "only width and height, or resx and resy, may be given together"
        raise RequestError(message, where="output")
    width = _pixels("width", output.width, box.width, output.resx, side=side)
    height = _pixels("height", output.height, box.height, output.resy, side=side)
    return width, height


def _pixels(
    name: str, size: int | None, extent: float, resolution: float | None, *, side: int
) -> int:
    """Return ``size``, or the extent divided by the resolution, rounded half up, at least 1."""
    source = "resx" if name == "width" else "resy"
    where, calculated = f"output->{name}", ""
    found: float = DEFAULT_PIXELS if size is None else size
    if resolution is not None:
        where, calculated = f"output->{source}", f", calculated from {source},"
        found = max(1.0, extent / resolution + 0.5)
    if found >= side + 1:
        shown = f"{math.floor(found)}" if found < 1e18 else "more than 10^18"
        message = f"{name} = {shown}{calculated} is larger than the allowed {side} pixels"
        raise TooLarge(message, found=min(found, 1e18), limit=side, where=where)
    return math.floor(found)


def _check_box(box: BBox, *, width: int, height: int, where: str) -> None:
    """Raise where the box has no area, is on no map, or has pixels finer than coordinates are."""
    if box.width <= 0 or box.height <= 0:
        message = "the box has no area: its corners share an x or a y"
        raise RequestError(message, where=where)
    farthest = max(abs(box.left), abs(box.right), abs(box.bottom), abs(box.top))
    if farthest > MAX_COORDINATE:
        message = f"coordinate {farthest:g} is on no map; they lie within ±{MAX_COORDINATE:g}"
        raise RequestError(message, where=where)
    step = min(box.width / width, box.height / height)
    if step < max(MIN_STEP, farthest * RELATIVE_STEP):
        message = f"the pixels are too small for coordinates to tell apart: {step:g} units"
        raise RequestError(message, where=where)
