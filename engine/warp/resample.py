"""`resample_bands`: windows of source pixels → values and validity on the target's grid."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from affine import Affine
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from engine.geo.window import Window
from engine.warp.average import average
from engine.warp.bilinear import bilinear
from engine.warp.coordinates import CELL, CoordinateGrid
from engine.warp.cubic import cubic
from engine.warp.nearest import locate, pick, sift
from engine.warp.neighbors import find_neighbors
from engine.warp.resampling import Resampling
from engine.warp.runs import Limits
from engine.warp.source import BLOCK, Source, find_gaps

_BITS = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}
"""Nearest neighbor moves bits; by their number alone, four compiled kernels do for all dtypes."""
_WIDENED = {
    "uint8": np.uint16,
    "int8": np.float32,
    "int16": np.float32,
    "uint32": np.float64,
    "int32": np.float64,
}
"""Dtypes widened without loss before they are weighed: a copy takes a twentieth of the time that
weighing does, and each dtype less saves ten seconds of compiling at the first start."""
_PAIRS = {1: np.uint16, 2: np.uint32, 4: np.uint64, 8: np.complex128}
"""By the bytes of one value: what holds two of them, moved at once."""
_FOURS = {1: np.uint32, 2: np.uint64, 4: np.uint64, 8: np.complex128}
"""The same for four of them, or two where nothing holds four."""
_NO_MASK = np.ones(1, dtype=np.bool_)
_NO_MASK.flags.writeable = False
AT_ONCE = 1 << 16
"""Pixels whose places are looked up before the bands take their values from there: few enough
that the places stay in a processor's second cache."""
WEIGHED_AT_ONCE = 1 << 15
"""The same where values are weighed: their places take more room."""

Mask = NDArray[np.bool_]


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

    Raises `ValueError` for arrays of other shapes or dtypes than are told here: kernels check no
    index.
    """
    for source in sources:
        _check_source(source, out_valid.shape)
    start, stop = (0, out_valid.shape[0]) if rows is None else rows
    valid = out_valid[start:stop]
    valid[:] = True
    is_full = True
    frames = {id(source.frame): source.frame for source in sources}
    for frame in frames.values():
        bands = [source for source in sources if source.frame is frame]
        if 0 in _limits(frame)[2:]:
            valid[:], is_full = False, False
            continue
        is_full &= _BY_METHOD[frame.resampling](frame, bands, out_valid=valid, rows=(start, stop))
    if not is_full:
        gaps = ~valid
        for source in sources:
            np.copyto(source.out[start:stop], 0, where=gaps)
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


def _check_source(source: BandSource, target: tuple[int, ...]) -> None:
    """Raise where arrays are not what kernels take them for; ``target`` is validity's shape."""
    frame, values, out = source.frame, source.values, source.out
    window = (frame.window.height, frame.window.width)
    grid = (frame.grid.height, frame.grid.width)
    known = window if source.valid is None else source.valid.shape
    dtype = resampled_dtype(values.dtype, frame.resampling)
    for name, found, expected in (
        ("the shape of a band's values", values.shape, window),
        ("the shape of a band's validity", known, window),
        ("the shape of a band's target", out.shape, grid),
        ("the shape of the target's validity", target, grid),
        ("the dtype of a band's target", out.dtype, dtype),
    ):
        if found != expected:
            message = f"{name} is {found}; it must be {expected}"
            raise ValueError(message)


