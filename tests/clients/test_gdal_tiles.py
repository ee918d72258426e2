"""GDAL's own client of map tiles (driver WMS, service TMS) over ours, against GDAL's warp."""

import json

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from rasterio.io import MemoryFile
from rasterio.transform import from_bounds
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from engine.sample import SampleScene
from tests.clients.conftest import COLLECTION, Landscape

pytestmark = pytest.mark.client

HALF_WORLD = 20_037_508.342789244
ZOOM = 14
STEP = 2 * HALF_WORLD / 2**ZOOM / 256
"""Meters of a pixel at that zoom."""
SIDE = 300
"""More than a map tile: the window lies over several."""


def describe_tiles(url: str, day: str) -> bytes:
    """Return the XML by which GDAL reads a pyramid of map tiles."""
    place = f"{url}/tiles/{COLLECTION}/${{z}}/${{x}}/${{y}}.png"
    return f"""<GDAL_WMS>
  <Service name="TMS">
    <ServerUrl>{place}?script=true-color&amp;time={day}</ServerUrl>
  </Service>
  <DataWindow>
    <UpperLeftX>-{HALF_WORLD}</UpperLeftX><UpperLeftY>{HALF_WORLD}</UpperLeftY>
    <LowerRightX>{HALF_WORLD}</LowerRightX><LowerRightY>-{HALF_WORLD}</LowerRightY>
    <TileLevel>{ZOOM}</TileLevel><TileCountX>1</TileCountX><TileCountY>1</TileCountY>
    <YOrigin>top</YOrigin>
  </DataWindow>
  <Projection>EPSG:3857</Projection>
  <BlockSizeX>256</BlockSizeX><BlockSizeY>256</BlockSizeY><BandsCount>4</BandsCount>
</GDAL_WMS>""".encode()


def middle_window(scene: SampleScene) -> Window:
    """Return `SIDE` pixels of the pyramid, square, around the scene's middle."""
    with (
        rasterio.open(scene.files["B04"]) as dataset,
        WarpedVRT(dataset, crs="EPSG:3857") as warped,
    ):
        left, bottom, right, top = warped.bounds
    column = round(((left + right) / 2 + HALF_WORLD) / STEP) - SIDE // 2
    row = round((HALF_WORLD - (bottom + top) / 2) / STEP) - SIDE // 2
    return Window(column, row, SIDE, SIDE)


def warped_color(scene: SampleScene, band: str, window: Window) -> NDArray[np.uint8]:
    """Return a band of the true color, by GDAL's warp and the script's own formula."""
    left, top = window.col_off * STEP - HALF_WORLD, HALF_WORLD - window.row_off * STEP
    place = from_bounds(left, top - SIDE * STEP, left + SIDE * STEP, top, SIDE, SIDE)
    options = {"crs": "EPSG:3857", "transform": place, "width": SIDE, "height": SIDE}
    with (
        rasterio.open(scene.files[band]) as dataset,
        WarpedVRT(dataset, tolerance=0.001, **options) as warped,
    ):
        stored = warped.read(1).astype(np.float64)
    described = json.loads(scene.item.read_text())["assets"][band]["raster:bands"][0]
    values = 2.5 * np.maximum(stored + round(described["offset"] * 10_000), 0) * 0.0001
    return np.asarray(np.floor(255 * np.clip(values, 0, 1) + 0.5), dtype=np.uint8)


def test_gdal_reads_our_map_tiles_across_their_seams(landscape: Landscape) -> None:
    scene = landscape.scenes[1]
    window = middle_window(scene)
    description = describe_tiles(landscape.server.url, scene.sensed.date().isoformat())
    with MemoryFile(description) as memory, memory.open(driver="WMS") as tiles:
        drawn = tiles.read(window=window)
    expected = np.stack([warped_color(scene, band, window) for band in ("B04", "B03", "B02")])

    assert (drawn[3] == 255).all()
    assert (drawn[:3] == expected).mean() >= 0.999
