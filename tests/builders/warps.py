"""Sources and grids for the laws of warping."""

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from engine.geo.crs import Crs, parse_crs, transform
from engine.geo.geobox import GeoBox
from engine.geo.window import Window
from engine.warp.coordinates import CoordinateGrid, make_coordinate_grid, source_window
from engine.warp.resample import resample, resampled_dtype
from engine.warp.resampling import Resampling
from tests.oracle.gdal_warp import Raster


def make_landscape(
    height: int, width: int, *, seed: int = 1, dtype: str = "uint16"
) -> NDArray[np.generic]:
    """Return waves, edges and noise between 200 and 9000: everything an interpolation dislikes."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    waves = 2000 * np.sin(x / 7.3) * np.cos(y / 5.1) + 1500 * np.sin((x + 2 * y) / 31)
    edges = np.where((x // 23 + y // 17) % 2 == 0, 800, -800)
    noise = random.normal(0, 60, (height, width))
    return np.clip(4600 + waves + edges + noise, 200, 9000).astype(dtype)


def punch_holes(values: NDArray[np.generic], *, nodata: float, seed: int = 2) -> None:
    """Write ``nodata`` into spots, blots and a slanted edge of ``values``, in place."""
    random = np.random.default_rng(seed)
    height, width = values.shape
    y, x = np.mgrid[0:height, 0:width]
    for _ in range(30):
        row, col, radius = random.integers(0, height), random.integers(0, width), random.integers(9)
        values[(y - row) ** 2 + (x - col) ** 2 <= radius**2] = nodata
    values[x * 3 + y < width // 4] = nodata


def grid_over(
    raster: Raster, crs: str, *, size: int = 512, zoom: float = 1.0, turn: float = 0.37
) -> GeoBox:
    """Return a square grid in ``crs`` over the raster's center.

    Its pixels are about ``zoom`` source pixels wide, and its origin is off any lattice by
    ``turn`` of a pixel.
    """
    height, width = raster.values.shape
    source, target = parse_crs(raster.crs), parse_crs(crs)
    near = raster.affine @ (width / 2, height / 2)
    right = raster.affine @ (width / 2 + 1, height / 2)
    x, y = transform(source, target, np.array([near[0], right[0]]), np.array([near[1], right[1]]))
    step = float(f"{zoom * float(np.hypot(x[1] - x[0], y[1] - y[0])):.4g}")
    left = (np.floor(x[0] / step) - size // 2 + turn) * step
    top = (np.ceil(y[0] / step) + size // 2 - turn) * step
    affine = Affine(step, 0.0, float(left), 0.0, -step, float(top))
    return GeoBox(width=size, height=size, affine=affine, crs=target)


def make_grid(raster: Raster, geobox: GeoBox) -> CoordinateGrid:
    """Return the coordinate grid as the planner makes it."""
    height, width = raster.values.shape
    center = raster.affine @ (width / 2, height / 2)
    return make_coordinate_grid(
        geobox, source_crs(raster), source_resolution=abs(raster.affine.e), near=center[0]
    )


def source_crs(raster: Raster) -> Crs:
    """Return the raster's CRS as the engine knows it."""
    return parse_crs(raster.crs)


def warp(
    raster: Raster,
    geobox: GeoBox,
    resampling: Resampling,
    *,
    valid: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
    """Return values and validity by the engine, from just the pixels it says that it touches."""
    height, width = raster.values.shape
    grid = make_grid(raster, geobox)
    inverse = ~raster.affine
    shape = (geobox.height, geobox.width)
    out = np.full(shape, 77, dtype=resampled_dtype(raster.values.dtype, resampling))
    out_valid = np.full(shape, fill_value=True)
    window = source_window(grid, inverse, width=width, height=height, resampling=resampling)
    if window is None:
        window = Window(row_start=0, row_stop=0, col_start=0, col_stop=0)
    place = np.s_[window.row_start : window.row_stop, window.col_start : window.col_stop]
    resample(
        raster.values[place],
        None if valid is None else valid[place],
        window=window,
        grid=grid,
        inverse=inverse,
        level_width=width,
        level_height=height,
        resampling=resampling,
        nodata=raster.nodata,
        out=out,
        out_valid=out_valid,
    )
    return out, out_valid
