"""`V8Session`: one request's run of a script, in an isolate of its own."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalscripts.errors import ScriptRuntimeError
from evalscripts.normalize import normalize_band_counts
from evalscripts.program import Finished, InputData, RunContext, Selection
from evalscripts.setup import Mosaicking, Setup, SetupOutput
from evalscripts.source import Source
from evalscripts.v8.conversation import Conversation, clock_now, read_console, read_json
from evalscripts.v8.facts import as_counts, as_facts, input_keys, match_inputs
from evalscripts.v8.pixels import (
    Layout,
    SamplesKind,
    bytes_per_pixel,
    check_stripe,
    lay_out,
    part_kind,
    write_loop,
)
from evalscripts.v8.pool import V8Pool

_RUN_BYTES = 32 * 1024 * 1024


class Opened:
    """A script whose top level, setup() and hooks have run for a request."""

    def __init__(
        self,
        source: Source,
        setup: Setup,
        context: RunContext,
        *,
        pool: V8Pool,
        names: tuple[str, ...] | None = None,
        spent: float = 0.0,
    ) -> None:
        """Run them; ``names`` are the globals that the snapshot afterwards is asked for.

        ``spent`` is how many of the context's seconds are used already.

        Raises:
            ScriptError: of every kind; a hook that chooses otherwise than ``context.selection``
                says is one.
        """
        self.ids = match_inputs(source, setup, context)
        now = context.selection.now if context.selection is not None else None
        self.now = clock_now() if now is None else now
        self.conversation = Conversation(pool, source, seconds=context.seconds, spent=spent)
        facts = as_facts(setup, context, ids=self.ids, now=self.now)
        reply = self.conversation.begin("start", now=self.now, facts=facts, names=names)
        found = self._read(reply)
        self.held: object = found["held"]
        """The snapshot as snapshot.js wrote it, parsed from JSON."""
        self.kept = dict(zip(self.ids, (tuple(kept) for kept in found["kept"]), strict=True))
        self.outputs = setup.outputs
        if found["bands"] is not None:
            self.outputs = normalize_band_counts(found["bands"], setup.outputs, self._refuse)
        if context.selection is not None:
            self._compare(setup, context.selection)

    def _read(self, reply: str) -> Any:
        return read_json(reply, self._refuse)

    def _refuse(self, reason: str) -> Exception:
        return self.conversation.refusal(ScriptRuntimeError, reason, name="updateOutput")

    def _compare(self, setup: Setup, selection: Selection) -> None:
        """Raise where the hooks chose otherwise than they did before."""
        for wanted, name in zip(setup.inputs, self.ids, strict=True):
            if wanted.mosaicking is Mosaicking.SIMPLE:
                continue
            if self.kept[name] != selection.kept.get(name, self.kept[name]):
                raise self.conversation.refusal(
                    ScriptRuntimeError,
                    "called twice with the same scenes, the hook chose different ones; "
                    "it must not depend on anything else",
                    name="preProcessScenes",
                )
        if self.outputs != selection.outputs:
            raise self._refuse(
                "called twice with the same scenes, updateOutput() set different numbers of "
                "bands; it must not depend on anything else"
            )


class V8Session:
    """One request's run; a `Session`.

    ``inside_seconds`` is the time that pixels have taken inside the isolate so far.
    """

    def __init__(
        self,
        source: Source,
        setup: Setup,
        context: RunContext,
        *,
        pool: V8Pool,
        spent: float = 0.0,
    ) -> None:
        self._inputs = setup.inputs
        self._fusion = setup.is_fusion
        self._listed = setup.listed or setup.inputs[0].mosaicking is not Mosaicking.SIMPLE
        self._kind: SamplesKind | None = None
        self._watch: str | None = None
        self._rows = 0
        self.inside_seconds = 0.0
        opened = Opened(source, setup, context, pool=pool, spent=spent)
        self._conversation = opened.conversation
        self._ids = opened.ids
        self._keys = input_keys(setup)
        self._kept = opened.kept
        self.outputs: tuple[SetupOutput, ...] = opened.outputs

    def seek(self, row: int) -> None:
        """Say in which row of the request the next stripe begins, for the places of errors."""
        self._rows = row

    def watch(self, inputs: Mapping[str, InputData], mode: str) -> Mapping[str, NDArray[Any]]:
        """Return what `evaluate` returns of a single pixel, and fill `trace`.

        ``mode``: ``look`` shows what the script would be given, without running it; ``watch``
        runs it.
        """
        self._watch, self._kind = mode, None
        try:
            return self.evaluate(inputs)
        finally:
            self._watch, self._kind = None, None

    @property
    def spent(self) -> float:
        """How many seconds the isolate has worked for this session."""
        return self._conversation.spent

    @property
    def trace(self) -> Mapping[str, Any]:
        """What has been seen of a watched pixel: samples, scenes, returned, from, to."""
        return self._conversation.trace

    def evaluate(self, inputs: Mapping[str, InputData]) -> Mapping[str, NDArray[Any]]:
        """Return output id → (band, row, col); see `Session`.

        Raises:
            ScriptError: of every kind.
            ValueError: the data is not what the script can be given.
        """
        try:
            return self._evaluated([inputs[name] for name in self._ids])
        except BaseException:
            self.abort()
            raise

    def _evaluated(self, data: list[InputData]) -> Mapping[str, NDArray[Any]]:
        kind = self._checked(data)
        _, rows, columns = data[0].valid.shape
        pixels = {
            output.id: np.empty((output.bands, rows, columns), output.sample_type.dtype)
            for output in self.outputs
        }
        step = max(1, _RUN_BYTES // max(1, bytes_per_pixel(kind, self.outputs) * columns))
        for start in range(0, rows if columns else 0, step):
            stop = min(rows, start + step)
            self._run(data, kind, slice(start, stop), pixels)
            self._rows += stop - start
        return pixels

    def _checked(self, data: list[InputData]) -> SamplesKind:
        """Return the kind of the data, which must be what the script was promised."""
        parts = []
        for wanted, name, key, part in zip(self._inputs, self._ids, self._keys, data, strict=True):
            scenes: int | None = len(self._kept[name])
            if wanted.mosaicking is Mosaicking.SIMPLE:
                scenes = None if self._fusion else 1
            check_stripe(wanted.bands, part, scenes=scenes)
            if part.valid.shape[1:] != data[0].valid.shape[1:]:
                raise ValueError("all inputs must have the same rows and columns")
            parts.append(part_kind(key, wanted.bands, part))
        return SamplesKind(parts=tuple(parts), by_id=self._fusion, listed=self._listed)

    def _run(
        self,
        data: list[InputData],
        kind: SamplesKind,
        rows: slice,
        pixels: Mapping[str, NDArray[Any]],
    ) -> None:
        shape = (rows.stop - rows.start, data[0].valid.shape[2])
        talk = self._conversation
        layout = lay_out(kind, self.outputs, pixels=shape[0] * shape[1])
        available = talk.reserve(layout.size)
        for part, about, places in zip(data, kind.parts, layout.parts, strict=True):
            stack = (about.scenes, *shape)
            for band, place in zip(about.bands, places.bands, strict=True):
                talk.view(place, shape=stack)[...] = part.bands[band.name].values[:, rows]
            talk.view(places.mask, shape=stack)[...] = part.valid[:, rows]
        answer = talk.ask(
            {
                "do": "run",
                "segment": available,
                "size": layout.size,
                "inputs": layout.input_bytes,
                "run": self._request(kind, layout),
            },
            columns=0 if self._watch else shape[1],
            first_row=self._rows,
        )
        self.inside_seconds += answer["seconds"]
        for output, place in zip(self.outputs, layout.outputs, strict=True):
            pixels[output.id][:, rows] = talk.view(place, shape=(output.bands, *shape))

    def _request(self, kind: SamplesKind, layout: Layout) -> dict[str, Any]:
        """Return what the isolate is asked; the loop's text only where it is a new one."""
        text = None
        if kind != self._kind:
            text = write_loop(kind, self.outputs)
            self._kind = kind
        return {
            "text": text,
            "outputs": as_counts(self.outputs),
            "views": layout.as_views(),
            "count": layout.pixels,
            "watch": self._watch,
        }

    def finish(self) -> Finished:
        """Run updateOutputMetadata(); see `Session`."""
        answer = self._conversation.ask({"do": "finish"})

        def refuse(reason: str) -> Exception:
            return self._conversation.refusal(
                ScriptRuntimeError, reason, name="updateOutputMetadata"
            )

        user_data = read_json(answer["reply"], refuse) if answer["reply"] else None
        self._conversation.release()
        return Finished(
            user_data=user_data,
            console=read_console(answer["console"]),
            console_cut=bool(answer["cut"]),
        )

    def release(self) -> None:
        """Give the worker back unasked: the script leaves nothing behind."""
        self._conversation.release()

    def abort(self) -> None:
        """Stop at once; see `Session`."""
        self._conversation.abort()
