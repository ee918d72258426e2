"""What someone writes by hand in numpy to get from files to bands and an index."""

import math
from collections.abc import Sequence

import numpy as np

from benchmarks.peers import Ask


def normalized_difference(bands: np.ma.MaskedArray) -> np.ma.MaskedArray:
    """Return the index; numpy's masked division would take many times longer."""
    red, near = bands.data.astype("float32")
    with np.errstate(invalid="ignore"):
        index = (near - red) / (near + red)
    return np.ma.MaskedArray(index, mask=np.ma.getmaskarray(bands).any(axis=0))


def lay(ask: Ask, read: Sequence[np.ma.MaskedArray]) -> np.ma.MaskedArray:
    """Return the bands of all files: of a mosaic the first scene that has data at a pixel.

    ``read`` holds each file's (row, col), scene by scene, the newest first.
    """
    count = len(ask.work.bands)
    if ask.work.is_series or len(read) == count:
        return np.ma.stack(read)
    filled = np.ma.stack(read[:count])
    for start in range(count, len(read), count):
        gaps = np.ma.getmaskarray(filled)
        if not gaps.any():
            break
        under = np.ma.stack(read[start : start + count])
        values = np.where(gaps, under.data, filled.data)
        filled = np.ma.MaskedArray(values, gaps & np.ma.getmaskarray(under))
    return filled


def coarsest_overview(ask: Ask) -> int | None:
    """Return the coarsest overview of a 10 m band that is as fine as the question; 0 is the first.

    None where only the full resolution is.
    """
    level = int(math.log2(max(1.0, 1.01 * ask.question.meters / 10)))
    return level - 1 if level else None


def is_index(ask: Ask) -> bool:
    """Return True where the array that is wanted is the index of two bands."""
    return ask.work.zoom is None and not ask.work.is_series
