"""The scripts of benchmarks/scripts, written by hand for numba: one loop over the pixels each.

`NUMBA` has, for each, a function with the form of those in `script_rivals`. Compiling is part of
the first call; nothing is cached on disk.
"""
# ruff: noqa: ANN001, ANN202 - numba infers the types

import math
from collections.abc import Mapping
from typing import Any

import numba
import numpy as np

from benchmarks.script_rivals import COLORS, GREEN_LIMITS, GREENS, STOPS, Bands, Rival, Valid

_jit = numba.njit(nogil=True, error_model="numpy")


@_jit
def _byte(value):
    v = value * 255.0
    if not v >= 0.5:
        return np.uint8(0)
    return np.uint8(v + 0.5) if v < 255 else np.uint8(255)


@_jit
def _ndvi_branches(b02, b03, b04, b08, valid, out):
    for i in range(valid.size):
        v = valid[i]
        b2 = b02[i] * 0.0001 if v else 0.0
        b3 = b03[i] * 0.0001 if v else 0.0
        b4 = b04[i] * 0.0001 if v else 0.0
        b8 = b08[i] * 0.0001 if v else 0.0
        ndvi = (b8 - b4) / (b8 + b4)
        if ndvi < -0.1:
            r, g, b = 0.05, 0.1, 0.4 + b2
        elif ndvi < 0.3:
            r, g, b = 2.5 * b4, 2.5 * b3, 2.5 * b2
        else:
            r, g, b = 0.1, ndvi, 0.1
        out[0, i], out[1, i], out[2, i] = _byte(r), _byte(g), _byte(b)
        out[3, i] = 255 if v else 0


@_jit
def _soil(light, redness):
    if light > 0.35:
        return 0.93, 0.87, 0.72
    if light > 0.25:
        return (0.78, 0.5, 0.33) if redness > 0.2 else (0.8, 0.72, 0.55)
    if redness > 0.25:
        return 0.6, 0.3, 0.2
    return (0.55, 0.4, 0.28) if redness > 0.12 else (0.42, 0.36, 0.3)


@_jit
def _cover(light, ndvi, ndwi, redness):  # noqa: PLR0911 - a ladder of classes
    if light > 0.6:
        return (1.0, 1.0, 1.0) if ndvi > 0.05 else (0.92, 0.97, 1.0)
    if ndwi > 0.3:
        if light > 0.12:
            return 0.1, 0.35, 0.6
        return (0.05, 0.2, 0.5) if light > 0.08 else (0.02, 0.08, 0.35)
    if ndwi > 0.1 and light < 0.15:
        return 0.2, 0.45, 0.55
    if ndvi < 0.15:
        return _soil(light, redness)
    for k in range(GREEN_LIMITS.size):
        if ndvi < GREEN_LIMITS[k]:
            return GREENS[k, 0], GREENS[k, 1], GREENS[k, 2]
    return (0.05, 0.3, 0.12) if redness < -0.35 else (0.04, 0.28, 0.06)


@_jit
def _thirty_branches(b02, b03, b04, b08, valid, out):
    for i in range(valid.size):
        if not valid[i]:
            out[0, i] = out[1, i] = out[2, i] = out[3, i] = 0
            continue
        b2, b3, b4, b8 = b02[i] * 0.0001, b03[i] * 0.0001, b04[i] * 0.0001, b08[i] * 0.0001
        light = (b2 + b3 + b4) / 3
        ndvi, ndwi, redness = (b8 - b4) / (b8 + b4), (b3 - b8) / (b3 + b8), (b4 - b3) / (b4 + b3)
        r, g, b = _cover(light, ndvi, ndwi, redness)
        shade = 0.6 if light < 0.02 else (0.8 if light < 0.05 else 1.0)
        gain = 1.1 if b8 > 0.5 else shade
        out[0, i], out[1, i], out[2, i] = _byte(gain * r), _byte(gain * g), _byte(gain * b)
        out[3, i] = 255


