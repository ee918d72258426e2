"""Closed forms: constants, planes, quadratics, means; and no-data that never bleeds."""

import numpy as np
import pytest
from affine import Affine
from numpy.typing import NDArray

from engine.geo.crs import WGS84, parse_crs, transform
from engine.geo.geobox import GeoBox
from engine.geo.window import Window
from engine.warp.resample import (
    BandSource,
    Frame,
    resample,
    resample_bands,
    resampled_dtype,
    stored_nodata,
)
from engine.warp.resampling import Resampling
from tests.builders.warps import grid_over, make_grid, punch_holes, source_crs, warp
from tests.oracle.gdal_warp import Raster

AFFINE = Affine(10, 0, 300_000, 0, -10, 5_100_000)
UTM = "EPSG:32631"
DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")


def places(raster: Raster, geobox: GeoBox) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return exact column and row of the target's centers in the source, by pyproj alone."""
    col, row = np.meshgrid(np.arange(geobox.width) + 0.5, np.arange(geobox.height) + 0.5)
    x, y = geobox.affine @ (col, row)
    x, y = transform(geobox.crs, source_crs(raster), x, y)
    return ~raster.affine @ (x, y)


@pytest.mark.parametrize("target", ["EPSG:3857", "EPSG:32631", "EPSG:32632"])
@pytest.mark.parametrize("kernel", list(Resampling))
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_constant_with_holes_stays_exactly_constant(
    dtype: str, kernel: Resampling, target: str
) -> None:
    constant = 0.1 if dtype[0] == "f" else np.iinfo(dtype).max - 1
    values = np.full((220, 220), constant, dtype=dtype)
    punch_holes(values, nodata=0)
    raster = Raster(values=values, affine=AFFINE, crs=UTM, nodata=0.0)
    out, valid = warp(raster, grid_over(raster, target, size=230), kernel)

    assert 0.3 < valid.mean() < 0.95
    assert out.dtype == resampled_dtype(values.dtype, kernel)
    assert (out[valid] == out.dtype.type(values.max())).all()
    assert (out[~valid] == 0).all()


@pytest.mark.parametrize("kernel", list(Resampling))
def test_a_mask_a_number_and_nan_mark_the_same_pixels(kernel: Resampling) -> None:
    random = np.random.default_rng(4)
    values = random.uniform(1, 2, (200, 200)).astype(np.float32)
    holes = np.ones_like(values)
    punch_holes(holes, nodata=0)
    valid = holes > 0
    whole = Raster(values=values, affine=AFFINE, crs=UTM)
    geobox = grid_over(whole, "EPSG:32632", size=200)
    numbered = Raster(
        values=np.where(valid, values, np.float32(-9999)), affine=AFFINE, crs=UTM, nodata=-9999.0
    )
    unknown = Raster(values=np.where(valid, values, np.nan), affine=AFFINE, crs=UTM)
    by_mask = warp(whole, geobox, kernel, valid=valid)
    for raster in (numbered, unknown):
        out, out_valid = warp(raster, geobox, kernel)

        assert (out_valid == by_mask[1]).all()
        assert (out == by_mask[0]).all()


@pytest.mark.parametrize("kernel", [Resampling.BILINEAR, Resampling.CUBIC])
@pytest.mark.parametrize("target", ["EPSG:3857", "EPSG:32632", "EPSG:3035"])
def test_planes_are_reproduced(kernel: Resampling, target: str) -> None:
    y, x = np.mgrid[0:300, 0:300] + 0.5
    raster = Raster(values=5.0 * x - 3.0 * y, affine=AFFINE, crs=UTM)
    geobox = grid_over(raster, target, size=200)
    out, valid = warp(raster, geobox, kernel)
    col, row = places(raster, geobox)
    inner = (col > 2) & (col < 298) & (row > 2) & (row < 298)

    # A thousandth of a pixel is allowed to a coordinate.
    assert valid[inner].all()
    assert np.abs(out - (5.0 * col - 3.0 * row))[inner].max() < 0.008


def test_cubic_reproduces_quadratics_but_bilinear_does_not() -> None:
    y, x = np.mgrid[0:120, 0:120] + 0.5
    values = (x - 60) ** 2 + 0.5 * (x - 60) * (y - 60) - 2 * (y - 60) ** 2
    raster = Raster(values=values, affine=AFFINE, crs=UTM)
    geobox = grid_over(raster, UTM, size=90, zoom=0.77)
    col, row = places(raster, geobox)
    expected = (col - 60) ** 2 + 0.5 * (col - 60) * (row - 60) - 2 * (row - 60) ** 2
    cubic, _ = warp(raster, geobox, Resampling.CUBIC)
    bilinear, _ = warp(raster, geobox, Resampling.BILINEAR)

    assert np.abs(cubic - expected).max() < 2e-3
    assert np.abs(bilinear - expected).max() > 0.1


