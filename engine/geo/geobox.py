"""`GeoBox`: shape, affine and CRS: the one value for *which pixels*."""

from dataclasses import dataclass

from affine import Affine

from engine.geo.bbox import BBox
from engine.geo.crs import Crs
from engine.geo.window import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class GeoBox:
    """A pixel grid in the plane of a CRS."""

    width: int
    """Columns."""
    height: int
    """Rows."""
    affine: Affine
    """(col, row) → (x, y); pixel (0, 0) covers [0, 1) × [0, 1), its center is (0.5, 0.5)."""
    crs: Crs

    @property
    def bbox(self) -> BBox:
        """The box around the four corners."""
        corners = [self.affine * (col, row) for col in (0, self.width) for row in (0, self.height)]
        return BBox(
            left=min(x for x, _ in corners),
            bottom=min(y for _, y in corners),
            right=max(x for x, _ in corners),
            top=max(y for _, y in corners),
            crs=self.crs,
        )

    @property
    def resolution(self) -> tuple[float, float]:
        """Size of a pixel along its columns and its rows, in CRS units, both positive."""
        a, b, _, d, e, _ = self.affine[:6]
        return (a * a + d * d) ** 0.5, (b * b + e * e) ** 0.5

    def crop(self, window: Window) -> "GeoBox":
        """Return the grid of ``window``'s pixels; they keep their place to the last bit."""
        is_whole = window.row_start == window.col_start == 0
        if is_whole and (window.height, window.width) == (self.height, self.width):
            return self
        return GeoBox(
            width=window.width,
            height=window.height,
            affine=self.affine * Affine.translation(window.col_start, window.row_start),
            crs=self.crs,
        )


def make_geobox(bbox: BBox, *, width: int, height: int) -> GeoBox:
    """Return the north-up grid of ``width`` × ``height`` pixels that covers ``bbox`` exactly."""
    scale = Affine.scale(bbox.width / width, -bbox.height / height)
    return GeoBox(
        width=width,
        height=height,
        affine=Affine.translation(bbox.left, bbox.top) * scale,
        crs=bbox.crs,
    )
