"""`TieredProgram`: a script that V8 has read, and that native code will run if it can."""

import hashlib
from collections.abc import Mapping
from concurrent.futures import Future

from evalscripts.native.compiler import NativeCompiler
from evalscripts.native.outcome import Compiled, Outcome, Refused
from evalscripts.native.rows import NativeRun
from evalscripts.program import (
    InlineRun,
    InputData,
    PixelReport,
    RunContext,
    Selection,
    Session,
)
from evalscripts.snapshot import Snapshot
from evalscripts.tiers.inline import TieredInline
from evalscripts.tiers.session import TieredSession, facts_of
from evalscripts.tiers.standing import Standing
from evalscripts.v8.facts import match_inputs
from evalscripts.v8.pool import V8Pool
from evalscripts.v8.program import Staged, V8Program

_NAME_CHARS = 12


class TieredProgram:
    """A compiled script; a `Program`. The compiler starts on it at once, in the background."""

    def __init__(
        self,
        program: V8Program,
        staged: Staged,
        snapshot: Snapshot,
        *,
        pool: V8Pool,
        compiler: NativeCompiler,
    ) -> None:
        """``program`` is what runs it in V8; ``snapshot`` is of ``staged``, which is not timely."""
        self.setup = program.setup
        self.selects = program.selects
        self._program = program
        self._pool = pool
        self._watch = compiler.watch
        # Hooks print, too, and only the isolate that ran them knows what.
        self._ends_in_v8 = bool(staged.hooks) or staged.printed

        def submit() -> "Future[Outcome]":
            return compiler.submit(program.source, snapshot=snapshot, setup=program.setup)

        digest = hashlib.sha256(program.source.text.encode()).hexdigest()
        self._standing = Standing(submit, name=digest[:_NAME_CHARS])

    @property
    def tier(self) -> str:
        """``native`` once its machine code is there, else ``v8``."""
        return "native" if isinstance(self._standing.outcome(), Compiled) else "v8"

    @property
    def reason(self) -> str:
        """Why this tier; of V8, the construct that decided it."""
        outcome = self._standing.outcome()
        if outcome is None:
            return "its machine code is being made"
        return outcome.reason if isinstance(outcome, Refused) else "all that it does is native"

    @property
    def line(self) -> int | None:
        """The line of that construct, from 1; None where there is none."""
        outcome = self._standing.outcome()
        return outcome.line if isinstance(outcome, Refused) else None

    @property
    def column(self) -> int | None:
        """Its column, from 1; None where there is none."""
        outcome = self._standing.outcome()
        return outcome.column if isinstance(outcome, Refused) else None

    def settled(self, *, seconds: float) -> bool:
        """Return whether the tier is decided, after waiting for it so long; for `check`."""
        return self._standing.awaited(seconds=seconds) is not None

    def select(self, context: RunContext) -> Selection:
        """Run the hooks that choose scenes and outputs, in V8; see `Program`."""
        return self._program.select(context)

    def debug(self, context: RunContext, inputs: Mapping[str, InputData]) -> PixelReport:
        """Return everything about one pixel, from V8; see `Program`."""
        return self._program.debug(context, inputs)

    def open(self, context: RunContext) -> Session:
        """Start a request's run; takes a V8 worker only where V8 has something to do.

        Raises:
            ScriptError: of every kind, `ScriptTierUnavailable` where no worker is free.
        """
        self._standing.renew()
        outcome = self._standing.outcome()
        if isinstance(outcome, Refused) or not self._is_foreseen(context):
            return self._program.open(context)
        session = TieredSession(
            self._program,
            context,
            standing=self._standing,
            watch=self._watch,
            ends_in_v8=self._ends_in_v8,
        )
        if outcome is None and self._pool.is_free_soon():
            session.prepare()
        return session

    def inline(self, context: RunContext) -> InlineRun | None:
        """Return a run that needs no session, where machine code does it all; see `Program`."""
        outcome = self._standing.outcome()
        is_proven = self._standing.is_checked and not self._ends_in_v8
        if not (is_proven and isinstance(outcome, Compiled)):
            return None
        ids = match_inputs(self._program.source, self.setup, context)
        facts = facts_of(outcome, self.setup, context, ids=ids)
        native = NativeRun(outcome.loaded, facts, watch=self._watch, spread=None)
        return TieredInline(self._program, context, ids=ids, native=native, standing=self._standing)

    def _is_foreseen(self, context: RunContext) -> bool:
        """Return whether the hooks left the outputs and globals as the machine code has them."""
        if not self.selects:
            return True
        chosen = context.selection
        if chosen is None or chosen.changes_globals:
            return False
        return chosen.outputs == self.setup.outputs
