"""`BBox`: two corners and a CRS."""

from dataclasses import dataclass

import numpy as np

from engine.geo.crs import Crs, transform


@dataclass(frozen=True, slots=True, kw_only=True)
class BBox:
    """A rectangle with ``left < right`` and ``bottom < top`` in units of its CRS, x first."""

    left: float
    bottom: float
    right: float
    top: float
    crs: Crs

    @property
    def width(self) -> float:
        """Extent along x in CRS units."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Extent along y in CRS units."""
        return self.top - self.bottom

    def outline(self, *, points: int = 21) -> tuple[np.ndarray, np.ndarray]:
        """Return x and y, float64, of a closed ring with ``points`` on each side."""
        t = np.linspace(0.0, 1.0, points)
        x = np.concatenate(
            [
                self.left + t * self.width,
                np.full(points, self.right),
                self.right - t * self.width,
                np.full(points, self.left),
            ]
        )
        y = np.concatenate(
            [
                np.full(points, self.bottom),
                self.bottom + t * self.height,
                np.full(points, self.top),
                self.top - t * self.height,
            ]
        )
        return x, y

    def to(self, crs: Crs) -> "BBox | None":
        """Return the box around this one's densified outline in ``crs``.

        None where no point of it has coordinates there. A box over a pole or the antimeridian
        has no faithful image by its outline alone; callers that need one use `GeoBox`'s grid.
        """
        x, y = transform(self.crs, crs, *self.outline())
        good = np.isfinite(x) & np.isfinite(y)
        if not good.any():
            return None
        x, y = x[good], y[good]
        return BBox(
            left=float(x.min()),
            bottom=float(y.min()),
            right=float(x.max()),
            top=float(y.max()),
            crs=crs,
        )
