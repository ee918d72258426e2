"""The pixels of a request, cut into stripes of rows under a budget of memory.

A stripe ends where a row of blocks ends, if it can: a block that reaches into two stripes is
decoded for both, unless the cache still has it.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.geo.crs import transform
from engine.geo.geobox import GeoBox
from engine.geo.window import Window
from engine.plan.limits import Limits
from engine.plan.plan import SceneRead


def cut_stripes(
    geobox: GeoBox, window: Window, *, reads: Sequence[SceneRead], row_bytes: int, limits: Limits
) -> tuple[Window, ...]:
    """Return the stripes of ``window``, top to bottom, each as wide as it.

    ``row_bytes`` is what one row takes. A stripe takes ``limits.stripe_bytes`` at most, and
    ``limits.block_row_bytes`` where it would be lower than a row of blocks; it has at least one
    row.
    """
    most = limits.stripe_bytes // max(1, row_bytes)
    if most >= window.height:
        return (window,)
    rows = _block_rows(geobox, window, reads)
    ends = [window.row_start + int(end) for end in np.flatnonzero(np.diff(rows)) + 1]
    ends.append(window.row_stop)
    most = max(1, most, min(_tallest(rows), limits.block_row_bytes // max(1, row_bytes)))
    stripes = []
    row = window.row_start
    while row < window.row_stop:
        stop = _next_stop(row, ends, most=most)
        stripes.append(
            Window(
                row_start=row,
                row_stop=stop,
                col_start=window.col_start,
                col_stop=window.col_stop,
            )
        )
        row = stop
    return tuple(stripes)


def _next_stop(row: int, ends: Sequence[int], *, most: int) -> int:
    """Return the last end of a row of blocks that is within reach, or an even part of the way."""
    ahead = [end for end in ends if end > row]
    reached = [end for end in ahead if end <= row + most]
    if reached:
        return reached[-1]
    left = ahead[0] - row
    parts = -(-left // most)
    return row + -(-left // parts)


def _block_rows(geobox: GeoBox, window: Window, reads: Sequence[SceneRead]) -> NDArray[np.int64]:
    """Return for each row of ``window`` which row of blocks it reads; −1 where it reads none.

    Of the read with the most blocks, and along the middle column: grids of other CRSs bend away
    from it a little.
    """
    bands = [band for read in reads for band in read.bands]
    finest = max(bands, key=lambda band: len(band.blocks), default=None)
    if finest is None or finest.image.crs is None:
        return np.full(window.height, -1)
    middle = (window.col_start + window.col_stop) / 2
    row = np.arange(window.row_start, window.row_stop) + 0.5
    a, b, c, d, e, f = geobox.affine[:6]
    x, y = transform(
        geobox.crs, finest.image.crs, a * middle + b * row + c, d * middle + e * row + f
    )
    found = np.isfinite(x) & np.isfinite(y)
    inverse = finest.frame.inverse
    level = finest.image.levels[finest.level]
    level_row = inverse.d * np.where(found, x, 0) + inverse.e * np.where(found, y, 0) + inverse.f
    found &= (level_row >= 0) & (level_row < level.height)
    return np.where(found, level_row // level.block_height, -1).astype(np.int64)


def _tallest(rows: NDArray[np.int64]) -> int:
    """Return the most rows that one row of blocks fills, 0 where none is read."""
    read = rows[rows >= 0]
    return int(np.bincount(read - read.min()).max()) if len(read) else 0
