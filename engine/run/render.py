"""A plan carried out: stripes of samples through the script, put together as `Pixels`."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.geo.geometry import Geometry
from engine.geo.window import Window
from engine.plan.plan import Plan
from engine.run.assemble import Assembler
from engine.run.blocks import BlockReader
from engine.run.evaluate import evaluate
from engine.run.turns import Place
from engine.run.workers import Workers
from engine.samples import Pixels, Samples
from engine.trace import stage
from engine.warp.clip import rasterize
from evalscripts.program import Finished, Program, RunContext, Session


async def render(
    plan: Plan,
    program: Program,
    *,
    context: RunContext,
    clip: Geometry | None,
    wanted: frozenset[str],
    reader: BlockReader,
    workers: Workers,
    place: Place,
) -> Pixels:
    """Return the pixels of a plan; ``context`` is what its script was, and may be, told.

    The next stripe is read while the script runs over the present one. The script's session is
    opened once the first stripe's bytes are there, while they are decoded and resampled: it never
    waits for the network alone. From then on it holds the turn of ``place``.
    Cancelling stops fetches, decoding and the script.
    """
    assembler = Assembler(reader=reader, workers=workers, plan=plan)
    mask = None
    if clip is not None:
        mask = await workers.run(rasterize, clip, plan.geobox)
    shape = (plan.geobox.height, plan.geobox.width)
    valid = np.zeros(shape, dtype=np.bool_)
    outputs: dict[str, NDArray[Any]] = {}
    fetched = asyncio.Event()
    upcoming = asyncio.create_task(_samples(assembler, plan.stripes[0], mask, fetched))
    opening = asyncio.create_task(_open(program, context, workers, fetched, place))
    finished: Finished | None = None
    try:
        for index, stripe in enumerate(plan.stripes):
            samples = await upcoming
            if index + 1 < len(plan.stripes):
                upcoming = asyncio.create_task(_samples(assembler, plan.stripes[index + 1], mask))
            session = await opening
            rows = slice(stripe.row_start, stripe.row_stop)
            part_mask = None if mask is None else mask[rows]
            part = await workers.wait(evaluate, session, plan.inputs, samples, part_mask)
            _store(outputs, part, wanted, rows=rows, shape=shape)
            for held in samples.valid.values():
                valid[rows] |= held.any(axis=0)
        session = await opening
        finished = await workers.wait(session.finish)
    finally:
        upcoming.cancel()
        opening.cancel()
        if finished is None and opening.done():
            _abort(opening)
        place.leave()
        await asyncio.gather(upcoming, opening, return_exceptions=True)
    return Pixels(
        geobox=plan.geobox,
        outputs=outputs,
        nodata={output.id: output.nodata for output in plan.outputs},
        valid=valid,
        user_data=finished.user_data,
        console=finished.console,
        facts={
            "scenes": {
                part.input.id: tuple(scene.id for scene in assembler.used(part))
                for part in plan.inputs
            },
            "layers": {part.input.id: len(part.layers) for part in plan.inputs},
            "tier": program.tier,
            "console_cut": finished.console_cut,
        },
    )


async def _open(
    program: Program,
    context: RunContext,
    workers: Workers,
    fetched: asyncio.Event,
    place: Place,
) -> Session:
    """Return a session, opened once ``fetched`` is set.

    Where the caller has gone, one that waits for its turn is never opened, and one that is just
    being opened is ended.
    """
    await fetched.wait()
    await place.take()
    opening = workers.submit(program.open, context)
    waiting = asyncio.wrap_future(opening)
    place.keep(waiting)
    try:
        with stage("open script"):
            return await asyncio.shield(waiting)
    except asyncio.CancelledError:
        if not opening.cancel():
            opening.add_done_callback(_abort)
        raise


def _abort(opening: Future[Session] | asyncio.Task[Session]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().abort()


async def _samples(
    assembler: Assembler,
    stripe: Window,
    mask: NDArray[np.bool_] | None,
    fetched: asyncio.Event | None = None,
) -> Samples:
    rows = slice(stripe.row_start, stripe.row_stop)
    part = None if mask is None else mask[rows]
    return await assembler.samples(stripe, part, fetched=fetched)


def _store(
    outputs: dict[str, NDArray[Any]],
    part: Mapping[str, NDArray[Any]],
    wanted: frozenset[str],
    *,
    rows: slice,
    shape: tuple[int, int],
) -> None:
    """Put a stripe's outputs in their place; a single stripe is kept as it is."""
    for name, values in part.items():
        if name not in wanted:
            continue
        if values.shape[1:] == shape:
            outputs[name] = values
            continue
        if name not in outputs:
            outputs[name] = np.empty((values.shape[0], *shape), dtype=values.dtype)
        outputs[name][:, rows] = values
