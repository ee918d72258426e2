"""Scripts over several scenes or several inputs, run in V8 alone."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evalscripts import BandData, InputData, RunContext, SceneFacts, V8Pool
from evalscripts.program import OrbitFacts
from evalscripts.source import read_source
from evalscripts.v8.program import V8Program, stage
from tests.builders.scripts import SECONDS, Ran


def compile_v8(text: str, pool: V8Pool) -> V8Program:
    source = read_source(text)
    staged = stage(source, pool=pool, seconds=SECONDS)
    return V8Program(source, staged.setup, pool=pool, hooks=staged.hooks)


def tile(date: str, name: str = "", **more: Any) -> SceneFacts:
    """Return a scene sensed at ten on this day."""
    return SceneFacts(date=f"{date}T10:00:00Z", id=name, **more)


def day(date: str, *tiles: SceneFacts) -> OrbitFacts:
    return OrbitFacts(date_from=f"{date}T00:00:00Z", date_to=f"{date}T23:59:59Z", tiles=tiles)


def days(count: int) -> tuple[OrbitFacts, ...]:
    """Return as many days of May 2024, latest first, each with a scene of its own."""
    dates = [f"2024-05-{count - i:02d}" for i in range(count)]
    return tuple(day(date, tile(date, f"T{i}")) for i, date in enumerate(dates))


def context(
    *,
    orbits: Mapping[str, Sequence[OrbitFacts]] | Sequence[OrbitFacts] = (),
    scenes: Mapping[str, Sequence[SceneFacts]] | Sequence[SceneFacts] = (),
    ids: tuple[str, ...] = ("s2",),
    **more: Any,
) -> RunContext:
    """Return a context; scenes that are not named by input are those of the first."""
    given = {"normalization_factor": 0.0001, "service_version": "9.8.7", "seconds": SECONDS}
    return RunContext(
        input_ids=ids,
        orbits=orbits if isinstance(orbits, Mapping) else {ids[0]: orbits},
        scenes=scenes if isinstance(scenes, Mapping) else {ids[0]: scenes},
        **given | more,
    )


def stack(bands: Mapping[str, Any], *, valid: Any = None, **more: float) -> InputData:
    """Return bands given as (scene, row, col), or as a list of numbers for a single pixel."""
    arrays = {name: _stacked(values) for name, values in bands.items()}
    shape = next(iter(arrays.values())).shape
    mask = np.ones(shape, np.bool_) if valid is None else _stacked(valid).astype(np.bool_)
    return InputData(
        bands={name: BandData(values=values, **more) for name, values in arrays.items()},
        valid=mask,
    )


def _stacked(values: Any) -> Any:
    array = np.asarray(values)
    array = array.astype(np.int32) if array.dtype == np.int64 else array
    return array.reshape(-1, 1, 1) if array.ndim == 1 else array


def run_v8(
    text: str, pool: V8Pool, about: RunContext, data: InputData | Mapping[str, InputData]
) -> Ran:
    """Run a script over one stripe."""
    session = compile_v8(text, pool).open(about)
    inputs = data if isinstance(data, Mapping) else {about.input_ids[0]: data}
    outputs = session.evaluate(inputs)
    return Ran(outputs=outputs, finished=session.finish())


def scenes_script(
    body: str,
    *,
    mosaicking: str = "ORBIT",
    bands: str = '"B04", "dataMask"',
    output: str = "{bands: 1, sampleType: 'FLOAT32'}",
    more: str = "",
) -> str:
    """Return a script over several scenes; the body of evaluatePixel stands on line 7."""
    return (
        "//VERSION=3\n"
        "function setup() {\n"
        f"  return {{input: [{{bands: [{bands}]{more}}}],"
        f" output: {output}, mosaicking: '{mosaicking}'}};\n"
        "}\n"
        "\n"
        "function evaluatePixel(samples, scenes, inputMetadata, customData, outputMetadata) {\n"
        f"{body}\n"
        "}\n"
    )
