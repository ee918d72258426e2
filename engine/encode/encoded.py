"""`Encoded`: a finished body."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Encoded:
    """One file, ready to be sent or written."""

    media_type: str
    body: bytes
    name: str
    """File name without a folder: ``default.tif``."""
