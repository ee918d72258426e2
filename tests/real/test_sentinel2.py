"""A Sentinel-2 L2A image that Sentinel Hub made, ingested and rendered, against GDAL's warp."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray

from engine.catalog.collection import Collection
from engine.geo.geobox import GeoBox
from engine.warp.resampling import Resampling
from evalscripts.library import get_script
from tests.builders.engines import Bench, stored_numbers
from tests.builders.warps import grid_over
from tests.oracle.gdal_warp import Raster, gdal_warp
from tests.real.conftest import make_cog, take_in

BANDS = ("B04", "B03", "B02", "B08", "SCL")
"""In the order of the file."""
COLLECTION = "sentinel-2-l2a"
NDVI = """//VERSION=3
function setup() {
  return {input: ["B04", "B08", "dataMask"], output: {bands: 1, sampleType: "FLOAT32"}};
}
function evaluatePixel(s) { return [(s.B08 - s.B04) / (s.B08 + s.B04)]; }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The registered image, and what GDAL reads of it."""

    collection: Collection
    path: Path

    def raster(self, band: str, *, overview: int | None = None) -> Raster:
        """Return one band at its full resolution or at an overview."""
        level = {} if overview is None else {"overview_level": overview}
        with rasterio.open(self.path, **level) as dataset:
            return Raster(
                values=dataset.read(BANDS.index(band) + 1),
                affine=dataset.transform,
                crs="EPSG:32632",
                nodata=dataset.nodata,
            )


@pytest.fixture(scope="module")
def sample(bench: Bench, data: Path) -> Sample:
    source = data / "s2_l2a_openeo" / "S2_L2A_sample.tif"
    path = make_cog(source, bench.folder / "S2_L2A_20220612.tif")
    report = take_in(
        bench,
        COLLECTION,
        [str(path)],
        bands={band: f"*#{number}" for number, band in enumerate(BANDS, 1)},
        date="2022-06-12T10:10:00Z",
    )
    assert len(report.scenes) == 1, report
    collection = bench.runner.run(bench.engine.catalog.collection(COLLECTION))
    return Sample(collection=collection, path=path)


@pytest.mark.parametrize("crs", ["EPSG:32632", "EPSG:3857", "EPSG:4326"])
@pytest.mark.parametrize("method", [Resampling.NEAREST, Resampling.BILINEAR, Resampling.CUBIC])
@pytest.mark.parametrize("look", [(1.13, None), (2.7, 0)], ids=["full", "overview"])
def test_its_colors_are_gdals(
    bench: Bench,
    sample: Sample,
    crs: str,
    method: Resampling,
    look: tuple[float, int | None],
) -> None:
    zoom, overview = look
    names = ("B04", "B03", "B02", "B08")
    box = grid_over(sample.raster("B04"), crs, size=320, zoom=zoom)
    pixels = bench.ask(
        sample.collection,
        box,
        stored_numbers(*names, dtype="FLOAT32"),
        upsampling=method,
        downsampling=method,
    )
    mask = pixels.outputs["mask"][0] > 0

    for name, got in zip(names, pixels.outputs["default"], strict=True):
        expected, valid = gdal_warp(sample.raster(name, overview=overview), box, method.value)
        both = mask & valid
        off = np.abs(got[both] - expected[both])
        assert np.mean(mask != valid) <= 0.0005
        assert np.mean(off <= (0 if method is Resampling.NEAREST else 1)) >= 0.999
    assert mask.mean() > 0.4


def test_its_vegetation_index_is_that_of_gdals_pixels(bench: Bench, sample: Sample) -> None:
    for crs in ("EPSG:32632", "EPSG:3857", "EPSG:4326"):
        box = grid_over(sample.raster("B04"), crs, size=320, zoom=1.13)
        red, near = (
            gdal_warp(sample.raster(name), box, "nearest")[0].astype(float)
            for name in ("B04", "B08")
        )
        with np.errstate(invalid="ignore"):
            expected = ((near - red) / (near + red)).astype(np.float32)

        got = bench.ask(sample.collection, box, NDVI).outputs["default"][0]

        same = np.isclose(got, expected, rtol=0, atol=1e-6, equal_nan=True)
        assert same.mean() >= 0.999


def test_its_classes_are_never_mixed_and_its_own_grid_is_the_file(
    bench: Bench, sample: Sample
) -> None:
    raster = sample.raster("SCL")
    height, width = raster.values.shape
    box = GeoBox(
        width=width, height=height, affine=raster.affine, crs=grid_over(raster, raster.crs).crs
    )
    cubic = Resampling.CUBIC
    red = sample.raster("B04").values

    classes = bench.ask(
        sample.collection, box, stored_numbers("SCL"), upsampling=cubic, downsampling=cubic
    )
    both = bench.ask(sample.collection, box, stored_numbers("SCL", "B04"))
    zoomed = bench.ask(
        sample.collection,
        grid_over(raster, "EPSG:3857", size=200, zoom=0.4),
        stored_numbers("SCL"),
        upsampling=cubic,
    )

    np.testing.assert_array_equal(classes.outputs["default"][0], raster.values)
    # A few pixels in deep shadow hold 0 in one band, which is no data for all of them.
    kept = np.where((raster.values > 0) & (red > 0), [raster.values, red], 0)
    np.testing.assert_array_equal(both.outputs["default"], kept)
    assert set(np.unique(zoomed.outputs["default"])) <= set(np.unique(raster.values))


def test_the_ready_scripts_render_it(bench: Bench, sample: Sample) -> None:
    raster = sample.raster("B04")
    box = grid_over(raster, "EPSG:3857", size=512, zoom=1.2)
    red, _ = gdal_warp(raster, box, "nearest")

    def ready(name: str) -> NDArray[np.uint8]:
        script = get_script(name)
        assert script is not None
        return bench.ask(sample.collection, box, script.text).outputs["default"]

    color = ready("true-color")
    # §3.5: AUTO output is 0 to 1, stretched to 255, rounded and clipped.
    expected = np.clip(np.floor(2.5 * red * 0.0001 * 255 + 0.5), 0, 255)
    assert np.mean(np.abs(color[0] - expected) <= 0) >= 0.999
    assert ready("ndvi").shape == (4, 512, 512)
