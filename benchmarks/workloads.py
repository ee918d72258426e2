"""What is asked for: the same pixels of every contestant."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

import mercantile
import numpy as np
import rasterio
import rasterio.warp

from engine.geo.bbox import BBox
from engine.geo.crs import WEB_MERCATOR, Crs
from engine.geo.geobox import GeoBox, make_geobox
from engine.warp.resampling import Resampling
from evalscripts.library import get_script

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
LARGEST = 2500
"""Rows and columns of an answer that the engine gives."""
SERIES = """//VERSION=3
function setup() {
  return {
    input: [{bands: ["B04", "B08", "SCL"], units: "DN"}],
    output: {bands: 90, sampleType: "UINT16"},
    mosaicking: "ORBIT"
  };
}
function evaluatePixel(samples) {
  const out = new Array(90).fill(0);
  for (let i = 0; i < samples.length; i++) {
    out[3 * i] = samples[i].B04;
    out[3 * i + 1] = samples[i].B08;
    out[3 * i + 2] = samples[i].SCL;
  }
  return out;
}
"""
COLOR, INDEX = ("B04", "B03", "B02"), ("B04", "B08")
LOCAL, NEAR, FAR = "local", "HTTP", "HTTP, 30 ms"
"""Where the files are: on disk, behind nginx, and at a distance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goals:
    """How many times faster than others we want to be (issue 4)."""

    cold_usual: float
    """Cold, against rio-tiler."""
    cold_best: float
    """Cold, against the quickest peer."""
    warm_best: float | None = None
    """From decoded blocks, against the quickest peer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A kind of question."""

    name: str
    key: str
    """How ``--only`` calls it."""
    script: str
    bands: tuple[str, ...]
    side: int
    """Rows and columns of the answer."""
    zoom: int | None = None
    """Of a map tile, answered as PNG; None for an array."""
    resampling: Resampling = Resampling.NEAREST
    sets: tuple[str, ...] = ("1024", "512")
    """Scene sets that it is asked of."""
    goals: Mapping[str, Goals] = field(default_factory=dict)
    """By place; the places not named have none."""

    @property
    def is_color(self) -> bool:
        """True where three bands become red, green and blue."""
        return self.bands == COLOR

    @property
    def is_series(self) -> bool:
        """True where every date counts, on the images' own grid."""
        return self.sets == ("series",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A kind of question, asked of one place."""

    work: Work
    box: tuple[float, float, float, float]
    """Left, bottom, right, top."""
    epsg: int = 3857
    width: int
    height: int
    x: int = 0
    y: int = 0
    """The map tile's; 0 for anything else."""

    @property
    def geobox(self) -> GeoBox:
        """The grid of the answer."""
        left, bottom, right, top = self.box
        crs = WEB_MERCATOR if self.epsg == 3857 else Crs(f"EPSG:{self.epsg}")
        bbox = BBox(left=left, bottom=bottom, right=right, top=top, crs=crs)
        return make_geobox(bbox, width=self.width, height=self.height)

    @property
    def step(self) -> float:
        """The side of a pixel in the units of the CRS."""
        return (self.box[2] - self.box[0]) / self.width

    @property
    def meters(self) -> float:
        """The side of a pixel on the ground."""
        if self.epsg != 3857:
            return self.step
        middle = 0.5 * (self.box[1] + self.box[3]) / 6378137.0
        return self.step / math.cosh(middle)

    def moved(self, cols: int, rows: int) -> Self:
        """Return the same, so many pixels to the east and the south."""
        x, y = cols * self.step, -rows * self.step
        left, bottom, right, top = self.box
        return replace(self, box=(left + x, bottom + y, right + x, top + y), x=0, y=0)

    def around(self, other: Self) -> Self:
        """Return the question that holds both."""
        mine, theirs = self.box, other.box
        lows = [min(mine[i], theirs[i]) for i in (0, 1)]
        highs = [max(mine[i], theirs[i]) for i in (2, 3)]
        return replace(
            self,
            box=(*lows, *highs),
            width=round((highs[0] - lows[0]) / self.step),
            height=round((highs[1] - lows[1]) / self.step),
        )


def make_workloads() -> tuple[Work, ...]:
    """Return the rows of the table, with the goals of issue 4."""
    return (
        Work(
            name="true color PNG 256, native zoom",
            key="color256",
            script=TRUE_COLOR,
            bands=COLOR,
            side=256,
            zoom=14,
            goals={LOCAL: Goals(cold_usual=6, cold_best=3.5, warm_best=10)},
        ),
        Work(
            name="true color PNG 512, native zoom",
            key="color512",
            script=TRUE_COLOR,
            bands=COLOR,
            side=512,
            zoom=13,
            goals={LOCAL: Goals(cold_usual=7, cold_best=5, warm_best=14)},
        ),
        Work(
            name="true color PNG 256, overview zoom",
            key="overview256",
            script=TRUE_COLOR,
            bands=COLOR,
            side=256,
            zoom=10,
            goals={LOCAL: Goals(cold_usual=8, cold_best=3.5, warm_best=10)},
        ),
        Work(
            name="NDVI with color ramp PNG 512",
            key="ramp512",
            script=NDVI,
            bands=INDEX,
            side=512,
            zoom=13,
            goals={LOCAL: Goals(cold_usual=8, cold_best=5.5, warm_best=14)},
        ),
        Work(
            name="mosaic of 4 scenes in 2 zones, first valid, PNG 256",
            key="mosaic256",
            script=TRUE_COLOR,
            bands=COLOR,
            side=256,
            zoom=12,
            sets=("mosaic",),
            goals={LOCAL: Goals(cold_usual=14, cold_best=3.5, warm_best=9)},
        ),
        Work(
            name="NDVI 2048² float32, UTM → 3857, bilinear",
            key="ndvi2048",
            script=NDVI_NUMBERS,
            bands=INDEX,
            side=2048,
            resampling=Resampling.BILINEAR,
            goals={
                LOCAL: Goals(cold_usual=9, cold_best=3.7, warm_best=6),
                FAR: Goals(cold_usual=5, cold_best=3),
            },
        ),
        Work(
            name="30 dates × 64² px × 3 bands",
            key="series",
            script=SERIES,
            bands=("B04", "B08", "SCL"),
            side=64,
            sets=("series",),
            goals={
                LOCAL: Goals(cold_usual=6, cold_best=2.5, warm_best=6),
                FAR: Goals(cold_usual=4, cold_best=1.5),
            },
        ),
    )


def draw_question(
    work: Work,
    path: str,
    random: np.random.Generator,
    *,
    meeting: tuple[float, float] | None = None,
) -> Question:
    """Return the question about a random place inside the image at ``path``.

    ``meeting`` is, of a mosaic, the longitude and latitude of the point where its scenes meet; it
    lies inside every answer.
    """
    if work.is_series:
        return _window_in(work, path, random)
    if meeting is not None and work.sets == ("mosaic",):
        return _around_point(work, meeting, random)
    if work.zoom is None:
        box = _box_in(path, work.side, random)
        return Question(work=work, box=box, width=work.side, height=work.side)
    x, y = _map_tile_in(path, work.zoom, random)
    bounds = mercantile.xy_bounds(x, y, work.zoom)
    box = (bounds.left, bounds.bottom, bounds.right, bounds.top)
    return Question(work=work, box=box, width=work.side, height=work.side, x=x, y=y)


def shift_question(question: Question, random: np.random.Generator) -> Question:
    """Return the question about a window beside, two fifths of a side away at most.

    Both together are one question that the engine takes.
    """
    side = question.work.side
    reach = min(side * 2 // 5, LARGEST - side)
    cols, rows = (2 * int(steps) for steps in random.integers(-reach // 2, reach // 2 + 1, 2))
    return question.moved(cols, rows)


def _window_in(work: Work, path: str, random: np.random.Generator) -> Question:
    """Return a window of the image's own grid, not nearer to its edge than a shift reaches."""
    with rasterio.open(path) as dataset:
        left, _, _, top = dataset.bounds
        room = min(dataset.height, dataset.width) - 2 * work.side
        epsg = dataset.crs.to_epsg()
        step = dataset.res[0]
    # Even, so that the coarser band's pixels are cut nowhere.
    col, row = (work.side // 2 + 2 * int(n) for n in random.integers(0, room // 2, 2))
    x, y = left + col * step, top - row * step
    box = (x, y - work.side * step, x + work.side * step, y)
    return Question(work=work, box=box, epsg=epsg, width=work.side, height=work.side)


def _around_point(
    work: Work, meeting: tuple[float, float], random: np.random.Generator
) -> Question:
    """Return a window at a map tile's resolution with the point in its middle third."""
    [x], [y] = rasterio.warp.transform("EPSG:4326", "EPSG:3857", [meeting[0]], [meeting[1]])
    bounds = mercantile.xy_bounds(mercantile.tile(*meeting, work.zoom))
    span = bounds.right - bounds.left
    right, up = random.uniform(0.35, 0.65, 2)
    left, bottom = x - right * span, y - up * span
    box = (left, bottom, left + span, bottom + span)
    return Question(work=work, box=box, width=work.side, height=work.side)


def _map_tile_in(path: str, zoom: int, random: np.random.Generator) -> tuple[int, int]:
    """Return x and y of a map tile that lies whole inside the image, or over its middle."""
    with rasterio.open(path) as dataset:
        west, south, east, north = rasterio.warp.transform_bounds(
            dataset.crs, "EPSG:4326", *dataset.bounds
        )
    low, high = mercantile.tile(west, north, zoom), mercantile.tile(east, south, zoom)
    cols = range(low.x + 1, high.x) or [mercantile.tile((west + east) / 2, north, zoom).x]
    rows = range(low.y + 1, high.y) or [mercantile.tile(west, (south + north) / 2, zoom).y]
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
