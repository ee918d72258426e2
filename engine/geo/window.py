"""`Window`: a half-open integer pixel rectangle of one level."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Pixels with ``row_start <= row < row_stop`` and ``col_start <= col < col_stop``."""

    row_start: int
    """First row, counted from the top of the level."""
    row_stop: int
    """One past the last row."""
    col_start: int
    """First column, counted from the left."""
    col_stop: int
    """One past the last column."""

    @property
    def height(self) -> int:
        """Rows, never negative."""
        return max(0, self.row_stop - self.row_start)

    @property
    def width(self) -> int:
        """Columns, never negative."""
        return max(0, self.col_stop - self.col_start)

    @property
    def is_empty(self) -> bool:
        """True where the window holds no pixel."""
        return self.height == 0 or self.width == 0

    def intersect(self, other: "Window") -> "Window":
        """Return the pixels in both windows; empty where they do not meet."""
        return Window(
            row_start=max(self.row_start, other.row_start),
            row_stop=min(self.row_stop, other.row_stop),
            col_start=max(self.col_start, other.col_start),
            col_stop=min(self.col_stop, other.col_stop),
        )
