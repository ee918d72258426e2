"""`CoordinateGrid`: where the pixels of a request lie in the CRS of a source.

Exact coordinates stand at the nodes of cells of 32 × 32 pixels and are interpolated bilinearly
between; where that is not good enough, a cell has nodes at every 16th, 8th … pixel, and in the
end at every one. Cells are those of the absolute `Lattice`, and each is judged by its own points
alone, so a pixel has the same coordinates, bit for bit, in whatever window it is asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from engine.geo.crs import Crs, transform, wrap_period
from engine.geo.geobox import GeoBox
from engine.geo.window import Window
from engine.warp.cells import judge_cells, lay_cells, move, settle
from engine.warp.lattice import Lattice, make_lattices
from engine.warp.resampling import Resampling
from engine.warp.runs import Nodes
from engine.warp.touched import AREA, CUBIC, LINEAR, NEAREST, touched

CELL = 32
"""Pixels along a cell's side."""
ALLOWED = 0.0004
"""Largest error of an interpolated coordinate, in source pixels. A thousandth would do for the
eye; at edges of real scenes with 16-bit contrasts, four parts in ten thousand keep 99.9 % of all
pixels within 1 of exact interpolation, and cost nothing at 10 and 20 m."""
SMOOTH = 3.5
"""Errors grow with the square of the step: where they are this many times what is allowed, half
the step has a quarter of them. The rest to 4 is room: over 64 pixels, the curvature of a map
projection changes by far less, and where one breaks off, errors are larger by magnitudes."""

_REACH = {
    Resampling.NEAREST: NEAREST,
    Resampling.BILINEAR: LINEAR,
    Resampling.CUBIC: CUBIC,
    Resampling.AVERAGE: AREA,
}

Float = NDArray[np.float64]
Whole = NDArray[np.int64]
Exact = Callable[[Whole, Whole], Float]
"""Numbers of columns and rows, broadcast together → x and y of pixel centers, stacked, in the
source's CRS; NaN where there are none."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoordinateGrid:
    """Source coordinates of the centers of (height, width) pixels."""

    width: int
    height: int
    """Pixels."""
    col_lead: int
    """Columns of the first cell that lie before the first pixel, 0 to 31."""
    row_lead: int
    """Rows of the first cell that lie before the first pixel, 0 to 31."""
    steps: NDArray[np.int64]
    """(cell row, cell col): pixels from node to node: 32, 16, 8, 4, 2 or 1."""
    starts: NDArray[np.int64]
    """(cell row, cell col): where the cell's nodes start in `x` and `y`: ``(32 / step + 1)²``
    nodes, row by row; node (0, 0) is the center of the cell's first pixel, and the last nodes
    are the first of the next cell."""
    x: Float
    """Coordinate in the source's CRS, x first; NaN where there is none."""
    y: Float
    """The same along y."""

    def rows(self, start: int, stop: int) -> "CoordinateGrid":
        """Return the grid of pixel rows ``start`` to ``stop`` alone; copies nothing."""
        first = (self.row_lead + start) // CELL
        last = (self.row_lead + stop - 1) // CELL + 1
        nodes = slice(
            self.starts[first, 0], self.starts[last, 0] if last < len(self.starts) else None
        )
        return CoordinateGrid(
            width=self.width,
            height=stop - start,
            col_lead=self.col_lead,
            row_lead=(self.row_lead + start) % CELL,
            steps=self.steps[first:last],
            starts=self.starts[first:last] - self.starts[first, 0],
            x=self.x[nodes],
            y=self.y[nodes],
        )

    def nodes(self, inverse: Affine) -> Nodes:
        """Return the grid as kernels take it, moved by ``inverse`` (source CRS → level pixel)."""
        # Taking a slice of an Affine costs more than moving the nodes.
        affine = ((inverse.a, inverse.b, inverse.c), (inverse.d, inverse.e, inverse.f))
        cols, rows = np.empty(self.x.size), np.empty(self.x.size)
        move(self.x, self.y, affine, (cols, rows))
        return cols, rows, self.steps, self.starts, (self.row_lead, self.col_lead)


