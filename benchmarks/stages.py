"""Where the time of one answer goes, beside the least that each stage can take here and now.

A stage's floor is the quickest library's primitive over the same bytes, in one thread: what is
left above it is ours. The engine has one compute thread too, so that stages add up.
"""

import os
import statistics
import struct
import tempfile
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import imagecodecs
import numpy as np
from isal import isal_zlib

from benchmarks.peers.cogmill import Cogmill, Loop
from benchmarks.scene_files import MEETING
from benchmarks.scenes import Scenes, SceneSet
from benchmarks.workloads import Question, Work, draw_question, shift_question
from engine.plan.plan import BandRead, Plan
from engine.trace import Trace, tracing

STAGES = (
    "search",
    "plan",
    "compile",
    "fetch",
    "decode",
    "warp",
    "mosaic",
    "open script",
    "script",
    "encode",
    "rest",
)
"""As `engine.trace` has them, but ``plan`` without the search, and what no stage names."""
FLOORS = {
    "fetch": "pread of the same ranges into one buffer",
    "decode": "inflate of the same rows by the quicker of ISA-L and libdeflate, differences summed "
    "by imagecodecs",
    "warp": "copy of as many bytes as come out",
    "script": "copy of as many bytes as go in and come out",
    "encode": "libdeflate, level 1, of the same filtered bytes",
}
"""What each floor is. There is none for stages that could be done without."""


@dataclass(slots=True, kw_only=True)
class Breakdown:
    """One kind of question, cold or warm."""

    name: str
    totals: list[float] = field(default_factory=list)
    """Milliseconds of each repetition."""
    stages: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Stage → milliseconds of each repetition."""
    floors: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """The same of the floors."""

    def add(self, seconds: float, trace: Trace, floors: Mapping[str, float]) -> None:
        """Note one repetition."""
        taken = {name: trace.seconds.get(name, 0.0) for name in STAGES}
        taken["plan"] -= taken["search"]
        taken["rest"] = seconds - sum(taken.values())
        self.totals.append(seconds * 1000)
        for name in STAGES:
            self.stages[name].append(taken[name] * 1000)
            self.floors[name].append(floors.get(name, 0.0) * 1000)

    def write(self) -> str:
        """Return a table in Markdown: stages, their floors, and all together."""
        lines = [f"| {self.name} | ms | floor |", "|---|--:|--:|"]
        for name in STAGES:
            taken = statistics.median(self.stages[name])
            floor = f"{statistics.median(self.floors[name]):.2f}" if name in FLOORS else ""
            if abs(taken) >= 0.005:
                lines.append(f"| {name} | {taken:.2f} | {floor} |")
        floors = (sum(one) for one in zip(*self.floors.values(), strict=True))
        whole = f"{statistics.median(self.totals):.2f} | {statistics.median(floors):.2f}"
        return "\n".join((*lines, f"| **all** | {whole} |"))


def measure_stages(
    scenes: Scenes, works: Sequence[Work], *, repeats: int, seed: int
) -> list[Breakdown]:
    """Return two breakdowns for each kind of question about local files: cold and warm.

    Cold means no decoded blocks, with headers from the catalog.
    """
    found = []
    with tempfile.TemporaryDirectory() as home:
        root = str(scenes.root)
        ours = Cogmill(Loop(), Path(home), root, list(scenes.sets.values()), threads=1)
        for work in works:
            found += _measure(ours, work, scenes, repeats=repeats, seed=seed)
        ours.close()
    return found


def _measure(
    ours: Cogmill, work: Work, scenes: Scenes, *, repeats: int, seed: int
) -> tuple[Breakdown, Breakdown]:
    one = scenes.sets[work.sets[0]]
    path = str(scenes.root / one.name / one.days[0] / f"{work.bands[0]}.tif")
    random = np.random.default_rng(seed)
    cold, warm = (Breakdown(name=f"{work.name}, {known}") for known in ("cold", "warm"))
    for turn in range(repeats + 1):
        question = draw_question(work, path, random, meeting=MEETING)
        beside = shift_question(question, random)
        ours.forget_blocks()
        first = _answer(ours, question, one)
        ours.answer(question.around(beside), one)
        second = _answer(ours, beside, one)
        if turn:
            reads = _reading_floors(ours.plan(question, one))
            cold.add(first[1], first[2], reads | _drawing_floors(work, first[0]))
            warm.add(second[1], second[2], _drawing_floors(work, second[0]))
    return cold, warm


def _answer(ours: Cogmill, question: Question, scenes: SceneSet) -> tuple[object, float, Trace]:
    with tracing() as trace:
        start = time.perf_counter()
        answer = ours.answer(question, scenes)
        seconds = time.perf_counter() - start
    return answer, seconds, trace


def _reading_floors(plan: Plan) -> dict[str, float]:
    """Return the least seconds for fetching and decoding what is planned."""
    bands = [band for read in plan.reads.values() for band in read.bands]
    largest = max(block.data.size for band in bands for block in band.blocks if block.data)
    buffer = memoryview(bytearray(largest))
    seconds = {"fetch": 0.0, "decode": 0.0}
    for band in bands:
        descriptor = os.open(band.asset.address, os.O_RDONLY)
        for block in band.blocks:
            if block.data is None:
                continue
            part = buffer[: block.data.size]
            seconds["fetch"] += _least(
                lambda part=part, at=block.data.start: os.preadv(descriptor, [part], at)
            )
            rows = min(block.window.row_stop, band.window.row_stop) - block.window.row_start
            seconds["decode"] += _decoding_floor(band, bytes(part), rows)
        os.close(descriptor)
    return seconds


def _decoding_floor(band: BandRead, body: bytes, rows: int) -> float:
    """Return the least seconds for inflating a block's first rows and summing their differences."""
    level = band.image.levels[band.level]
    dtype = np.dtype(band.image.dtype)
    stride = level.block_width * dtype.itemsize
    whole = level.block_height * stride

    def some() -> bytes:
        return isal_zlib.decompressobj().decompress(body, rows * stride)

    def all_rows() -> bytes:
        return imagecodecs.deflate_decode(body, out=whole)

    values = np.frombuffer(some(), dtype)[: rows * level.block_width].reshape(rows, -1).copy()
    out = np.empty_like(values)
    summed = _least(lambda: imagecodecs.delta_decode(values, axis=-1, out=out))
    return min(_least(some), _least(all_rows)) + summed