def _nearest(
    frame: Frame, bands: Sequence[BandSource], *, out_valid: Mask, rows: tuple[int, int]
) -> bool:
    """Resample bands of a frame, and turn validity False where one has no data; True if nowhere."""
    limits = _limits(frame)
    nodes = frame.grid.rows(*rows).nodes(frame.inverse)
    is_full = True
    height, width = out_valid.shape
    laid = [_lay(band) for band in bands]
    step = max(1, AT_ONCE // width)
    offsets = np.empty((min(step, height), width), dtype=np.uint32)
    inside = np.empty(offsets.shape, dtype=np.bool_)
    for top in range(0, height, step):
        part = slice(top, min(top + step, height))
        valid, here = out_valid[part], offsets[: part.stop - top]
        stride = None
        for one in laid:
            if one.stride != stride:  # hardly ever but at the first band
                stride = one.stride
                known = inside[: part.stop - top]
                if not locate(nodes, limits, stride, top, (here, known)):
                    np.logical_and(valid, known, out=valid)
                    is_full = False
            out = one.out[rows[0] + part.start : rows[0] + part.stop]
            if one.is_whole:
                pick(one.bits, here, out)
            else:
                is_full &= sift(one.bits, one.mask, one.marker, here, (out, valid))
    return is_full


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Laid:
    """A band as the kernels of nearest neighbor take it."""

    bits: NDArray[Any]
    """(pixel,): values as unsigned integers, all that lies between the first and the last."""
    stride: int
    """Pixels from row to row of it."""
    mask: tuple[bool, Mask]
    """Whether there is one, and the validity, laid out alike."""
    marker: tuple[bool, NDArray[Any]]
    """As `sift` takes it."""
    is_whole: bool
    """True where every pixel has data."""
    out: NDArray[Any]
    """(row, col)."""


def _lay(band: BandSource) -> _Laid:
    dtype = band.values.dtype
    values, stride, valid = _flatten(band.values, band.valid)
    bits = _BITS[dtype.itemsize]
    marker = _marker(dtype, stored_nodata(dtype, band.nodata))
    return _Laid(
        bits=values.view(bits),
        stride=stride,
        mask=(valid is not None, _NO_MASK if valid is None else valid),
        marker=marker,
        is_whole=valid is None and not marker[0],
        out=band.out.view(bits),
    )


def _flatten(values: NDArray[Any], valid: Mask | None) -> tuple[NDArray[Any], int, Mask | None]:
    """Return values (pixel,), how many lie from row to row, and the validity laid out alike.

    They are copied only where pixels of a row do not lie side by side.
    """
    stride = values.strides[0] // values.itemsize
    is_plain = values.flags.aligned and values.strides == (
        stride * values.itemsize,
        values.itemsize,
    )
    is_apart = valid is not None and valid.strides != (stride, 1)
    if not is_plain or stride < 0 or is_apart:
        values, stride = np.ascontiguousarray(values), values.shape[1]
        valid = None if valid is None else np.ascontiguousarray(valid)
    size = (values.shape[0] - 1) * stride + values.shape[1]
    _check_size(size)
    return _flat(values, size), stride, None if valid is None else _flat(valid, size)


def _check_size(pixels: int) -> None:
    """Raise where a place in memory does not fit the 32 bits that kernels have for it."""
    if pixels >= 1 << 32:
        message = f"a window holds {pixels} pixels; resampling takes fewer than {1 << 32}"
        raise ValueError(message)


def _flat(array: NDArray[Any], size: int) -> NDArray[Any]:
    """Return what lies in memory from the array's first pixel on; read-only."""
    return as_strided(array, (size,), (array.itemsize,), writeable=False)


def _marker(dtype: np.dtype[Any], known: Any) -> tuple[bool, NDArray[Any]]:
    """Return what `sift` tells pixels without data by; ``known`` is of ``dtype``, or None."""
    bits = np.dtype(_BITS[dtype.itemsize])
    numbers = np.zeros(4, dtype=bits)
    if dtype.kind != "f":
        if known is not None:
            numbers[:2] = np.array(known).view(bits)
        return known is not None, numbers
    number = np.nan if known is None else known
    pair = (number, -number if number == 0 else number)
    numbers[:2] = np.array(pair, dtype=dtype).view(bits)
    numbers[2] = (1 << (8 * dtype.itemsize - 1)) - 1
    numbers[3] = np.array(np.inf, dtype=dtype).view(bits)
    return True, numbers


def _interpolate(
    frame: Frame, bands: Sequence[BandSource], *, out_valid: Mask, rows: tuple[int, int]
) -> bool:
    """Do what `_nearest` does, by a kernel that weighs several source pixels."""
    limits = _limits(frame)
    nodes = frame.grid.rows(*rows).nodes(frame.inverse)
    is_linear = frame.resampling is Resampling.BILINEAR
    height, width = out_valid.shape
    step = min(max(1, WEIGHED_AT_ONCE // width), height)
    cells = -(-(frame.grid.col_lead + width) // CELL)
    offsets = np.empty((step, width), dtype=np.uint32)
    rests = np.empty((2, step, width))
    inside = np.empty((step, cells), dtype=np.bool_)
    laid = [_weighable(band, limits) for band in bands]
    pieces = [_pieces(source, width, is_linear=is_linear) for source in laid]
    is_full = True
    for top in range(0, height, step):
        part = slice(top, min(top + step, height))
        here = slice(0, part.stop - top)
        neighbors = (offsets[here], rests[0, here], rests[1, here], inside[here])
        stride = None
        for band, source, piece in zip(bands, laid, pieces, strict=True):
            if source[1] != stride:  # hardly ever but at the first band
                stride = source[1]
                find_neighbors(nodes, limits, (stride, 1 if is_linear else 2), top, neighbors)
            target = (band.out[rows[0] + part.start : rows[0] + part.stop], out_valid[part])
            interpolate = bilinear if is_linear else cubic
            is_full &= interpolate(source, (nodes, top), neighbors, piece, target)
    return is_full


def _average(
    frame: Frame, bands: Sequence[BandSource], *, out_valid: Mask, rows: tuple[int, int]
) -> bool:
    """Do what `_nearest` does, by means over footprints."""
    limits = _limits(frame)
    nodes = frame.grid.rows(*rows).nodes(frame.inverse)
    is_full = True
    for band in bands:
        source = _weighable(band, limits)
        gaps = np.zeros([-(-length // BLOCK) for length in limits[2:]], dtype=np.bool_)
        find_gaps(source, gaps)
        is_full &= average(source, gaps, nodes, (band.out[slice(*rows)], out_valid))
    return is_full


_BY_METHOD = {
    Resampling.NEAREST: _nearest,
    Resampling.BILINEAR: _interpolate,
    Resampling.CUBIC: _interpolate,
    Resampling.AVERAGE: _average,
}


def _weighable(band: BandSource, limits: Limits) -> Source:
    """Return a band as kernels take it that weigh values."""
    wide = _WIDENED.get(band.values.dtype.name)
    values = band.values if wide is None else band.values.astype(wide)
    flat, stride, valid = _flatten(values, band.valid)
    known = stored_nodata(values.dtype, band.nodata)
    marker = (known is not None, values.dtype.type(0) if known is None else known)
    return flat, stride, (valid is not None, _NO_MASK if valid is None else valid), marker, limits


def _pieces(
    source: Source, width: int, *, is_linear: bool
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return several values of ``source`` as one, from pixel to pixel, and room for a row's."""
    values = source[0]
    dtype = np.dtype((_PAIRS if is_linear else _FOURS)[values.itemsize])
    if values.nbytes <= dtype.itemsize:  # too few for any neighbors, and seen as another type
        values = np.zeros(2 * dtype.itemsize, dtype=values.dtype)
    count = (values.nbytes - dtype.itemsize) // values.itemsize + 1
    every = np.ndarray((count,), dtype, buffer=values, strides=(values.itemsize,))
    every.flags.writeable = False
    room = np.empty((2, 2 * width) if is_linear else (4, 4 * width), dtype=values.dtype)
    return every, room.view(dtype), room


def _limits(frame: Frame) -> Limits:
    """Return what of the level is at hand."""
    window = frame.window
    height = min(window.row_stop, frame.level_height) - max(window.row_start, 0)
    width = min(window.col_stop, frame.level_width) - max(window.col_start, 0)
    return window.row_start, window.col_start, max(height, 0), max(width, 0)


def stored_nodata(dtype: np.dtype[Any], nodata: float | None) -> Any:
    """Return ``nodata`` as a number of ``dtype``; None where no stored number can equal it."""
    if nodata is None or np.isnan(nodata):
        return None
    if dtype.kind == "f":
        return dtype.type(nodata)
    info = np.iinfo(dtype)
    is_held = info.min <= nodata <= info.max and float(nodata).is_integer()
    return dtype.type(int(nodata)) if is_held else None
