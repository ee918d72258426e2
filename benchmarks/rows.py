"""Rows of the table: what was timed, and how it is written."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from benchmarks.peers import DEFAULT, QUICKEST
from benchmarks.places import Traffic
from benchmarks.workloads import Goals, Work

T = TypeVar("T")
COLD, REGISTERED, WARM = "cold", "registered", "warm"
OURS, USUAL = "Cogmill", "rio-tiler"
PEERS = ("rio-tiler", "WarpedVRT", "terracotta", "odc-stac", "async-geotiff", "TiTiler")
"""In the order of the table's columns."""
OUTSIDE = (("TiTiler", QUICKEST), ("terracotta", DEFAULT))
"""(contestant, setting) of those that work in processes of their own."""
NEAR_ENOUGH = 0.002
"""Of an index, bilinear: what a thousandth of a pixel makes at the sharpest edges."""
ALIKE = 0.999
"""Share of pixels below which a row does not count."""
HEAD = (
    "question",
    "files",
    *PEERS,
    "Cogmill cold",
    "registered",
    "warm",
    "cold, × rio-tiler",
    "cold, × best",
    "warm, × best",
    "reads of ours",
    "reads of the best",
    "pixels alike",
)
Key = tuple[str, str, str]
"""Contestant, its setting, and what it knew."""


@dataclass(slots=True, kw_only=True)
class Row:
    """One question of one scene set at one place."""

    work: Work
    scenes: str
    """The scene set's name."""
    place: str
    times: dict[Key, list[float]] = field(default_factory=dict)
    """Milliseconds of every repetition."""
    work_times: dict[Key, list[float]] = field(default_factory=dict)
    """Milliseconds of this process's CPU, in all its threads: steadier on a busy machine."""
    traffic: dict[tuple[str, str], list[Traffic]] = field(default_factory=dict)
    """(contestant, setting) → what it read, cold."""
    least: list[Traffic] = field(default_factory=list)
    """What our plans can be read with, at least, headers too."""
    precise: list[float] = field(default_factory=list)
    """For every repetition the share of pixels like rio-tiler's with GDAL's warp made precise."""
    alike: dict[str, list[float]] = field(default_factory=dict)
    """Peer → for every repetition the share of pixels like its own as it was timed."""

    @property
    def goals(self) -> Goals | None:
        """What issue 4 wants of it."""
        return self.work.goals.get(self.place)

    @property
    def counts(self) -> bool:
        """True where our pixels are those of the precise warp."""
        return bool(self.precise) and min(self.precise) >= ALIKE

    def time(self, key: Key, function: Callable[[], T]) -> T:
        """Run ``function``, note how long it took, and return what it returned."""
        start, worked = time.perf_counter(), time.process_time()
        value = function()
        self.times.setdefault(key, []).append((time.perf_counter() - start) * 1000)
        self.work_times.setdefault(key, []).append((time.process_time() - worked) * 1000)
        return value

    def ours(self, known: str) -> float | None:
        """Return our median in milliseconds, or None where it did not run."""
        found = self.times.get((OURS, "", known))
        return statistics.median(found) if found else None

    def quickest(self, peer: str, known: str) -> tuple[float, str] | None:
        """Return a peer's median with its quicker setting, and which one that is."""
        return _quickest(self.times, peer, known)

    def best(self, known: str) -> tuple[float, str, str] | None:
        """Return the quickest peer's median, its name and its setting."""
        return _best(self.times, known)

    def ratios(self) -> tuple[float | None, float | None, float | None]:
        """Return cold against rio-tiler, cold against the best peer, warm against the best."""
        return _ratios(self.times)

    def work_ratios(self) -> tuple[float | None, float | None, float | None]:
        """Return the same by this process's CPU, without the peers that work in others."""
        inside = {key: times for key, times in self.work_times.items() if key[:2] not in OUTSIDE}
        return _ratios(inside)

    def write(self) -> str:
        """Return the row in Markdown."""
        name = self.work.name
        if len(self.work.sets) > 1:
            name += f", blocks of {self.scenes}"
        cells = [name, self.place]
        best = self.best(COLD)
        for peer in PEERS:
            quickest = self.quickest(peer, COLD)
            cells.append(_milliseconds(quickest and quickest[0]))
        cells += [_milliseconds(self.ours(known)) for known in (COLD, REGISTERED, WARM)]
        goals = self.goals
        wanted = (
            (goals.cold_usual, goals.cold_best, goals.warm_best) if goals else (None, None, None)
        )
        cells += [_goal(found, goal) for found, goal in zip(self.ratios(), wanted, strict=True)]
        cells.append(self.reads(OURS, ""))
        cells.append(self.reads(best[1], best[2]) if best else "")
        cells.append(self.agreement())
        return f"| {' | '.join(cells)} |"

    def reads(self, name: str, setting: str) -> str:
        """Return what a contestant asked for, cold, as text: requests and megabytes."""
        return _reads(self.traffic.get((name, setting), ()))

    def agreement(self) -> str:
        """Return the smallest share of pixels alike as text."""
        if not self.precise:
            return ""
        text = f"{min(self.precise):.2%}"
        return text if self.counts else f"{text}: does not count"


