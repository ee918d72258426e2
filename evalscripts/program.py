"""`Program` and `Session`: the seam between the engine and whichever tier runs a script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from evalscripts.setup import Setup, SetupOutput


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BandData:
    """One band of one input, for a stripe of rows."""

    values: NDArray[Any]
    """(scene, row, col) in the stored dtype; uint8 … int32, float32 or float64."""
    scale: float = 1.0
    """The script reads ``values * scale + offset``, computed in double."""
    offset: float = 0.0
    missing: float = 0.0
    """What the script reads where the input is not valid."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InputData:
    """One input of a script, for a stripe of rows."""

    bands: Mapping[str, BandData]
    """Band name → values; without ``dataMask``."""
    valid: NDArray[np.bool_]
    """(scene, row, col); True = data. Read by the script as ``dataMask``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneFacts:
    """What a script may know of one scene."""

    date: str
    """ISO 8601, UTC, or empty where unknown."""
    cloud_cover: float | None = None
    data_path: str = ""
    """A public name of the scene; never a local path."""
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """Everything but the pixels that one request gives its script."""

    input_ids: tuple[str, ...]
    """The request's inputs, in their order; matched to ``Setup.inputs`` by id or position."""
    scenes: Mapping[str, Sequence[SceneFacts]]
    """Input id → the scenes that were used, top first."""
    normalization_factor: float
    """``inputMetadata.normalizationFactor``."""
    service_version: str
    """``inputMetadata.serviceVersion``."""
    seconds: float
    """Wall clock that the script may use for the whole request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What a script leaves behind besides pixels."""

    user_data: Any
    """``outputMetadata.userData``, or None."""
    console: tuple[str, ...]
    """Lines of ``console.log``, in order; bounded."""
    console_cut: bool
    """True where lines were dropped."""


class Session(Protocol):
    """One request's run of a script: state kept across pixels lives here.

    Blocking; call from a thread. Raises `ScriptError`s. After any error the session is closed.
    """

    outputs: tuple[SetupOutput, ...]
    """As setup() gave them, with the band counts that updateOutput() set for this request."""

    def evaluate(self, inputs: Mapping[str, InputData]) -> Mapping[str, NDArray[Any]]:
        """Return output id → (band, row, col), rounded and clamped to the output's dtype.

        Called once per stripe, top to bottom; pixels run in row-major order.
        """
        ...

    def finish(self) -> Finished:
        """Run ``updateOutputMetadata`` and return what is left behind; closes the session."""
        ...

    def abort(self) -> None:
        """Stop whatever runs, at once, from any thread; a running `evaluate` raises."""
        ...


class Program(Protocol):
    """A compiled script."""

    setup: Setup
    tier: str
    """``v8`` or ``native``."""
    reason: str
    """Why this tier."""

    def open(self, context: RunContext) -> Session:
        """Start a request's run; blocking, short."""
        ...
