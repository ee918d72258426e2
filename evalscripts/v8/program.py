"""`V8Program`: a script whose every request runs in an isolate of its own."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalscripts.errors import ScriptRuntimeError, SetupError
from evalscripts.normalize import Refuse, normalize_band_counts, normalize_setup
from evalscripts.program import Finished, InputData, RunContext, SceneFacts, Selection
from evalscripts.setup import Setup, SetupInput, SetupOutput
from evalscripts.source import Source
from evalscripts.v8.conversation import Conversation, read_console
from evalscripts.v8.pixels import (
    BandKind,
    Layout,
    band_kinds,
    bytes_per_pixel,
    check_stripe,
    lay_out,
    write_loop,
)
from evalscripts.v8.pool import V8Pool

_RUN_BYTES = 32 * 1024 * 1024
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)")


class V8Program:
    """A compiled script; a `Program`."""

    tier = "v8"
    reason = "every script runs in V8"
    line: int | None = None
    selects = False

    def __init__(self, source: Source, setup: Setup, *, pool: V8Pool) -> None:
        self.source = source
        self.setup = setup
        self._pool = pool

    def open(self, context: RunContext) -> "V8Session":
        """Start a request's run in a new isolate; blocks until its top level and setup() ran.

        Raises:
            ScriptError: of every kind, `ScriptTierUnavailable` where no worker is free.
        """
        return V8Session(self, context, pool=self._pool)

    def select(self, context: RunContext) -> Selection:
        """Return all scenes and the outputs as setup() gave them."""
        counts = {name: len(facts) for name, facts in (context.orbits or context.scenes).items()}
        return Selection(
            kept={name: tuple(range(count)) for name, count in counts.items()},
            outputs=self.setup.outputs,
        )


def read_setup(source: Source, *, pool: V8Pool, seconds: float) -> Setup:
    """Return what setup() returned, from an isolate that is thrown away.

    Raises:
        ScriptError: of every kind.
    """
    conversation = Conversation(pool, source, seconds=seconds)
    answer = conversation.ask({"do": "setup"})

    def refuse(reason: str) -> Exception:
        return conversation.refusal(SetupError, reason, name="setup")

    setup = normalize_setup(_parsed(answer["reply"], refuse), refuse)
    conversation.release()
    return setup


class V8Session:
    """One request's run; a `Session`.

    ``inside_seconds`` is the time that pixels have taken inside the isolate so far.
    """

    def __init__(self, program: V8Program, context: RunContext, *, pool: V8Pool) -> None:
        self._input = program.setup.inputs[0]
        self._id = _matched_input(program, context)
        self._kinds: tuple[BandKind, ...] = ()
        self._rows = 0
        self.inside_seconds = 0.0
        self._conversation = Conversation(pool, program.source, seconds=context.seconds)
        # A script may rely on what setup() leaves behind; what it returns is known already.
        self._conversation.ask({"do": "setup"})
        self.outputs = self._started(program.setup.outputs, context)

    def _started(
        self, outputs: tuple[SetupOutput, ...], context: RunContext
    ) -> tuple[SetupOutput, ...]:
        """Hand over the metadata; return the outputs as updateOutput() left them."""
        facts = {
            "serviceVersion": context.service_version,
            "normalizationFactor": context.normalization_factor,
            "scenes": _as_tiles(context.scenes.get(self._id, ())),
            "outputs": _as_counts(outputs),
        }
        reply = self._conversation.ask({"do": "start", "facts": facts})["reply"]
        if not reply:
            return outputs

        def refuse(reason: str) -> Exception:
            return self._conversation.refusal(ScriptRuntimeError, reason, name="updateOutput")

        outputs = normalize_band_counts(_parsed(reply, refuse), outputs, refuse)
        self._conversation.ask({"do": "adopt", "outputs": _as_counts(outputs)})
        return outputs

    def evaluate(self, inputs: Mapping[str, InputData]) -> Mapping[str, NDArray[Any]]:
        """Return output id → (band, row, col); see `Session`.

        Raises:
            ScriptError: of every kind.
            ValueError: the data is not what a SIMPLE script can be given.
        """
        try:
            return self._evaluated(inputs[self._id])
        except BaseException:
            self.abort()
            raise

    def _evaluated(self, data: InputData) -> Mapping[str, NDArray[Any]]:
        check_stripe(self._input.bands, data)
        kinds = band_kinds(self._input.bands, data)
        _, rows, columns = data.valid.shape
        pixels = {
            output.id: np.empty((output.bands, rows, columns), output.sample_type.dtype)
            for output in self.outputs
        }
        step = max(1, _RUN_BYTES // max(1, bytes_per_pixel(kinds, self.outputs) * columns))
        for start in range(0, rows if columns else 0, step):
            stop = min(rows, start + step)
            self._run(data, kinds, slice(start, stop), pixels)
            self._rows += stop - start
        return pixels

    def _run(
        self,
        data: InputData,
        kinds: tuple[BandKind, ...],
        rows: slice,
        pixels: Mapping[str, NDArray[Any]],
    ) -> None:
        shape = (rows.stop - rows.start, data.valid.shape[2])
        talk = self._conversation
        layout = lay_out(kinds, self.outputs, pixels=shape[0] * shape[1])
        available = talk.reserve(layout.size)
        for kind, place in zip(kinds, layout.bands, strict=True):
            talk.view(place, shape=shape)[...] = data.bands[kind.name].values[0, rows]
        talk.view(layout.mask, shape=shape)[...] = data.valid[0, rows]
        answer = talk.ask(
            {
                "do": "run",
                "segment": available,
                "size": layout.size,
                "inputs": layout.input_bytes,
                "run": self._request(kinds, layout),
            },
            columns=shape[1],
            first_row=self._rows,
        )
        self.inside_seconds += answer["seconds"]
        for output, place in zip(self.outputs, layout.outputs, strict=True):
            pixels[output.id][:, rows] = talk.view(place, shape=(output.bands, *shape))

    def _request(self, kinds: tuple[BandKind, ...], layout: Layout) -> dict[str, Any]:
        """Return what the isolate is asked; the loop's text only where it is a new one."""
        text = None
        if kinds != self._kinds or self._rows == 0:
            text = write_loop(kinds, self.outputs, bands=self._input.bands)
            self._kinds = kinds
        views = [place.as_view() for place in (*layout.bands, layout.mask, *layout.outputs)]
        return {"text": text, "views": views, "count": layout.mask.length}

    def finish(self) -> Finished:
        """Run updateOutputMetadata(); see `Session`."""
        answer = self._conversation.ask({"do": "finish"})

        def refuse(reason: str) -> Exception:
            return self._conversation.refusal(
                ScriptRuntimeError, reason, name="updateOutputMetadata"
            )

        user_data = _parsed(answer["reply"], refuse) if answer["reply"] else None
        self._conversation.release()
        return Finished(
            user_data=user_data,
            console=read_console(answer["console"]),
            console_cut=bool(answer["cut"]),
        )

    def abort(self) -> None:
        """Stop at once; see `Session`."""
        self._conversation.abort()


