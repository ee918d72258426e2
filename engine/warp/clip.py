"""`rasterize`: a geometry → the pixels whose centers it holds."""

import numpy as np
import shapely
from numpy.typing import NDArray

from engine.geo.geobox import GeoBox
from engine.geo.geometry import Geometry
from engine.jit import kernel
from engine.warp.lattice import make_lattices


def rasterize(geometry: Geometry, geobox: GeoBox) -> NDArray[np.bool_]:
    """Return (row, col), True where the pixel's center lies inside ``geometry``.

    Holes are outside. A center on an edge belongs to one side of it alone, so polygons that
    share an edge neither share a pixel nor leave a gap. Places are told on the absolute lattice
    of the grid: neighboring requests and one larger request agree on every pixel. A geometry in
    another CRS is moved corner by corner.
    """
    columns, rows = make_lattices(geobox)
    rings = shapely.get_rings(shapely.get_parts(geometry.to(geobox.crs).shape))
    points, ring = shapely.get_coordinates(rings, return_index=True)
    x = columns.places(points[:, 0])
    y = rows.places(points[:, 1])
    edges = np.stack([x[:-1], y[:-1], x[1:], y[1:]], axis=1)[ring[1:] == ring[:-1]]
    inside = np.zeros((geobox.height, geobox.width), dtype=np.bool_)
    _fill(edges, columns.first, rows.first, inside)
    return inside


@kernel
def _fill(
    edges: NDArray[np.float64], first_col: int, first_row: int, inside: NDArray[np.bool_]
) -> None:
    """Turn ``inside`` (row, col) True between the first edge and the second, and so on.

    ``edges`` are (x, y, x, y) where pixel centers are whole numbers. Each edge flips all pixels
    at and behind it: only the first of them is marked, and a second pass carries the flips on.
    It crosses the rows from its upper end on to before its lower one, whichever end comes first.
    """
    height, width = inside.shape
    for i in range(edges.shape[0]):
        x, y, other_x, other_y = edges[i]
        if y > other_y:
            x, y, other_x, other_y = other_x, other_y, x, y
        start = max(np.ceil(y), float(first_row))
        stop = min(np.ceil(other_y), float(first_row + height))
        if not start < stop:
            continue
        slope = (other_x - x) / (other_y - y)
        for row in range(int(start), int(stop)):
            col = max(np.ceil(x + (row - y) * slope) - first_col, 0.0)
            if col < width:
                inside[row - first_row, int(col)] ^= True
    for row in range(height):
        state = False
        for col in range(width):
            state ^= inside[row, col]
            inside[row, col] = state
