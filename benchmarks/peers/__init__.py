"""The contestants: Cogmill, and those that it is measured against.

A `Peer` gets a question and the addresses of the files, and answers it from nothing, as it would in
a request: files are opened and closed again. What it may keep between answers are threads and what
its library keeps by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from benchmarks.workloads import Question, Work

DEFAULT, QUICKEST = "as it comes", "quickest settings"

Paths = Mapping[str, Sequence[str]]
"""Band → addresses of its files, the newest scene first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A question with the files that answer it."""

    question: Question
    paths: Paths
    setting: str = QUICKEST

    @property
    def work(self) -> Work:
        """The kind of question."""
        return self.question.work

    @property
    def is_remote(self) -> bool:
        """True where the files are behind HTTP."""
        return next(iter(self.paths.values()))[0].startswith("http")


class Peer(Protocol):
    """Somebody else who can answer."""

    name: str
    settings: tuple[str, ...]

    def takes(self, ask: Ask) -> bool:
        """Return True where it can answer such a question."""
        ...

    def answer(self, ask: Ask) -> object:
        """Return the PNG, or the array."""
        ...

    def numbers(self, ask: Ask) -> np.ma.MaskedArray:
        """Return what the answer was made of.

        Shape (band, row, col) as stored, of a series the newest date first; or an index (row, col).
        """
        ...


__all__ = ["DEFAULT", "QUICKEST", "Ask", "Paths", "Peer"]
