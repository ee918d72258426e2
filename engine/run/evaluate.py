"""Samples → what the script makes of them, stripe by stripe."""

import asyncio
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.plan.plan import InputPlan
from engine.run.turns import Place
from engine.run.workers import Workers
from engine.samples import Samples
from engine.trace import stage
from evalscripts.program import BandData, Finished, InputData, Program, RunContext, Session

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Made:
    """What a script made of a stripe."""

    outputs: Mapping[str, NDArray[Any]]
    """Output id → (band, row, col); 0 outside the clip."""
    valid: NDArray[np.bool_]
    """(row, col); True where any input had data."""
    finished: Finished | None
    """What is left behind; None before the last stripe."""


class ScriptRun:
    """One request's session: opened ahead, closed in any case."""

    def __init__(
        self,
        program: Program,
        context: RunContext,
        *,
        workers: Workers,
        place: Place,
        after: asyncio.Event,
    ) -> None:
        """Start to open the session once ``after`` is set; whoever makes it must `close`."""
        self._program = program
        self._context = context
        self._workers = workers
        self._place = place
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._is_closed = False
        self._opening = asyncio.create_task(self._open_after(after))

    async def evaluate(
        self,
        parts: Sequence[InputPlan],
        samples: Samples,
        clip: NDArray[np.bool_] | None,
        *,
        is_last: bool,
    ) -> Made:
        """Return what the script makes of the next stripe, outside ``clip`` (row, col) 0."""
        session = await self._opening
        return await self._keep(_evaluate, session, parts, samples, clip, is_last=is_last)

    async def close(self, *, is_finished: bool) -> None:
        """Free the turn; stop whatever still runs or waits, where the script has not finished."""
        with self._lock:
            self._is_closed = True
            session = self._session
        self._opening.cancel()
        if session is not None and not is_finished:
            session.abort()
        self._place.leave()
        await asyncio.gather(self._opening, return_exceptions=True)

    async def _open_after(self, event: asyncio.Event) -> Session:
        await event.wait()
        await self._place.take()
        with stage("open script"):
            return await self._keep(self._open)

    async def _keep(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what ``function`` returns, run in a thread; the turn is held until that ends."""
        return await self._place.hold(self._workers.submit(function, *args, **kwargs))

    def _open(self) -> Session:
        """Return the session; one that is opened after all have gone is ended at once."""
        opened = self._program.open(self._context)
        with self._lock:
            self._session = opened
            is_closed = self._is_closed
        if is_closed:
            opened.abort()
        return opened


def _evaluate(
    session: Session,
    parts: Sequence[InputPlan],
    samples: Samples,
    clip: NDArray[np.bool_] | None,
    *,
    is_last: bool,
) -> Made:
    inputs = script_inputs(parts, samples)
    with stage("script"):
        outputs = dict(session.evaluate(inputs))
    if clip is not None:
        blank_outside(outputs, clip)
    return Made(
        outputs=outputs,
        valid=any_valid(samples.valid.values()),
        finished=session.finish() if is_last else None,
    )


def blank_outside(outputs: Mapping[str, NDArray[Any]], clip: NDArray[np.bool_]) -> None:
    """Make all outputs 0 where ``clip`` (row, col) is False."""
    for values in outputs.values():
        values[:, ~clip] = 0


def any_valid(masks: Collection[NDArray[np.bool_]]) -> NDArray[np.bool_]:
    """Return (row, col), True where any layer of any input is, without a copy of a single one."""
    layers: list[NDArray[np.bool_]] = [layer for mask in masks for layer in mask]
    if len(layers) == 1:
        return layers[0]
    found = np.zeros(next(iter(masks)).shape[1:], dtype=np.bool_)
    for layer in layers:
        np.logical_or(found, layer, out=found)
    return found


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
