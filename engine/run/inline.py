"""Scripts that are nothing but arithmetic: run by compute threads over any rows, in any order."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.plan.plan import InputPlan
from engine.run.evaluate import Made, any_valid, blank_outside, script_inputs
from engine.run.turns import Place
from engine.run.workers import Workers, together
from engine.samples import Samples
from engine.trace import count, stage
from evalscripts.program import BandData, Finished, InlineRun, InputData

PART = 1 << 18
"""Pixels that are worth a thread of their own."""
NOTHING = Finished(user_data=None, console=(), console_cut=False)


class InlineScript:
    """One request's run of machine code; see `ScriptRun`, which does the same for a session."""

    def __init__(
        self, run: InlineRun, *, workers: Workers, place: Place, wanted: frozenset[str]
    ) -> None:
        """Only outputs of ``wanted`` are kept."""
        self._run = run
        self._workers = workers
        self._place = place
        self._outputs = [output for output in run.outputs if output.id in wanted]

    async def evaluate(
        self,
        parts: Sequence[InputPlan],
        samples: Samples,
        clip: NDArray[np.bool_] | None,
        *,
        is_last: bool,
    ) -> Made:
        """Return what the script makes of the next stripe, outside ``clip`` (row, col) 0."""
        height, width = samples.geobox.height, samples.geobox.width
        pieces = min(self._workers.threads, height, height * width // PART + 1)
        inputs = script_inputs(parts, samples)
        outputs = {
            output.id: np.empty((output.bands, height, width), dtype=output.sample_type.dtype)
            for output in self._outputs
        }
        edges = [height * piece // pieces for piece in range(pieces + 1)]
        left = await together(
            [
                self._workers.run(self._make, inputs, outputs, slice(*rows))
                for rows in pairwise(edges)
            ]
        )
        rest = [rows for some in left for rows in some]
        if rest:
            await self._place.take()
            await self._place.hold(self._workers.submit(self._make_rest, inputs, outputs, rest))
        if clip is not None:
            await self._workers.run(blank_outside, outputs, clip)
        if is_last:
            self._run.finish()
        return Made(
            outputs=outputs,
            valid=any_valid(samples.valid.values()),
            finished=NOTHING if is_last else None,
        )

    async def close(self, *, is_finished: bool) -> None:
        """Stop what still runs, where the script has not finished."""
        if not is_finished:
            self._run.abort()
        self._place.leave()

    def _make(
        self,
        inputs: Mapping[str, InputData],
        outputs: Mapping[str, NDArray[Any]],
        rows: slice,
    ) -> list[slice]:
        """Make some rows; return those that V8 must make."""
        with stage("script"):
            left = self._run.make(
                {name: _rows(data, rows) for name, data in inputs.items()},
                {name: values[:, rows] for name, values in outputs.items()},
            )
        return [slice(rows.start + one.start, rows.start + one.stop) for one in left]

    def _make_rest(
        self,
        inputs: Mapping[str, InputData],
        outputs: Mapping[str, NDArray[Any]],
        rest: Sequence[slice],
    ) -> None:
        session = self._run.rest()
        with stage("script"):
            for rows in rest:
                count("rows_by_v8", rows.stop - rows.start)
                made = session.evaluate({name: _rows(data, rows) for name, data in inputs.items()})
                for name, values in outputs.items():
                    values[:, rows] = made[name]
            session.finish()


def _rows(data: InputData, rows: slice) -> InputData:
    """Return some rows of an input; no copy."""
    return InputData(
        bands={
            name: BandData(
                values=band.values[:, rows],
                scale=band.scale,
                offset=band.offset,
                missing=band.missing,
            )
            for name, band in data.bands.items()
        },
        valid=data.valid[:, rows],
    )
