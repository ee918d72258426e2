"""Several scenes of two UTM zones on one grid, against GDAL's warp of each, laid in numpy."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
import rasterio.features
import rasterio.warp
import shapely
from affine import Affine
from numpy.typing import NDArray

from engine.catalog.collection import Collection, MosaicRule
from engine.catalog.scene import Scene
from engine.geo.crs import WGS84, transform
from engine.geo.geobox import GeoBox
from engine.geo.window import Window
from engine.warp.resampling import Resampling
from tests.builders.engines import SENSED, Bench, grid, stored_numbers
from tests.builders.warps import make_landscape
from tests.oracle.gdal_warp import Raster, gdal_warp

Layer = tuple[NDArray[Any], NDArray[np.bool_], NDArray[np.bool_]]
"""One scene on the request's grid: values, validity and cover, all (row, col)."""

SCRIPT = stored_numbers("B04", dtype="FLOAT32")
METHODS = (Resampling.NEAREST, Resampling.BILINEAR, Resampling.CUBIC)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A collection on both sides of 12° E, and what it was made of, top scene first."""

    collection: Collection
    scenes: tuple[Scene, ...]
    rasters: tuple[Raster, ...]


def make_raster(crs: str, lon: float, lat: float, size: int, *, seed: int, slant: int) -> Raster:
    """Return waves around a place, with no data beyond a slanted edge and in a few spots."""
    x, y = rasterio.warp.transform("EPSG:4326", crs, [lon], [lat])
    left, top = round(x[0], -2) - size * 5, round(y[0], -2) + size * 5
    values = make_landscape(size, size, seed=seed)
    row, col = np.mgrid[0:size, 0:size]
    values[slant * (col - size // 2 + row // 3) > size // 5] = 0
    for spot in range(3):
        values[(row - 40 * spot - 60) ** 2 + (col - 31 * spot - 50) ** 2 < 90] = 0
    affine = Affine.translation(left, top) * Affine.scale(10, -10)
    return Raster(values=values, affine=affine, crs=crs, nodata=0)


def make_world(bench: Bench, rule: MosaicRule) -> World:
    rasters = (
        make_raster("EPSG:32632", 11.99, 46.0, 300, seed=1, slant=1),
        make_raster("EPSG:32633", 12.012, 46.003, 300, seed=2, slant=-1),
        make_raster("EPSG:32632", 12.003, 45.998, 300, seed=3, slant=0),
    )
    collection = bench.collect("B04", rule=rule)
    scenes = [
        bench.add(
            collection,
            f"scene {index}",
            {"B04": raster.values},
            crs=raster.crs,
            affines=raster.affine,
            sensed=SENSED - timedelta(days=index),
        )
        for index, raster in enumerate(rasters)
    ]
    return World(collection=collection, scenes=tuple(scenes), rasters=rasters)


@pytest.fixture(scope="module")
def worlds(bench: Bench) -> dict[MosaicRule, World]:
    return {rule: make_world(bench, rule) for rule in MosaicRule}


def box_around(crs: str, size: int, step: float) -> GeoBox:
    x, y = rasterio.warp.transform("EPSG:4326", crs, [12.0], [46.0])
    half = size * step / 2
    return grid(crs, (x[0] - half, y[0] - half, x[0] + half, y[0] + half), size, size)


BOXES = {
    "EPSG:3857": box_around("EPSG:3857", 256, 19.0),
    "EPSG:4326": box_around("EPSG:4326", 256, 0.000171),
    "EPSG:32632": box_around("EPSG:32632", 256, 12.34),
}


def held(scene: Scene, geobox: GeoBox) -> NDArray[np.bool_]:
    """Return the pixels under a scene's cover, by GDAL."""

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack(transform(WGS84, geobox.crs, points[:, 0], points[:, 1]), axis=1)

    shape = shapely.transform(shapely.segmentize(scene.cover.shape, 0.0005), move)
    size = (geobox.height, geobox.width)
    return rasterio.features.rasterize([shape], size, transform=geobox.affine).astype(bool)


