"""Rows of the table: what was timed, and how it is written."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")
DEFAULT, FIRST, AGAIN, COLD, WARM = "peer's default", "first", "again", "cold", "warm"
HEAD = (
    "| question | files | peer | its default | first | again | Cogmill cold | warm "
    "| first : cold | again : warm | reads | pixels alike |\n"
    "|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
)


@dataclass(slots=True, kw_only=True)
class Row:
    """One question at one place."""

    name: str
    place: str
    peer: str
    times: dict[str, list[float]] = field(default_factory=dict)
    """Column → milliseconds of every repetition."""
    alike: list[tuple[float, float]] = field(default_factory=list)
    """For every repetition the shares of pixels like the peer's: precise, and as it was timed."""
    requests: int = 0
    read_bytes: int = 0
    """What Cogmill read, cold, of the last repetition."""

    def time(self, column: str, function: Callable[[], T]) -> T:
        """Run ``function``, note how long it took, and return what it returned."""
        start = time.perf_counter()
        value = function()
        self.times.setdefault(column, []).append((time.perf_counter() - start) * 1000)
        return value

    def median(self, column: str) -> float | None:
        """Return the median in milliseconds, or None where it did not run."""
        found = self.times.get(column)
        return statistics.median(found) if found else None

    def write(self) -> str:
        """Return the row in Markdown."""
        cells = [self.name, self.place, self.peer]
        cells += [_milliseconds(self.median(c)) for c in (DEFAULT, FIRST, AGAIN, COLD, WARM)]
        cells += [
            _ratio(self.median(FIRST), self.median(COLD)),
            _ratio(self.median(AGAIN), self.median(WARM)),
            f"{self.requests}, {self.read_bytes >> 10} KiB" if self.requests else "",
            self._agreement(),
        ]
        return f"| {' | '.join(cells)} |"

    def _agreement(self) -> str:
        if not self.alike:
            return ""
        precise, timed = (min(column) for column in zip(*self.alike, strict=True))
        return f"{precise:.2%} ({timed:.0%})"


def write_rows(rows: Sequence[Row]) -> str:
    """Return the table in Markdown."""
    return "\n".join((HEAD, *(row.write() for row in rows)))


def _milliseconds(value: float | None) -> str:
    return "" if value is None else f"{value:.0f} ms"


def _ratio(peer: float | None, ours: float | None) -> str:
    return "" if peer is None or ours is None else f"**{peer / ours:.1f} ×**"
