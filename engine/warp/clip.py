"""`rasterize`: a geometry → the pixels whose centers it holds."""

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray

from engine.geo.geobox import GeoBox
from engine.geo.geometry import Geometry
from engine.jit import kernel
from engine.warp.coordinates import make_coordinate_grid
from engine.warp.lattice import make_lattices
from engine.warp.runs import Nodes, place_run

Mask = NDArray[np.bool_]
Edges = NDArray[np.float64]
"""(edge, 4): x and y of the end where y is smaller, then of the other; none is level."""


def rasterize(geometry: Geometry, geobox: GeoBox) -> Mask:
    """Return (row, col), True where the pixel's center lies inside ``geometry``.

    Holes are outside. A center on an edge belongs to one side of it alone, so polygons that
    share an edge neither share a pixel nor leave a gap. Neighboring requests and one larger
    request agree on every pixel. Edges are straight in the geometry's own CRS: where that is
    another than the grid's, the centers are moved there, also across the antimeridian and to
    where corners could not be moved (a pole, in Mercator); a center without coordinates there
    is outside.
    """
    inside = np.zeros((geobox.height, geobox.width), dtype=np.bool_)
    rings = shapely.get_rings(shapely.get_parts(geometry.shape))
    points, ring = shapely.get_coordinates(rings, return_index=True)
    if geometry.crs == geobox.crs:
        columns, rows = make_lattices(geobox)
        places = np.stack([columns.places(points[:, 0]), rows.places(points[:, 1])], axis=1)
        _scan(_edges(places, ring), (rows.first, columns.first), inside)
        return inside
    units = geobox.crs.meters_per_unit / geometry.crs.meters_per_unit
    box = geometry.bbox
    grid = make_coordinate_grid(
        geobox,
        geometry.crs,
        source_resolution=min(geobox.resolution) * units,
        near=(box.left + box.right) / 2,
    )
    _probe(_edges(points, ring), grid.nodes(Affine.identity()), inside)
    return inside


def _edges(points: NDArray[np.float64], ring: NDArray[np.int64]) -> Edges:
    """Return the edges of closed rings; ``ring`` tells to which a point belongs."""
    pairs = np.stack([points[:-1], points[1:]], axis=1)[ring[1:] == ring[:-1]]
    pairs = pairs[pairs[:, 0, 1] != pairs[:, 1, 1]]
    # Whichever way round a ring runs, the two polygons beside an edge compute it alike.
    order = np.argsort(pairs[:, :, 1], axis=1)[:, :, np.newaxis]
    return np.ascontiguousarray(np.take_along_axis(pairs, order, axis=1).reshape(-1, 4))


@kernel
def _cross(edges: Edges, edge: int, y: float) -> float:
    """Return x where the edge has the height ``y``."""
    x, start, other, stop = edges[edge, 0], edges[edge, 1], edges[edge, 2], edges[edge, 3]
    return float(x + (y - start) * ((other - x) / (stop - start)))


@kernel
def _scan(edges: Edges, first: tuple[int, int], inside: Mask) -> None:
    """Turn ``inside`` (row, col) True from the first edge on to before the second, and so on.

    Pixel centers are the whole numbers, from ``first`` (row, col) on. Each edge flips all pixels
    at and behind it, in the rows from its upper end to before its lower one: the first such
    pixel is marked, and a second pass carries the flips on.
    """
    height, width = inside.shape
    for edge in range(edges.shape[0]):
        start = max(np.ceil(edges[edge, 1]), float(first[0]))
        stop = min(np.ceil(edges[edge, 3]), float(first[0] + height))
        if not start < stop:
            continue
        for row in range(int(start), int(stop)):
            col = max(np.ceil(_cross(edges, edge, float(row))) - first[1], 0.0)
            if col < width:
                inside[row - first[0], int(col)] ^= True
    for row in range(height):
        state = False
        for col in range(width):
            state ^= inside[row, col]
            inside[row, col] = state


@kernel
def _probe(edges: Edges, nodes: Nodes, inside: Mask) -> None:
    """Turn ``inside`` True where an odd number of edges lies at or before the pixel's place.

    Cell by cell: edges that pass a cell on its left, over its whole height, flip it as a whole,
    and only those that meet the rest of its height are tried on each pixel.
    """
    _, _, steps, _, (row_lead, col_lead) = nodes
    height, width = inside.shape
    near = np.empty(edges.shape[0], dtype=np.int64)
    rows = np.empty(32)
    cols = np.empty(32)
    for cell_row in range(steps.shape[0]):
        for cell_col in range(steps.shape[1]):
            top, bottom, left, right = _hull(nodes, cell_row, cell_col)
            state = False
            found = 0
            for edge in range(edges.shape[0]):
                low, high = edges[edge, 1], edges[edge, 3]
                if low > bottom or high <= top or min(edges[edge, 0], edges[edge, 2]) > right:
                    continue
                if low <= top and high > bottom and max(edges[edge, 0], edges[edge, 2]) < left:
                    state = not state
                else:
                    near[found] = edge
                    found += 1
            first = max(cell_row * 32 - row_lead, 0)
            col = max(cell_col * 32 - col_lead, 0)
            for row in range(first, min(cell_row * 32 - row_lead + 32, height)):
                count, _ = place_run(nodes, (row, col, width), rows, cols)
                for k in range(count):
                    held = state
                    for n in range(found):
                        if edges[near[n], 1] <= rows[k] < edges[near[n], 3]:
                            held ^= _cross(edges, near[n], rows[k]) <= cols[k]
                    inside[row, col + k] = held and rows[k] == rows[k]


@kernel
def _hull(nodes: Nodes, cell_row: int, cell_col: int) -> tuple[float, float, float, float]:
    """Return the least and greatest row, and column, of a cell's places."""
    node_cols, node_rows, steps, starts, _ = nodes
    top, bottom, left, right = np.inf, -np.inf, np.inf, -np.inf
    start = starts[cell_row, cell_col]
    for n in range(start, start + (32 // steps[cell_row, cell_col] + 1) ** 2):
        if node_rows[n] == node_rows[n]:
            top, bottom = min(top, node_rows[n]), max(bottom, node_rows[n])
            left, right = min(left, node_cols[n]), max(right, node_cols[n])
    return top, bottom, left, right
