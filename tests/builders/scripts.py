"""Scripts, their input and their context, for tests that run them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalscripts import BandData, Finished, InputData, RunContext, SceneFacts, ScriptError

SECONDS = 20.0
"""Far more than any good script needs on a busy machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a script made."""

    outputs: Mapping[str, NDArray[Any]]
    finished: Finished


Run = Callable[..., Ran]
Refused = Callable[..., ScriptError]


def make_context(
    *, seconds: float = SECONDS, scenes: Sequence[SceneFacts] = (), factor: float = 0.0001
) -> RunContext:
    return RunContext(
        input_ids=("s2",),
        scenes={"s2": scenes},
        normalization_factor=factor,
        service_version="9.8.7",
        seconds=seconds,
    )


def make_input(
    bands: Mapping[str, Any], *, valid: Any = None, scale: float = 1.0, **more: float
) -> InputData:
    """Return bands given as (row, col) arrays, or as numbers for a single pixel."""
    arrays = {name: np.atleast_2d(_stored(values)) for name, values in bands.items()}
    shape = next(iter(arrays.values())).shape if arrays else (1, 1)
    mask = np.ones(shape, np.bool_) if valid is None else np.atleast_2d(np.asarray(valid))
    return InputData(
        bands={
            name: BandData(values=values[np.newaxis], scale=scale, **more)
            for name, values in arrays.items()
        },
        valid=mask[np.newaxis],
    )


def _stored(values: Any) -> NDArray[Any]:
    array = np.asarray(values)
    return array.astype(np.int32) if array.dtype == np.int64 else array


def stripes(data: InputData, rows: int) -> list[InputData]:
    """Return the input cut into stripes of at most this many rows."""
    return [
        InputData(
            bands={
                name: BandData(
                    values=band.values[:, start : start + rows],
                    scale=band.scale,
                    offset=band.offset,
                    missing=band.missing,
                )
                for name, band in data.bands.items()
            },
            valid=data.valid[:, start : start + rows],
        )
        for start in range(0, data.valid.shape[1], rows)
    ]


def pixel_script(body: str, *, bands: str = '"B04"', output: str = "{bands: 1}") -> str:
    """Return a V3 script whose evaluatePixel has this body; the body stands on line 5."""
    return (
        "//VERSION=3\n"
        f"function setup() {{ return {{input: [{bands}], output: {output}}}; }}\n"
        "\n"
        "function evaluatePixel(sample, scenes, inputMetadata, customData, outputMetadata) {\n"
        f"{body}\n"
        "}\n"
    )