@pytest.mark.parametrize("factor", [2, 5, 2.5, 7.25])
def test_average_is_the_mean_over_the_area(factor: float) -> None:
    """The oracle is the integral image: sums over boxes with fractional edges."""
    random = np.random.default_rng(6)
    values = random.uniform(0, 1000, (400, 400))
    raster = Raster(values=values, affine=AFFINE, crs=UTM)
    geobox = grid_over(raster, UTM, size=40, zoom=factor, turn=0.3)
    out, valid = warp(raster, geobox, Resampling.AVERAGE)
    table = np.pad(values.cumsum(0).cumsum(1), ((1, 0), (1, 0)))

    def total(row: NDArray[np.float64], col: NDArray[np.float64]) -> NDArray[np.float64]:
        i, j = np.floor(row).astype(int), np.floor(col).astype(int)
        v, u = row - i, col - j
        upper = table[i, j] * (1 - u) + table[i, j + 1] * u
        lower = table[i + 1, j] * (1 - u) + table[i + 1, j + 1] * u
        return upper * (1 - v) + lower * v

    col, row = places(raster, geobox)
    half = factor / 2
    sums = (
        total(row + half, col + half)
        - total(row - half, col + half)
        - total(row + half, col - half)
        + total(row - half, col - half)
    )

    assert valid.all()
    assert np.abs(out - sums / factor**2).max() < 0.05


def test_average_of_a_turned_grid_keeps_the_area() -> None:
    random = np.random.default_rng(7)
    values = random.uniform(0, 1000, (600, 600))
    affine = Affine.translation(300_000, 5_100_000) @ Affine.rotation(30) @ Affine.scale(10, -10)
    raster = Raster(values=values, affine=affine, crs=UTM)
    out, valid = warp(raster, grid_over(raster, UTM, size=30, zoom=10), Resampling.AVERAGE)

    # The mean of n independent numbers scatters by 1/√n: n is the area under a pixel.
    assert valid.all()
    assert abs(values.std() / out.std() - 10) < 1.0


@pytest.mark.parametrize("dtype", DTYPES)
def test_nearest_reads_the_coordinates_of_its_own_pixel(dtype: str) -> None:
    """The coordinate image: each pixel's value is its own column, or its own row."""
    size = 120
    y, x = np.mgrid[0:size, 0:size]
    for values, axis in ((x, 0), (y, 1)):
        raster = Raster(values=values.astype(dtype), affine=AFFINE, crs=UTM)
        geobox = grid_over(raster, "EPSG:3857", size=140)
        out, valid = warp(raster, geobox, Resampling.NEAREST)
        exact = places(raster, geobox)
        inside = (exact[0] > 0) & (exact[0] < size) & (exact[1] > 0) & (exact[1] < size)
        border = np.abs(exact[axis] - np.rint(exact[axis])) < 0.001

        assert out.dtype == np.dtype(dtype)
        assert ((out == np.floor(exact[axis])) | border)[inside & valid].all()
        assert (valid == inside).mean() > 0.999


def test_infinite_numbers_are_data() -> None:
    values = np.ones((20, 20), dtype=np.float32)
    values[10, 10] = np.inf
    raster = Raster(values=values, affine=AFFINE, crs=UTM)
    for kernel in (Resampling.BILINEAR, Resampling.CUBIC):
        out, valid = warp(raster, grid_over(raster, UTM, size=20, turn=0.0), kernel)

        assert valid.all()
        assert np.isinf(out).sum() == 1
        assert not np.isnan(out).any()


def test_padding_beyond_the_level_is_never_read() -> None:
    """A block at the edge of an image is stored whole: what lies beyond the level is not data."""
    values = np.full((64, 64), 7, dtype=np.uint16)
    padded = np.full((96, 96), 999, dtype=np.uint16)
    padded[:64, :64] = values
    raster = Raster(values=values, affine=AFFINE, crs=UTM)
    geobox = grid_over(raster, "EPSG:3857", size=100)
    grid = make_grid(raster, geobox)
    for kernel in Resampling:
        out = np.empty((100, 100), resampled_dtype(values.dtype, kernel))
        out_valid = np.empty((100, 100), dtype=np.bool_)
        resample(
            padded,
            None,
            window=Window(row_start=0, row_stop=96, col_start=0, col_stop=96),
            grid=grid,
            inverse=~AFFINE,
            level_width=64,
            level_height=64,
            resampling=kernel,
            nodata=None,
            out=out,
            out_valid=out_valid,
        )

        assert set(np.unique(out)) == {0, 7}
        assert (out_valid == (out == 7)).all()


@pytest.mark.parametrize(
    ("dtype", "nodata", "expected"),
    [
        ("uint8", 255.0, 255),
        ("uint8", 256.0, None),
        ("uint16", -9999.0, None),
        ("int16", -9999.0, -9999),
        ("int16", 0.5, None),
        ("uint16", None, None),
        ("float32", float("nan"), None),
        ("float32", -3.4028234663852886e38, np.finfo(np.float32).min),
    ],
)
def test_a_no_data_number_counts_only_where_it_can_be_stored(
    dtype: str, nodata: float | None, expected: float | None
) -> None:
    assert stored_nodata(np.dtype(dtype), nodata) == expected


