"""What a day of the year makes of the ground: calendars of crops, leaves, snow and sun."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.sample.materials import BANDS, SPECTRA, Kind, Material

Knots = Sequence[tuple[float, float, float, float]]
"""Day of the year, green, straw and bloom, each part 0 to 1; bare soil is the rest."""

CROPS: Sequence[Knots] = (
    # winter wheat
    ((0, 0.30, 0, 0), (60, 0.55, 0, 0), (95, 0.92, 0, 0), (140, 0.90, 0.05, 0),
     (165, 0.25, 0.7, 0), (180, 0, 0.95, 0), (235, 0.08, 0.6, 0), (260, 0, 0.1, 0),
     (310, 0, 0, 0), (365, 0.28, 0, 0)),
    # maize
    ((0, 0, 0.12, 0), (118, 0.02, 0, 0), (150, 0.35, 0, 0), (172, 0.92, 0, 0),
     (225, 0.92, 0.04, 0), (250, 0.45, 0.45, 0), (268, 0.05, 0.8, 0), (290, 0, 0.35, 0),
     (365, 0, 0.15, 0)),
    # sunflower
    ((0, 0.04, 0, 0), (100, 0.02, 0, 0), (135, 0.55, 0, 0), (160, 0.88, 0, 0),
     (178, 0.6, 0, 0.32), (200, 0.62, 0.2, 0), (222, 0.12, 0.7, 0), (242, 0.05, 0.3, 0),
     (280, 0.05, 0, 0), (365, 0.05, 0, 0)),
    # alfalfa; cuts come on top
    ((0, 0.45, 0.1, 0), (70, 0.62, 0, 0), (100, 0.92, 0, 0), (270, 0.88, 0, 0),
     (320, 0.6, 0.1, 0), (365, 0.45, 0.1, 0)),
    # beet, soy and tomatoes
    ((0, 0, 0, 0), (105, 0, 0, 0), (140, 0.4, 0, 0), (165, 0.85, 0, 0), (232, 0.82, 0.05, 0),
     (255, 0.3, 0.3, 0), (275, 0, 0.1, 0), (365, 0, 0, 0)),
    # vines: rows with soil between
    ((0, 0.12, 0.2, 0), (95, 0.2, 0.1, 0), (140, 0.5, 0, 0), (260, 0.52, 0, 0),
     (300, 0.25, 0.25, 0.1), (335, 0.12, 0.22, 0), (365, 0.12, 0.2, 0)),
    # olives and orchards
    ((0, 0.42, 0.05, 0), (110, 0.58, 0, 0), (200, 0.48, 0.14, 0), (300, 0.46, 0.06, 0),
     (365, 0.42, 0.05, 0)),
    # rape
    ((0, 0.5, 0, 0), (75, 0.8, 0, 0), (96, 0.85, 0, 0.1), (110, 0.2, 0, 0.8),
     (122, 0.5, 0, 0.4), (145, 0.7, 0.1, 0), (170, 0.1, 0.75, 0), (240, 0.1, 0.3, 0),
     (275, 0.3, 0, 0), (365, 0.5, 0, 0)),
    # hay meadow
    ((0, 0.5, 0.25, 0), (80, 0.75, 0.05, 0), (130, 0.92, 0, 0.04), (160, 0.6, 0.3, 0),
     (215, 0.5, 0.4, 0), (280, 0.7, 0.15, 0), (365, 0.5, 0.25, 0)),
)  # fmt: skip
LEAVES: Knots = (
    (0, 0, 0, 0), (98, 0.02, 0, 0), (128, 0.97, 0, 0), (272, 0.95, 0.05, 0), (300, 0.3, 0.7, 0),
    (324, 0.02, 0.35, 0), (345, 0, 0, 0), (365, 0, 0, 0),
)  # fmt: skip
"""Green leaves and autumn leaves of broadleaf trees; bare wood is the rest."""
SNOW_LINE = ((0, 330), (45, 360), (80, 620), (105, 1_000), (320, 1_000), (340, 560), (365, 340))
"""Day of the year and height in meters above which snow lies."""
ROOFS = (Material.TILES, Material.BRIGHT_ROOF, Material.GRAY_ROOF)
"""By a town's variety; the next one is a garden."""


class Season(NamedTuple):
    """One day: what kernels need to color the ground; a tuple, so kernels take it."""

    dry: NDArray[np.float32]
    """(kind, variety, band): reflectance of dry ground, pale trees."""
    moist: NDArray[np.float32]
    """Same of moist ground, rich trees."""
    snow_line: float
    """Meters."""
    sun: tuple[float, float, float]
    """Unit vector to the sun: east, north, up."""
    silt: float
    """How muddy rivers and the coast are, 0 to 1."""


