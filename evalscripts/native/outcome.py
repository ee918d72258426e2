"""What became of a script that was to be compiled."""

from dataclasses import dataclass

from evalscripts.native.load import Loaded


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Compiled:
    """It is machine code in this process, freed when nobody holds it any more."""

    loaded: Loaded


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """It runs in V8."""

    reason: str
    """The construct, or what else decided it; for people."""
    line: int | None = None
    """Of that construct in the user's text, from 1; None where there is no place."""
    column: int | None = None
    """From 1, in UTF-16 units as JavaScript counts."""
    is_final: bool = True
    """False where the script is not to blame and asking again later makes sense."""


Outcome = Compiled | Refused
