"""Rivers and roads: polylines with a width, found quickly from any point."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.geo.bbox import BBox
from engine.jit import kernel

CELL = 250.0
"""Meters of a cell of the index."""
FAR = 1.0e9
"""Distance where no line is within reach."""


class Lines(NamedTuple):
    """Segments and an index of those within reach of each cell; a tuple, so kernels take it."""

    segments: NDArray[np.float64]
    """(segment, 6): x, y of the start, x, y of the end, half widths of both, in meters."""
    starts: NDArray[np.int64]
    """(cell row, cell column, 2): half-open range of `members`."""
    members: NDArray[np.int64]
    """Segment numbers, cell after cell."""
    left: float
    bottom: float
    """World coordinates of the index's corner."""


def make_lines(polylines: Sequence[NDArray[np.float64]], *, area: BBox, reach: float) -> Lines:
    """Index polylines, each (point, 3): x, y, half width; found from up to ``reach`` meters."""
    pieces = [np.concatenate([p[:-1, :2], p[1:, :2], p[:-1, 2:], p[1:, 2:]], 1) for p in polylines]
    segments = np.round(np.concatenate(pieces), 2) if pieces else np.zeros((0, 6))
    columns = max(1, math.ceil(area.width / CELL))
    rows = max(1, math.ceil(area.height / CELL))
    low = (np.minimum(segments[:, :2], segments[:, 2:4]) - reach - (area.left, area.bottom)) / CELL
    high = (np.maximum(segments[:, :2], segments[:, 2:4]) + reach - (area.left, area.bottom)) / CELL
    buckets: list[list[int]] = [[] for _ in range(rows * columns)]
    for number, (a, b) in enumerate(zip(np.floor(low), np.floor(high), strict=True)):
        for row in range(max(0, int(a[1])), min(rows - 1, int(b[1])) + 1):
            for column in range(max(0, int(a[0])), min(columns - 1, int(b[0])) + 1):
                buckets[row * columns + column].append(number)
    stops = np.cumsum([len(bucket) for bucket in buckets])
    starts = np.stack([np.concatenate([[0], stops[:-1]]), stops], axis=-1)
    return Lines(
        segments=segments,
        starts=starts.reshape(rows, columns, 2).astype(np.int64),
        members=np.array([n for bucket in buckets for n in bucket], dtype=np.int64),
        left=area.left,
        bottom=area.bottom,
    )


@kernel
def nearest(lines: Lines, x: float, y: float) -> tuple[float, float]:
    """Return meters to the nearest line and its half width there; `FAR` and 0 out of reach."""
    row = int((y - lines.bottom) / CELL)
    column = int((x - lines.left) / CELL)
    if row < 0 or column < 0 or row >= lines.starts.shape[0] or column >= lines.starts.shape[1]:
        return FAR, 0.0
    best = FAR
    width = 0.0
    for position in range(lines.starts[row, column, 0], lines.starts[row, column, 1]):
        segment = lines.segments[lines.members[position]]
        dx = segment[2] - segment[0]
        dy = segment[3] - segment[1]
        t = ((x - segment[0]) * dx + (y - segment[1]) * dy) / (dx * dx + dy * dy + 1e-9)
        t = min(1.0, max(0.0, t))
        ex = x - segment[0] - t * dx
        ey = y - segment[1] - t * dy
        square = ex * ex + ey * ey
        if square < best:
            best = square
            width = segment[4] * (1.0 - t) + segment[5] * t
    return (best**0.5 if best < FAR else FAR), width
