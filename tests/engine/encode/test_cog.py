"""Laws of the COG writer: what GDAL reads is what was written, in the order COGs promise."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import tifffile
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.encode.cog import CogFile
from engine.geo.crs import Crs
from engine.geo.geobox import GeoBox


def _geobox(height: int, width: int) -> GeoBox:
    affine = Affine(10.0, 0.0, 499_980.0, 0.0, -10.0, 5_000_040.0)
    return GeoBox(width=width, height=height, affine=affine, crs=Crs("EPSG:32632"))


def _image(height: int, width: int, dtype: str, seed: int) -> NDArray[Any]:
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 12 if dtype == "uint8" else 9_000, (height, width)).astype(dtype)
    image[rng.random((height, width)) < 0.2] = 0
    return image


def _write(path: Path, image: NDArray[Any], *, chunk: int, is_categorical: bool = False) -> None:
    geobox = _geobox(*image.shape)
    dtype = image.dtype.name
    with CogFile(path, geobox=geobox, dtype=dtype, is_categorical=is_categorical) as file:
        for row in range(0, image.shape[0], chunk):
            file.write(image[row : row + chunk])


@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    shape=st.tuples(st.integers(1, 1_100), st.integers(1, 1_100)),
    chunk=st.integers(1, 700),
    dtype=st.sampled_from(["uint8", "uint16", "float32"]),
    seed=st.integers(0, 99),
)
def test_gdal_reads_what_was_written_in_chunks_of_any_height(
    tmp_path_factory: pytest.TempPathFactory,
    shape: tuple[int, int],
    chunk: int,
    dtype: str,
    seed: int,
) -> None:
    path = tmp_path_factory.mktemp("cog") / "image.tif"
    image = _image(*shape, dtype, seed)

    _write(path, image, chunk=chunk)

    with rasterio.open(path) as dataset:
        assert np.array_equal(dataset.read(1), image)
        assert dataset.transform == _geobox(*shape).affine
        assert dataset.crs.to_epsg() == 32632
        assert dataset.nodata == 0
        levels = len(dataset.overviews(1))
    assert levels == sum(max(shape) > 512 * 2**n for n in range(9))


def test_gdal_recognizes_a_cog(tmp_path: Path) -> None:
    path = tmp_path / "image.tif"
    _write(path, _image(1_300, 700, "uint16", 1), chunk=252)

    with rasterio.open(path) as dataset:
        structure = dataset.tags(ns="IMAGE_STRUCTURE")
        profile = dataset.profile
    assert structure["LAYOUT"] == "COG"
    assert structure["COMPRESSION"] == "DEFLATE"
    assert structure["PREDICTOR"] == "2"
    assert (profile["blockxsize"], profile["blockysize"]) == (512, 512)


def test_directories_come_first_then_the_coarsest_blocks(tmp_path: Path) -> None:
    path = tmp_path / "image.tif"
    _write(path, _image(1_300, 1_100, "uint16", 2), chunk=100)

    with tifffile.TiffFile(path) as file:
        directories = [page.offset for page in file.pages]
        first = [min(page.dataoffsets) for page in file.pages]
        blocks = [
            (start, count)
            for page in reversed(list(file.pages))
            for start, count in zip(page.dataoffsets, page.databytecounts, strict=True)
        ]
    body = path.read_bytes()

    assert directories == sorted(directories)
    assert directories[-1] < min(first)
    assert first == sorted(first, reverse=True)
    assert [start for start, _ in blocks] == sorted(start for start, _ in blocks)
    for start, count in blocks:
        # The leader and trailer that GDAL's readers rely on.
        assert int.from_bytes(body[start - 4 : start], "little") == count
        assert body[start + count : start + count + 4] == body[start + count - 4 : start + count]


def test_overviews_are_means_of_the_pixels_with_data(tmp_path: Path) -> None:
    path = tmp_path / "image.tif"
    image = _image(1_024, 1_024, "uint16", 3)
    _write(path, image, chunk=77)

    quads = image.reshape(512, 2, 512, 2).swapaxes(1, 2).reshape(512, 512, 4).astype(float)
    count = (quads > 0).sum(axis=2)
    means = np.floor(quads.sum(axis=2) / np.maximum(count, 1) + 0.5)
    with rasterio.open(path, overview_level=0) as dataset:
        assert np.array_equal(dataset.read(1), means)


def test_overviews_of_floats_are_not_rounded(tmp_path: Path) -> None:
    path = tmp_path / "image.tif"
    image = _image(1_024, 1_024, "uint16", 5).astype(np.float32) / 9_000
    _write(path, image, chunk=100)

    quads = image.reshape(512, 2, 512, 2).swapaxes(1, 2).reshape(512, 512, 4).astype(float)
    means = quads.sum(axis=2) / np.maximum((quads > 0).sum(axis=2), 1)
    with rasterio.open(path, overview_level=0) as dataset:
        np.testing.assert_allclose(dataset.read(1), means, rtol=1e-6)


def test_overviews_of_classes_hold_the_most_frequent_one(tmp_path: Path) -> None:
    path = tmp_path / "image.tif"
    image = _image(1_024, 1_024, "uint8", 4)
    _write(path, image, chunk=512, is_categorical=True)

    quads = image.reshape(512, 2, 512, 2).swapaxes(1, 2).reshape(-1, 4)
    votes = np.stack([(quads == value).sum(axis=1) for value in range(12)], axis=1)
    votes[:, 0] = 0
    with rasterio.open(path, overview_level=0) as dataset:
        found = dataset.read(1).ravel()
    chosen = votes[np.arange(len(found)), found]
    assert np.array_equal(chosen, votes.max(axis=1))
    assert np.array_equal(found == 0, (quads == 0).all(axis=1))


def test_a_file_with_rows_missing_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "image.tif"

    with (
        pytest.raises(ValueError, match="100 rows of 200"),
        CogFile(path, geobox=_geobox(200, 200), dtype="uint16") as file,
    ):
        file.write(_image(100, 200, "uint16", 5))

    assert not path.exists()
