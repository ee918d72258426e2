"""Cogmill: an engine in this process, asked through an event loop in a thread of its own."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from benchmarks.contestants import COLLECTION
from benchmarks.scenes import SceneSet
from benchmarks.workloads import Question
from engine.catalog.recent import Recent
from engine.cog.header import FIRST_READ
from engine.core import Engine, EngineOptions
from engine.geo.time import TimeRange
from engine.ingest import ingest
from engine.net.guard import OutboundPolicy
from engine.plan.plan import Plan
from engine.request import Input, PixelRequest
from engine.run.open import open_image
from engine.run.workers import together
from engine.store.route import StoreOptions

BETWEEN = 8
"""Bytes between two blocks of a run: GDAL's COGs repeat each block's size and last bytes there."""


class Loop:
    """An event loop in a thread, so that an engine can be timed beside blocking peers."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def __call__(self, coroutine: Any) -> Any:
        """Return what ``coroutine`` returns."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()


class Cogmill:
    """An engine over all scene sets below one root, which are registered once."""

    name = "Cogmill"

    def __init__(
        self,
        loop: Loop,
        home: Path,
        root: str,
        sets: Sequence[SceneSet],
        *,
        threads: int | None = None,
    ) -> None:
        """Register the sets; ``threads`` compute, or as many as the engine takes by itself."""
        self.loop = loop
        self.root = root
        host = urlsplit(root).netloc
        policy = OutboundPolicy(hosts=(host,) if host else ())
        store = StoreOptions(roots=() if host else (root,), policy=policy)
        options = EngineOptions(database_url=f"sqlite:///{home / 'cogmill.db'}", store=store)
        if threads is not None:
            options = replace(options, threads=threads)
        self.engine = Engine(options)
        loop(self._start(sets))

    async def _start(self, sets: Sequence[SceneSet]) -> None:
        await self.engine.open()
        catalog, store = self.engine.catalog, self.engine.store
        for one in sets:
            report = await ingest(catalog, store, COLLECTION, one.addresses(self.root))
            if len(report.scenes) != len(one.days):
                raise SystemExit(f"{one.name}: {len(report.scenes)} scenes; {report.refused}")

    def close(self) -> None:
        """Close the engine."""
        self.loop(self.engine.close())

    def forget_blocks(self) -> None:
        """Empty the cache of decoded blocks; what the catalog knows of headers stays."""
        self.engine.parts.reader.cache.clear()

    def forget_all(self) -> None:
        """Empty the caches of blocks, of newer headers and of what the catalog found before."""
        parts = self.engine.parts
        parts.reader.cache.clear()
        parts.images.clear()
        memory = parts.catalog.memory
        for recent in (memory.scenes, memory.collections, memory.places):
            _empty(recent)

    def answer_cold(self, question: Question, scenes: SceneSet) -> object:
        """Return `answer` after the header of every file that is needed was read and parsed.

        The engine knows headers from registration; this is what it would do if it did not.
        """
        return self.loop(self._answer_cold(question, scenes))

    async def _answer_cold(self, question: Question, scenes: SceneSet) -> object:
        store = self.engine.store
        bands = question.work.bands
        addresses = [path for band in bands for path in scenes.paths(self.root, band)]
        await together([open_image(store, address) for address in addresses])
        return await self._answer(question, scenes, question.work.script)

    def answer(self, question: Question, scenes: SceneSet) -> object:
        """Return the map tile's PNG, or the array."""
        return self.loop(self._answer(question, scenes, question.work.script))

    async def _answer(self, question: Question, scenes: SceneSet, script: str) -> object:
        request = make_request(question, scenes, script)
        pixels = await self.engine.pixels(request)
        if question.work.zoom is None or script != question.work.script:
            return pixels.outputs["default"]
        return (await self.engine.encode(pixels, media_type="image/png")).body

    def plan(self, question: Question, scenes: SceneSet) -> Plan:
        """Return what is read for a question."""
        request = make_request(question, scenes, question.work.script)
        found: Plan = self.loop(self.engine.plan(request))
        return found

    def numbers(self, question: Question, scenes: SceneSet) -> np.ndarray:
        """Return the stored numbers (band, row, col) behind a map tile, or the array."""
        if question.work.zoom is None:
            return np.asarray(self.answer(question, scenes))
        script = _hand_through(question.work.bands)
        return np.asarray(self.loop(self._answer(question, scenes, script)))


def least_traffic(plan: Plan, *, headers: int) -> tuple[int, int]:
    """Return the fewest requests and bytes that a plan can be read with, so many headers too.

    One request for each header and for each run of blocks that lie next to each other in a file.
    """
    ranges = sorted(
        {
            (band.asset.address, part.start, part.stop)
            for read in plan.reads.values()
            for band in read.bands
            for block in band.blocks
            for part in block.ranges
        }
    )
    requests, size = headers, headers * FIRST_READ
    before = ("", 0)
    for address, start, stop in ranges:
        file, end = before
        if file != address or start - end > BETWEEN:
            requests += 1
        size += stop - start
        before = (address, stop)
    return requests, size


def make_request(question: Question, scenes: SceneSet, script: str) -> PixelRequest:
    """Return the question as the engine takes it, asked of one scene set."""
    method = question.work.resampling
    source = Input(
        id="0",
        collection=COLLECTION,
        time=TimeRange(
            start=datetime(scenes.year, 1, 1, tzinfo=UTC),
            stop=datetime(scenes.year + 1, 1, 1, tzinfo=UTC),
        ),
        upsampling=method,
        downsampling=method,
        harmonize=False,
    )
    return PixelRequest(geobox=question.geobox, inputs=(source,), script=script)


def _empty(recent: Recent[Any, Any]) -> None:
    """Forget all that it keeps: what is too heavy to be kept drives everything out, itself too."""
    recent.put(None, None, weight=1 << 60)


def _hand_through(bands: tuple[str, ...]) -> str:
    """Return the script that gives stored numbers as they are."""
    values = ", ".join(f"s.{band}" for band in bands)
    return (
        "//VERSION=3\nfunction setup() { return {input: [{bands: "
        f"{list(bands)}, units: 'DN'}}], output: {{bands: {len(bands)}, sampleType: 'UINT16'}}}};"
        f" }}\nfunction evaluatePixel(s) {{ return [{values}]; }}"
    )