def test_scenes_of_two_zones_meet_without_a_seam() -> None:
    """A smooth field seen from two zones is one smooth field in the map."""
    fields = []
    for crs, left in (("EPSG:32631", 725_000.0), ("EPSG:32632", 265_000.0)):
        affine = Affine(10, 0, left, 0, -10, 5_100_000)
        col, row = np.meshgrid(np.arange(900) + 0.5, np.arange(500) + 0.5)
        lon, lat = transform(parse_crs(crs), WGS84, *(affine @ (col, row)))
        values = 1e4 * (lon - 6) + 1e4 * (lat - 46)
        fields.append(Raster(values=values, affine=affine, crs=crs))
    geobox = grid_over(fields[0], "EPSG:4326", size=300)
    seen = []
    inner = np.ones((300, 300), dtype=np.bool_)
    for field in fields:
        seen.append(warp(field, geobox, Resampling.BILINEAR)[0])
        col, row = places(field, geobox)
        # Within half a pixel of a border there is nothing to interpolate with.
        inner &= (col > 0.5) & (col < 899.5) & (row > 0.5) & (row < 499.5)

    # 1e4 a degree is 1.3 a pixel: the fields agree to a thousandth of a pixel.
    assert inner.mean() > 0.2
    assert np.abs(seen[0] - seen[1])[inner].max() < 0.0015


@pytest.mark.parametrize("kernel", list(Resampling))
@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_bands_share_a_mask_that_is_true_where_all_have_data(
    dtype: str, kernel: Resampling
) -> None:
    """Each band alone is the oracle, whatever frames they share and whatever rows are done."""
    whole, holed = (np.random.default_rng(seed).integers(1, 99, (150, 150)) for seed in (1, 2))
    mask = np.ones(holed.shape, dtype=np.int64)
    punch_holes(holed, nodata=0, seed=3)
    punch_holes(mask, nodata=0, seed=4)
    rasters = [
        Raster(values=values.astype(dtype), affine=AFFINE, crs=UTM, nodata=nodata)
        for values, nodata in ((whole, None), (holed, 0.0), (whole, 0.0))
    ]
    masks = (None, None, mask > 0)
    geobox = grid_over(rasters[0], "EPSG:3857", size=130)
    alone = [
        warp(raster, geobox, kernel, valid=valid)
        for raster, valid in zip(rasters, masks, strict=True)
    ]
    frames = [
        Frame(
            window=Window(row_start=0, row_stop=150, col_start=0, col_stop=150),
            grid=make_grid(rasters[0], geobox),
            inverse=~AFFINE,
            level_width=150,
            level_height=150,
            resampling=kernel,
        )
        for _ in range(2)
    ]
    sheet = np.full((3, 130, 130), 7, dtype=resampled_dtype(np.dtype(dtype), kernel))
    out_valid = np.ones((130, 130), dtype=np.bool_)
    sources = [
        BandSource(
            frame=frames[index // 2],
            values=raster.values,
            valid=valid,
            nodata=raster.nodata,
            out=out,
        )
        for index, (raster, valid, out) in enumerate(zip(rasters, masks, sheet, strict=True))
    ]
    full = [
        resample_bands(sources, out_valid=out_valid, rows=rows)
        for rows in ((0, 1), (1, 70), (70, 130))
    ]
    expected = np.logical_and.reduce([valid for _, valid in alone])

    assert 0.2 < expected.mean() < 0.9
    assert (out_valid == expected).all()
    assert full == [bool(part.all()) for part in (expected[:1], expected[1:70], expected[70:])]
    for band, (values, _) in zip(sheet, alone, strict=True):
        assert (band == np.where(expected, values, 0)).all()


@pytest.mark.parametrize("kernel", list(Resampling))
def test_only_where_all_pixels_have_data_are_bands_said_to_be_full(kernel: Resampling) -> None:
    values = np.ones((100, 100), dtype=np.uint16)
    raster = Raster(values=values, affine=AFFINE, crs=UTM)
    inner = grid_over(raster, "EPSG:3857", size=64)
    outer = grid_over(raster, "EPSG:3857", size=140)

    def is_full(geobox: GeoBox, nodata: float | None) -> bool:
        frame = Frame(
            window=Window(row_start=0, row_stop=100, col_start=0, col_stop=100),
            grid=make_grid(raster, geobox),
            inverse=~AFFINE,
            level_width=100,
            level_height=100,
            resampling=kernel,
        )
        shape = (geobox.height, geobox.width)
        source = BandSource(
            frame=frame,
            values=values,
            valid=None,
            nodata=nodata,
            out=np.empty(shape, resampled_dtype(values.dtype, kernel)),
        )
        return resample_bands([source], out_valid=np.empty(shape, dtype=np.bool_))

    assert is_full(inner, None)
    assert is_full(inner, 0.0)
    assert not is_full(inner, 1.0)
    assert not is_full(outer, None)