def _drawing_floors(work: Work, answer: object) -> dict[str, float]:
    """Return the least seconds for warping, the script and the PNG of an answer."""
    if isinstance(answer, np.ndarray):
        pixels, made = answer[0].size, answer.nbytes
    else:
        pixels = work.side * work.side
        made = 4 * pixels
    scenes = 30 if work.is_series else 1
    given = scenes * len(work.bands) * 2 * pixels
    floors = {"warp": _copying(given), "script": _copying(given + made)}
    if isinstance(answer, bytes):
        filtered = zlib.decompress(_image_data(answer))
        floors["encode"] = _least(lambda: imagecodecs.deflate_encode(filtered, level=1))
    return floors


def _copying(size: int) -> float:
    """Return the least seconds for copying so many bytes."""
    source, target = np.zeros(size, np.uint8), np.ones(size, np.uint8)
    return _least(lambda: np.copyto(target, source))


def _image_data(png: bytes) -> bytes:
    """Return the compressed bytes of a PNG's picture."""
    at, parts = 8, []
    while at < len(png):
        size, kind = struct.unpack_from(">I4s", png, at)
        if kind == b"IDAT":
            parts.append(png[at + 8 : at + 8 + size])
        at += 12 + size
    return b"".join(parts)


def _least(work: Callable[[], object]) -> float:
    """Return the least seconds of five runs."""
    times = []
    for _ in range(5):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)
