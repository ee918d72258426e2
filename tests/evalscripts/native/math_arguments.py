"""Arguments at which Math's algorithms turn from one formula to the next, and everywhere else."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]

ODD = np.array(
    [0.0, 1.0, 2.0, 3.0, 0.5, 1.5, np.inf, np.nan, 5e-324, 2.0**-1022, np.finfo(float).max]
)
# The upper words that fdlibm and the GNU C Library compare with.
_THRESHOLDS = (
    *(0x00100000, 0x3C600000, 0x3C800000, 0x3C900000, 0x3E200000, 0x3E300000, 0x3E400000),
    *(0x3E500000, 0x3FD2BEC4, 0x3FD33333, 0x3FD62E42, 0x3FDA827A, 0x3FDC0000, 0x3FE00000),
    *(0x3FE59428, 0x3FE60000, 0x3FE6A09E, 0x3FE90000, 0x3FE921FB, 0x3FEB6000, 0x3FEF3333),
    *(0x3FF00000, 0x3FF0A2B2, 0x3FF30000, 0x3FF6A09E, 0x3FF921FB, 0x40000000, 0x400368FD),
    *(0x40038000, 0x4002D97C, 0x40360000, 0x4043687A, 0x40862E42, 0x40874910, 0x413921FB),
    *(0x419921FB, 0x41B00000, 0x43400000, 0x44100000, 0x7FE00000),
)


def any_doubles(rng: np.random.Generator, n: int, *, least: int = 0, most: int = 2047) -> Reals:
    """Return doubles whose exponent field is uniform between two values, both included."""
    exponent = rng.integers(least, most + 1, n).astype(np.uint64) << np.uint64(52)
    mantissa = rng.integers(0, 1 << 52, n).astype(np.uint64)
    sign = rng.integers(0, 2, n).astype(np.uint64) << np.uint64(63)
    return (exponent | mantissa | sign).view(np.float64)


def _beside(points: Iterable[float]) -> Reals:
    """Return the doubles around each point: neighbors, and some that differ in the upper word."""
    bits = np.array(list(points), dtype=np.float64).view(np.int64)[:, None]
    steps = np.arange(-24, 25)
    near = np.concatenate([bits + steps, bits + (steps << 31)], axis=1)
    return near.ravel().view(np.float64)


def single_arguments(seed: int, n: int) -> Reals:
    """Return some 11·n arguments for a function of one, both signs of each of the odd ones."""
    rng = np.random.default_rng(seed)
    words = np.array(_THRESHOLDS, dtype=np.int64) << 32
    turns = np.arange(1, 2000) * (np.pi / 4)
    far_turns = rng.integers(0, 1 << 24, n) * (np.pi / 2)
    parts = (
        ODD,
        _beside(words.view(np.float64)),
        _beside(turns[:64]),
        turns,
        np.arange(0.0, 2000.0),
        far_turns,
        any_doubles(rng, n),
        any_doubles(rng, n, least=0, most=3),
        any_doubles(rng, n, least=1000, most=1050),
        any_doubles(rng, 2 * n, least=1010, most=1030),
        rng.uniform(-1.0, 1.0, n),
        rng.uniform(-30.0, 30.0, n),
        rng.uniform(-750.0, 750.0, n),
        rng.uniform(-1e9, 1e9, n),
        1.0 + rng.normal(0.0, 1e-5, n),
    )
    found = np.concatenate(parts)
    return _whole_groups(np.concatenate([found, -found[: found.size // 2]]))


def pair_arguments(seed: int, n: int) -> tuple[Reals, Reals]:
    """Return pairs for a function of two: all pairs of odd ones, powers, anything."""
    rng = np.random.default_rng(seed)
    odd = np.concatenate([ODD, -ODD])
    x, y = (grid.ravel() for grid in np.meshgrid(odd, odd))
    mixed = single_arguments(seed, n)
    near = any_doubles(rng, mixed.size, least=1000, most=1040)
    parts = (
        (x, y),
        (mixed, rng.permutation(mixed)),
        (near, rng.permutation(near)),
        (np.abs(rng.normal(0.0, 3.0, n)), rng.integers(-20, 20, n) / 2),
        (any_doubles(rng, n, least=500, most=1540), np.full(n, 2.0)),
        (any_doubles(rng, n), np.full(n, 0.5)),
        (any_doubles(rng, n, least=2040), rng.choice([0.0, -0.0, 1.0, -1.0], n)),
    )
    return (
        _whole_groups(np.concatenate([left for left, _ in parts])),
        _whole_groups(np.concatenate([right for _, right in parts])),
    )


def _whole_groups(values: Reals) -> Reals:
    """Fill up with ones to a multiple of eight."""
    return np.concatenate([values, np.ones(-values.size % 8)])
