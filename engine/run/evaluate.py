"""Samples → what the script makes of them, stripe by stripe."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.plan.plan import InputPlan
from engine.samples import Samples
from engine.trace import stage
from evalscripts.program import BandData, InputData, Session


def evaluate(
    session: Session,
    parts: Sequence[InputPlan],
    samples: Samples,
    clip: NDArray[np.bool_] | None,
) -> Mapping[str, NDArray[Any]]:
    """Return output id → (band, row, col) of a stripe; 0 outside ``clip`` (row, col).

    Blocks: call it from a thread that may wait.
    """
    inputs = script_inputs(parts, samples)
    with stage("script"):
        outputs = dict(session.evaluate(inputs))
    if clip is not None:
        for values in outputs.values():
            values[:, ~clip] = 0
    return outputs


def script_inputs(parts: Sequence[InputPlan], samples: Samples) -> Mapping[str, InputData]:
    """Return the samples as scripts take them, by input id."""
    return {
        part.input.id: InputData(
            bands={
                use.band.name: BandData(
                    values=samples.bands[part.input.id, use.band.name],
                    scale=use.unit.scale,
                    offset=use.unit.offset,
                    missing=_missing(part, use.unit.name),
                )
                for use in ([] if part.mask_only else part.bands)
            },
            valid=samples.valid[part.input.id],
        )
        for part in parts
    }


def _missing(part: InputPlan, unit: str) -> float:
    """Return what a band reads where there is no data; stored numbers are integers, so 0."""
    return 0.0 if unit.upper() == "DN" else part.collection.missing
