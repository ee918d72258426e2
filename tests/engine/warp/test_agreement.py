"""GDAL's warp of the same level is the oracle, within the figures of the house."""

import numpy as np
import pytest
from affine import Affine

from engine.warp.resampling import Resampling
from tests.builders.warps import grid_over, make_landscape, punch_holes, warp
from tests.oracle.gdal_warp import Raster, gdal_warp

KERNELS = (Resampling.NEAREST, Resampling.BILINEAR, Resampling.CUBIC)

PAIRS = (
    ("EPSG:32631", (300_000, 5_100_000, 10), "EPSG:3857"),
    ("EPSG:32631", (300_000, 5_100_000, 10), "EPSG:4326"),
    ("EPSG:32631", (300_000, 5_100_000, 10), "EPSG:32632"),
    ("EPSG:32631", (300_000, 5_100_000, 10), "EPSG:32631"),
    ("EPSG:4326", (10.0, 50.0, 0.0001), "EPSG:3857"),
    ("EPSG:3857", (1_200_000, 6_000_000, 10), "EPSG:32632"),
    ("EPSG:3035", (4_000_000, 3_000_000, 10), "EPSG:3857"),
    ("EPSG:3413", (-500_000, -1_000_000, 40), "EPSG:3857"),
    ("EPSG:3031", (-500_000, 1_000_000, 40), "EPSG:3857"),
    ("EPSG:4326", (10.0, 89.0, 0.001), "EPSG:3413"),
    ("EPSG:32601", (290_000, 5_100_000, 10), "EPSG:32660"),
    ("EPSG:32660", (710_000, 5_100_000, 10), "EPSG:3857"),
    ("EPSG:27700", (400_000, 300_000, 10), "EPSG:3857"),
)


def landscape(crs: str, corner: tuple[float, float, float], nodata: float | None) -> Raster:
    values = make_landscape(640, 640)
    if nodata is not None:
        punch_holes(values, nodata=nodata)
    x, y, size = corner
    affine = Affine(size, 0.0, x, 0.0, -size, y)
    return Raster(values=values, affine=affine, crs=crs, nodata=nodata)


@pytest.mark.parametrize("nodata", [None, 0.0], ids=["whole", "holes"])
@pytest.mark.parametrize(("source", "corner", "target"), PAIRS)
def test_every_kernel_agrees_with_gdal(
    source: str, corner: tuple[float, float, float], target: str, nodata: float | None
) -> None:
    raster = landscape(source, corner, nodata)
    geobox = grid_over(raster, target)
    for kernel in KERNELS:
        values, valid = warp(raster, geobox, kernel)
        expected, expected_valid = gdal_warp(raster, geobox, kernel.value)
        both = valid & expected_valid
        # GDAL rounds to the stored dtype and keeps within it.
        difference = np.abs(np.rint(np.clip(values, 0, 65535)) - expected)[both]

        assert both.mean() > 0.8
        assert (valid != expected_valid).mean() <= 0.0005
        assert not values[~valid].any()
        if kernel is Resampling.NEAREST:
            assert (difference == 0).mean() >= 0.999
        else:
            assert (difference <= 1).mean() >= 0.999
            # Beside a hole, GDAL's cubic jumps to bilinear as a place crosses a pixel's center:
            # one that lies on it by less than the coordinates' own error may fall to either side.
            assert np.count_nonzero(difference > 3) <= (0 if nodata is None else 1)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("zoom", [0.3, 1.7])
def test_other_scales_agree_with_gdal(kernel: Resampling, zoom: float) -> None:
    raster = landscape("EPSG:32631", (300_000, 5_100_000, 10), 0.0)
    geobox = grid_over(raster, "EPSG:3857", zoom=zoom, size=320)
    values, valid = warp(raster, geobox, kernel)
    expected, expected_valid = gdal_warp(raster, geobox, kernel.value)
    both = valid & expected_valid
    difference = np.abs(np.rint(np.clip(values, 0, 65535)) - expected)[both]

    assert (valid != expected_valid).mean() <= 0.0005
    assert (difference <= (0 if kernel is Resampling.NEAREST else 1)).mean() >= 0.999


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("kernel", KERNELS)
def test_every_dtype_agrees_with_gdal(dtype: str, kernel: Resampling) -> None:
    values = (make_landscape(300, 300).astype(np.float64) / 40).astype(dtype)
    raster = Raster(
        values=values,
        affine=Affine(10, 0, 300_000, 0, -10, 5_100_000),
        crs="EPSG:32631",
    )
    geobox = grid_over(raster, "EPSG:3857", size=200)
    found, valid = warp(raster, geobox, kernel)
    expected, expected_valid = gdal_warp(raster, geobox, kernel.value)
    limit = 0.0 if kernel is Resampling.NEAREST else 1.0 if dtype[0] in "ui" else 0.05

    assert (valid != expected_valid).mean() <= 0.0005
    assert (np.abs(found - expected.astype(np.float64)) <= limit).mean() >= 0.999


def test_a_rotated_source_agrees_with_gdal() -> None:
    affine = Affine.translation(300_000, 5_100_000) @ Affine.rotation(27.0) @ Affine.scale(10, -10)
    values = make_landscape(640, 640)
    raster = Raster(values=values, affine=affine, crs="EPSG:32631")
    geobox = grid_over(raster, "EPSG:3857", size=400)
    for kernel in KERNELS:
        found, valid = warp(raster, geobox, kernel)
        expected, expected_valid = gdal_warp(raster, geobox, kernel.value)
        difference = np.abs(np.rint(np.clip(found, 0, 65535)) - expected)[valid & expected_valid]

        assert (valid != expected_valid).mean() <= 0.0005
        assert (difference <= (0 if kernel is Resampling.NEAREST else 1)).mean() >= 0.999


@pytest.mark.parametrize("factor", [2, 3, 8])
def test_average_of_whole_blocks_agrees_with_gdal(factor: int) -> None:
    raster = landscape("EPSG:32631", (300_000, 5_100_000, 10), 0.0)
    geobox = grid_over(raster, "EPSG:32631", size=64, zoom=factor, turn=0.0)
    values, valid = warp(raster, geobox, Resampling.AVERAGE)
    expected, expected_valid = gdal_warp(raster, geobox, "average")

    assert (valid == expected_valid).all()
    assert np.abs(values - expected)[valid].max() <= 0.5 + 1e-3
