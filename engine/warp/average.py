"""Mean of the source pixels under a target pixel, each weighed by the area that lies under it."""

import numpy as np
from numpy.typing import NDArray

from engine.jit import kernel
from engine.warp.runs import SNAP, Nodes, Target, place_run
from engine.warp.source import Source, has_data, is_whole, locate_pixel

SMALLEST = 2.0**-10
"""A footprint is never smaller than this (source pixels), so that it always holds some area."""


@kernel
def footprint(nodes: Nodes, row: int, col: int) -> tuple[float, float]:
    """Return height and width, in source pixels, of what lies under the target's pixel.

    An upright rectangle around the pixel's place that stands for the turned and sheared shape
    that it is: of the same area where the grids are only scaled and turned against each other.
    """
    node_cols, node_rows, steps, starts, (row_lead, col_lead) = nodes
    cell_row, row_in_cell = divmod(row + row_lead, 32)
    cell_col, col_in_cell = divmod(col + col_lead, 32)
    step = steps[cell_row, cell_col]
    side = 32 // step + 1
    here = starts[cell_row, cell_col] + row_in_cell // step * side + col_in_cell // step
    height = _extent(node_rows, here, side) / (2.0 * step)
    width = _extent(node_cols, here, side) / (2.0 * step)
    return max(height, SMALLEST), max(width, SMALLEST)


@kernel
def _extent(places: NDArray[np.float64], here: int, side: int) -> float:
    upper, lower = here, here + side
    across = places[upper + 1] - places[upper] + places[lower + 1] - places[lower]
    down = places[lower] - places[upper] + places[lower + 1] - places[upper + 1]
    return float(np.hypot(across, down))


@kernel
def span(place: float, extent: float) -> tuple[int, int]:
    """Return the first pixel under a footprint and the one after the last, along one axis."""
    return int(np.floor(place - 0.5 * extent + SNAP)), int(np.ceil(place + 0.5 * extent - SNAP))


@kernel
def mean(
    source: Source,
    gaps: NDArray[np.bool_],
    place: tuple[float, float],
    extent: tuple[float, float],
) -> tuple[float, bool]:
    """Return the mean under a footprint at ``place``; False where none of it has data."""
    values, _, _, _, limits = source
    top, left, height, width = limits
    (y, x), (tall, wide) = place, extent
    first_row, stop_row = span(y, tall)
    first_col, stop_col = span(x, wide)
    is_plain = is_whole(
        gaps, limits, (y - 0.5 * tall, y + 0.5 * tall, x - 0.5 * wide, x + 0.5 * wide), 1.0
    )
    base = 0.0
    total = 0.0
    weights = 0.0
    for row in range(max(first_row, top), min(stop_row, top + height)):
        inside = min(row + 1.0, y + 0.5 * tall) - max(float(row), y - 0.5 * tall)
        for col in range(max(first_col, left), min(stop_col, left + width)):
            if not is_plain and not has_data(source, row - top, col - left):
                continue
            value = float(values[locate_pixel(source, row - top, col - left)])
            if weights == 0.0 and np.isfinite(value):
                base = value  # differences to it keep a constant exact
            across = min(col + 1.0, x + 0.5 * wide) - max(float(col), x - 0.5 * wide)
            weights += inside * across
            total += inside * across * (value - base)
    value = base + total / weights if weights > 0.0 else np.nan
    return (value, True) if value == value else (0.0, False)  # noqa: PLR0124 - NaN: nothing, ∞ − ∞


@kernel
def average(source: Source, gaps: NDArray[np.bool_], nodes: Nodes, target: Target) -> bool:
    """Write values, floats; make validity False where there is no data; return True if nowhere.

    ``gaps`` are those that `find_gaps` finds in ``source``.
    """
    out, out_valid = target
    rows = np.empty(32)
    cols = np.empty(32)
    is_full = True
    for row in range(out.shape[0]):
        col = 0
        while col < out.shape[1]:
            run = place_run(nodes, (row, col, out.shape[1]), rows, cols)
            tall, wide = footprint(nodes, row, col)
            for k in range(run[0]):
                value, found = 0.0, False
                if run[1] != 32:  # else one for the whole cell
                    tall, wide = footprint(nodes, row, col + k)
                if np.isfinite(rows[k] + cols[k] + tall + wide):
                    value, found = mean(source, gaps, (rows[k], cols[k]), (tall, wide))
                out[row, col + k] = value
                out_valid[row, col + k] &= found
                is_full &= found
            col += run[0]
    return is_full
