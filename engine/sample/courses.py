"""Where the rivers run and the roads go."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.sample.noise import fractal, noise

STEP = 30.0
"""Meters between two points of a course."""
SPRING = (-14_500.0, 3_200.0)
"""Where the main river leaves the high mountains; west of it, it goes on as a valley stream."""
TOWNS = (
    # x, y, radius in meters, how dense
    (-1_900.0, -1_500.0, 1_250.0, 1.0),
    (8_300.0, 3_000.0, 1_500.0, 1.0),
    (4_100.0, 6_900.0, 620.0, 0.9),
    (3_700.0, -5_600.0, 760.0, 0.9),
    (-5_600.0, -6_700.0, 480.0, 0.8),
    (-6_300.0, 5_700.0, 520.0, 0.8),
    (-10_400.0, 800.0, 460.0, 0.8),
    (800.0, 3_300.0, 430.0, 0.8),
    (7_000.0, -2_000.0, 520.0, 0.8),
    (-13_900.0, -4_800.0, 330.0, 0.7),
)
ROADS = ((0, 1), (0, 3), (0, 4), (0, 6), (0, 7), (7, 2), (1, 2), (1, 8), (8, 3), (5, 7), (4, 9))
"""Pairs of towns joined by a road."""


def river_courses(seed: int, *, west: float) -> list[NDArray[np.float64]]:
    """Return the main river, from ``west`` to the sea, and its tributary: (point, 3) each.

    Bends follow the sine-generated curve of Langbein and Leopold (1966): the direction, not the
    place, swings as a sine of the way along the river.
    """
    main = _meander(seed, start=(min(west, SPRING[0]), 3_200.0), goal=(12_500.0, 900.0), width=21.0)
    join = main[np.argmin(np.hypot(main[:, 0] + 4_200.0, main[:, 1] - 600.0))]
    side = _meander(
        seed + 7, start=(-15_500.0, -9_500.0), goal=(float(join[0]), float(join[1])), width=6.0
    )
    return [main, side]


def _meander(
    seed: int, *, start: tuple[float, float], goal: tuple[float, float], width: float
) -> NDArray[np.float64]:
    x, y = start
    points: list[tuple[float, float, float]] = []
    way = 0.0
    phase = 0.0
    while x < goal[0] and way < 4.0 * (goal[0] - start[0]) and len(points) < 40_000:
        plain = min(1.0, max(0.0, (x + 11_000.0) / 7_000.0))
        grown = width * (0.55 + 0.75 * min(1.0, max(0.0, (x + 14_000.0) / 20_000.0)))
        swing = 0.60 + 0.55 * plain + 0.75 * fractal(way / 4_300.0, 0.5, seed, 2)
        length = 1_900.0 + 1_300.0 * plain * noise(way / 3_300.0, 2.5, seed + 1)
        phase += STEP * 2.0 * math.pi / length
        wander = 0.60 * noise(way / 1_300.0, 7.5, seed + 3)
        toward = math.atan2(goal[1] - y, max(goal[0] - x, 2_500.0))
        # The valley turns on its own scale, wider than the bends.
        valley = 0.75 * noise(x / 6_500.0, 3.5, seed + 5)
        direction = toward + swing * math.sin(phase) + wander + valley
        points.append((x, y, grown))
        x += STEP * math.cos(direction)
        y += STEP * math.sin(direction)
        way += STEP
    points.append((x, y, width * 1.5))
    return np.array(points)


def road_courses(seed: int, pairs: Sequence[tuple[int, int]] = ROADS) -> list[NDArray[np.float64]]:
    """Return the roads between towns and the motorway along the coast: (point, 3) each."""
    roads = []
    for number, (a, b) in enumerate(pairs):
        t = np.linspace(0.0, 1.0, 60)
        dx, dy = TOWNS[b][0] - TOWNS[a][0], TOWNS[b][1] - TOWNS[a][1]
        bend = np.array([fractal(3.0 * v, 0.5 + number, seed + 11, 3) for v in t])
        bend *= 0.16 * np.sin(np.pi * t)
        x = TOWNS[a][0] + t * dx - bend * dy
        y = TOWNS[a][1] + t * dy + bend * dx
        roads.append(np.stack([x, y, np.full_like(t, 4.0)], axis=1))
    y = np.arange(-60_000.0, 60_001.0, 250.0)
    x = np.array([5_600.0 + 1_500.0 * noise(v / 9_000.0, 0.5, seed + 13) - 0.1 * v for v in y])
    roads.append(np.stack([x, y, np.full_like(x, 10.0)], axis=1))
    return roads