def make_season(sensed: datetime, *, rain: float) -> Season:
    """Return the day's tables; ``rain``, 0 to 1, is how much fell lately."""
    day = sensed.timetuple().tm_yday
    shape = (len(Kind), 256, len(BANDS))
    dry, moist = np.zeros(shape), np.zeros(shape)
    for table, soil, shift in ((dry, Material.PALE_SOIL, 6.0), (moist, Material.DARK_SOIL, -6.0)):
        earth = SPECTRA[soil] * (1.0 - 0.25 * rain)
        for crop in range(16):
            for phase in range(16):
                table[Kind.FIELD, crop * 16 + phase] = _crop(crop % len(CROPS), day, phase, earth)
        _fill_wild(table, day + shift, earth)
    days, lines = np.array(SNOW_LINE, dtype=np.float64).T
    return Season(
        dry=dry.astype(np.float32),
        moist=moist.astype(np.float32),
        snow_line=float(np.interp(day, days, lines)),
        sun=sun_direction(sensed),
        silt=round(0.25 + 0.6 * rain, 3),
    )


def _at(knots: Knots, day: float) -> tuple[float, float, float]:
    days, *parts = np.array(knots, dtype=np.float64).T
    green, straw, bloom = (float(np.interp(day % 365.0, days, part)) for part in parts)
    return green, straw, bloom


def _crop(crop: int, day: int, phase: int, earth: NDArray[np.float64]) -> NDArray[np.float64]:
    green, straw, bloom = _at(CROPS[crop], day + (phase - 7.5) * 1.7)
    if crop == 3 and 110 < day < 290:
        # Cut every five weeks; the field is pale for a week.
        since = (day + phase * 5) % 35
        green, straw = (
            (0.35 + since / 35.0, 0.35 * (1 - since / 12.0)) if since < 12 else (green, 0)
        )
    plant = Material.GRASS if crop in (3, 6, 8) else Material.CROP
    spectrum: NDArray[np.float64] = (
        green * SPECTRA[plant]
        + straw * SPECTRA[Material.STRAW]
        + bloom * SPECTRA[Material.BLOOM]
        + max(0.0, 1.0 - green - straw - bloom) * earth
    )
    return spectrum


def _fill_wild(table: NDArray[np.float64], day: float, earth: NDArray[np.float64]) -> None:
    """Fill in every kind but fields and open water, which depth colors."""
    hay, straw, _ = _at(CROPS[8], day)
    grass = hay * SPECTRA[Material.GRASS] + straw * SPECTRA[Material.STRAW]
    grass = grass + max(0.0, 1.0 - hay - straw) * earth
    shrub = 0.75 * SPECTRA[Material.SCRUB] + 0.25 * grass
    for variety in range(256):
        leaf, autumn, _ = _at(LEAVES, day + (variety / 255.0 - 0.5) * 14.0)
        wood = leaf * SPECTRA[Material.LEAVES] + autumn * SPECTRA[Material.AUTUMN]
        wood = wood + max(0.0, 1.0 - leaf - autumn) * SPECTRA[Material.BARE_TREES]
        table[Kind.BROADLEAF, variety] = wood
        garden = 0.55 * grass + 0.45 * wood
        if variety < len(ROOFS):
            garden = 0.75 * SPECTRA[ROOFS[variety]] + 0.25 * SPECTRA[Material.ASPHALT]
        table[Kind.TOWN, variety] = garden
    table[Kind.CONIFER] = SPECTRA[Material.NEEDLES]
    table[Kind.MEADOW] = grass
    table[Kind.SCRUB] = shrub
    table[Kind.ROCK] = 0.85 * SPECTRA[Material.ROCK] + 0.15 * grass
    table[Kind.SAND] = SPECTRA[Material.SAND]
    table[Kind.GRAVEL] = 0.85 * SPECTRA[Material.GRAVEL] + 0.15 * shrub
    table[Kind.ROAD] = 0.9 * SPECTRA[Material.ASPHALT] + 0.1 * SPECTRA[Material.GRAVEL]
    table[Kind.MARSH] = 0.55 * shrub + 0.25 * grass + 0.20 * SPECTRA[Material.TURBID]


def sun_direction(sensed: datetime) -> tuple[float, float, float]:
    """Return the unit vector to the sun (east, north, up) over the world's origin.

    Declination by Cooper (1969); local solar time from the longitude alone.
    """
    day = sensed.timetuple().tm_yday
    declination = math.radians(23.45) * math.sin(2.0 * math.pi * (284 + day) / 365.0)
    hour = sensed.hour + sensed.minute / 60.0 + 12.0 / 15.0 - 12.0
    angle = math.radians(15.0 * hour)
    latitude = math.radians(44.3)
    east = -math.cos(declination) * math.sin(angle)
    north = math.cos(latitude) * math.sin(declination) - math.sin(latitude) * math.cos(
        declination
    ) * math.cos(angle)
    up = math.sin(latitude) * math.sin(declination) + math.cos(latitude) * math.cos(
        declination
    ) * math.cos(angle)
    return round(east, 6), round(north, 6), round(up, 6)
