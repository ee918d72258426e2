"""SIMPLE mosaicking: scenes laid on each other, top first, until no pixel is open."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.collection import MosaicRule

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Canvas:
    """A mosaic in the making; `lay_scene` writes into its arrays."""

    values: tuple[NDArray[Any], ...]
    """One (row, col) for each band, each in its own dtype; 0 where `valid` is False."""
    valid: Mask
    """(row, col); True where every band has data."""
    is_open: Mask
    """(row, col); True where the next scene may still fill the pixel."""

    @property
    def open_count(self) -> int:
        """How many pixels are open; 0 means that no further scene can change anything."""
        return int(np.count_nonzero(self.is_open))


def open_canvas(*, values: tuple[NDArray[Any], ...], valid: Mask, wanted: Mask | None) -> Canvas:
    """Return a canvas over arrays (row, col) that are all 0 and False.

    Only the pixels of ``wanted`` (row, col) are open; all of them where it is None.
    """
    return Canvas(
        values=values,
        valid=valid,
        is_open=np.ones(valid.shape, dtype=np.bool_) if wanted is None else wanted.copy(),
    )


def lay_scene(
    canvas: Canvas,
    *,
    values: Sequence[NDArray[Any]],
    valid: Sequence[Mask],
    cover: Mask | None,
    rule: MosaicRule,
    offsets: Sequence[float],
    clamp: Sequence[bool],
) -> int:
    """Lay one scene's bands (row, col) under what the canvas holds; return how many stay open.

    A pixel has data where all of ``valid`` are True. By FIRST_DATA the scene takes the open
    pixels where it has data; by TOP_COVER all those of its ``cover`` (everywhere, where that is
    None), and those without data stay 0 and invalid for good. ``offsets`` are added to the
    bands' values; a band whose offset is not 0 and that is to ``clamp`` becomes 0 where the sum
    is negative. Sums that the canvas's integers cannot hold saturate.
    """
    taken = canvas.is_open.copy()
    if rule is MosaicRule.TOP_COVER:
        if cover is not None:
            taken &= cover
        np.logical_and(canvas.is_open, ~taken, out=canvas.is_open)
    for mask in valid:
        taken &= mask
    if rule is MosaicRule.FIRST_DATA:
        np.logical_and(canvas.is_open, ~taken, out=canvas.is_open)
    np.logical_or(canvas.valid, taken, out=canvas.valid)
    for out, band, offset, is_clamped in zip(canvas.values, values, offsets, clamp, strict=True):
        shifted = _shift(band.astype(out.dtype, copy=False), offset, is_clamped=is_clamped)
        np.copyto(out, shifted, where=taken)
    return canvas.open_count


def _shift(values: NDArray[Any], offset: float, *, is_clamped: bool) -> NDArray[Any]:
    """Return ``values + offset`` in the same dtype, saturated, and at least 0 if clamped."""
    if offset == 0.0:
        return values
    if values.dtype.kind == "f":
        moved = np.asarray(values + values.dtype.type(offset))
        return np.maximum(moved, 0, out=moved) if is_clamped else moved
    # Clipping before adding keeps the sum inside the dtype without a wider one.
    whole, info = round(offset), np.iinfo(values.dtype)
    least = 0 if is_clamped else info.min
    low, high = max(least - whole, info.min), min(info.max - whole, info.max)
    if low > info.max or high < info.min:
        return np.full_like(values, least if whole < 0 else info.max)
    shifted = np.asarray(np.clip(values, low, high))
    # Modulo 2^bits, adding and subtracting an offset of either sign are one.
    np.add(shifted, np.array(whole).astype(values.dtype), out=shifted)
    return shifted
