"""Processing units: what a request costs, as Sentinel Hub counts (reference §10); pure."""

from collections.abc import Sequence

from engine.catalog.collection import DATA_MASK
from evalscripts.setup import SampleType, Setup

UNIT_PIXELS = 512 * 512
"""One unit is so many pixels …"""
UNIT_BANDS = 3
"""… of so many input bands, at 16 bit, one sample."""
LEAST_AREA = 0.01
LEAST_UNITS = 0.005

OCTET_STREAM = "application/octet-stream"


def processing_units(
    *,
    pixels: int,
    setup: Setup,
    formats: Sequence[tuple[str, SampleType]],
    samples: int = 1,
    correction: float = 1.0,
) -> float:
    """Return the units of a request, a product of factors, rounded to 4 decimals.

    ``formats`` are media type and sample type of each file; the dearest counts. ``samples`` is
    the number of scenes that a pixel's script sees (1 under SIMPLE mosaicking). ``correction`` is
    the factor of a radar correction: 2 for orthorectification, 2.5 with terrain.
    """
    area = max(LEAST_AREA, pixels / UNIT_PIXELS)
    bands = sum(_bands(entry.bands) for entry in setup.inputs) / UNIT_BANDS
    dearest = max((_factor(*one) for one in formats), default=1.0)
    return round(max(LEAST_UNITS, area * bands * dearest * max(1, samples) * correction), 4)


def _bands(names: Sequence[str]) -> int:
    """Count bands; the data mask is free unless it is the only one."""
    return max(1, sum(name != DATA_MASK for name in names))


def _factor(media_type: str, sample_type: SampleType) -> float:
    if media_type == OCTET_STREAM:
        return 1.4
    return 2.0 if sample_type is SampleType.FLOAT32 else 1.0
