"""From planes to pixels: (band, row, col) → (row, col, band)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.jit import kernel


def interleave(values: NDArray[Any]) -> NDArray[Any]:
    """Return a new array (row, col, band), C order; several times quicker than numpy's copy."""
    bands, height, width = values.shape
    out = np.empty((height, width, bands), dtype=values.dtype)
    # The kernel moves bytes of any meaning: four sizes are all that is to be compiled.
    stored = f"u{values.dtype.itemsize}"
    _interleave(np.ascontiguousarray(values).view(stored), out.view(stored))
    return out


@kernel
def _interleave(values: NDArray[np.unsignedinteger], out: NDArray[np.unsignedinteger]) -> None:
    bands, height, width = values.shape
    for row in range(height):
        for band in range(bands):
            line = values[band, row]
            for col in range(width):
                out[row, col, band] = line[col]
