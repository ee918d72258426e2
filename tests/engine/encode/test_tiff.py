"""GeoTIFF: GDAL and a bare tifffile read every number and every place exactly."""

import io
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import rasterio
import tifffile
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from rasterio.enums import ColorInterp
from rasterio.io import MemoryFile
from tifffile import PHOTOMETRIC

from engine.encode.tiff import encode_tiff
from engine.geo.crs import definition, parse_crs
from engine.geo.geobox import GeoBox
from tests.builders.pictures import make_picture, pictures, place

DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")
SWISS_OBLIQUE = "+proj=somerc +lat_0=46.9 +lon_0=7.4 +k_0=1 +x_0=2600000 +y_0=1200000 +ellps=bessel"
WITHOUT_CODECS = """
import sys
sys.modules["imagecodecs"] = None
import io, numpy as np, tifffile
values = tifffile.imread(io.BytesIO(sys.stdin.buffer.read()))
written = io.BytesIO()
np.save(written, values)
sys.stdout.buffer.write(written.getvalue())
"""
"""What a client has that installed tifffile alone."""


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    values=pictures(DTYPES, (1, 2, 3, 4, 7)),
    crs=st.sampled_from(["EPSG:32633", "EPSG:4326", "EPSG:3857", "EPSG:3035", "EPSG:2056"]),
    nodata=st.sampled_from([None, 0.0, 7.0]),
)
def test_gdal_reads_pixels_and_place_exactly(
    values: NDArray[Any], crs: str, nodata: float | None
) -> None:
    height, width = values.shape[1:]
    geobox = place(height, width, crs)

    with (
        MemoryFile(encode_tiff(values, geobox, nodata=nodata)) as memory,
        memory.open() as dataset,
    ):
        assert set(dataset.dtypes) == {values.dtype.name}
        assert np.array_equal(dataset.read(), values, equal_nan=values.dtype.kind == "f")
        assert dataset.transform == geobox.affine
        assert dataset.crs == rasterio.CRS.from_user_input(crs)
        assert dataset.nodata == nodata
        assert dataset.interleaving.value == "PIXEL" or values.shape[0] == 1
        assert dataset.profile["tiled"]


@settings(max_examples=24, deadline=None, derandomize=True)
@given(values=pictures(DTYPES, (1, 2, 3, 4, 7)))
def test_tifffile_reads_rows_columns_and_bands(values: NDArray[Any]) -> None:
    body = encode_tiff(values, place(*values.shape[1:]), nodata=None)

    found = tifffile.imread(io.BytesIO(body))

    expected = values[0] if len(values) == 1 else np.moveaxis(values, 0, -1)
    assert found.dtype == values.dtype
    assert np.array_equal(found, expected, equal_nan=values.dtype.kind == "f")


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "uint32", "float32", "float64"])
@pytest.mark.parametrize("bands", [1, 3])
def test_tifffile_reads_it_without_imagecodecs(dtype: str, bands: int) -> None:
    values = make_picture((bands, 600, 530), dtype, 1)
    body = encode_tiff(values, place(600, 530), nodata=None)

    answer = subprocess.run(
        [sys.executable, "-c", WITHOUT_CODECS], input=body, capture_output=True, check=False
    )

    assert answer.returncode == 0, answer.stderr.decode()
    found = np.load(io.BytesIO(answer.stdout))
    expected = values[0] if bands == 1 else np.moveaxis(values, 0, -1)
    assert np.array_equal(found, expected, equal_nan=values.dtype.kind == "f")


@pytest.mark.parametrize(
    ("dtype", "bands", "photometric", "last"),
    [
        ("uint8", 1, PHOTOMETRIC.MINISBLACK, ColorInterp.gray),
        ("uint8", 3, PHOTOMETRIC.RGB, ColorInterp.blue),
        ("uint8", 4, PHOTOMETRIC.RGB, ColorInterp.alpha),
        ("float32", 3, PHOTOMETRIC.MINISBLACK, ColorInterp.undefined),
        ("uint8", 5, PHOTOMETRIC.MINISBLACK, ColorInterp.undefined),
    ],
)
def test_bands_mean_what_gdal_takes_them_for(
    dtype: str, bands: int, photometric: PHOTOMETRIC, last: ColorInterp
) -> None:
    values = make_picture((bands, 20, 20), dtype, 2)

    body = encode_tiff(values, place(20, 20), nodata=None)

    with MemoryFile(body) as memory, memory.open() as dataset:
        assert dataset.colorinterp[-1] == last
    with tifffile.TiffFile(io.BytesIO(body)) as file:
        assert file.pages.first.photometric == photometric


