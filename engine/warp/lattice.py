"""`Lattice`: the absolute numbering of the pixels of a grid, along one axis.

Two requests of one resolution whose pixels lie on one grid number those pixels alike, however
their corners were computed. That is what makes neighboring requests equal one larger request
bit for bit: coordinates are computed from whole numbers, never from a window's own corner.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.geo.crs import wrap_period
from engine.geo.geobox import GeoBox

FRACTIONS = 1 << 16
"""Parts of a pixel in which a grid's place is told: registration is exact to 8e-6 pixel, and
the noise of a corner's last digits (1e-9 pixel) does not reach the next part."""
SAME = 2.0**-32
"""Pixel sizes that differ by less than this share mean the same size. The corners of a web map
tile at zoom 20 leave a noise of 1e-10 in its pixel size; over 2500 pixels, the whole share would
add up to 6e-7 pixel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lattice:
    """Pixels ``first``, ``first + 1`` … along x or y, numbered from the CRS's origin."""

    step: float
    """CRS units from one pixel to the next; negative along the rows of a north-up grid."""
    first: int
    """Number of the grid's first pixel."""
    phase: int
    """Where pixel 0 begins, behind the origin, in `FRACTIONS` of a pixel; less than one."""

    def centers(self, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the coordinate of the centers of the pixels with these numbers."""
        parts = numbers * FRACTIONS + (self.phase + FRACTIONS // 2)
        return np.multiply(parts, self.step / FRACTIONS, dtype=np.float64)

    def places(self, coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where coordinates lie, on the scale whose whole numbers are pixel centers."""
        return np.subtract(coordinates / self.step, self.phase / FRACTIONS + 0.5, dtype=np.float64)


def make_lattices(geobox: GeoBox) -> tuple[Lattice, Lattice]:
    """Return the lattices of the columns (along x) and of the rows (along y) of ``geobox``.

    Raises `ValueError` for a grid whose rows are not parallel to x.
    """
    a, b, c, d, e, f = geobox.affine[:6]
    if b != 0.0 or d != 0.0:
        message = "a request's grid has rows along x and columns along y"
        raise ValueError(message)
    around = wrap_period(geobox.crs)
    return _make_lattice(a, c, around), _make_lattice(e, f, around)


def _make_lattice(step: float, origin: float, around: float | None) -> Lattice:
    step = _plain_step(step, around)
    first, phase = divmod(round(origin / step * FRACTIONS), FRACTIONS)
    return Lattice(step=step, first=first, phase=phase)


def _plain_step(step: float, around: float | None) -> float:
    """Return the number that was meant by ``step``, free of the noise of computed corners.

    A short decimal (10, 0.0001), else a whole part of the way around the world (web map tiles,
    1/3600 degree), else ``step`` to eleven digits.
    """
    decimal = float(f"{step:.8g}")
    if abs(decimal - step) <= SAME * abs(step):
        return decimal
    if around is not None and round(around / step) != 0:
        part = around / round(around / step)
        if abs(part - step) <= SAME * abs(step):
            return part
    mantissa, exponent = math.frexp(step)
    return math.ldexp(round(math.ldexp(mantissa, 36)), exponent - 36)
