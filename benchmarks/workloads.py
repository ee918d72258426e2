"""What is asked for: the same pixels of every contestant."""

import math
from dataclasses import dataclass

import morecantile
import numpy as np
import rasterio

TMS = morecantile.tms.get("WebMercatorQuad")
TRUE_COLOR = """//VERSION=3
function setup() {
  return {input: ["B04", "B03", "B02", "dataMask"], output: {bands: 4}};
}
function evaluatePixel(s) {
  return [2.5 * s.B04, 2.5 * s.B03, 2.5 * s.B02, s.dataMask];
}
"""
NDVI = """//VERSION=3
const viz = new ColorRampVisualizer(
  [[-0.2, 0x0c0c0c], [0, 0xeaeaea], [0.25, 0xfff899], [0.5, 0x86c155], [0.9, 0x004400]]
);
function setup() {
  return {input: ["B04", "B08", "dataMask"], output: {bands: 4}};
}
function evaluatePixel(s) {
  return [...viz.process((s.B08 - s.B04) / (s.B08 + s.B04)), s.dataMask];
}
"""
NDVI_NUMBERS = """//VERSION=3
function setup() {
  return {input: ["B04", "B08"], output: {bands: 1, sampleType: "FLOAT32"}};
}
function evaluatePixel(s) { return [(s.B08 - s.B04) / (s.B08 + s.B04)]; }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapTileWork:
    """A web mercator map tile of 512 pixels."""

    name: str
    zoom: int
    script: str
    bands: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayWork:
    """An array of float32 in web mercator, bilinear."""

    name: str
    side: int
    script: str
    bands: tuple[str, ...]


def make_workloads() -> tuple[MapTileWork | ArrayWork, ...]:
    """Return the rows of the table; zoom 13 at 512 pixels is the native one, 10 an overview."""
    color, index = ("B04", "B03", "B02"), ("B04", "B08")
    return (
        MapTileWork(name="true color 512, native", zoom=13, script=TRUE_COLOR, bands=color),
        MapTileWork(name="true color 512, overview", zoom=10, script=TRUE_COLOR, bands=color),
        MapTileWork(name="NDVI with ramp 512, native", zoom=13, script=NDVI, bands=index),
        MapTileWork(name="NDVI with ramp 512, overview", zoom=10, script=NDVI, bands=index),
        ArrayWork(name="NDVI 2048 x 2048 float32", side=2048, script=NDVI_NUMBERS, bands=index),
    )


def map_tile_in(path: str, zoom: int, rng: np.random.Generator) -> tuple[int, int, int]:
    """Return x, y, z of a map tile that lies whole inside the image, or over its middle."""
    with rasterio.open(path) as dataset:
        west, south, east, north = rasterio.warp.transform_bounds(
            dataset.crs, "EPSG:4326", *dataset.bounds
        )
    low, high = TMS.tile(west, north, zoom), TMS.tile(east, south, zoom)
    cols = range(low.x + 1, high.x) or [TMS.tile((west + east) / 2, north, zoom).x]
    rows = range(low.y + 1, high.y) or [TMS.tile(west, (south + north) / 2, zoom).y]
    return int(rng.choice(list(cols))), int(rng.choice(list(rows))), zoom


def array_box_in(
    path: str, side: int, rng: np.random.Generator
) -> tuple[float, float, float, float]:
    """Return a web mercator box of ``side`` pixels at the image's own resolution, inside it."""
    with rasterio.open(path) as dataset:
        left, bottom, right, top = rasterio.warp.transform_bounds(
            dataset.crs, "EPSG:3857", *dataset.bounds
        )
        lat = rasterio.warp.transform_bounds(dataset.crs, "EPSG:4326", *dataset.bounds)[1]
        step = abs(dataset.transform.a) / math.cos(math.radians(lat)) * 1.05
    margin = 0.06 * (right - left)
    x = rng.uniform(left + margin, max(left + margin, right - margin - side * step))
    y = rng.uniform(bottom + margin, max(bottom + margin, top - margin - side * step))
    return x, y, x + side * step, y + side * step
