"""`resample_bands`: windows of source pixels → values and validity on the target's grid."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from engine.geo.window import Window
from engine.warp.average import average
from engine.warp.bilinear import bilinear
from engine.warp.coordinates import CoordinateGrid
from engine.warp.cubic import cubic
from engine.warp.nearest import nearest
from engine.warp.resampling import Resampling
from engine.warp.source import BLOCK, find_gaps

_BITS = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}
"""Nearest neighbor moves bits; by their number alone, four compiled kernels do for all dtypes."""
_WIDENED = {"int8": np.int16, "uint32": np.float64, "int32": np.float64}
"""Rare dtypes, widened without loss: each saved kernel saves a second of compiling."""
_KERNELS = {
    Resampling.BILINEAR: bilinear,
    Resampling.CUBIC: cubic,
    Resampling.AVERAGE: average,
}
_NO_MASK = np.ones((1, 1), dtype=np.bool_)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """How a window of a level lies under a target's grid: what bands of one geometry share."""

    window: Window
    """The level's pixels that are at hand: at least those of `source_window`. May reach past the
    level's edge (the padding of a block), which is never touched."""
    grid: CoordinateGrid
    inverse: Affine
    """(x, y) of the grid's source CRS → (col, row) of the level."""
    level_width: int
    level_height: int
    """Pixels of the level."""
    resampling: Resampling


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BandSource:
    """One band of a scene: what is read and where it is written."""

    frame: Frame
    """Bands that share this very object are computed faster."""
    values: NDArray[Any]
    """(row, col) of the frame's window; rows may lie apart in memory, as in part of a block."""
    valid: NDArray[np.bool_] | None
    """Same shape, True where there is data; None: everywhere."""
    nodata: float | None
    """The number that stands for no data; in floats NaN does, too."""
    out: NDArray[Any]
    """(row, col) of the grid, in C order, of `resampled_dtype`."""


def resampled_dtype(dtype: np.dtype[Any], resampling: Resampling) -> np.dtype[Any]:
    """Return the dtype of what `resample_bands` makes of ``dtype``.

    Nearest neighbor keeps it; else float32 for 8 and 16 bits and float32, float64 for the rest.
    """
    if resampling is Resampling.NEAREST:
        return dtype
    is_small = dtype.itemsize <= 2 or dtype == np.float32
    return np.dtype(np.float32 if is_small else np.float64)


def resample_bands(
    sources: Sequence[BandSource],
    *,
    out_valid: NDArray[np.bool_],
    rows: tuple[int, int] | None = None,
) -> bool:
    """Write a scene's bands into their ``out``; return True where every pixel of each has data.

    ``out_valid`` (row, col) becomes True where all the bands have data; elsewhere it becomes
    False and every band 0. What these arrays held before does not count. A band has data where
    the source pixel under the target pixel's center has (`Resampling.AVERAGE`: where any part of
    its footprint has); interpolation weighs the pixels that have data and no others.

    Every pixel is computed by itself: to use several threads, give each of them some ``rows``
    (first, one after the last) of the same arrays; others are not touched. The GIL is released.
    """
    start, stop = (0, out_valid.shape[0]) if rows is None else rows
    valid = out_valid[start:stop]
    valid[:] = True
    alone = np.empty(valid.shape, dtype=np.bool_)
    for source in sources:
        _resample(source, out=source.out[start:stop], out_valid=alone, rows=(start, stop))
        np.logical_and(valid, alone, out=valid)
    is_full = bool(valid.all())
    if not is_full:
        for source in sources:
            np.copyto(source.out[start:stop], 0, where=~valid)
    return is_full


def resample(
    values: NDArray[Any],
    valid: NDArray[np.bool_] | None,
    *,
    window: Window,
    grid: CoordinateGrid,
    inverse: Affine,
    level_width: int,
    level_height: int,
    resampling: Resampling,
    nodata: float | None,
    out: NDArray[Any],
    out_valid: NDArray[np.bool_],
) -> None:
    """Do what `resample_bands` does for a single band."""
    frame = Frame(
        window=window,
        grid=grid,
        inverse=inverse,
        level_width=level_width,
        level_height=level_height,
        resampling=resampling,
    )
    source = BandSource(frame=frame, values=values, valid=valid, nodata=nodata, out=out)
    resample_bands([source], out_valid=out_valid)


def _resample(
    source: BandSource, *, out: NDArray[Any], out_valid: NDArray[np.bool_], rows: tuple[int, int]
) -> None:
    frame, values, valid, nodata = source.frame, source.values, source.valid, source.nodata
    window = frame.window
    held = Window(row_start=0, row_stop=frame.level_height, col_start=0, col_stop=frame.level_width)
    touchable = window.intersect(held)
    limits = (window.row_start, window.col_start, touchable.height, touchable.width)
    nodes = frame.grid.rows(*rows).nodes(frame.inverse)
    mask = (valid is not None, _NO_MASK if valid is None else _plain(valid))
    if frame.resampling is Resampling.NEAREST:
        bits = _BITS[values.dtype.itemsize]
        nearest(_plain(values).view(bits), mask, limits, nodes, (out.view(bits), out_valid))
        _blank_nodata(out, out_valid, nodata)
        return
    wide = _WIDENED.get(values.dtype.name)
    plain = _plain(values if wide is None else values.astype(wide))
    known = stored_nodata(plain.dtype, nodata)
    marker = (known is not None, plain.dtype.type(0) if known is None else known)
    gaps = np.zeros([-(-length // BLOCK) for length in plain.shape], dtype=np.bool_)
    if mask[0] or marker[0] or values.dtype.kind == "f":
        find_gaps(plain, mask, marker, gaps)
    _KERNELS[frame.resampling]((plain, mask, marker, gaps, limits), nodes, (out, out_valid))


def _plain(array: NDArray[Any]) -> NDArray[Any]:
    """Return the array in the one form that kernels are compiled for: C order and read-only."""
    plain = np.require(array, requirements=["C", "A"]).view()
    plain.flags.writeable = False
    return plain


def _blank_nodata(out: NDArray[Any], out_valid: NDArray[np.bool_], nodata: float | None) -> None:
    """Make 0 and invalid what holds the number for no data, or NaN."""
    known = stored_nodata(out.dtype, nodata)
    if known is not None:
        np.logical_and(out_valid, out != known, out=out_valid)
    if out.dtype.kind == "f":
        np.logical_and(out_valid, out == out, out=out_valid)  # noqa: PLR0124 - False for NaN
    elif known is None or known == 0:
        return
    np.copyto(out, 0, where=~out_valid)


def stored_nodata(dtype: np.dtype[Any], nodata: float | None) -> Any:
    """Return ``nodata`` as a number of ``dtype``; None where no stored number can equal it."""
    if nodata is None or np.isnan(nodata):
        return None
    if dtype.kind == "f":
        return dtype.type(nodata)
    info = np.iinfo(dtype)
    is_held = info.min <= nodata <= info.max and float(nodata).is_integer()
    return dtype.type(int(nodata)) if is_held else None
