"""`Program` and `Session`: the seam between the engine and whichever tier runs a script."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from evalscripts.errors import ScriptError
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
    """(scene, row, col); True = data. Read by the script as ``dataMask``. SIMPLE has one scene;
    ORBIT and TILE have as many as were selected, which may be none. A fusion's SIMPLE input has
    none where no scene was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneFacts:
    """What a script may know of one scene."""

    date: str
    """ISO 8601, UTC, or empty where unknown."""
    cloud_cover: float | None = None
    data_path: str = ""
    """A public name of the scene; never a local path."""
    id: str = ""
    geometry: Mapping[str, Any] | None = None
    """GeoJSON of the cover, in longitude and latitude: ``dataGeometry`` where it was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrbitFacts:
    """One UTC day under ORBIT mosaicking."""

    date_from: str
    """ISO 8601, the start of the day."""
    date_to: str
    """Its last second."""
    tiles: tuple[SceneFacts, ...]
    """The day's scenes, top first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """Everything but the pixels that one request gives its script."""

    input_ids: tuple[str, ...]
    """The request's inputs, in their order; matched to ``Setup.inputs`` by id or position."""
    scenes: Mapping[str, Sequence[SceneFacts]]
    """Input id → its scenes, in the request's order: those that were used under SIMPLE, all that
    match under TILE. None of an ORBIT input."""
    orbits: Mapping[str, Sequence[OrbitFacts]] = field(default_factory=dict)
    """ORBIT input id → its days, in the request's order."""
    selection: "Selection | None" = None
    """What `Program.select` chose; None where it was not asked. The arrays hold these samples."""
    time: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Input id → from and to of the request, ISO 8601, or empty texts where open."""
    normalization_factor: float
    """``inputMetadata.normalizationFactor``."""
    service_version: str
    """``inputMetadata.serviceVersion``."""
    seconds: float
    """Wall clock that the script may use for the whole request."""
    spread: Callable[[Callable[[int], None], int], None] | None = None
    """``spread(job, n)`` runs job(0) … job(n - 1) on the process's compute threads and waits for
    all of them; raises what one of them raised. None: everything runs in the caller's thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What preProcessScenes, filterScenes and updateOutput made of a request."""

    kept: Mapping[str, tuple[int, ...]]
    """Input id → indices into the context's orbits or scenes, in the order that the script wants;
    of ORBIT and TILE inputs only."""
    outputs: tuple[SetupOutput, ...]
    """With the band counts that updateOutput() set."""
    now: int | None = None
    """What the hooks' clock showed, in milliseconds since 1970: `Program.open` shows it again."""
    changes_globals: bool = False
    """Whether the hooks left the script's globals, or the language itself, otherwise than they
    found them, so that what was made of them beforehand does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What a script leaves behind besides pixels."""

    user_data: Any
    """``outputMetadata.userData``, or None."""
    console: tuple[str, ...]
    """Lines of ``console.log``, in order; bounded."""
    console_cut: bool
    """True where lines were dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelReport:
    """One pixel of a script, seen from inside.

    Values are JSON's. What JSON has no word for is text: ``NaN``, ``Infinity``, ``-Infinity``,
    ``-0``, ``undefined``; a string that reads like one of these is in quotes of its own. None where
    the script did not get so far.
    """

    samples: Any
    """The first argument of ``evaluatePixel``, before it ran."""
    scenes: Any
    """The second."""
    returned: Any
    """What it returned, as it returned it."""
    outputs: Mapping[str, tuple[float, ...]] | None
    """Output id → the values that are written, one per band."""
    user_data: Any
    """``outputMetadata.userData``, after updateOutputMetadata() too."""
    console: tuple[str, ...]
    """What was printed while this pixel ran."""
    console_around: tuple[str, ...]
    """What was printed before and after it: top level, setup(), hooks."""
    error: ScriptError | None
    """What went wrong, wherever it did."""


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


class InlineRun(Protocol):
    """One request's run of a script that is nothing but arithmetic: machine code, no hooks.

    `make` never waits for another process and leaves nothing behind, so that any thread may call
    it for any rows, in any order, several at once.
    """

    outputs: tuple[SetupOutput, ...]
    """As setup() gave them."""

    def make(
        self, inputs: Mapping[str, InputData], outputs: Mapping[str, NDArray[Any]]
    ) -> tuple[slice, ...]:
        """Write the pixels of some rows, in the caller's thread; return the rows that are left.

        ``outputs``, by id, are arrays (band, row, col) of the outputs' dtypes, for as many rows as
        the inputs have; rows of a larger array will do, and are written in place where no gap is
        between a band's pixels. Outputs that are not asked for are not kept. Nearly always no rows
        are left. Otherwise what these rows hold means nothing: a session that `rest` opens makes
        them.

        Raises:
            ScriptLimitExceeded: it was aborted, or all threads together were at it for longer than
                the context allows.
            ValueError: the arrays are not what the script can be given.
        """
        ...

    def rest(self) -> Session:
        """Open a session for the rows that are left; blocking, takes a worker."""
        ...

    def finish(self) -> None:
        """End the run in order; short. A session of `rest` is finished on its own."""
        ...

    def abort(self) -> None:
        """Stop whatever runs, at once, from any thread; a running `make` raises."""
        ...


class Program(Protocol):
    """A compiled script."""

    setup: Setup
    selects: bool
    """Whether `select` has anything to do: the script has a hook that runs before the reading."""

    @property
    def tier(self) -> str:
        """``v8`` or ``native``: what an `open` of now would use."""
        ...

    @property
    def reason(self) -> str:
        """Why this tier; of V8, the construct that decided it."""
        ...

    @property
    def line(self) -> int | None:
        """The line of that construct, from 1; None where there is none."""
        ...

    def select(self, context: RunContext) -> Selection:
        """Run preProcessScenes, filterScenes and updateOutput over the candidates; blocking.

        No worker is held afterwards; `open` runs the hooks again, so that what they left in the
        script's variables is there.
        """
        ...

    def debug(self, context: RunContext, inputs: Mapping[str, InputData]) -> PixelReport:
        """Return everything about one pixel, of which ``inputs`` hold one row and one column.

        Blocking; always in V8. What is wrong with the script is in the report, and not raised.
        """
        ...

    def open(self, context: RunContext) -> Session:
        """Start a request's run; blocking, short."""
        ...

    def inline(self, context: RunContext) -> InlineRun | None:
        """Return a run without a session, worker or waiting, where the script is fit for it now.

        Short, and never waits: microseconds, from any thread. None: use `open`. That is so for
        scripts with hooks or output to the console, for those that are V8's, and until a session
        has had its machine code confirmed by V8; it may become so again.

        Raises:
            SetupError: the script reads an input that the request does not have.
        """
        ...
