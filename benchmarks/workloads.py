"""What is asked for: the same pixels of every contestant."""

import math
from dataclasses import dataclass

import morecantile
import numpy as np
import rasterio
import rasterio.warp

from engine.geo.bbox import BBox
from engine.geo.crs import WEB_MERCATOR
from engine.geo.geobox import GeoBox, make_geobox
from engine.warp.resampling import Resampling
from evalscripts.library import get_script

TMS = morecantile.tms.get("WebMercatorQuad")
TRUE_COLOR = """//VERSION=3
function setup() {
  return {input: ["B04", "B03", "B02", "dataMask"], output: {bands: 4}};
}
function evaluatePixel(s) {
  return [2.5 * s.B04, 2.5 * s.B03, 2.5 * s.B02, s.dataMask];
}
"""
NDVI = get_script("ndvi").text
"""The one that `cogmill` brings along: a ramp of seven colors, and the mask as alpha."""
NDVI_NUMBERS = """//VERSION=3
function setup() {
  return {input: ["B04", "B08"], output: {bands: 1, sampleType: "FLOAT32"}};
}
function evaluatePixel(s) { return [(s.B08 - s.B04) / (s.B08 + s.B04)]; }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A kind of question."""

    name: str
    script: str
    bands: tuple[str, ...]
    side: int
    """Rows and columns of the answer."""
    zoom: int | None
    """Of a map tile, answered as PNG; None for an array of float32 at the source's resolution."""
    resampling: Resampling


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A kind of question, asked of one place."""

    work: Work
    box: tuple[float, float, float, float]
    """Left, bottom, right, top in web mercator."""
    x: int = 0
    y: int = 0
    """The map tile's; 0 for an array."""

    @property
    def geobox(self) -> GeoBox:
        """The grid of the answer."""
        left, bottom, right, top = self.box
        bbox = BBox(left=left, bottom=bottom, right=right, top=top, crs=WEB_MERCATOR)
        return make_geobox(bbox, width=self.work.side, height=self.work.side)


def make_workloads() -> tuple[Work, ...]:
    """Return the rows of the table; zoom 13 at 512 pixels is the native one, 10 an overview."""
    color, index = ("B04", "B03", "B02"), ("B04", "B08")
    tiles = (
        ("true color 512, native", 13, TRUE_COLOR, color),
        ("true color 512, overview", 10, TRUE_COLOR, color),
        ("NDVI with ramp 512, native", 13, NDVI, index),
        ("NDVI with ramp 512, overview", 10, NDVI, index),
    )
    array = Work(
        name="NDVI 2048 × 2048 float32",
        side=2048,
        script=NDVI_NUMBERS,
        bands=index,
        zoom=None,
        resampling=Resampling.BILINEAR,
    )
    return (
        *(
            Work(
                name=name,
                side=512,
                script=script,
                bands=bands,
                zoom=zoom,
                resampling=Resampling.NEAREST,
            )
            for name, zoom, script, bands in tiles
        ),
        array,
    )


def draw_question(work: Work, path: str, random: np.random.Generator) -> Question:
    """Return the question about a random place inside the image at ``path``."""
    if work.zoom is None:
        return Question(work=work, box=_box_in(path, work.side, random))
    x, y = _map_tile_in(path, work.zoom, random)
    bounds = TMS.xy_bounds(x, y, work.zoom)
    box = (bounds.left, bounds.bottom, bounds.right, bounds.top)
    return Question(work=work, box=box, x=x, y=y)


def _map_tile_in(path: str, zoom: int, random: np.random.Generator) -> tuple[int, int]:
    """Return x and y of a map tile that lies whole inside the image, or over its middle."""
    with rasterio.open(path) as dataset:
        west, south, east, north = rasterio.warp.transform_bounds(
            dataset.crs, "EPSG:4326", *dataset.bounds
        )
    low, high = TMS.tile(west, north, zoom), TMS.tile(east, south, zoom)
    cols = range(low.x + 1, high.x) or [TMS.tile((west + east) / 2, north, zoom).x]
    rows = range(low.y + 1, high.y) or [TMS.tile(west, (south + north) / 2, zoom).y]
    return int(random.choice(list(cols))), int(random.choice(list(rows)))


def _box_in(path: str, side: int, random: np.random.Generator) -> tuple[float, float, float, float]:
    """Return a web mercator box of ``side`` pixels at the image's own resolution, inside it."""
    with rasterio.open(path) as dataset:
        left, bottom, right, top = rasterio.warp.transform_bounds(
            dataset.crs, "EPSG:3857", *dataset.bounds
        )
        south = rasterio.warp.transform_bounds(dataset.crs, "EPSG:4326", *dataset.bounds)[1]
        step = abs(dataset.transform.a) / math.cos(math.radians(south)) * 1.05
    margin = 0.06 * (right - left)
    x = random.uniform(left + margin, max(left + margin, right - margin - side * step))
    y = random.uniform(bottom + margin, max(bottom + margin, top - margin - side * step))
    return x, y, x + side * step, y + side * step
