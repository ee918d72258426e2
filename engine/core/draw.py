"""A prepared request → pixels, whatever changes below it meanwhile."""

from collections import Counter

from engine.core.options import EngineOptions
from engine.core.parts import Parts
from engine.core.prepare import Prepared, plan_again
from engine.errors import (
    Forbidden,
    NotFound,
    SourceChanged,
    SourceError,
    SourceUnavailable,
)
from engine.plan.plan import Plan
from engine.run.blocks import source_error
from engine.run.open import open_image
from engine.run.render import render
from engine.samples import Pixels

REOPENINGS = 2
"""How often a scene that changed under a request is opened anew before the request fails."""


async def draw(parts: Parts, options: EngineOptions, prepared: Prepared) -> Pixels:
    """Return what the script makes of the request's pixels.

    A scene whose objects have changed since they were registered is opened anew.
    """
    request = prepared.request
    wanted = request.outputs
    if wanted is None:
        wanted = tuple(output.id for output in prepared.outputs)
    reopened: Counter[str] = Counter()
    while True:
        try:
            return await render(
                prepared.plan,
                prepared.program,
                context=prepared.context,
                clip=request.clip,
                wanted=frozenset(wanted),
                reader=parts.reader,
                workers=parts.workers,
            )
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
