"""Clouds on a lattice of the world, so that every zone sees the same ones."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.geo.bbox import BBox
from engine.jit import kernel
from engine.sample.noise import fractal, noise, smooth
from engine.sample.spec import Weather

STEP = 25.0
"""Meters between two points of the lattice."""
BASE = 1_300.0
"""Meters from the ground to the clouds: shadows fall that much × tan(zenith) away."""
STEEPEST_SHADOW = 2.4
"""Largest tangent of the sun's zenith angle; keeps winter shadows near their clouds."""


class Sky(NamedTuple):
    """Clouds over a stripe; a tuple, so kernels take it."""

    thickness: NDArray[np.float32]
    """(row, col), rows from south to north: 0 none, 1 and more opaque."""
    veil: NDArray[np.float32]
    """Same shape: opacity of cirrus and haze, 0 to 1."""
    left: float
    bottom: float
    """World coordinates of the first point."""
    shadow: tuple[float, float]
    """World meters from a place on the ground to the cloud that shades it."""


def shadow_offset(sun: tuple[float, float, float]) -> tuple[float, float]:
    """Return world meters from shaded ground to its cloud."""
    level = math.hypot(sun[0], sun[1])
    reach = BASE * min(STEEPEST_SHADOW, level / sun[2])
    return round(reach * sun[0] / level, 1), round(reach * sun[1] / level, 1)


def make_sky(weather: Weather, *, area: BBox, sun: tuple[float, float, float], seed: int) -> Sky:
    """Return the clouds over world ``area`` and over what shades it."""
    dx, dy = shadow_offset(sun)
    margin = 12 * STEP
    left = math.floor((area.left + min(dx, 0.0) - margin) / STEP) * STEP
    bottom = math.floor((area.bottom + min(dy, 0.0) - margin) / STEP) * STEP
    cols = math.ceil((area.right + max(dx, 0.0) + margin - left) / STEP) + 1
    rows = math.ceil((area.top + max(dy, 0.0) + margin - bottom) / STEP) + 1
    thickness = np.empty((rows, cols), np.float32)
    veil = np.empty((rows, cols), np.float32)
    _form(left, bottom, weather, seed, thickness, veil)
    return Sky(thickness=thickness, veil=veil, left=left, bottom=bottom, shadow=(dx, dy))


@kernel
def _form(  # noqa: PLR0917 - numba has no keyword-only arguments
    left: float,
    bottom: float,
    weather: Weather,
    seed: int,
    thickness: NDArray[np.float32],
    veil: NDArray[np.float32],
) -> None:
    size = weather.size
    for row in range(thickness.shape[0]):
        for col in range(thickness.shape[1]):
            x = left + col * STEP
            y = bottom + row * STEP
            t = 0.0
            if weather.cover > 0.0:
                front = fractal(x / (6.0 * size), y / (6.0 * size), seed + 1, 2)
                shape = fractal(x / size, y / size, seed + 21, 6)
                heaps = _billows(x / (0.45 * size), y / (0.45 * size), seed + 31)
                field = 1.75 * weather.cover - 1.02 + 0.55 * front
                t = max(0.0, field + 0.85 * shape + 0.55 * heaps) * 1.7
            thickness[row, col] = t
            haze = 0.0
            if weather.cirrus > 0.0:
                u = (0.8 * x + 0.6 * y) / 9_000.0
                v = (0.8 * y - 0.6 * x) / 1_700.0
                u += 0.35 * noise(x / 6_000.0, y / 6_000.0, seed + 41)
                streak = fractal(u, v, seed + 51, 6) + 0.5 * noise(x / 14e3, y / 14e3, seed + 61)
                haze = 0.55 * weather.cirrus * smooth(-0.15, 0.75, streak)
            veil[row, col] = haze


@kernel
def _billows(x: float, y: float, seed: int) -> float:
    """Return heaps, round above and notched between, within about ±0.6."""
    total = 0.0
    strength = 0.5
    for octave in range(4):
        total += strength * (0.55 - 1.6 * abs(noise(x, y, seed + octave)))
        x, y = 1.6 * x + 1.2 * y + 5.3, 1.6 * y - 1.2 * x + 8.9
        strength *= 0.5
    return total


@kernel
def look_up(raster: NDArray[np.float32], left: float, bottom: float, x: float, y: float) -> float:
    """Return the raster's value at a world point; bilinear, the edge goes on outside."""
    c = min(max((x - left) / STEP, 0.0), raster.shape[1] - 1.001)
    r = min(max((y - bottom) / STEP, 0.0), raster.shape[0] - 1.001)
    i = int(r)
    j = int(c)
    v = r - i
    u = c - j
    low = raster[i, j] * (1.0 - u) + raster[i, j + 1] * u
    high = raster[i + 1, j] * (1.0 - u) + raster[i + 1, j + 1] * u
    value: float = low * (1.0 - v) + high * v
    return value