def test_a_crs_without_a_code_is_kept_by_its_definition() -> None:
    crs = parse_crs(SWISS_OBLIQUE)
    affine = Affine(30.0, 0.0, 2_600_000.0, 0.0, -30.0, 1_200_000.0)
    values = make_picture((2, 40, 30), "float32", 3)

    body = encode_tiff(
        values, GeoBox(width=30, height=40, affine=affine, crs=crs), nodata=float("nan")
    )

    with MemoryFile(body) as memory, memory.open() as dataset:
        assert np.array_equal(dataset.read(), values, equal_nan=True)
        assert dataset.transform == affine
        assert np.isnan(dataset.nodata)
        found = definition(parse_crs(dataset.crs.to_wkt())).coordinate_operation
    wanted = definition(crs).coordinate_operation
    assert found is not None
    assert wanted is not None
    assert found.method_code == wanted.method_code
    assert {p.name: p.value for p in found.params} == {p.name: p.value for p in wanted.params}


def test_a_turned_grid_is_kept() -> None:
    affine = Affine.translation(500_000, 5_000_000) * Affine.rotation(30) * Affine.scale(10, -10)
    geobox = GeoBox(width=30, height=40, affine=affine, crs=parse_crs("EPSG:32633"))
    values = make_picture((1, 40, 30), "uint8", 4)

    with MemoryFile(encode_tiff(values, geobox, nodata=None)) as memory, memory.open() as dataset:
        assert dataset.transform.almost_equals(affine, precision=1e-9)
        assert dataset.crs.to_epsg() == 32633
        assert np.array_equal(dataset.read(), values)


@pytest.mark.parametrize(
    ("dtype", "nodata", "kept"),
    [
        ("uint8", -9_999.0, None),
        ("uint8", 255.0, 255.0),
        ("int16", 0.5, None),
        ("float32", -9_999.0, -9_999.0),
        ("float32", 1e300, None),
        ("uint32", 4_294_967_295.0, 4_294_967_295.0),
    ],
)
@pytest.mark.parametrize("crs", ["EPSG:32633", SWISS_OBLIQUE])
def test_nodata_is_labelled_where_a_sample_can_be_it(
    dtype: str, nodata: float, kept: float | None, crs: str
) -> None:
    geobox = place(8, 8)
    geobox = GeoBox(width=8, height=8, affine=geobox.affine, crs=parse_crs(crs))

    body = encode_tiff(make_picture((1, 8, 8), dtype, 5), geobox, nodata=nodata)

    with MemoryFile(body) as memory, memory.open() as dataset:
        assert dataset.nodata == kept


def test_nan_is_labelled_as_gdal_does() -> None:
    body = encode_tiff(make_picture((1, 8, 8), "float32", 6), place(8, 8), nodata=float("nan"))

    with tifffile.TiffFile(io.BytesIO(body)) as file:
        assert file.pages.first.tags[42113].value == "nan"


def test_the_same_pixels_give_the_same_bytes() -> None:
    values = make_picture((3, 600, 700), "uint16", 7)
    large = np.zeros((3, 700, 800), dtype="uint16")
    large[:, 10:610, 20:720] = values

    view = large[:, 10:610, 20:720]
    assert encode_tiff(view, place(600, 700), nodata=0) == encode_tiff(
        values, place(600, 700), nodata=0
    )


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_blocks_compressed_in_threads_give_the_same_bytes(dtype: str) -> None:
    values = make_picture((3, 1_100, 1_300), dtype, 8)

    def spread(job: Callable[[int], None], count: int) -> None:
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(job, reversed(range(count))))

    assert encode_tiff(values, place(1_100, 1_300), nodata=None, spread=spread) == encode_tiff(
        values, place(1_100, 1_300), nodata=None
    )
