"""Seeded noise of our own, so that a sample is the same on every machine.

Integer hashes and the four operations of IEEE 754 only: no sine, no exponential and no library's
random numbers, all of which may differ between machines. Kernels for single points; the landscape
calls them inside its own loops.
"""

from engine.jit import kernel

MASK = 0xFFFFFFFF


@kernel
def scramble(a: int, b: int, seed: int) -> int:
    """Return 32 well-mixed bits of two integers and a seed."""
    h = (a * 0x8DA6B343 + b * 0xD8163841 + seed * 0xCB1AB31F) & MASK
    h ^= h >> 15
    h = (h * 0x2C1B3C6D) & MASK
    h ^= h >> 12
    h = (h * 0x297A2D39) & MASK
    return h ^ (h >> 15)


@kernel
def chance(a: int, b: int, seed: int) -> float:
    """Return a number in [0, 1) that belongs to two integers and a seed."""
    return scramble(a, b, seed) / 4294967296.0


@kernel
def floor_int(value: float) -> int:
    """Return the largest integer that is not above ``value``."""
    i = int(value)
    return i - 1 if value < i else i


@kernel
def smooth(low: float, high: float, value: float) -> float:
    """Return 0 up to ``low``, 1 from ``high`` on, 3t² − 2t³ between."""
    t = (value - low) / (high - low)
    if t <= 0.0:
        return 0.0
    if t >= 1.0:
        return 1.0
    return t * t * (3.0 - 2.0 * t)


@kernel
def _slope(ix: int, iy: int, fx: float, fy: float, seed: int) -> float:
    h = scramble(ix, iy, seed)
    return ((h & 0xFFFF) / 32768.0 - 1.0) * fx + ((h >> 16) / 32768.0 - 1.0) * fy


@kernel
def noise(x: float, y: float, seed: int) -> float:
    """Return gradient noise of wavelength 1: mean 0, mostly within ±1 (Perlin 2002)."""
    ix = floor_int(x)
    iy = floor_int(y)
    fx = x - ix
    fy = y - iy
    u = fx * fx * fx * (fx * (fx * 6.0 - 15.0) + 10.0)
    v = fy * fy * fy * (fy * (fy * 6.0 - 15.0) + 10.0)
    top = _slope(ix, iy, fx, fy, seed) * (1.0 - u) + _slope(ix + 1, iy, fx - 1.0, fy, seed) * u
    low = (
        _slope(ix, iy + 1, fx, fy - 1.0, seed) * (1.0 - u)
        + _slope(ix + 1, iy + 1, fx - 1.0, fy - 1.0, seed) * u
    )
    return 1.6 * (top * (1.0 - v) + low * v)


@kernel
def fractal(x: float, y: float, seed: int, octaves: int) -> float:
    """Return noise with halving wavelengths and strengths; within ±1 or little more."""
    total = 0.0
    strength = 0.5
    for octave in range(octaves):
        total += strength * noise(x, y, seed + octave)
        # Turned by a 3-4-5 triangle, so that the lattices of the octaves do not line up.
        x, y = 1.6 * x + 1.2 * y + 17.7, 1.6 * y - 1.2 * x + 41.3
        strength *= 0.5
    return 1.3 * total
