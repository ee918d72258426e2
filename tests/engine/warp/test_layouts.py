"""How arrays may lie in memory, and which are refused since kernels check no index."""

from dataclasses import replace

import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray

from engine.geo.window import Window
from engine.warp.resample import BandSource, Frame, resample_bands, resampled_dtype
from engine.warp.resampling import Resampling
from tests.builders.warps import grid_over, make_grid, punch_holes, warp
from tests.oracle.gdal_warp import Raster

AFFINE = Affine(10, 0, 300_000, 0, -10, 5_100_000)
UTM = "EPSG:32631"


def test_values_may_come_in_any_layout() -> None:
    random = np.random.default_rng(8)
    chunky = random.integers(1, 9000, (80, 80, 3)).astype(np.uint16)
    band = Raster(values=np.ascontiguousarray(chunky[..., 1]), affine=AFFINE, crs=UTM)
    view = Raster(values=chunky[..., 1], affine=AFFINE, crs=UTM)
    geobox = grid_over(band, "EPSG:3857", size=90)
    for kernel in Resampling:
        expected, _ = warp(band, geobox, kernel)
        found, _ = warp(view, geobox, kernel)

        assert (found == expected).all()


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
@pytest.mark.parametrize("kernel", list(Resampling))
def test_part_of_a_block_is_resampled_as_its_copy(kernel: Resampling, dtype: str) -> None:
    block = np.random.default_rng(9).integers(1, 200, (120, 140)).astype(dtype)
    known = np.ones(block.shape, dtype=np.uint8)
    punch_holes(block, nodata=0, seed=5)
    punch_holes(known, nodata=0, seed=6)
    part, valid = block[17:97, 23:123], (known > 0)[17:97, 23:123]
    inside = Raster(values=part, affine=AFFINE, crs=UTM, nodata=0.0)
    copy = Raster(values=part.copy(), affine=AFFINE, crs=UTM, nodata=0.0)
    geobox = grid_over(copy, "EPSG:3857", size=110)
    for mask in (None, valid):
        expected = warp(copy, geobox, kernel, valid=None if mask is None else mask.copy())
        found = warp(inside, geobox, kernel, valid=mask)

        assert 0.2 < expected[1].mean() < 0.95
        assert found[0].tobytes() == expected[0].tobytes()
        assert found[1].tobytes() == expected[1].tobytes()


@pytest.mark.parametrize("kernel", list(Resampling))
@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 1), (2, 2), (3, 5)])
def test_a_source_of_few_pixels_keeps_its_constant(
    kernel: Resampling, shape: tuple[int, int]
) -> None:
    raster = Raster(values=np.full(shape, 7, dtype=np.uint16), affine=AFFINE, crs=UTM)
    out, valid = warp(raster, grid_over(raster, "EPSG:32632", size=40, zoom=0.2), kernel)

    assert valid.any()
    assert (out == np.where(valid, 7, 0)).all()


@pytest.mark.parametrize("kernel", list(Resampling))
@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"values": np.ones((99, 100), np.uint16)}, "shape of a band's values"),
        ({"values": np.ones((100, 100), np.float64)}, "dtype of a band's target"),
        ({"valid": np.ones((100, 1), np.bool_)}, "shape of a band's validity"),
        ({"out": np.ones((40, 39), np.float32)}, "shape of a band's target"),
        ({"out": np.ones((40, 40), np.complex64)}, "dtype of a band's target"),
    ],
)
def test_arrays_that_do_not_fit_their_frame_are_refused(
    kernel: Resampling, change: dict[str, NDArray[np.generic]], what: str
) -> None:
    raster = Raster(values=np.ones((100, 100), dtype=np.uint16), affine=AFFINE, crs=UTM)
    frame = Frame(
        window=Window(row_start=0, row_stop=100, col_start=0, col_stop=100),
        grid=make_grid(raster, grid_over(raster, UTM, size=40)),
        inverse=~AFFINE,
        level_width=100,
        level_height=100,
        resampling=kernel,
    )
    out = np.empty((40, 40), resampled_dtype(raster.values.dtype, kernel))
    source = BandSource(frame=frame, values=raster.values, valid=None, nodata=None, out=out)

    assert resample_bands([source], out_valid=np.empty((40, 40), dtype=np.bool_))
    with pytest.raises(ValueError, match=what):
        resample_bands([replace(source, **change)], out_valid=np.empty((40, 40), dtype=np.bool_))
    with pytest.raises(ValueError, match="shape of the target's validity"):
        resample_bands([source], out_valid=np.empty((39, 40), dtype=np.bool_))
