"""How the benchmarks' COGs are made: one generated scene, grained, cut up and encoded by GDAL."""

import os
import tempfile
import time
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
import rasterio.warp
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS

from engine.sample import SampleSpec, write_samples
from engine.sample.spec import YEAR

BANDS = ("B02", "B03", "B04", "B08")
GRAIN = {"B02": 8, "B03": 5, "B04": 6, "B08": 1}
"""Stored numbers from 0 to below this, drawn at random, are added to each band. The generator
stores multiples of four and its ground has less grain than a sensor's: without them the visible
bands would compress 2.7 to 3.3 times, where Sentinel-2's compress 1.5 to 2 times."""
DAYS = {"1024": "2022-07-13", "512": "2021-07-13"}
MOSAIC_SIDE = 3072
MOSAIC_DAYS = ("2020-07-04", "2020-07-03", "2020-07-02", "2020-07-01")
"""Newest first: north-west and south-west in zone 32, north-east and south-east in zone 33."""
MEETING = (12.0, 44.3)
"""Longitude and latitude of the point around which the four scenes of the mosaic lie."""
BEYOND = 500
"""Pixels that each of them reaches beyond that point; data reach `DATA_BEYOND`, as swaths end."""
DATA_BEYOND = 80
SERIES_SIDE = 2046
SERIES_DATES = 30


def make_all(root: Path, pixels: int) -> None:
    """Write all scene sets below ``root`` and print what they compress to."""
    started = time.perf_counter()
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root) as nest:
        spec = SampleSpec(
            pixels=pixels, overpasses=YEAR[-1:], zones=(32,), whole=True, bands=(*BANDS, "SCL")
        )
        [scene] = write_samples(Path(nest), spec).scenes
        print(f"generated a scene of {pixels} px: {time.perf_counter() - started:.0f} s")
        numbers = {}
        for band in BANDS:
            numbers[band], affine, crs = _read(scene.files[band])
            random = np.random.default_rng(BANDS.index(band))
            numbers[band] += random.integers(0, GRAIN[band], numbers[band].shape, np.uint16)
        classes, _, _ = _read(scene.files["SCL"])
    for name, day in DAYS.items():
        for band in BANDS:
            path = root / name / day / f"{band}.tif"
            _write(path, numbers[band], affine=affine, crs=crs, block=int(name))
            ratio = numbers[band].nbytes * 4 / 3 / path.stat().st_size
            print(f"{name} {band}: {path.stat().st_size >> 20} MiB, compressed {ratio:.2f} times")
    _make_mosaic(root / "mosaic", numbers)
    _make_series(root / "series", numbers, classes, affine=affine, crs=crs)
    size = sum(path.stat().st_size for path in root.rglob("*.tif"))
    print(f"made {size >> 20} MiB in {time.perf_counter() - started:.0f} s")


def _read(path: Path) -> tuple[NDArray[Any], Affine, CRS]:
    with rasterio.open(path) as dataset:
        return dataset.read(1), dataset.transform, dataset.crs


def _write(path: Path, values: NDArray[Any], *, affine: Affine, crs: CRS, block: int) -> None:
    """Write a COG with overviews: averages, of classes the most frequent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    profile = {
        "driver": "GTiff", "height": values.shape[0], "width": values.shape[1], "count": 1,
        "dtype": values.dtype, "nodata": 0, "crs": crs, "transform": affine,
    }  # fmt: skip
    plain = path.with_suffix(".plain")
    with rasterio.open(plain, "w", **profile) as dataset:
        dataset.write(values, 1)
    rasterio.shutil.copy(
        plain,
        path,
        driver="COG",
        compress="DEFLATE",
        level=6,
        predictor=2,
        blocksize=block,
        overview_resampling="mode" if values.dtype == np.uint8 else "average",
        num_threads=os.cpu_count(),
    )
    plain.unlink()


def _make_mosaic(folder: Path, numbers: Mapping[str, NDArray[np.uint16]]) -> None:
    """Write four scenes whose data meet around one point along slanted edges, two zones deep."""
    full = numbers["B04"].shape[0]
    side = min(MOSAIC_SIDE, full // 2)
    corners = ((0, 0), (full - side, 0), (0, full - side), (full - side, full - side))
    for index, (day, (top, left)) in enumerate(zip(MOSAIC_DAYS, corners, strict=True)):
        is_south, is_east = index % 2 == 1, index >= 2
        crs = CRS.from_epsg(32633 if is_east else 32632)
        [x], [y] = rasterio.warp.transform("EPSG:4326", crs, [MEETING[0]], [MEETING[1]])
        col = BEYOND if is_east else side - BEYOND
        row = BEYOND if is_south else side - BEYOND
        affine = Affine(10, 0, round(x, -1) - 10 * col, 0, -10, round(y, -1) + 10 * row)
        cols, rows = np.arange(side)[np.newaxis, :], np.arange(side)[:, np.newaxis]
        across = cols - col + (rows - row) // 5
        down = rows - row
        has_data = (across > -DATA_BEYOND) if is_east else (across < DATA_BEYOND)
        has_data = has_data & ((down > -DATA_BEYOND) if is_south else (down < DATA_BEYOND))
        for band in ("B02", "B03", "B04"):
            values = numbers[band][top : top + side, left : left + side] * has_data
            _write(folder / day / f"{band}.tif", values, affine=affine, crs=crs, block=1024)


def _make_series(
    folder: Path,
    numbers: Mapping[str, NDArray[np.uint16]],
    classes: NDArray[np.uint8],
    *,
    affine: Affine,
    crs: CRS,
) -> None:
    """Write thirty dates of one place: each is another part of the scene, so no two are alike."""
    full = numbers["B04"].shape[0]
    side = min(SERIES_SIDE, full // 2)
    random = np.random.default_rng(30)
    for number in range(SERIES_DATES):
        day = (date(2019, 1, 5) + timedelta(days=12 * number)).isoformat()
        top, left = (2 * int(start) for start in random.integers(0, (full - side) // 2, 2))
        for band in ("B04", "B08"):
            values = numbers[band][top : top + side, left : left + side]
            _write(folder / day / f"{band}.tif", values, affine=affine, crs=crs, block=1024)
        half = classes[top // 2 : (top + side) // 2, left // 2 : (left + side) // 2]
        coarse = affine * Affine.scale(2)
        _write(folder / day / "SCL.tif", half, affine=coarse, crs=crs, block=1024)
