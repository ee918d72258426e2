"""Rows of the table: what was timed, and how it is printed."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Row:
    """Milliseconds by contestant, of one workload at one place."""

    name: str
    place: str
    times: dict[str, list[float]] = field(default_factory=dict)
    agreement: float | None = None
    """Share of pixels that are alike; None where they were not compared."""
    requests: int = 0
    read_bytes: int = 0

    def add(self, contestant: str, seconds: float) -> None:
        """Note one repetition."""
        self.times.setdefault(contestant, []).append(seconds * 1000)

    def median(self, contestant: str) -> float | None:
        """Return the median in milliseconds, or None where it did not run."""
        found = self.times.get(contestant)
        return statistics.median(found) if found else None


def timed(function: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds that ``function`` took, and what it returned."""
    start = time.perf_counter()
    value = function()
    return time.perf_counter() - start, value


def print_rows(rows: list[Row], *, head: bool = False) -> None:
    """Print Markdown rows: medians, ratios against the fastest peer, what was read."""
    if head:
        print(
            "| workload | place | Cogmill cold | warm | fastest peer | cold ratio | warm ratio "
            "| requests | KiB | pixels alike |"
        )
        print("|---|---|---|---|---|---|---|---|---|---|")
    for row in rows:
        peers = {n: row.median(n) for n in row.times if not n.startswith("Cogmill")}
        best = min(peers, key=lambda name: peers[name] or 0.0)
        peer = peers[best] or 0.0
        cold, warm = row.median("Cogmill cold"), row.median("Cogmill warm")
        cells = [
            row.name,
            row.place,
            _milliseconds(cold),
            _milliseconds(warm),
            f"{best} {peer:.1f} ms",
            _ratio(peer, cold),
            _ratio(peer, warm),
            str(row.requests) if cold else "",
            str(row.read_bytes >> 10) if cold else "",
            "" if row.agreement is None else f"{row.agreement:.4f}",
        ]
        print("| " + " | ".join(cells) + " |")


def _milliseconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} ms"


def _ratio(peer: float, ours: float | None) -> str:
    return "" if ours is None else f"{peer / ours:.1f} x"