def lay(layers: list[Layer], rule: MosaicRule) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Lay scenes, top first, pixel by pixel, as §4.6 of the reference says."""
    values, valid = np.zeros(layers[0][0].shape), np.zeros(layers[0][1].shape, dtype=bool)
    is_open = ~valid
    for own, own_valid, cover in layers:
        taken = is_open & (cover if rule is MosaicRule.TOP_COVER else own_valid)
        values = np.where(taken & own_valid, own, values)
        valid |= taken & own_valid
        is_open &= ~taken
    return values, valid


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("crs", BOXES)
@pytest.mark.parametrize("rule", MosaicRule)
def test_scenes_of_two_zones_equal_gdals_warps_laid_in_order(
    bench: Bench,
    worlds: dict[MosaicRule, World],
    rule: MosaicRule,
    crs: str,
    method: Resampling,
) -> None:
    world, box = worlds[rule], BOXES[crs]
    layers = [
        (*gdal_warp(raster, box, method.value), held(scene, box))
        for scene, raster in zip(world.scenes, world.rasters, strict=True)
    ]
    expected, valid = lay(layers, rule)

    pixels = bench.ask(world.collection, box, SCRIPT, upsampling=method, downsampling=method)

    got, got_valid = pixels.outputs["default"][0], pixels.outputs["mask"][0] > 0
    both = got_valid & valid
    off = np.abs(got[both] - expected[both])
    assert np.mean(got_valid != valid) <= 0.0005
    # GDAL rounds what it interpolates.
    assert np.mean(off <= (0 if method is Resampling.NEAREST else 1)) >= 0.999
    assert 0.2 < valid.mean() < 1.0
    assert len(pixels.facts["scenes"]["0"]) == 3


@pytest.mark.parametrize("method", Resampling)
@pytest.mark.parametrize("rule", MosaicRule)
@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:4326"])
def test_requests_that_meet_at_a_zones_edge_equal_one_larger_bit_for_bit(
    bench: Bench,
    worlds: dict[MosaicRule, World],
    rule: MosaicRule,
    crs: str,
    method: Resampling,
) -> None:
    collection, box = worlds[rule].collection, BOXES[crs]
    methods = {"upsampling": method, "downsampling": method}
    windows = [
        [Window(row_start=top, row_stop=bottom, col_start=left, col_stop=right)
         for left, right in ((0, 128), (128, 256))]
        for top, bottom in ((0, 75), (75, 256))
    ]  # fmt: skip

    whole = bench.ask(collection, box, SCRIPT, **methods)
    parts = [
        [bench.ask(collection, box.crop(window), SCRIPT, **methods) for window in row]
        for row in windows
    ]

    for name in ("default", "mask"):
        joined = np.block([[part.outputs[name][0] for part in row] for row in parts])
        np.testing.assert_array_equal(whole.outputs[name][0], joined)


def test_each_scene_is_read_at_the_overview_that_the_request_asks_for(
    bench: Bench, worlds: dict[MosaicRule, World]
) -> None:
    """Half the resolution: GDAL is given every second pixel, as the overview holds them."""
    world = worlds[MosaicRule.FIRST_DATA]
    box = box_around("EPSG:3857", 128, 38.0)
    layers = []
    for scene, raster in zip(world.scenes, world.rasters, strict=True):
        level = next(iter(scene.assets.values())).image.levels[1]
        with rasterio.open(scene.assets["B04"].address, overview_level=0) as dataset:
            half = Raster(
                values=dataset.read(1), affine=dataset.transform, crs=raster.crs, nodata=0
            )
        assert half.values.shape == (level.height, level.width)
        layers.append((*gdal_warp(half, box, "bilinear"), held(scene, box)))
    expected, valid = lay(layers, MosaicRule.FIRST_DATA)

    pixels = bench.ask(
        world.collection, box, SCRIPT, downsampling=Resampling.BILINEAR
    )  # fmt: skip

    both = (pixels.outputs["mask"][0] > 0) & valid
    assert np.mean((pixels.outputs["mask"][0] > 0) != valid) <= 0.0005
    assert np.mean(np.abs(pixels.outputs["default"][0] - expected)[both] <= 1) >= 0.999
