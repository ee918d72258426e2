"""What a script is told of its request, as JSON values: scenes, days, times, band counts.

The shapes are section 3.4's of the reference; scenes.js makes objects of them.
"""

import json
from collections.abc import Mapping
from typing import Any

from evalscripts.errors import SetupError
from evalscripts.program import OrbitFacts, RunContext, SceneFacts
from evalscripts.setup import Mosaicking, Setup, SetupInput, SetupOutput
from evalscripts.source import Source

_OPEN_FROM = "1970-01-01T00:00:00Z"


def match_inputs(source: Source, setup: Setup, context: RunContext) -> tuple[str, ...]:
    """Return for each of the script's inputs the request's input that it reads, by id.

    Raises:
        SetupError: there is none.
    """
    found = ", ".join(context.input_ids)
    matched = []
    for i, wanted in enumerate(setup.inputs):
        if wanted.datasource is None and i < len(context.input_ids):
            matched.append(context.input_ids[i])
        elif wanted.datasource in context.input_ids:
            matched.append(wanted.datasource)
        elif wanted.datasource is None:
            reason = f"setup() has {len(setup.inputs)} inputs; the request has {found}"
            raise source.error_at(SetupError, reason, name="setup")
        else:
            reason = f'input[{i}].datasource is "{wanted.datasource}"; the request has {found}'
            raise source.error_at(SetupError, reason, name="setup")
    if len(set(matched)) < len(matched):
        reason = f"two of setup()'s inputs read the same one of the request's: {found}"
        raise source.error_at(SetupError, reason, name="setup")
    return tuple(matched)


def input_keys(setup: Setup) -> tuple[str, ...]:
    """Return what the script calls its inputs: their datasource, else their place as text."""
    return tuple(
        str(i) if wanted.datasource is None else wanted.datasource
        for i, wanted in enumerate(setup.inputs)
    )


def as_facts(
    setup: Setup, context: RunContext, *, ids: tuple[str, ...], now: int
) -> dict[str, Any]:
    """Return everything that the isolate is told before the hooks run."""
    return {
        "parts": [
            {"id": key, **_part(wanted, name, context, now=now)}
            for key, wanted, name in zip(input_keys(setup), setup.inputs, ids, strict=True)
        ],
        "fusion": setup.is_fusion,
        "listed": setup.listed,
        "serviceVersion": context.service_version,
        "normalizationFactor": context.normalization_factor,
        "outputs": as_counts(setup.outputs),
    }


def as_counts(outputs: tuple[SetupOutput, ...]) -> list[dict[str, Any]]:
    """Return id and number of bands of each output."""
    return [{"id": output.id, "bands": output.bands} for output in outputs]


def _part(wanted: SetupInput, name: str, context: RunContext, *, now: int) -> dict[str, Any]:
    bounds = "bounds" in wanted.metadata
    orbits = wanted.mosaicking is Mosaicking.ORBIT
    if orbits:
        days = context.orbits.get(name, ())
        items = [as_orbit(day, i, bounds=bounds) for i, day in enumerate(days)]
    else:
        scenes = context.scenes.get(name, ())
        items = [as_tile(scene, i, bounds=bounds) for i, scene in enumerate(scenes)]
    start, stop = context.time.get(name, ("", ""))
    return {
        "mosaicking": wanted.mosaicking.value,
        "kind": "orbits" if orbits else "tiles",
        # Texts, as a script may have changed how objects become JSON.
        "items": [json.dumps(item) for item in items],
        "indices": json.dumps(list(range(len(items)))),
        "from": start or _OPEN_FROM,
        "to": stop or now,
    }


def as_orbit(day: OrbitFacts, index: int, *, bounds: bool) -> dict[str, Any]:
    """Return an element of ``scenes.orbits``; ``index`` is its place among the candidates."""
    return {
        "dateFrom": day.date_from,
        "dateTo": day.date_to,
        "tiles": [as_tile(scene, None, bounds=bounds) for scene in day.tiles],
        "__idx": index,
    }


def as_tile(scene: SceneFacts, index: int | None, *, bounds: bool) -> dict[str, Any]:
    """Return an element of ``scenes.tiles``; ``index`` is its place among the candidates.

    Those of a day have none. ``bounds``: whether the script asked for ``metadata: ["bounds"]``.
    """
    tile: dict[str, Any] = {"date": scene.date, "dataPath": scene.data_path, "shId": scene.id}
    if scene.cloud_cover is not None:
        tile["cloudCoverage"] = scene.cloud_cover
    if bounds and scene.geometry is not None:
        tile["dataGeometry"] = dict(scene.geometry)
        tile["dataEnvelope"] = _envelope(scene.geometry)
    return tile if index is None else {**tile, "__idx": index}


def _envelope(geometry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the box around a geometry, as a polygon that runs against the clock."""
    points: list[Any] = [geometry.get("coordinates", ())]
    while points and not isinstance(points[0][0] if points[0] else None, int | float):
        points = [inner for outer in points for inner in outer]
    if not points:
        return {"type": "Polygon", "coordinates": []}
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    west, south, east, north = min(xs), min(ys), max(xs), max(ys)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}
