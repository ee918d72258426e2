"""The native tier without its safety nets: lowered, compiled and run in this process.

The engine's own way hides what a count must see: a trap sends rows to V8, a difference sends the
program back for good. Here either one shows.
"""

import sys
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from evalscripts.native.compiler import NativeCompiler
from evalscripts.native.emit import emit
from evalscripts.native.facts import read_facts
from evalscripts.native.lane import CompilerOptions
from evalscripts.native.load import Loaded, load
from evalscripts.native.lower import Declined, lower
from evalscripts.native.outcome import Outcome, Refused
from evalscripts.native.run import AbortFlag, End, Stripe
from evalscripts.native.scratch import TooMuchScratch
from evalscripts.native.verify import verify
from evalscripts.program import InputData, RunContext
from evalscripts.setup import Setup
from evalscripts.snapshot import Snapshot
from evalscripts.source import Source
from evalscripts.syntax import Unparsed, parse

sys.setrecursionlimit(max(4000, sys.getrecursionlimit()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What the compiler is given."""

    source: Source
    """In version 3's full form."""
    snapshot: Snapshot
    setup: Setup


class Taken(NativeCompiler):
    """A compiler that compiles nothing and keeps what it was given."""

    def __init__(self) -> None:
        super().__init__(CompilerOptions(workers=0))
        self.script: Script | None = None

    def submit(self, source: Source, *, snapshot: Snapshot, setup: Setup) -> "Future[Outcome]":
        """Keep the script, and refuse it: its sessions run in V8."""
        self.script = Script(source=source, snapshot=snapshot, setup=setup)
        refused: Future[Outcome] = Future()
        refused.set_result(Refused(reason="it is compiled elsewhere"))
        return refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a script runs in V8."""

    reason: str
    line: int | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Native:
    """A script's machine code."""

    loaded: Loaded
    setup: Setup

    def run(
        self, inputs: Mapping[str, InputData], context: RunContext
    ) -> dict[str, NDArray[Any]] | str:
        """Return output id → (band, row, col), or why it gave up on these pixels.

        ``inputs`` and ``context`` name the script's inputs in its own order.
        """
        facts = read_facts(self.setup, context, ids=context.input_ids, selection=context.selection)
        try:
            stripe = Stripe(self.loaded, list(inputs.values()), facts, abort=AbortFlag())
        except TooMuchScratch as much:
            return str(much)
        status = stripe.run(0, stripe.pixels)
        if status.end is not End.DONE:
            return status.reason or status.end.value
        ids = (output.id for output in self.setup.outputs)
        return dict(zip(ids, stripe.outputs, strict=True))


def compile_natively(script: Script) -> Native | Refusal:
    """Return the script as machine code, or what refused it: parser or lowering."""
    source = script.source
    try:
        program = parse(source.text)
        kernel = lower(program, script.snapshot, script.setup, text=source.text)
    except Unparsed as unparsed:
        return Refusal(reason=str(unparsed), line=source.position(unparsed.offset)[0])
    except Declined as declined:
        line = source.position(declined.node.start)[0] if declined.node is not None else None
        return Refusal(reason=declined.reason, line=line)
    verify(kernel)
    return Native(loaded=load(emit(kernel)), setup=script.setup)
