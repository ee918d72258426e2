"""`Samples` and `Pixels`: what goes into a script, and what comes out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.geo.geobox import GeoBox


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Samples:
    """Band values on a grid, before the script; a stripe of a request."""

    geobox: GeoBox
    """The stripe's own grid."""
    bands: Mapping[tuple[str, str], NDArray[Any]]
    """(input id, band name) → (layer, row, col), in the stored dtype or float32/float64. A layer
    is a sample of every pixel: one under SIMPLE mosaicking, one for each day under ORBIT, one for
    each scene under TILE. Where `valid` is False the number means nothing."""
    valid: Mapping[str, NDArray[np.bool_]]
    """Input id → (layer, row, col); True = data in every band that was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pixels:
    """What the script made of a request."""

    geobox: GeoBox
    outputs: Mapping[str, NDArray[Any]]
    """Output id → (band, row, col) in the output's own dtype, rounded and clamped."""
    nodata: Mapping[str, float | None]
    """Output id → the script's ``nodataValue``, which only labels the file."""
    valid: NDArray[np.bool_]
    """(row, col); True where any input had data and the clip geometry holds the pixel."""
    user_data: Any = None
    """What ``updateOutputMetadata`` left in ``outputMetadata.userData``; JSON-able."""
    console: tuple[str, ...] = ()
    """What the script printed by ``console.log``, in order."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What was drawn from what: of each input the ``scenes`` that filled pixels, by id, and the
    number of ``layers``; the script's ``tier``; whether its console was cut (``console_cut``)."""