def make_coordinate_grid(
    geobox: GeoBox, source: Crs, *, source_resolution: float, near: float | None = None
) -> CoordinateGrid:
    """Return the coordinates in ``source`` of the pixels of ``geobox`` (north-up).

    ``source_resolution`` is the size (the finer side) of a pixel of the level that is read, in
    units of ``source``: errors stay below `ALLOWED` of it. ``near`` is the x of the image's
    center: where the source's x comes round again (longitude, Mercator), of all its values the
    one nearest to it is taken, so that images and requests across the antimeridian meet. Points
    without coordinates are NaN.
    Costs about one exact point, a third of a microsecond, for 1024 pixels.
    """
    columns, rows = make_lattices(geobox)
    around = wrap_period(source) if near is not None else None
    turn = (0.0, 0.0) if around is None or near is None else (around, near)

    def exact(col: Whole, row: Whole) -> Float:
        x, y = columns.centers(col), rows.centers(row)
        nodes = np.empty((2, *np.broadcast(x, y).shape))
        nodes[0], nodes[1] = x, y
        x, y = transform(geobox.crs, source, nodes[0], nodes[1])
        settle(x.ravel(), y.ravel(), turn, nodes.reshape(2, -1))
        return nodes

    allowed = ALLOWED * source_resolution
    wide_cols, across = _cells(columns, geobox.width)
    wide_rows, down = _cells(rows, geobox.height)
    shared = exact(wide_cols, wide_rows[:, None])
    is_smooth = np.empty((down.stop - down.start, across.stop - across.start), dtype=np.bool_)
    nodes = np.empty((2, 4 * is_smooth.size))
    first = (down.start, across.start)
    steps = np.full(is_smooth.shape, CELL)
    if lay_cells(shared, SMOOTH * allowed, first, is_smooth, nodes):
        (x, y), starts = nodes, np.arange(0, 4 * steps.size, 4).reshape(steps.shape)
    else:
        corners = np.stack(np.meshgrid(wide_cols[:-1][across], wide_rows[:-1][down]), axis=-1)
        found = [(np.flatnonzero(is_smooth), nodes.reshape(2, -1, 2, 2)[:, is_smooth.ravel()])]
        found += _refine(np.flatnonzero(~is_smooth), corners.reshape(-1, 2), exact, allowed, steps)
        x, y, starts = _pool(found, steps)
    return CoordinateGrid(
        width=geobox.width,
        height=geobox.height,
        col_lead=columns.first % CELL,
        row_lead=rows.first % CELL,
        steps=steps,
        starts=starts,
        x=x,
        y=y,
    )


def _cells(lattice: Lattice, count: int) -> tuple[Whole, slice]:
    """Return the numbers at which cells begin and the last one ends, and which are asked for.

    Always whole pairs of cells, as the lattice pairs them, though a request may need but one.
    """
    pair = 2 * CELL
    start = lattice.first // pair * pair
    stop = -(-(lattice.first + count) // pair) * pair
    first = (lattice.first - start) // CELL
    last = (lattice.first + count - 1 - start) // CELL
    return np.arange(start, stop + 1, CELL, dtype=np.int64), slice(first, last + 1)


def _refine(
    cells: Whole, corners: Whole, exact: Exact, allowed: float, steps: Whole
) -> list[tuple[Whole, Float]]:
    """Return cells and their nodes, in groups; write their ``steps``, as wide as is allowed.

    ``corners`` (cell, column and row) are the first pixels of all cells, ``cells`` those to do.
    The nodes at half a step judge the step, and by it themselves. A cell without any coordinates
    keeps wide steps.
    """
    found = []
    half = CELL // 2
    while cells.size:
        every = np.arange(0, CELL + 1, half)
        place = corners[cells, :, None, None]
        nodes = exact(place[:, 0] + every, place[:, 1] + every[:, None])
        error = np.empty(cells.size)
        judge_cells(nodes, error)
        is_good = (error <= allowed) | np.isnan(nodes[0]).all(axis=(-2, -1))
        is_next = ~is_good & ((error <= SMOOTH * allowed) | (half == 1))
        found.append((cells[is_good], nodes[:, is_good, ::2, ::2]))
        found.append((cells[is_next], nodes[:, is_next]))
        steps.flat[cells[is_good]] = 2 * half
        steps.flat[cells[is_next]] = half
        cells = cells[~is_good & ~is_next]
        half //= 2
    return found


def _pool(
    found: list[tuple[NDArray[np.int64], Float]], steps: NDArray[np.int64]
) -> tuple[Float, Float, NDArray[np.int64]]:
    """Lay the nodes of all cells one after another, in the order of the cells."""
    counts = (CELL // steps.ravel() + 1) ** 2
    starts = np.cumsum(counts) - counts
    pool = np.empty((2, int(counts.sum())))
    for cells, nodes in found:
        side = nodes.shape[-1]
        places = starts[cells, None] + np.arange(side * side)
        pool[:, places] = nodes.reshape(2, len(cells), side * side)
    return pool[0], pool[1], starts.reshape(steps.shape)


def source_window(
    grid: CoordinateGrid, inverse: Affine, *, width: int, height: int, resampling: Resampling
) -> Window | None:
    """Return exactly the pixels of a level that `resample` will touch; None for none.

    ``inverse`` leads from the source's CRS to (col, row) of the level, which has ``width`` ×
    ``height`` pixels.
    """
    top, bottom, left, right = touched(
        _REACH[resampling], (height, width), grid.nodes(inverse), (grid.height, grid.width)
    )
    window = Window(
        row_start=max(top, 0),
        row_stop=min(bottom, height),
        col_start=max(left, 0),
        col_stop=min(right, width),
    )
    return None if window.is_empty else window
