"""Warp kernels against GDAL's, on the same pixels in one run, interleaved.

    python benchmarks/bench_warp.py [--size 2048] [--rounds 5]

UTM 31 → web mercator, uint16 in memory, as many pixels out as in. Mpx/s of output, best round.
The coordinate grid and the source window are made anew each time, as for a request.
"""

import argparse
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.enums import Resampling as GdalResampling
from rasterio.vrt import WarpedVRT
from rasterio.warp import reproject

from engine.geo.crs import WEB_MERCATOR, parse_crs, transform
from engine.geo.geobox import GeoBox
from engine.warp.coordinates import make_coordinate_grid, source_window
from engine.warp.resample import resample, resampled_dtype
from engine.warp.resampling import Resampling

UTM = parse_crs("EPSG:32631")
AFFINE = Affine(10, 0, 500_000, 0, -10, 5_000_000)
KERNELS = (Resampling.NEAREST, Resampling.BILINEAR, Resampling.CUBIC)


def make_target(size: int) -> GeoBox:
    """Return a web mercator grid that lies inside ``size`` × ``size`` pixels of the source."""
    x, y = transform(UTM, WEB_MERCATOR, np.array([500_150.0]), np.array([4_999_850.0]))
    affine = Affine(14.0, 0, float(x[0]), 0, -14.0, float(y[0]))
    return GeoBox(width=size, height=size, affine=affine, crs=WEB_MERCATOR)


def ours(
    values: NDArray[np.uint16],
    geobox: GeoBox,
    kernel: Resampling,
    *,
    pool: ThreadPoolExecutor,
    threads: int,
    nodata: float | None,
) -> None:
    height, width = values.shape
    grid = make_coordinate_grid(geobox, UTM, source_resolution=10.0)
    window = source_window(grid, ~AFFINE, width=width, height=height, resampling=kernel)
    if window is None:
        message = "the target lies inside the source"
        raise AssertionError(message)
    source = values[window.row_start : window.row_stop, window.col_start : window.col_stop]
    out = np.empty((geobox.height, geobox.width), resampled_dtype(values.dtype, kernel))
    out_valid = np.empty(out.shape, dtype=np.bool_)

    def part(rows: tuple[int, int]) -> None:
        resample(
            source,
            None,
            window=window,
            grid=grid.rows(*rows),
            inverse=~AFFINE,
            level_width=width,
            level_height=height,
            resampling=kernel,
            nodata=nodata,
            out=out[rows[0] : rows[1]],
            out_valid=out_valid[rows[0] : rows[1]],
        )

    cuts = np.linspace(0, geobox.height, threads + 1).astype(int).tolist()
    list(pool.map(part, pairwise(cuts)))


def gdal_reproject(
    values: NDArray[np.uint16], geobox: GeoBox, kernel: Resampling, *, threads: int
) -> None:
    out = np.empty((geobox.height, geobox.width), np.uint16)
    reproject(
        values,
        out,
        src_transform=AFFINE,
        src_crs="EPSG:32631",
        dst_transform=geobox.affine,
        dst_crs="EPSG:3857",
        resampling=GdalResampling[kernel.value],
        num_threads=threads,
    )


def gdal_vrt(dataset: rasterio.DatasetReader, geobox: GeoBox, kernel: Resampling) -> None:
    with WarpedVRT(
        dataset,
        crs="EPSG:3857",
        transform=geobox.affine,
        width=geobox.width,
        height=geobox.height,
        resampling=GdalResampling[kernel.value],
    ) as warped:
        warped.read(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=2048)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    size = arguments.size
    side = size + 64
    values = np.random.default_rng(1).integers(1, 10_000, (side, side)).astype(np.uint16)
    geobox = make_target(size)
    profile = {
        "driver": "GTiff",
        "width": side,
        "height": side,
        "count": 1,
        "dtype": "uint16",
        "crs": "EPSG:32631",
        "transform": AFFINE,
    }
    with (
        ThreadPoolExecutor(2) as pool,
        rasterio.MemoryFile() as memory,
    ):
        with memory.open(**profile) as written:
            written.write(values, 1)
        with memory.open() as dataset:
            print(f"Mpx/s of output, {size} x {size}, best of {arguments.rounds} rounds")
            print("kernel     threads  ours  ours+nodata  reproject  WarpedVRT  ours/best of GDAL")
            for kernel in KERNELS:
                for threads in (1, 2):
                    runs: dict[str, Callable[[], None]] = {
                        "ours": lambda k=kernel, t=threads: ours(
                            values, geobox, k, pool=pool, threads=t, nodata=None
                        ),
                        "nodata": lambda k=kernel, t=threads: ours(
                            values, geobox, k, pool=pool, threads=t, nodata=0.0
                        ),
                        "reproject": lambda k=kernel, t=threads: gdal_reproject(
                            values, geobox, k, threads=t
                        ),
                    }
                    if threads == 1:
                        runs["vrt"] = lambda k=kernel: gdal_vrt(dataset, geobox, k)
                    report(kernel, threads, measure(runs, arguments.rounds, size * size / 1e6))


def measure(
    runs: dict[str, Callable[[], None]], rounds: int, megapixels: float
) -> dict[str, float]:
    """Return the best speed of each, taken in turns so that a busy machine is fair to all."""
    best = dict.fromkeys(runs, 0.0)
    for run in runs.values():
        run()
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            best[name] = max(best[name], megapixels / (time.perf_counter() - start))
    return best


def report(kernel: Resampling, threads: int, speed: dict[str, float]) -> None:
    vrt = speed.get("vrt")
    ratio = speed["ours"] / max(speed["reproject"], vrt or 0.0)
    shown = "-" if vrt is None else f"{vrt:.0f}"
    print(
        f"{kernel.value:10s} {threads:7d} {speed['ours']:5.0f} {speed['nodata']:12.0f}"
        f" {speed['reproject']:10.0f} {shown:>10s} {ratio:18.1f}"
    )


if __name__ == "__main__":
    main()
