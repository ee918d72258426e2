"""What a script may know of a request besides its pixels."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import shapely

from engine.catalog.scene import Scene
from engine.geo.time import TimeRange
from engine.plan.layers import day_of
from engine.plan.plan import InputPlan, Layer
from evalscripts.program import OrbitFacts, RunContext, SceneFacts
from evalscripts.setup import Mosaicking

SERVICE_VERSION = "cogmill-0.1.0"
"""What scripts read as ``inputMetadata.serviceVersion``."""
BOUNDS = "bounds"
"""The extra metadata that a script may ask for."""
_TICK = timedelta(microseconds=1)

Spread = Callable[[Callable[[int], None], int], None]


def make_context(
    inputs: Sequence[InputPlan], *, seconds: float, spread: Spread | None = None
) -> RunContext:
    """Return what a script may know; ``inputs`` have all the layers that it may choose from.

    Of a fusion, the normalization factor is that of the first input.
    """
    first = inputs[0]
    only_dn = all(use.unit.name.upper() == "DN" for use in first.bands)
    return RunContext(
        input_ids=tuple(part.input.id for part in inputs),
        scenes={
            part.input.id: _scenes(part)
            for part in inputs
            if part.mosaicking is not Mosaicking.ORBIT
        },
        orbits={
            part.input.id: tuple(_orbit(layer, part) for layer in part.layers)
            for part in inputs
            if part.mosaicking is Mosaicking.ORBIT
        },
        time={part.input.id: _ends(part.input.time) for part in inputs},
        normalization_factor=1.0 if only_dn else first.collection.normalization_factor,
        service_version=SERVICE_VERSION,
        seconds=seconds,
        spread=spread,
    )


def _scenes(part: InputPlan) -> tuple[SceneFacts, ...]:
    return tuple(
        _facts(scene, part)
        for layer in part.layers
        for scene in layer.scenes
        if scene.id in layer.first
    )


def _orbit(layer: Layer, part: InputPlan) -> OrbitFacts:
    day = day_of(layer.scenes[0])
    return OrbitFacts(
        date_from="" if day is None else f"{day.isoformat()}T00:00:00Z",
        date_to="" if day is None else f"{day.isoformat()}T23:59:59Z",
        tiles=tuple(_facts(scene, part) for scene in layer.scenes),
    )


def _facts(scene: Scene, part: InputPlan) -> SceneFacts:
    """Return what a script may know of a scene: never an address."""
    shows_cover = BOUNDS in part.wanted.metadata
    return SceneFacts(
        date=_text(scene.sensed, "seconds"),
        cloud_cover=scene.cloud_cover,
        data_path=scene.name,
        id=scene.id,
        geometry=shapely.geometry.mapping(scene.cover.shape) if shows_cover else None,
    )


def _ends(time: TimeRange) -> tuple[str, str]:
    """Return the first and the last instant of a half-open range, empty where it is open."""
    last = None if time.stop is None else time.stop - _TICK
    return _text(time.start, "milliseconds"), _text(last, "milliseconds")


def _text(instant: datetime | None, precision: str) -> str:
    if instant is None:
        return ""
    return instant.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")
