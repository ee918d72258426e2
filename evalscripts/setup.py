"""`Setup`: what ``setup()`` returned, as a value."""

from dataclasses import dataclass
from enum import Enum


class Mosaicking(Enum):
    """How scenes reach the script."""

    SIMPLE = "SIMPLE"
    """One sample per pixel."""
    ORBIT = "ORBIT"
    """One sample per UTC day."""
    TILE = "TILE"
    """One sample per scene."""


class SampleType(Enum):
    """How an output's numbers are written."""

    AUTO = "AUTO"
    """0..1 stretched to 0..255, as UINT8."""
    UINT8 = "UINT8"
    INT8 = "INT8"
    UINT16 = "UINT16"
    INT16 = "INT16"
    FLOAT32 = "FLOAT32"

    @property
    def dtype(self) -> str:
        """The numpy dtype in which it is stored."""
        return "uint8" if self is SampleType.AUTO else self.value.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupInput:
    """One entry of ``input``."""

    bands: tuple[str, ...]
    """Names as written, without repeats; may hold ``dataMask``."""
    units: tuple[str | None, ...]
    """For each band its unit as written, or None for the band's default."""
    datasource: str | None = None
    """The request's input this belongs to, by id; None: by position."""
    mosaicking: Mosaicking = Mosaicking.SIMPLE
    metadata: tuple[str, ...] = ()
    """Extra scene metadata asked for: ``bounds``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupOutput:
    """One entry of ``output``."""

    id: str
    bands: int
    """How many, 1 or more."""
    sample_type: SampleType
    nodata: float | None = None
    band_names: tuple[str, ...] | None = None
    """Given where ``bands`` was a list of names (statistics)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Everything that is known of a script before its first pixel."""

    inputs: tuple[SetupInput, ...]
    outputs: tuple[SetupOutput, ...]
    listed: bool = False
    """Samples come in a list even under SIMPLE mosaicking: versions 1 and 2."""

    @property
    def is_fusion(self) -> bool:
        """Whether samples come by input id, each in a list."""
        return len(self.inputs) > 1
