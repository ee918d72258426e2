"""Requests that are given up leave nothing behind, and nobody else suffers."""

import asyncio
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from affine import Affine

from engine.catalog.collection import Collection
from engine.core import Engine
from engine.errors import DeadlineExceeded
from engine.net.guard import OutboundPolicy
from engine.store.route import StoreOptions
from engine.trace import tracing
from tests.builders.engines import (
    ask,
    grid,
    make_collection,
    make_options,
    register,
    run,
    stored_numbers,
    write_cog,
)
from tests.builders.servers_fault import Connection, FaultServer, Request, never_answers, serves

UTM = "EPSG:32632"
LEFT, TOP, SIZE = 600_000.0, 5_100_000.0, 1024
AFFINE = Affine.translation(LEFT, TOP) * Affine.scale(10, -10)
OWN = grid(UTM, (LEFT, TOP - SIZE * 10, LEFT + SIZE * 10, TOP), SIZE, SIZE)
SCRIPT = stored_numbers("B04")
ENDLESS = SCRIPT.replace("function evaluatePixel(s) {", "function evaluatePixel(s) { for (;;) {}")
VALUES = np.random.default_rng(1).integers(1, 10_000, (SIZE, SIZE), dtype=np.uint16)


@pytest.fixture
def content(tmp_path: Path) -> bytes:
    return write_cog(tmp_path / "a.tif", VALUES, crs=UTM, affine=AFFINE).read_bytes()


def options_for(tmp_path: Path, server: FaultServer) -> Any:
    store = StoreOptions(
        roots=(str(tmp_path),), policy=OutboundPolicy(hosts=(server.authority,))
    )  # fmt: skip
    return make_options(tmp_path, tmp_path, store=store)


async def opened(engine: Engine, address: str) -> Collection:
    collection = make_collection("B04")
    await engine.catalog.add_collection(collection)
    await register(engine, collection, "a", {"B04": address})
    return collection


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - of this very process


async def give_up(work: Coroutine[Any, Any, Any], *, after: float) -> None:
    """Start ``work`` and cancel it."""
    task = asyncio.create_task(work)
    await asyncio.wait([task], timeout=after)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def asked(server: FaultServer, path: str) -> None:
    """Wait for the request that follows the one for the header."""
    async with asyncio.timeout(10):
        while len(server.asked(path)) < 2:  # noqa: ASYNC110 - counted in a thread
            await asyncio.sleep(0.005)


async def settle(before: set[asyncio.Task[Any]]) -> None:
    """Wait until no task is left but those of ``before``."""
    async with asyncio.timeout(10):
        while rest := asyncio.all_tasks() - before:
            await asyncio.wait(rest)


@pytest.mark.parametrize("script", [SCRIPT, ENDLESS])
def test_given_up_at_any_moment_a_request_leaves_nothing_behind(
    tmp_path: Path, fault_server: FaultServer, content: bytes, script: str
) -> None:
    """Moments from the first step to the last: search, fetch, decoding, script."""
    address = fault_server.script(f"/{uuid4()}.tif", serves(content))

    async def work() -> tuple[int, int, np.ndarray]:
        async with Engine(options_for(tmp_path, fault_server)) as engine:
            collection = await opened(engine, address)
            await engine.pixels(ask(collection, OWN, SCRIPT))
            before = asyncio.all_tasks()
            held = descriptors()
            for moment in range(24):
                engine.parts.reader.cache.clear()
                await give_up(engine.pixels(ask(collection, OWN, script)), after=moment * 0.006)
                assert not engine.parts.reader.flights
            await settle(before)
            # One connection that was cut off may be open anew, no more.
            extra = descriptors() - held
            left = len(asyncio.all_tasks() - before)
            engine.parts.reader.cache.clear()
            pixels = await engine.pixels(ask(collection, OWN, SCRIPT), seconds=20.0)
            return left, extra, pixels.outputs["default"][0]

    left, extra, values = run(work())

    assert left == 0
    assert extra <= 2
    np.testing.assert_array_equal(values, VALUES)