def _matched_input(program: V8Program, context: RunContext) -> str:
    """Return the id of the request's input that the script reads."""
    wanted: SetupInput = program.setup.inputs[0]
    if wanted.datasource is None:
        return context.input_ids[0]
    if wanted.datasource in context.input_ids:
        return wanted.datasource
    raise program.source.error_at(
        SetupError,
        f'input[0].datasource is "{wanted.datasource}"; '
        f"the request has {', '.join(context.input_ids)}",
        name="setup",
    )


def _as_counts(outputs: tuple[SetupOutput, ...]) -> list[dict[str, Any]]:
    return [{"id": output.id, "bands": output.bands} for output in outputs]


def _as_tiles(scenes: Sequence[SceneFacts]) -> list[dict[str, Any]]:
    """Return the scenes as a script reads them (section 3.4 of the reference)."""
    tiles = []
    for i, scene in enumerate(scenes):
        tile: dict[str, Any] = {"date": scene.date, "dataPath": scene.data_path, "shId": scene.id}
        if scene.cloud_cover is not None:
            tile["cloudCoverage"] = scene.cloud_cover
        tiles.append({**tile, "__idx": i})
    return tiles


def _parsed(text: str, refuse: Refuse) -> Any:
    """Return JSON that a script made; halves of surrogate pairs, which UTF-8 lacks, replaced."""
    try:
        return json.loads(_ESCAPE.sub(_whole, text))
    except (ValueError, RecursionError):
        raise refuse("what the script left behind is nested too deeply") from None


def _whole(escape: re.Match[str]) -> str:
    # Well-formed JSON from V8 escapes surrogates only where they stand alone.
    half = escape[1] is not None and 0xD800 <= int(escape[1], 16) <= 0xDFFF
    return "\\ufffd" if half else escape[0]
