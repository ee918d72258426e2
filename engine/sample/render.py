"""One stripe of one scene on one day: ground, snow, light, shadows and clouds → stored numbers."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.jit import kernel
from engine.sample.ground import LAKE, RIVER, SEA, Ground
from engine.sample.materials import SPECTRA, Material
from engine.sample.noise import smooth
from engine.sample.season import Season
from engine.sample.sky import Sky, look_up
from engine.sample.world import world_point

COUNT = SPECTRA.shape[0]
DEEP, SHALLOW, TURBID, STREAM, SNOW, CLOUD = (
    SPECTRA[m].astype(np.float32)
    for m in (
        Material.DEEP,
        Material.SHALLOW,
        Material.TURBID,
        Material.RIVER,
        Material.SNOW,
        Material.CLOUD,
    )
)
FULL = (1, 2, 3, 7)
"""Bands of 10 m among `BANDS`."""
HALF = (4, 5, 6, 8, 10, 11)
"""Bands of 20 m."""
COARSE = (0, 9)
"""Bands of 60 m."""


class Swath(NamedTuple):
    """Which side of two slanted lines has data: ``low <= x + lean · y < high`` in the world."""

    low: float
    high: float
    lean: float


class Numbers(NamedTuple):
    """Stored numbers of a stripe; 0 is no data. A tuple, so kernels take it."""

    full: NDArray[np.uint16]
    """(band of `FULL`, row, col)."""
    half: NDArray[np.uint16]
    """(band of `HALF`, row, col)."""
    coarse: NDArray[np.uint16]
    """(band of `COARSE`, row, col)."""
    classes: NDArray[np.uint8]
    """(row, col) at 20 m: the scene classification."""


def blank_numbers(rows: int, cols: int) -> Numbers:
    """Return arrays for ``rows`` × ``cols`` pixels of 10 m, both multiples of 6."""
    return Numbers(
        full=np.empty((len(FULL), rows, cols), np.uint16),
        half=np.empty((len(HALF), rows // 2, cols // 2), np.uint16),
        coarse=np.empty((len(COARSE), rows // 6, cols // 6), np.uint16),
        classes=np.empty((rows // 2, cols // 2), np.uint8),
    )


@kernel
def render_stripe(  # noqa: PLR0917 - numba has no keyword-only arguments
    nodes: NDArray[np.float64],
    heights: NDArray[np.float32],
    row_start: int,
    ground: Ground,
    season: Season,
    sky: Sky,
    swath: Swath,
    offset: int,
    out: Numbers,
) -> None:
    """Fill ``out``. ``offset``: added to stored numbers of data (1000 from baseline 04.00 on)."""
    rows, cols = ground.kind.shape
    spectrum = np.empty(12, np.float32)
    part = np.empty(12, np.float32)
    facts = np.empty(5, np.float32)
    half = np.zeros((cols // 2, 14), np.float32)
    coarse = np.zeros((cols // 6, 3), np.float32)
    for i in range(rows):
        for j in range(cols):
            x, y = world_point(nodes, row_start + i + 0.5, j + 0.5)
            across = x + swath.lean * y
            if across < swath.low or across >= swath.high:
                for b in range(4):
                    out.full[b, i, j] = 0
                continue
            color_ground(ground, season, heights, i, j, spectrum, part, facts)
            cast_sky(sky, season.sun, x, y, spectrum, facts)
            for b in range(4):
                out.full[b, i, j] = _store(spectrum[FULL[b]], offset)
            box = half[j // 2]
            for b in range(6):
                box[b] += spectrum[HALF[b]]
            box[6] += spectrum[3]
            box[7] += spectrum[7]
            for b in range(5):
                box[8 + b] += facts[b]
            box[13] += 1.0
            wide = coarse[j // 6]
            wide[0] += spectrum[0]
            wide[1] += spectrum[9]
            wide[2] += 1.0
        if i % 2 == 1:
            _close_half(half, offset, i // 2, out)
        if i % 6 == 5:
            _close_coarse(coarse, offset, i // 6, out)


@kernel
def _store(value: float, offset: int) -> int:
    # Four steps of the stored scale are one of the instrument, which has twelve bits.
    return max(4, 4 * int(value * 2_500.0 + 0.5)) + offset


@kernel
def _close_half(half: NDArray[np.float32], offset: int, row: int, out: Numbers) -> None:
    for j in range(half.shape[0]):
        box = half[j]
        count = box[13]
        # A coarse pixel has data where most of it was seen.
        if count < 2.0:
            for b in range(6):
                out.half[b, row, j] = 0
            out.classes[row, j] = 0
        else:
            for b in range(6):
                out.half[b, row, j] = _store(box[b] / count, offset)
            out.classes[row, j] = _classify(box, count)
        box[:] = 0.0


@kernel
def _close_coarse(coarse: NDArray[np.float32], offset: int, row: int, out: Numbers) -> None:
    for j in range(coarse.shape[0]):
        for b in range(2):
            count = coarse[j, 2]
            seen = count >= 18.0
            out.coarse[b, row, j] = _store(coarse[j, b] / count, offset) if seen else 0
        coarse[j, :] = 0.0


@kernel
def _classify(box: NDArray[np.float32], count: float) -> int:
    """Return the class of `SCL` from sums over a 20 m pixel."""
    cloud = box[8] / count
    veil = box[9] / count
    shadow = box[10] / count
    water = box[11] / count
    snow = box[12] / count
    red = box[6] / count
    near = box[7] / count
    index = (near - red) / (near + red)
    if cloud > 0.25:
        found = 9 if cloud > 0.60 else 8
    elif veil > 0.13:
        found = 10
    elif shadow > 0.30 and not (water > 0.5 and shadow < 0.5):
        found = 3
    elif snow > 0.35:
        found = 11
    elif water > 0.5:
        found = 6
    elif near < 0.055:
        found = 2
    elif index > 0.40:
        found = 4
    else:
        found = 5 if index < 0.30 or red > 0.12 else 7
    return found


@kernel
def color_ground(  # noqa: PLR0917 - numba has no keyword-only arguments
    ground: Ground,
    season: Season,
    heights: NDArray[np.float32],
    i: int,
    j: int,
    spectrum: NDArray[np.float32],
    part: NDArray[np.float32],
    facts: NDArray[np.float32],
) -> None:
    """Write the twelve reflectances without sky, and facts: cloud, veil, shadow, water, snow."""
    kind = ground.kind[i, j]
    share = ground.share[i, j]
    tone = ground.tone[i, j]
    wet = ground.wet[i, j]
    _paint(kind, ground.variety[i, j], tone, ground.grain[i, j], wet, season, spectrum)
    facts[:] = 0.0
    is_water = kind <= LAKE
    facts[3] = 1.0 if is_water else 0.0
    if share > 0.0:
        over = ground.over[i, j]
        _paint(over, 128, 1.0, 1.0, 0.5, season, part)
        for b in range(12):
            spectrum[b] += share * (part[b] - spectrum[b])
        if over <= LAKE:
            facts[3] = max(facts[3], share)
    if is_water:
        return
    # Lambert's law against level ground; a fifth of the light is the sky's.
    sx = (heights[i + 1, j + 2] - heights[i + 1, j]) / 20.0
    sy = (heights[i, j + 1] - heights[i + 2, j + 1]) / 20.0
    east, north, up = season.sun
    lit = (up - sx * east - sy * north) / ((1.0 + sx * sx + sy * sy) ** 0.5 * up)
    light = 0.18 + 0.82 * min(1.8, max(0.0, lit))
    white = smooth(
        season.snow_line - 130.0,
        season.snow_line + 170.0,
        heights[i + 1, j + 1] + 260.0 * (ground.grain[i, j] - 1.0) + 60.0 * (1.0 - lit),
    )
    if white > 0.0:
        # Under trees only a part of it is seen.
        white *= 0.38 if kind in (6, 7) else 0.92
        white *= 1.0 - facts[3]
        facts[4] = white
    for b in range(12):
        color = spectrum[b] + white * (SNOW[b] - spectrum[b])
        spectrum[b] = color * light


@kernel
def _paint(  # noqa: PLR0917 - numba has no keyword-only arguments
    kind: int,
    variety: int,
    tone: float,
    grain: float,
    wet: float,
    season: Season,
    out: NDArray[np.float32],
) -> None:
    if kind in (SEA, LAKE):
        # Light that comes back from the bottom fades with depth; silt covers both.
        clear = 1.0 / (1.0 + 0.12 * wet + 0.10 * wet * wet)
        mud = min(1.0, tone * (0.35 + season.silt)) if kind == SEA else 0.25 * season.silt
        for b in range(12):
            water = DEEP[b] + clear * (SHALLOW[b] - DEEP[b])
            water += mud * (TURBID[b] - water)
            out[b] = water + (0.0012 * (grain - 1.0) if kind == SEA else 0.0)
        return
    if kind == RIVER:
        for b in range(12):
            out[b] = STREAM[b] + season.silt * (TURBID[b] - STREAM[b])
        return
    bright = tone * grain
    for b in range(12):
        pale = season.dry[kind, variety, b]
        out[b] = bright * (pale + wet * (season.moist[kind, variety, b] - pale))


@kernel
def cast_sky(  # noqa: PLR0917 - numba has no keyword-only arguments
    sky: Sky,
    sun: tuple[float, float, float],
    x: float,
    y: float,
    spectrum: NDArray[np.float32],
    facts: NDArray[np.float32],
) -> None:
    """Darken what a cloud shades, then lay clouds and veil over it."""
    over = look_up(sky.thickness, sky.left, sky.bottom, x + sky.shadow[0], y + sky.shadow[1])
    shade = 0.60 * smooth(0.05, 0.75, over)
    facts[2] = shade
    here = look_up(sky.thickness, sky.left, sky.bottom, x, y)
    veil = look_up(sky.veil, sky.left, sky.bottom, x, y)
    facts[1] = veil
    cloud = 0.98 * smooth(0.0, 0.75, here) if here > 0.0 else 0.0
    facts[0] = cloud
    light = 1.0
    if cloud > 0.0:
        # The side toward the sun is bright, the far side gray; thick clouds are whiter.
        ahead = look_up(sky.thickness, sky.left, sky.bottom, x + 130.0 * sun[0], y + 130.0 * sun[1])
        light = 0.42 + 0.34 * smooth(0.1, 1.6, here) + 0.75 * min(0.3, max(-0.25, here - ahead))
    for b in range(12):
        # Shadows are blue: the sky still lights them.
        dark = spectrum[b] * (1.0 - shade * (0.90 + 0.10 * min(b, 4) / 4.0))
        thin = dark + veil * (0.62 * CLOUD[b] - dark)
        spectrum[b] = thin + cloud * (light * CLOUD[b] - thin)