def test_two_who_want_the_same_blocks_share_one_fetch(
    tmp_path: Path, fault_server: FaultServer, content: bytes
) -> None:
    path = f"/{uuid4()}.tif"
    address = fault_server.script(path, serves(content))

    async def work() -> tuple[list[np.ndarray], dict[str, int]]:
        async with Engine(options_for(tmp_path, fault_server)) as engine:
            collection = await opened(engine, address)
            with tracing() as trace:
                both = await asyncio.gather(
                    *(engine.pixels(ask(collection, OWN, SCRIPT)) for _ in range(2))
                )
            return [one.outputs["default"][0] for one in both], dict(trace.counts)

    values, counts = run(work())

    # One request for the header when the scene was registered, and one for all 64 blocks.
    assert len(fault_server.asked(path)) == 2
    assert counts["blocks"] == 64
    for one in values:
        np.testing.assert_array_equal(one, VALUES)


class Gate:
    """A reply that waits until it is let through."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.is_open = False

    def __call__(self, request: Request, connection: Connection) -> None:
        while not self.is_open and not connection.pause(0.005):
            pass
        serves(self.content)(request, connection)


def test_one_who_leaves_takes_nothing_from_another_who_waits(
    tmp_path: Path, fault_server: FaultServer, content: bytes
) -> None:
    path = f"/{uuid4()}.tif"
    gate = Gate(content)
    address = fault_server.script(path, serves(content), gate)

    async def work() -> np.ndarray:
        async with Engine(options_for(tmp_path, fault_server)) as engine:
            collection = await opened(engine, address)
            first = asyncio.create_task(engine.pixels(ask(collection, OWN, SCRIPT)))
            await asked(fault_server, path)
            second = asyncio.create_task(engine.pixels(ask(collection, OWN, SCRIPT)))
            third = asyncio.create_task(engine.pixels(ask(collection, OWN, SCRIPT)))
            await asyncio.wait([second, third], timeout=0.2)
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            third.cancel()
            await asyncio.gather(third, return_exceptions=True)
            gate.is_open = True
            pixels = await second
            assert not engine.parts.reader.flights
            return pixels.outputs["default"][0]

    np.testing.assert_array_equal(run(work()), VALUES)
    assert len(fault_server.asked(path)) == 2


def test_the_last_one_who_leaves_ends_the_fetch_and_the_next_one_starts_another(
    tmp_path: Path, fault_server: FaultServer, content: bytes
) -> None:
    path = f"/{uuid4()}.tif"
    address = fault_server.script(path, serves(content), never_answers(), serves(content))

    async def work() -> np.ndarray:
        async with Engine(options_for(tmp_path, fault_server)) as engine:
            collection = await opened(engine, address)
            first = asyncio.create_task(engine.pixels(ask(collection, OWN, SCRIPT)))
            await asked(fault_server, path)
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            pixels = await engine.pixels(ask(collection, OWN, SCRIPT), seconds=5.0)
            return pixels.outputs["default"][0]

    np.testing.assert_array_equal(run(work()), VALUES)
    assert len(fault_server.asked(path)) == 3


def test_a_deadline_ends_a_fetch_that_never_comes(
    tmp_path: Path, fault_server: FaultServer, content: bytes
) -> None:
    address = fault_server.script(f"/{uuid4()}.tif", serves(content), never_answers())

    async def work() -> int:
        async with Engine(options_for(tmp_path, fault_server)) as engine:
            collection = await opened(engine, address)
            with pytest.raises(DeadlineExceeded, match=r"within 0\.5 seconds"):
                await engine.pixels(ask(collection, OWN, SCRIPT), seconds=0.5)
            return len(engine.parts.reader.flights)

    assert run(work()) == 0


def test_a_hundred_requests_given_up_are_not_served_before_the_next_one(
    tmp_path: Path, fault_server: FaultServer, content: bytes
) -> None:
    """A map that pans: none of what it no longer wants stands before what it wants now."""
    address = fault_server.script(f"/{uuid4()}.tif", serves(content))

    async def work() -> np.ndarray:
        async with Engine(options_for(tmp_path, fault_server)) as engine:
            collection = await opened(engine, address)
            await engine.pixels(ask(collection, OWN, SCRIPT))
            engine.parts.reader.cache.clear()
            crowd = [
                asyncio.create_task(engine.pixels(ask(collection, OWN, ENDLESS)))
                for _ in range(100)
            ]
            await asyncio.wait(crowd, timeout=0.1)
            for one in crowd:
                one.cancel()
            await asyncio.gather(*crowd, return_exceptions=True)
            pixels = await engine.pixels(ask(collection, OWN, SCRIPT), seconds=8.0)
            return pixels.outputs["default"][0]

    np.testing.assert_array_equal(run(work()), VALUES)
