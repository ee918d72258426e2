"""Processing units: what a request costs, as Sentinel Hub counts (reference §10); pure."""

from collections.abc import Sequence

from engine.catalog.collection import DATA_MASK
from engine.core import Prepared
from evalscripts.setup import Mosaicking, SampleType

UNIT_PIXELS = 512 * 512
"""One unit is so many pixels …"""
UNIT_BANDS = 3
"""… of so many input bands, at 16 bit, one sample."""
LEAST_AREA = 0.01
LEAST_UNITS = 0.005

OCTET_STREAM = "application/octet-stream"


Format = tuple[str, SampleType]
"""Media type and sample type of a file."""


def units_of(prepared: Prepared, formats: Sequence[Format]) -> float:
    """Return the units of a request; see `processing_units`."""
    window = prepared.plan.window
    return processing_units(
        pixels=window.width * window.height,
        inputs=[
            (part.wanted.bands, 1 if part.mosaicking is Mosaicking.SIMPLE else len(part.layers))
            for part in prepared.plan.inputs
        ],
        formats=formats,
    )


def processing_units(
    *,
    pixels: int,
    inputs: Sequence[tuple[Sequence[str], int]],
    formats: Sequence[Format],
    correction: float = 1.0,
) -> float:
    """Return the units of a request, a product of factors, rounded to 4 decimals.

    ``inputs`` are the bands of each and how many samples a pixel's script sees of it (1 under
    SIMPLE mosaicking); those of a fusion add up. Of ``formats`` the dearest counts.
    ``correction`` is the factor of a radar correction: 2 for orthorectification, 2.5 with terrain.
    """
    area = max(LEAST_AREA, pixels / UNIT_PIXELS)
    bands = sum(_bands(names) * max(1, samples) for names, samples in inputs) / UNIT_BANDS
    dearest = max((_factor(*one) for one in formats), default=1.0)
    return round(max(LEAST_UNITS, area * bands * dearest * correction), 4)


def _bands(names: Sequence[str]) -> int:
    """Count bands; the data mask is free unless it is the only one."""
    return max(1, sum(name != DATA_MASK for name in names))


def _factor(media_type: str, sample_type: SampleType) -> float:
    if media_type == OCTET_STREAM:
        return 1.4
    return 2.0 if sample_type is SampleType.FLOAT32 else 1.0
