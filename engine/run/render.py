"""A plan carried out: stripes of samples through the script, put together as `Pixels`."""

import asyncio
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.geo.geometry import Geometry
from engine.geo.window import Window
from engine.plan.plan import Plan
from engine.run.allocation import give_back
from engine.run.assemble import Assembler
from engine.run.blocks import BlockReader
from engine.run.evaluate import ScriptRun
from engine.run.inline import InlineScript
from engine.run.turns import Place
from engine.run.workers import Workers
from engine.samples import Pixels, Samples
from engine.warp.clip import rasterize
from evalscripts.program import Finished, Program, RunContext


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

    The next stripe is read while the script runs over the present one. A script that needs a
    worker of its own gets it once the first stripe's bytes are there, while they are decoded: it
    never waits for the network alone. From then on it holds the turn of ``place``. Machine code
    that has proved itself needs neither.
    Cancelling stops fetches, decoding and the script.
    """
    assembler = Assembler(reader=reader, workers=workers, plan=plan)
    mask = None
    if clip is not None:
        mask = await workers.run(rasterize, clip, plan.geobox)
    shape = (plan.geobox.height, plan.geobox.width)
    outputs: dict[str, NDArray[Any]] = {}
    masks: list[NDArray[np.bool_]] = []
    finished: Finished | None = None
    fetched: asyncio.Event | None = None
    run: InlineScript | ScriptRun
    inline = program.inline(context)
    if inline is not None:
        run = InlineScript(inline, workers=workers, place=place, wanted=wanted)
    else:
        fetched = asyncio.Event()
        run = ScriptRun(program, context, workers=workers, place=place, after=fetched)
    upcoming: asyncio.Task[Samples] | None = None
    try:
        for index, stripe in enumerate(plan.stripes):
            if upcoming is None:
                samples = await _samples(assembler, stripe, mask, fetched)
            else:
                samples = await upcoming
            is_last = index + 1 == len(plan.stripes)
            if not is_last:
                upcoming = asyncio.create_task(_samples(assembler, plan.stripes[index + 1], mask))
            rows = slice(stripe.row_start, stripe.row_stop)
            made = await run.evaluate(
                plan.inputs, samples, None if mask is None else mask[rows], is_last=is_last
            )
            _store(outputs, made.outputs, wanted, rows=rows, shape=shape)
            masks.append(made.valid)
            finished = made.finished
            if not is_last:
                await workers.run(give_back)
    finally:
        if upcoming is not None:
            upcoming.cancel()
        await run.close(is_finished=finished is not None)
        if upcoming is not None:
            await asyncio.gather(upcoming, return_exceptions=True)
    if finished is None:
        raise RuntimeError("a plan has at least one stripe")
    return Pixels(
        geobox=plan.geobox,
        outputs=outputs,
        nodata={output.id: output.nodata for output in plan.outputs},
        valid=masks[0] if len(masks) == 1 else np.concatenate(masks),
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
