"""The scripts of benchmarks/scripts, written by hand in numpy.

Each takes the stored bands, (scene, row, col) uint16 in ten-thousandths of reflectance, and the
mask, and returns (band, row, col) in the output's type. `script_kernels` has them for numba.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bands = Mapping[str, NDArray[np.uint16]]
Valid = NDArray[np.bool_]
Rival = Callable[[Bands, Valid], NDArray[Any]]

STOPS = np.array([-0.2, 0.0, 0.3, 0.6, 1.0])
COLORS = np.array(
    [
        [0x23, 0x39, 0x5B],
        [0xC9, 0xB7, 0x9C],
        [0xA8, 0xC6, 0x6C],
        [0x4F, 0x9A, 0x3F],
        [0x08, 0x3D, 0x1C],
    ],
    np.float64,
)
GREENS = np.array(
    [
        [0.85, 0.85, 0.55],
        [0.8, 0.83, 0.48],
        [0.75, 0.81, 0.42],
        [0.68, 0.78, 0.38],
        [0.6, 0.75, 0.34],
        [0.52, 0.71, 0.3],
        [0.44, 0.67, 0.26],
        [0.37, 0.62, 0.23],
        [0.3, 0.57, 0.2],
        [0.24, 0.52, 0.17],
        [0.19, 0.47, 0.14],
        [0.14, 0.42, 0.11],
        [0.1, 0.37, 0.09],
    ]
)
"""Of thirty-branches.js: one for each 0.05 of NDVI from 0.15 to 0.8."""
GREEN_LIMITS = np.array([0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8])


def _read(bands: Bands, valid: Valid, *names: str) -> list[NDArray[np.float64]]:
    return [np.where(valid, bands[name] * 0.0001, 0.0) for name in names]


def _bytes(channels: list[NDArray[Any]]) -> NDArray[np.uint8]:
    stretched = np.nan_to_num(np.stack(channels) * 255.0, nan=0.0)
    return np.floor(np.clip(stretched, 0, 255) + 0.5).astype(np.uint8)


def ndvi_branches(bands: Bands, valid: Valid) -> NDArray[np.uint8]:
    """Return RGBA."""
    b2, b3, b4, b8 = (band[0] for band in _read(bands, valid, "B02", "B03", "B04", "B08"))
    ndvi = (b8 - b4) / (b8 + b4)
    mask = valid[0].astype(np.float64)
    water, bare = ndvi < -0.1, ndvi < 0.3
    red = np.where(water, 0.05, np.where(bare, 2.5 * b4, 0.1))
    green = np.where(water, 0.1, np.where(bare, 2.5 * b3, ndvi))
    blue = np.where(water, 0.4 + b2, np.where(bare, 2.5 * b2, 0.1))
    return _bytes([red, green, blue, mask])


def thirty_branches(bands: Bands, valid: Valid) -> NDArray[np.uint8]:
    """Return RGBA."""
    b2, b3, b4, b8 = (band[0] for band in _read(bands, valid, "B02", "B03", "B04", "B08"))
    ndvi, ndwi, redness = (b8 - b4) / (b8 + b4), (b3 - b8) / (b3 + b8), (b4 - b3) / (b4 + b3)
    light = (b2 + b3 + b4) / 3
    wet, bare = ndwi > 0.3, ndvi < 0.15
    cases: list[tuple[NDArray[np.bool_], tuple[float, float, float]]] = [
        ((light > 0.6) & (ndvi > 0.05), (1.0, 1.0, 1.0)),
        (light > 0.6, (0.92, 0.97, 1.0)),
        (wet & (light > 0.12), (0.1, 0.35, 0.6)),
        (wet & (light > 0.08), (0.05, 0.2, 0.5)),
        (wet, (0.02, 0.08, 0.35)),
        ((ndwi > 0.1) & (light < 0.15), (0.2, 0.45, 0.55)),
        (bare & (light > 0.35), (0.93, 0.87, 0.72)),
        (bare & (light > 0.25) & (redness > 0.2), (0.78, 0.5, 0.33)),
        (bare & (light > 0.25), (0.8, 0.72, 0.55)),
        (bare & (redness > 0.25), (0.6, 0.3, 0.2)),
        (bare & (redness > 0.12), (0.55, 0.4, 0.28)),
        (bare, (0.42, 0.36, 0.3)),
        *((ndvi < top, tuple(c)) for top, c in zip(GREEN_LIMITS, GREENS, strict=True)),
        (redness < -0.35, (0.05, 0.3, 0.12)),
    ]
    last = (0.04, 0.28, 0.06)
    tests = [test for test, _ in cases]
    color = [np.select(tests, [c[i] for _, c in cases], last[i]) for i in range(3)]
    shade = np.where(light < 0.02, 0.6, np.where(light < 0.05, 0.8, 1.0))
    gain = np.where(b8 > 0.5, 1.1, shade) * valid[0]
    return _bytes([*(gain * channel for channel in color), valid[0].astype(np.float64)])


def ramp(bands: Bands, valid: Valid) -> NDArray[np.uint8]:
    """Return RGBA."""
    b4, b8 = (band[0] for band in _read(bands, valid, "B04", "B08"))
    total = b8 + b4
    ndvi = np.where(total == 0, 0.0, (b8 - b4) / total)
    channels = [np.floor(np.interp(ndvi, STOPS, COLORS[:, i])) / 255.0 for i in range(3)]
    return _bytes([*channels, valid[0].astype(np.float64)])


def mean(bands: Bands, valid: Valid) -> NDArray[np.float32]:
    """Return the mean of all valid scenes."""
    b4, b8 = _read(bands, valid, "B04", "B08")
    total = np.where(valid, (b8 - b4) / (b8 + b4), 0.0).sum(0)
    count = valid.sum(0)
    return np.where(count > 0, total / count, np.nan)[None].astype(np.float32)


def median(bands: Bands, valid: Valid) -> NDArray[np.float32]:
    """Return the median of all valid scenes."""
    b4, b8 = _read(bands, valid, "B04", "B08")
    total = b8 + b4
    ndvi = np.where(valid, np.where(total == 0, 0.0, (b8 - b4) / total), np.inf)
    ordered = np.sort(ndvi, axis=0)
    count = valid.sum(0)
    middle = count // 2
    high = np.take_along_axis(ordered, np.minimum(middle, len(ordered) - 1)[None], 0)[0]
    low = np.take_along_axis(ordered, np.maximum(middle - 1, 0)[None], 0)[0]
    value = np.where(count % 2 == 0, (low + high) / 2, high)
    return np.where(count > 0, value, np.nan)[None].astype(np.float32)


def exponents(bands: Bands, valid: Valid) -> NDArray[np.float32]:
    """Return three indices."""
    b2, b3, b4, b8 = (band[0] for band in _read(bands, valid, "B02", "B03", "B04", "B08"))
    depth = np.log(1000 * b2) / np.log(1000 * b3)
    chlorophyll = np.power(10, 0.4 - 2.7 * np.log10(b3 / b2))
    sigmoid = 1 / (1 + np.exp(-8 * (b4 - 0.1)))
    turbidity = sigmoid * np.exp(2.2 * b8) + np.exp(-b3)
    return np.stack((depth, chlorophyll, turbidity)).astype(np.float32)


RIVALS: Mapping[str, Rival] = {
    "ndvi-branches": ndvi_branches,
    "thirty-branches": thirty_branches,
    "ramp": ramp,
    "mean": mean,
    "median": median,
    "exponents": exponents,
}
