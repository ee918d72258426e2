"""Decoded blocks of one scene → rows of a mosaic; arithmetic only, in whatever thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.cog.decode import DecodedBlock
from engine.geo.geobox import GeoBox
from engine.geo.window import Window
from engine.plan.plan import BandRead, InputPlan, SceneRead
from engine.run.cover import covered
from engine.run.mosaic import Canvas, Laying, Mask, lay_scene, settle
from engine.trace import stage
from engine.warp.resample import BandSource, resample_bands, resampled_dtype

_BandWindow = tuple[NDArray[Any], Mask | None]
"""A band's pixels within the window that its frame names, (row, col): values and where they are
valid; None: everywhere."""


@dataclass(slots=True, kw_only=True, eq=False)
class SceneBlocks:
    """One scene, read and decoded as far as one target grid needs it."""

    read: SceneRead
    blocks: tuple[Sequence[DecodedBlock], ...]
    """Those of each band, as its `BandRead` lists them."""
    windows: tuple[_BandWindow, ...] = ()
    """Of each band; put together by `join`."""
    cover: Mask | None = None
    """(row, col) of the target, where the scene's cover holds the pixel; None: everywhere."""


def join(found: SceneBlocks, geobox: GeoBox) -> None:
    """Put the bands' windows together; ``geobox`` is the target's own grid."""
    with stage("warp"):
        found.windows = tuple(
            _joined(band, blocks)
            for band, blocks in zip(found.read.bands, found.blocks, strict=True)
        )
    with stage("mosaic"):
        found.cover = covered(found.read.scene, geobox)


def lay_rows(part: InputPlan, found: SceneBlocks, canvas: Canvas, *, rows: tuple[int, int]) -> bool:
    """Resample rows of a joined scene and lay them; return whether fewer pixels are open now.

    Different rows may be laid by several threads at the same time.
    """
    piece = canvas.rows(*rows)
    before = piece.open_count
    is_direct = piece.is_blank and _suits(found.read, piece)
    if not is_direct:
        piece.clear()
        if before == 0:
            return False
        # Rows that are full already need no resampling.
        needed = np.flatnonzero(piece.is_open.any(axis=1))
        start, stop = int(needed[0]), int(needed[-1]) + 1
        piece, rows = piece.rows(start, stop), (rows[0] + start, rows[0] + stop)
    scene = found.read.scene
    laying = Laying(
        cover=None if found.cover is None else found.cover[slice(*rows)],
        rule=part.collection.rule,
        offsets=tuple(scene.dn_offset if use.add_offset else 0.0 for use in part.bands),
        clamp=tuple(use.clamp for use in part.bands),
    )
    if is_direct:
        with stage("warp"):
            is_full = _sample(found, canvas.values, canvas.valid, rows=rows)
        with stage("mosaic"):
            settle(piece, laying, is_full=is_full)
    else:
        values = tuple(
            np.empty(canvas.valid.shape, dtype=_dtype(band)) for band in found.read.bands
        )
        valid = np.empty(canvas.valid.shape, dtype=np.bool_)
        with stage("warp"):
            _sample(found, values, valid, rows=rows)
        with stage("mosaic"):
            here = slice(*rows)
            lay_scene(piece, laying, values=tuple(band[here] for band in values), valid=valid[here])
    return piece.open_count < before


def _suits(read: SceneRead, canvas: Canvas) -> bool:
    """Return whether what is resampled has the very dtypes of the canvas."""
    return all(
        _dtype(band) == values.dtype for band, values in zip(read.bands, canvas.values, strict=True)
    )


def _sample(
    found: SceneBlocks,
    values: Sequence[NDArray[Any]],
    valid: Mask,
    *,
    rows: tuple[int, int],
) -> bool:
    """Write rows of all bands, and where all of them have data; return whether that is all over."""
    sources = [
        BandSource(
            frame=band.frame,
            values=window,
            valid=valid_window,
            nodata=_nodata(band),
            out=out,
        )
        for (window, valid_window), band, out in zip(
            found.windows, found.read.bands, values, strict=True
        )
    ]
    return resample_bands(sources, out_valid=valid, rows=rows)


def _dtype(band: BandRead) -> np.dtype[Any]:
    return resampled_dtype(np.dtype(band.image.dtype), band.resampling)


def _nodata(band: BandRead) -> float | None:
    return band.image.nodata if band.image.nodata is not None else band.use.band.nodata


def _joined(band: BandRead, blocks: Sequence[DecodedBlock]) -> _BandWindow:
    """Return the source window (row, col) as one array, without a copy where one block holds it."""
    plane = 0 if band.image.is_planar else band.asset.band_index
    window = band.window
    if len(blocks) == 1:
        rows, cols = _place(window, band.blocks[0].window)
        only = blocks[0]
        valid = None if only.valid is None else only.valid[rows, cols]
        return _whole(only.values[plane][rows, cols], window), valid
    shape = (window.height, window.width)
    values = np.empty(shape, dtype=blocks[0].values.dtype)
    is_masked = any(block.valid is not None for block in blocks)
    valid = np.ones(shape, dtype=np.bool_) if is_masked else None
    for planned, block in zip(band.blocks, blocks, strict=True):
        common = planned.window.intersect(window)
        target = _place(common, window)
        source = _place(common, planned.window)
        values[target] = _whole(block.values[plane][source], common)
        if valid is not None and block.valid is not None:
            valid[target] = block.valid[source]
    return values, valid


def _whole(values: NDArray[Any], window: Window) -> NDArray[Any]:
    """Return ``values``, which must be all of the window: kernels would read on behind them."""
    if values.shape != (window.height, window.width):
        message = f"a block holds {values.shape} pixels of {window}"
        raise RuntimeError(message)
    return values


def _place(inner: Window, outer: Window) -> tuple[slice, slice]:
    """Return the rows and columns of ``inner`` within an array that holds ``outer``."""
    return (
        slice(inner.row_start - outer.row_start, inner.row_stop - outer.row_start),
        slice(inner.col_start - outer.col_start, inner.col_stop - outer.col_start),
    )
