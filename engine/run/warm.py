"""Every kernel compiled before the first request: ``python -m engine.run.warm``.

numba compiles a kernel at its first call and keeps the machine code on disk; several processes
that start together wait for the first of them, which compiles together with one of its own.
"""

import fcntl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import numpy as np
import shapely
from affine import Affine

from engine.cog.predictor import (
    separate,
    undo_floating,
    undo_floating_alone,
    undo_horizontal,
)
from engine.encode.formats import encode_output
from engine.geo.bbox import BBox
from engine.geo.crs import WEB_MERCATOR, Crs, warm_transforms
from engine.geo.geobox import GeoBox, make_geobox
from engine.geo.geometry import Geometry
from engine.geo.window import Window
from engine.jit import KERNELS
from engine.run.allocation import keep_memory
from engine.samples import Pixels
from engine.warp.clip import rasterize
from engine.warp.coordinates import make_coordinate_grid
from engine.warp.resample import resample, resampled_dtype
from engine.warp.resampling import Resampling

FIRST_DTYPES = ("uint16", "float32")
SECOND_DTYPES = ("uint8", "float64")
"""Compiled beside the kernels that decode and encode, which take about as long as the others. All
other dtypes are moved or weighed by the kernels of these."""
SECOND_PROCESS = (sys.executable, "-m", "engine.run.warm", "second")
SIDE = 48
SWITCH_SECONDS = 0.0005
"""How long a thread may keep Python's lock from another that wants it. By default ten times as
much, which is longer than a cached map tile takes: the event loop would wait so long after every
thread's answer."""


def warm_kernels() -> float:
    """Compile, or load from disk, every kernel that a request may need; return the seconds.

    Compiling is shared with a second process; no thread or process is left behind. From then on,
    what the process frees stays with it (see `keep_memory`), and its threads take shorter turns.
    """
    started = time.perf_counter()
    keep_memory()
    sys.setswitchinterval(SWITCH_SECONDS)
    warm_transforms()
    with _in_turn():
        done = Path(KERNELS) / "complete"
        other = None if done.exists() else subprocess.Popen(SECOND_PROCESS)  # noqa: S603 - ours
        try:
            _warm_first()
        finally:
            failed = other is not None and other.wait() != 0
        _warm_second()
        if not failed and done.parent.exists():
            done.touch()
    return time.perf_counter() - started


def _warm_first() -> None:
    geobox = _geobox()
    for name in FIRST_DTYPES:
        _warm_warp(geobox, name)
    box = geobox.bbox
    shape_inside = shapely.box(box.left, box.bottom, box.right, box.top)
    rasterize(Geometry(shape=shape_inside, crs=geobox.crs), geobox)


def _warm_second() -> None:
    geobox = _geobox()
    _warm_decode()
    _warm_encode(geobox)
    for name in SECOND_DTYPES:
        _warm_warp(geobox, name)


@contextmanager
def _in_turn() -> Iterator[None]:
    """Wait for others that fill the same folder; where it cannot be written nobody does."""
    try:
        Path(KERNELS).mkdir(parents=True, exist_ok=True)
        lock = (Path(KERNELS) / "lock").open("w")
    except OSError:
        yield
        return
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _geobox() -> GeoBox:
    box = BBox(left=1.0e6, bottom=5.5e6, right=1.001e6, top=5.501e6, crs=WEB_MERCATOR)
    return make_geobox(box, width=SIDE, height=SIDE)


def _warm_warp(geobox: GeoBox, name: str) -> None:
    utm = Crs("EPSG:32632")
    grid = make_coordinate_grid(geobox, utm, source_resolution=10.0)
    x, y = float(np.nanmin(grid.x)), float(np.nanmax(grid.y))
    step = (float(np.nanmax(grid.x)) - x) / SIDE
    inverse = ~(Affine.translation(x, y) * Affine.scale(step, -step))
    window = Window(row_start=0, row_stop=4 * SIDE, col_start=0, col_stop=4 * SIDE)
    shape = (geobox.height, geobox.width)
    values = np.ones((window.height, window.width), dtype=name)
    for method, nodata in product(Resampling, (0.0, None)):
        resample(
            values,
            None,
            window=window,
            grid=grid,
            inverse=inverse,
            level_width=window.width,
            level_height=window.height,
            resampling=method,
            nodata=nodata,
            out=np.empty(shape, dtype=resampled_dtype(values.dtype, method)),
            out_valid=np.empty(shape, dtype=np.bool_),
        )


def _warm_decode() -> None:
    for name in ("uint8", "uint16", "uint32", "uint64"):
        for bands in (1, 2):
            stored = np.zeros((8, 8, bands), dtype=name)
            undo_horizontal(stored, np.empty((bands, 8, 8), dtype=name))
            separate(stored, np.empty((bands, 8, 8), dtype=name))
        size = np.dtype(name).itemsize
        if size > 1:
            found = np.empty((1, 8, 8), dtype=name)
            undo_floating_alone(np.zeros((8, 8 * size), dtype=np.uint8), found)
            pair = np.empty((2, 8, 8), dtype=name)
            undo_floating(np.zeros((8, 16 * size), dtype=np.uint8), pair)


def _warm_encode(geobox: GeoBox) -> None:
    for name, bands, media_type in (
        ("uint8", 1, "image/png"),
        ("uint8", 3, "image/png"),
        ("uint8", 4, "image/png"),
        ("uint16", 1, "image/png"),
        ("uint8", 3, "image/jpeg"),
        ("uint8", 4, "image/webp"),
        ("uint8", 3, "image/tiff"),
        ("uint16", 2, "image/tiff"),
        ("float32", 1, "image/tiff"),
        ("float64", 1, "image/tiff"),
    ):
        values = np.zeros((bands, geobox.height, geobox.width), dtype=name)
        values[:, ::3, ::5] = 7
        pixels = Pixels(
            geobox=geobox,
            outputs={"default": values},
            nodata={"default": None},
            valid=np.ones(values.shape[1:], dtype=np.bool_),
        )
        encode_output(pixels, "default", media_type, quality=None, palette=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["second"]:
        _warm_second()
        sys.exit()
    seconds = warm_kernels()
    print(f"kernels ready in {seconds:.1f} s")  # noqa: T201 - run by hand and by the image
