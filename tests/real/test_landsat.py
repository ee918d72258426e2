"""Scenes of a Landsat 8 series of 2018, ingested by their product names and laid in order."""

from pathlib import Path

import numpy as np
import pytest
import rasterio

from engine.catalog.search import SceneOrder
from engine.geo.geobox import GeoBox
from engine.geo.time import TimeRange
from engine.ingest.dates import parse_date
from engine.warp.resampling import Resampling
from tests.builders.engines import Bench, grid, stored_numbers
from tests.oracle.gdal_warp import Raster, gdal_warp
from tests.real.conftest import make_cog, take_in

COLLECTION = "landsat-ot-l1"
BANDS = {"B03": "B3", "B04": "B4", "B05": "B5"}
AUTUMN = TimeRange(start=parse_date("2018-10-01"), stop=None)


@pytest.fixture(scope="module")
def series(bench: Bench, data: Path) -> dict[str, Path]:
    """Date → folder of the COGs of one scene, for the six scenes from October on."""
    folders = {}
    for folder in sorted((data / "l8_series_ny18_gdalcubes").iterdir()):
        date = folder.name.split("_")[3]
        if date >= "20181001":
            folders[date] = bench.folder / folder.name
            for name in BANDS.values():
                (source,) = folder.glob(f"*_{name}.*")
                make_cog(source, bench.folder / folder.name / f"{folder.name}_{name}.TIF")
    report = take_in(bench, COLLECTION, [str(folder) for folder in folders.values()])
    assert len(report.scenes) == 6, report
    return folders


@pytest.mark.parametrize("method", [Resampling.NEAREST, Resampling.BILINEAR])
@pytest.mark.parametrize("order", [SceneOrder.MOST_RECENT, SceneOrder.LEAST_RECENT])
@pytest.mark.parametrize(
    "geobox",
    [
        grid("EPSG:3857", (-8_420_000.0, 4_800_000.0, -7_960_000.0, 5_260_000.0), 280, 280),
        grid("EPSG:4326", (-75.6, 39.6, -71.6, 42.6), 280, 280),
        grid("EPSG:32618", (420_000.0, 4_380_000.0, 780_000.0, 4_740_000.0), 280, 280),
    ],
    ids=lambda geobox: geobox.crs.name,
)
def test_a_mosaic_of_six_dates_equals_gdals_warps_laid_in_order(
    bench: Bench,
    series: dict[str, Path],
    geobox: GeoBox,
    order: SceneOrder,
    method: Resampling,
) -> None:
    values = np.zeros((len(BANDS), 280, 280))
    is_open = np.ones((280, 280), dtype=bool)
    for date in sorted(series, reverse=order is SceneOrder.MOST_RECENT):
        layers = []
        for name in BANDS.values():
            (path,) = series[date].glob(f"*_{name}.TIF")
            with rasterio.open(path) as dataset:
                raster = Raster(
                    values=dataset.read(1),
                    affine=dataset.transform,
                    crs="EPSG:32618",
                    nodata=0,
                )
            layers.append(gdal_warp(raster, geobox, method.value))
        taken = is_open & np.all([valid for _, valid in layers], axis=0)
        values = np.where(taken, np.stack([layer for layer, _ in layers]), values)
        is_open &= ~taken

    collection = bench.runner.run(bench.engine.catalog.collection(COLLECTION))
    pixels = bench.ask(
        collection,
        geobox,
        stored_numbers(*BANDS, dtype="FLOAT32"),
        time=AUTUMN,
        order=order,
        upsampling=method,
        downsampling=method,
    )

    mask = pixels.outputs["mask"][0] > 0
    off = np.abs(pixels.outputs["default"] - values).max(axis=0)
    assert np.mean(mask == is_open) <= 0.0005
    # Every hundredth pixel was kept, so neighbors differ by up to 20,000: one ten-thousandth of a
    # pixel, GDAL's tolerance here, is a difference of 2.
    assert np.mean(off <= (0 if method is Resampling.NEAREST else 2)) >= 0.999
    assert 0.3 < mask.mean() < 1.0
