"""`read_facts`: the numbers that machine code may ask of a request's scenes.

A fact has a name and an input, and one number per sample of that input:

    date_ms       milliseconds since 1970 of a scene's date; NaN where it has none
    date_from_ms  of an orbit's first moment
    date_to_ms    of its last one
    cloud_known   1 where the scene says its cloud cover, else 0
    cloud_cover   its cloud cover; NaN where it does not say
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalscripts.program import OrbitFacts, RunContext, SceneFacts, Selection
from evalscripts.setup import Mosaicking, Setup

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Facts = Mapping[tuple[int, str], NDArray[np.float64]]


def read_facts(
    setup: Setup, context: RunContext, *, ids: Sequence[str], selection: Selection | None
) -> Facts:
    """Return (input, name) → a number per sample, in the samples' order.

    ``ids``: for each of the script's inputs the request's input that it reads.
    """
    facts: dict[tuple[int, str], NDArray[np.float64]] = {}
    for i, (wanted, name) in enumerate(zip(setup.inputs, ids, strict=True)):
        is_orbit = wanted.mosaicking is Mosaicking.ORBIT
        items: Sequence[Any] = (context.orbits if is_orbit else context.scenes).get(name, ())
        if wanted.mosaicking is Mosaicking.SIMPLE:
            # The older list has one entry under SIMPLE: the first scene that was used.
            items = items[:1]
        elif selection is not None and name in selection.kept:
            items = [items[index] for index in selection.kept[name]]
        readers: Mapping[str, Callable[[Any], float]] = _OF_ORBIT if is_orbit else _OF_SCENE
        for fact, read in readers.items():
            facts[i, fact] = np.array([read(item) for item in items], dtype=np.float64)
    return facts


def _milliseconds(text: str) -> float:
    """Return what JavaScript's Date makes of an ISO 8601 text: it cuts to milliseconds."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return float("nan")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return float((moment - _EPOCH) // timedelta(milliseconds=1))


def _cloud_cover(scene: SceneFacts) -> float:
    return float("nan") if scene.cloud_cover is None else float(scene.cloud_cover)


_OF_ORBIT: dict[str, Callable[[OrbitFacts], float]] = {
    "date_from_ms": lambda orbit: _milliseconds(orbit.date_from),
    "date_to_ms": lambda orbit: _milliseconds(orbit.date_to),
}
_OF_SCENE: dict[str, Callable[[SceneFacts], float]] = {
    "date_ms": lambda scene: _milliseconds(scene.date),
    "cloud_known": lambda scene: float(scene.cloud_cover is not None),
    "cloud_cover": _cloud_cover,
}
