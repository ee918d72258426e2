"""Geometries: what is taken, and why the rest is refused."""

from typing import Any

import numpy as np
import pytest
import shapely

from engine.errors import InvalidGeometry
from engine.geo.crs import WEB_MERCATOR, WGS84
from engine.geo.geometry import MAX_VERTICES, Geometry, parse_geometry

SQUARE = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]
HOLE = [[1, 1], [1, 2], [2, 2], [2, 1], [1, 1]]


def polygon(*rings: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def test_polygons_and_multipolygons_with_holes_are_taken() -> None:
    single = parse_geometry(polygon(SQUARE, HOLE), WGS84)
    shifted = [[x + 10, y] for x, y in SQUARE]
    several = parse_geometry(
        {"type": "MultiPolygon", "coordinates": [[SQUARE, HOLE], [shifted]]}, WGS84
    )

    assert single.shape.area == 15
    assert several.shape.area == 31
    assert several.bbox.right == 14


def test_heights_are_dropped() -> None:
    found = parse_geometry(polygon([[*point, 7.5] for point in SQUARE]), WGS84)

    assert not shapely.has_z(found.shape)
    assert found.shape.area == 16


def circle(count: int) -> list[list[float]]:
    angles = np.linspace(0, 2 * np.pi, count)
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1).tolist()
    ring[-1] = ring[0]
    return ring


def slanted_comb(count: int) -> list[list[float]]:
    """Return a ring whose every edge's box meets every other's: judging it is quadratic."""
    teeth = [(i / 2, -i / 2) if i % 2 else (i / 2 + 1e6, 1e6 - i / 2) for i in range(count)]
    ring = [*teeth, (count, -3e6), (-3e6, -3e6), teeth[0]]
    return [list(point) for point in ring]


def fields(side: int) -> list[list[list[list[float]]]]:
    """Return the rings of ``side`` times ``side`` squares that do not touch."""
    corners = ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))
    places = [(2 * col, 2 * row) for row in range(side) for col in range(side)]
    return [[[[left + x, low + y] for x, y in corners]] for left, low in places]


def test_many_fields_are_taken() -> None:
    found = parse_geometry({"type": "MultiPolygon", "coordinates": fields(140)}, WGS84)

    assert found.shape.area == 140 * 140


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"type": "Point", "coordinates": [0, 0]}, "'Point' is not allowed"),
        ({"type": "LineString", "coordinates": SQUARE}, "'LineString' is not allowed"),
        ({"type": "GeometryCollection", "geometries": []}, "is not allowed"),
        ({}, "'None' is not allowed"),
        ({"type": ["Polygon"]}, "is not allowed"),
        ({"type": "Polygon"}, "lists of rings"),
        (polygon(), "empty"),
        ({"type": "MultiPolygon", "coordinates": []}, "empty"),
        ({"type": "MultiPolygon", "coordinates": [[SQUARE], []]}, "empty|lists"),
        (polygon([]), "0 points"),
        (polygon([[0, 0], [1, 1], [0, 0]]), "3 points"),
        (polygon(SQUARE[:-1]), "not closed"),
        (polygon([[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]), "not valid: Self-intersection"),
        (polygon(SQUARE, [[9, 9], [9, 8], [8, 8], [9, 9]]), "not valid: Hole lies outside"),
        (polygon([[0, 0], [1, 0], [2, 0], [0, 0]]), "not valid"),
        (polygon([[0, 0], [4, 0], [4, float("nan")], [0, 4], [0, 0]]), "finite"),
        (polygon([[0, 0], [4, 0], [4, float("inf")], [0, 4], [0, 0]]), "finite"),
        (polygon([[0, 0], [4, 0], [4, "x"], [0, 4], [0, 0]]), "numbers"),
        (polygon([[0, 0], [4], [4, 4], [0, 4], [0, 0]]), "numbers"),
        (polygon([[0, 0], None, [4, 4], [0, 4], [0, 0]]), "numbers"),
        (polygon([[0, 0], [4, 0], [4, 10**400], [0, 4], [0, 0]]), "numbers"),
        (polygon([["0", "0"], ["4", "0"], ["4", "4"], ["0", "0"]]), "numbers"),
        (polygon([[False, False], [True, False], [True, True], [False, False]]), "numbers"),
        (polygon(7), "numbers"),
        ({"type": "Polygon", "coordinates": "far away"}, "numbers|points"),
        ({"type": "Polygon", "coordinates": {"a": 1}}, "numbers|points"),
        (polygon(circle(MAX_VERTICES + 2)), "at most 100000"),
        (polygon(slanted_comb(30_000)), "lie beside each other"),
    ],
)
def test_what_is_no_area_is_refused_with_the_reason(value: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidGeometry, match=reason) as caught:
        parse_geometry(value, WGS84)

    assert len(caught.value.message) < 300


def test_corners_move_to_another_crs_and_edges_stay_straight() -> None:
    geometry = Geometry(shape=shapely.box(0, 0, 90, 60), crs=WGS84)
    moved = geometry.to(WEB_MERCATOR)

    assert geometry.to(WGS84) is geometry
    assert shapely.get_num_coordinates(moved.shape) == 5
    assert moved.bbox.right == pytest.approx(10_018_754.17)
    assert moved.bbox.top == pytest.approx(8_399_737.89)