@_jit
def _ramp(b04, b08, valid, out):
    for i in range(valid.size):
        v = valid[i]
        b4 = b04[i] * 0.0001 if v else 0.0
        b8 = b08[i] * 0.0001 if v else 0.0
        total = b8 + b4
        ndvi = 0.0 if total == 0 else (b8 - b4) / total
        k = 0
        while k < 3 and ndvi >= STOPS[k + 1]:
            k += 1
        share = min(max((ndvi - STOPS[k]) / (STOPS[k + 1] - STOPS[k]), 0.0), 1.0)
        for c in range(3):
            low, high = COLORS[k, c], COLORS[k + 1, c]
            out[c, i] = _byte(math.floor(low + share * (high - low)) / 255.0)
        out[3, i] = 255 if v else 0


@_jit
def _mean(b04, b08, valid, out):
    scenes, pixels = valid.shape
    for i in range(pixels):
        total, count = 0.0, 0
        for s in range(scenes):
            if valid[s, i]:
                b4, b8 = b04[s, i] * 0.0001, b08[s, i] * 0.0001
                total += (b8 - b4) / (b8 + b4)
                count += 1
        out[0, i] = total / count if count else np.nan


@_jit
def _median(b04, b08, valid, out):
    scenes, pixels = valid.shape
    values = np.empty(scenes)
    for i in range(pixels):
        count = 0
        for s in range(scenes):
            if valid[s, i]:
                b4, b8 = b04[s, i] * 0.0001, b08[s, i] * 0.0001
                total = b8 + b4
                value = 0.0 if total == 0 else (b8 - b4) / total
                k = count
                while k > 0 and values[k - 1] > value:
                    values[k] = values[k - 1]
                    k -= 1
                values[k] = value
                count += 1
        if count == 0:
            out[0, i] = np.nan
        elif count % 2 == 0:
            out[0, i] = (values[count // 2 - 1] + values[count // 2]) / 2
        else:
            out[0, i] = values[count // 2]


@_jit
def _exponents(b02, b03, b04, b08, valid, out):
    for i in range(valid.size):
        v = valid[i]
        b2 = b02[i] * 0.0001 if v else 0.0
        b3 = b03[i] * 0.0001 if v else 0.0
        b4 = b04[i] * 0.0001 if v else 0.0
        b8 = b08[i] * 0.0001 if v else 0.0
        out[0, i] = math.log(1000 * b2) / math.log(1000 * b3)
        out[1, i] = 10 ** (0.4 - 2.7 * math.log10(b3 / b2))
        sigmoid = 1 / (1 + math.exp(-8 * (b4 - 0.1)))
        out[2, i] = sigmoid * math.exp(2.2 * b8) + math.exp(-b3)


def _rival(kernel: Any, *names: str, bands: int, dtype: str, scenes: bool = False) -> Rival:
    def run(data: Bands, valid: Valid) -> Any:
        rows, columns = valid.shape[1:]
        out = np.empty((bands, rows * columns), dtype)
        shape = (-1, rows * columns) if scenes else (-1,)
        kernel(*(data[name].reshape(shape) for name in names), valid.reshape(shape), out)
        return out.reshape(bands, rows, columns)

    return run


NUMBA: Mapping[str, Rival] = {
    "ndvi-branches": _rival(_ndvi_branches, "B02", "B03", "B04", "B08", bands=4, dtype="uint8"),
    "thirty-branches": _rival(_thirty_branches, "B02", "B03", "B04", "B08", bands=4, dtype="uint8"),
    "ramp": _rival(_ramp, "B04", "B08", bands=4, dtype="uint8"),
    "mean": _rival(_mean, "B04", "B08", bands=1, dtype="float32", scenes=True),
    "median": _rival(_median, "B04", "B08", bands=1, dtype="float32", scenes=True),
    "exponents": _rival(_exponents, "B02", "B03", "B04", "B08", bands=3, dtype="float32"),
}
