"""Mosaicking: scenes laid on each other, top first, until no pixel is open."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.collection import MosaicRule

Mask = NDArray[np.bool_]


@dataclass(slots=True, kw_only=True, eq=False)
class Canvas:
    """A mosaic in the making; `settle` and `lay_scene` write into its arrays."""

    values: tuple[NDArray[Any], ...]
    """One (row, col) for each band, each in its own dtype; 0 where `valid` is False."""
    valid: Mask
    """(row, col); True where every band has data."""
    is_open: Mask
    """(row, col); True where the next scene may still fill the pixel."""
    is_blank: bool = False
    """True while `values` and `valid` hold whatever was in memory, since nothing is laid yet."""

    @property
    def open_count(self) -> int:
        """How many pixels are open; 0 means that no further scene can change anything."""
        return int(np.count_nonzero(self.is_open))

    def rows(self, start: int, stop: int) -> "Canvas":
        """Return rows ``start`` to ``stop`` alone; they share the memory."""
        return Canvas(
            values=tuple(band[start:stop] for band in self.values),
            valid=self.valid[start:stop],
            is_open=self.is_open[start:stop],
            is_blank=self.is_blank,
        )

    def clear(self) -> None:
        """Make a blank canvas empty: all 0 and False."""
        if self.is_blank:
            for band in self.values:
                band.fill(0)
            self.valid.fill(False)  # noqa: FBT003 - numpy's own
            self.is_blank = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Laying:
    """How one scene is laid."""

    cover: Mask | None
    """(row, col); True where the scene's cover holds the pixel; None: everywhere."""
    rule: MosaicRule
    offsets: Sequence[float]
    """Added to each band's values."""
    clamp: Sequence[bool]
    """For each band: whether sums below 0 become 0. Without an offset nothing is clamped."""


def open_canvas(
    *, values: tuple[NDArray[Any], ...], valid: Mask, wanted: Mask | None, is_blank: bool = False
) -> Canvas:
    """Return a canvas over arrays (row, col) that are all 0 and False, or ``is_blank``.

    Only the pixels of ``wanted`` (row, col) are open; all of them where it is None.
    """
    return Canvas(
        values=values,
        valid=valid,
        is_open=np.ones(valid.shape, dtype=np.bool_) if wanted is None else wanted.copy(),
        is_blank=is_blank,
    )


def settle(canvas: Canvas, laying: Laying, *, is_full: bool) -> None:
    """Make what was written straight into a blank canvas its first scene; as `lay_scene` does.

    ``is_full`` says that all of `Canvas.valid` is True; where it is False, the values are 0.
    """
    valid, is_open, cover = canvas.valid, canvas.is_open, laying.cover
    kept = [mask for mask in (cover, is_open) if mask is not None and not mask.all()]
    for mask in kept:
        np.logical_and(valid, mask, out=valid)
    is_full = is_full and not kept
    for band, offset, is_clamped in zip(canvas.values, laying.offsets, laying.clamp, strict=True):
        if offset != 0.0:
            band[...] = _shift(band, offset, is_clamped=is_clamped)
        if not is_full and (kept or offset != 0.0):
            np.copyto(band, 0, where=~valid)
    taken = valid if laying.rule is MosaicRule.FIRST_DATA else cover
    if is_full or taken is None:
        is_open.fill(False)  # noqa: FBT003 - numpy's own
    else:
        np.logical_and(is_open, ~taken, out=is_open)
    canvas.is_blank = False


def lay_scene(
    canvas: Canvas, laying: Laying, *, values: Sequence[NDArray[Any]], valid: Mask
) -> None:
    """Lay one scene's bands (row, col) under what the canvas holds.

    ``valid`` (row, col) is True where all bands have data. By FIRST_DATA the scene takes the open
    pixels of its cover where it has data; by TOP_COVER all those of its cover, and those without
    data stay 0 and invalid for good. Sums that the canvas's integers cannot hold saturate.
    """
    canvas.clear()
    is_open = canvas.is_open
    taken = is_open & valid if laying.cover is None else is_open & valid & laying.cover
    gone = taken if laying.rule is MosaicRule.FIRST_DATA else laying.cover
    np.logical_or(canvas.valid, taken, out=canvas.valid)
    if gone is None:
        is_open.fill(False)  # noqa: FBT003 - numpy's own
    else:
        np.logical_and(is_open, ~gone, out=is_open)
    for out, band, offset, is_clamped in zip(
        canvas.values, values, laying.offsets, laying.clamp, strict=True
    ):
        shifted = _shift(band.astype(out.dtype, copy=False), offset, is_clamped=is_clamped)
        np.copyto(out, shifted, where=taken)


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
