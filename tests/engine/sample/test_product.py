"""Names of Sentinel-2 products."""

import pytest

from engine.sample.product import mgrs_square


@pytest.mark.parametrize(
    ("zone", "x", "y", "latitude", "square"),
    [
        # Well-known tiles: Paris, New York, Munich, Rome, Singapore's north.
        (31, 452_000, 5_411_000, 48.9, "31UDQ"),
        (18, 583_960, 4_507_523, 40.7, "18TWL"),
        (32, 691_000, 5_334_000, 48.1, "32UPU"),
        (33, 291_000, 4_640_000, 41.9, "33TTG"),
        (48, 372_000, 150_000, 1.4, "48NUG"),
    ],
)
def test_squares_are_named_as_mgrs_names_them(
    zone: int, x: float, y: float, latitude: float, square: str
) -> None:
    assert mgrs_square(zone, x, y, latitude) == square
