"""A prepared request → pixels, whatever changes below it meanwhile."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from engine.core.options import EngineOptions
from engine.core.parts import Parts
from engine.core.prepare import Prepared, plan_again, prepare
from engine.errors import (
    Forbidden,
    NotFound,
    SourceChanged,
    SourceError,
    SourceUnavailable,
)
from engine.plan.plan import Plan
from engine.run.blocks import source_error
from engine.run.examine import DebuggedPixel, examine
from engine.run.open import open_image
from engine.run.render import render
from engine.samples import Pixels

T = TypeVar("T")

REOPENINGS = 2
"""How often a scene that changed under a request is opened anew before the request fails."""


async def draw(parts: Parts, options: EngineOptions, prepared: Prepared) -> Pixels:
    """Return what the script makes of the request's pixels.

    Where some have no data in the scenes of a plan that is not whole, all is done again with all
    scenes: what was read and decoded is still there.
    """
    pixels = await _draw(parts, options, prepared)
    if prepared.is_whole or pixels.valid.all():
        return pixels
    again = await prepare(parts, options, prepared.request, prepared.program)
    return await _draw(parts, options, again)


async def _draw(parts: Parts, options: EngineOptions, prepared: Prepared) -> Pixels:
    request = prepared.request
    wanted = request.outputs
    if wanted is None:
        wanted = tuple(output.id for output in prepared.outputs)

    async def work(prepared: Prepared) -> Pixels:
        return await render(
            prepared.plan,
            prepared.program,
            context=prepared.context,
            clip=request.clip,
            wanted=frozenset(wanted),
            reader=parts.reader,
            workers=parts.workers,
            place=parts.turns.place(request.principal),
        )

    return await _with_open_scenes(parts, options, prepared, work)


async def debug(parts: Parts, options: EngineOptions, prepared: Prepared) -> DebuggedPixel:
    """Return what happens at the single pixel of a prepared request's window.

    The script may take for it what its setup() may: a loop without end is told soon.
    """
    request = prepared.request
    seconds = min(options.setup_seconds, options.script_seconds)

    async def work(prepared: Prepared) -> DebuggedPixel:
        return await examine(
            prepared.plan,
            prepared.program,
            context=replace(prepared.context, seconds=seconds),
            clip=request.clip,
            reader=parts.reader,
            workers=parts.workers,
            turns=parts.turns,
            principal=request.principal,
        )

    return await _with_open_scenes(parts, options, prepared, work)


async def _with_open_scenes(
    parts: Parts,
    options: EngineOptions,
    prepared: Prepared,
    work: Callable[[Prepared], Awaitable[T]],
) -> T:
    """Return what ``work`` returns; scenes that it finds changed are opened anew and planned so."""
    reopened: Counter[str] = Counter()
    while True:
        try:
            return await work(prepared)
        except SourceChanged as changed:
            scene = changed.scene or ""
            reopened[scene] += 1
            if reopened[scene] > REOPENINGS:
                message = f"scene {scene} keeps changing while it is read; try again later"
                raise SourceUnavailable(
                    message, retry_after=5.0, scene=scene, band=changed.band
                ) from changed
            await _reopen(parts, prepared.plan, scene_name=scene)
            prepared = await plan_again(parts, options, prepared)


async def _reopen(parts: Parts, plan: Plan, *, scene_name: str) -> None:
    """Parse the headers of a scene's objects anew, since one of them has changed."""
    addresses = {
        scene.assets[use.band.name].address: use.band.name
        for part in plan.inputs
        for scene in part.scenes
        if scene.name == scene_name
        for use in part.bands
    }
    for address, band in addresses.items():
        try:
            image = await open_image(parts.store, address)
        except (SourceError, NotFound, Forbidden) as error:
            raise source_error(error, scene=scene_name, band=band) from error
        parts.images.put(address, image)