def _quickest(
    times: Mapping[Key, Sequence[float]], peer: str, known: str
) -> tuple[float, str] | None:
    found = [
        (statistics.median(one), setting)
        for (name, setting, knew), one in times.items()
        if name == peer and knew == known
    ]
    return min(found, default=None)


def _best(times: Mapping[Key, Sequence[float]], known: str) -> tuple[float, str, str] | None:
    found = []
    for peer in PEERS:
        quickest = _quickest(times, peer, known)
        if quickest is not None:
            found.append((quickest[0], peer, quickest[1]))
    return min(found, default=None)


def _ratios(
    times: Mapping[Key, Sequence[float]],
) -> tuple[float | None, float | None, float | None]:
    cold, warm = _quickest(times, OURS, COLD), _quickest(times, OURS, WARM)
    return (
        _ratio(_quickest(times, USUAL, COLD), cold),
        _ratio(_best(times, COLD), cold),
        _ratio(_best(times, WARM), warm),
    )


def alike(ours: np.ndarray, theirs: np.ma.MaskedArray) -> float:
    """Return the share of pixels that are equal, or near each other where they are an index.

    Where theirs are masked, ours must be 0, of an index NaN.
    """
    if ours.dtype == np.uint16:
        return float(np.mean(ours == theirs.filled(0)))
    wanted = theirs.astype(np.float32).filled(np.nan)
    return float(np.mean(np.isclose(ours[0], wanted, rtol=0, atol=NEAR_ENOUGH, equal_nan=True)))


def write_rows(rows: Sequence[Row]) -> str:
    """Return the table in Markdown."""
    head = f"| {' | '.join(HEAD)} |"
    rule = "|---|---|" + "--:|" * (len(HEAD) - 2)
    return "\n".join((head, rule, *(row.write() for row in rows)))


def write_details(row: Row) -> str:
    """Return every median of a row, with its setting, in lines."""
    lines = [f"{row.work.key} {row.scenes} {row.place}"]
    for (name, setting, known), times in sorted(row.times.items()):
        text = f"  {name:13} {setting:17} {known:10} {statistics.median(times):8.1f} ms"
        text += f"  least {min(times):8.1f}"
        text += f"  CPU {statistics.median(row.work_times[name, setting, known]):8.1f}"
        if known == COLD and (reads := row.reads(name, setting)):
            text += f"  {reads}"
        lines.append(text)
    lines.append(f"  reads that our plans need: {_reads(row.least)}")
    shares = ", ".join(f"{peer} {min(found):.2%}" for peer, found in row.alike.items())
    lines.append(f"  pixels alike: precise {row.agreement()}; as timed: {shares}")
    for text, found in (("time", row.ratios()), ("CPU", row.work_ratios())):
        shown = (_goal(one, None) or "-" for one in found)
        words = ("cold × rio-tiler", "cold × best", "warm × best")
        pairs = (f"{word} {one}" for word, one in zip(words, shown, strict=True))
        lines.append(f"  by {text}: {', '.join(pairs)}")
    return "\n".join(lines)


def _reads(found: Sequence[Traffic]) -> str:
    if not found:
        return ""
    requests = statistics.median(one.requests for one in found)
    megabytes = statistics.median(one.bytes for one in found) / 1e6
    return f"{requests:g}, {megabytes:.1f} MB"


def _milliseconds(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.1f} ms" if value < 20 else f"{value:.0f} ms"


def _ratio(peer: tuple[Any, ...] | None, ours: tuple[Any, ...] | None) -> float | None:
    return None if peer is None or ours is None else peer[0] / ours[0]


def _goal(found: float | None, goal: float | None) -> str:
    if found is None:
        return ""
    if goal is None:
        return f"{found:.1f} ×"
    return f"**{found:.1f} ×** of {goal:g}" if found >= goal else f"{found:.1f} × of {goal:g}"
