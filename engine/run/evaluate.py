"""Samples → what the script makes of them, stripe by stripe."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.catalog.scene import Scene
from engine.plan.plan import InputPlan, Plan
from engine.samples import Samples
from engine.trace import stage
from evalscripts.program import BandData, InputData, RunContext, SceneFacts, Session

SERVICE_VERSION = "cogmill-0.1.0"
"""What scripts read as ``inputMetadata.serviceVersion``."""


def make_context(plan: Plan, *, seconds: float) -> RunContext:
    """Return what the script of ``plan`` may know besides the pixels."""
    first = plan.inputs[0]
    only_dn = all(use.unit.name.upper() == "DN" for use in first.bands)
    return RunContext(
        input_ids=tuple(part.input.id for part in plan.inputs),
        scenes={
            part.input.id: scene_facts([s for s in part.scenes if s.id in part.first])
            for part in plan.inputs
        },
        normalization_factor=1.0 if only_dn else first.collection.normalization_factor,
        service_version=SERVICE_VERSION,
        seconds=seconds,
    )


def scene_facts(scenes: Sequence[Scene]) -> tuple[SceneFacts, ...]:
    """Return what a script may know of ``scenes``: never an address."""
    return tuple(
        SceneFacts(
            date=scene.sensed.strftime("%Y-%m-%dT%H:%M:%SZ") if scene.sensed else "",
            cloud_cover=scene.cloud_cover,
            data_path=scene.name,
            id=scene.id,
        )
        for scene in scenes
    )


def evaluate(
    session: Session,
    parts: Sequence[InputPlan],
    samples: Samples,
    clip: NDArray[np.bool_] | None,
) -> Mapping[str, NDArray[Any]]:
    """Return output id → (band, row, col) of a stripe; 0 outside ``clip`` (row, col).

    Blocks: call it from a thread that may wait.
    """
    inputs = {
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
    with stage("script"):
        outputs = dict(session.evaluate(inputs))
    if clip is not None:
        for values in outputs.values():
            values[:, ~clip] = 0
    return outputs


def _missing(part: InputPlan, unit: str) -> float:
    """Return what a band reads where there is no data; stored numbers are integers, so 0."""
    return 0.0 if unit.upper() == "DN" else part.collection.missing
