"""The engine asked for one pixel; shared by the route and the command."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from api.debug.report import Json, describe_broken, describe_pixel
from api.debug.translate import PixelQuestion
from api.units import units_of
from engine.core import Engine
from evalscripts.errors import ScriptError, ScriptTierUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is known of a pixel."""

    report: Json
    units: float
    """Processing units: those of a picture of one pixel; 0 for a script that does not compile."""


async def look(
    engine: Engine,
    question: PixelQuestion,
    *,
    spending: Callable[[float], AbstractContextManager[None]] = lambda _: nullcontext(),
) -> Look:
    """Return a pixel from inside; what is wrong with the script is in the report.

    ``spending`` is entered with the units before anything is read. Raises what `Engine.prepare`
    and `Engine.debug` raise of requests and sources.
    """
    try:
        prepared = await engine.prepare(question.request, window=question.window)
    except ScriptTierUnavailable:
        raise
    except ScriptError as error:
        return Look(report=describe_broken(question, error), units=0.0)
    units = units_of(prepared, ())
    with spending(units):
        seen = await engine.examine(prepared)
    return Look(report=describe_pixel(question, seen), units=units)
