"""`V8Program`: a script whose every request runs in an isolate of its own, and how it is staged."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from evalscripts.errors import SetupError
from evalscripts.normalize import normalize_setup
from evalscripts.program import InputData, PixelReport, RunContext, Selection
from evalscripts.setup import Mosaicking, Setup
from evalscripts.source import Source
from evalscripts.v8.conversation import Conversation, read_json
from evalscripts.v8.debug import debug_pixel
from evalscripts.v8.pool import V8Pool
from evalscripts.v8.session import Opened, V8Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """What is known of a script once its top level and setup() have run."""

    setup: Setup
    hooks: frozenset[str]
    """Which of preProcessScenes, filterScenes, updateOutput and updateOutputMetadata exist."""
    timely: bool
    """Whether it has read the clock or drawn a random number: another run may find other
    constants."""
    printed: bool
    """Whether it has written to the console."""
    held: object
    """The snapshot as snapshot.js wrote it, parsed from JSON; None where none was asked for."""


class V8Program:
    """A compiled script; a `Program`."""

    tier = "v8"
    line: int | None = None

    def __init__(
        self,
        source: Source,
        setup: Setup,
        *,
        pool: V8Pool,
        hooks: frozenset[str] = frozenset(),
        reason: str = "every script runs in V8",
        names: tuple[str, ...] | None = None,
        held: object = None,
    ) -> None:
        """``hooks`` are `Staged.hooks`; ``held`` is its snapshot, which ``names`` asked for."""
        self.source = source
        self.setup = setup
        self.reason = reason
        several = any(part.mosaicking is not Mosaicking.SIMPLE for part in setup.inputs)
        choosing = hooks & {"preProcessScenes", "filterScenes"} if several else frozenset()
        self.selects = bool(choosing) or "updateOutput" in hooks
        self._pool = pool
        self._names = names if self.selects else None
        self._held = _digest(held) if self.selects else b""

    def open(self, context: RunContext, *, spent: float = 0.0) -> V8Session:
        """Start a request's run in a new isolate; blocks until top level, setup and hooks ran.

        ``spent`` is how many of its seconds the request has used already.

        Raises:
            ScriptError: of every kind, `ScriptTierUnavailable` where no worker is free.
        """
        return V8Session(self.source, self.setup, context, pool=self._pool, spent=spent)

    def inline(self, context: RunContext) -> None:
        """Return None: an isolate is another process; see `Program`."""

    def debug(self, context: RunContext, inputs: Mapping[str, InputData]) -> PixelReport:
        """Return everything about one pixel; see `debug_pixel`."""
        return debug_pixel(lambda: self.open(context), inputs)

    def select(self, context: RunContext) -> Selection:
        """Return what the hooks choose; see `Program`.

        Raises:
            ScriptError: of every kind, `ScriptTierUnavailable` where no worker is free.
        """
        opened = Opened(self.source, self.setup, context, pool=self._pool, names=self._names)
        opened.conversation.release()
        return Selection(
            kept={
                name: opened.kept[name]
                for name, part in zip(opened.ids, self.setup.inputs, strict=True)
                if part.mosaicking is not Mosaicking.SIMPLE
            },
            outputs=opened.outputs,
            now=opened.now,
            changes_globals=_digest(opened.held) != self._held,
        )


def _digest(held: object) -> bytes:
    """Return what tells snapshots apart; they may be large themselves."""
    return hashlib.sha256(json.dumps(held).encode()).digest()


def stage(
    source: Source, *, pool: V8Pool, seconds: float, names: tuple[str, ...] | None = None
) -> Staged:
    """Run a script's top level and setup() in an isolate that is thrown away.

    ``names`` are the globals that the snapshot is asked for.

    Raises:
        ScriptError: of every kind.
    """
    conversation = Conversation(pool, source, seconds=seconds)
    reply = conversation.begin("stage", names=names)

    def refuse(reason: str) -> Exception:
        return conversation.refusal(SetupError, reason, name="setup")

    found = read_json(reply, refuse)
    setup = normalize_setup(found["setup"], refuse)
    conversation.release()
    return Staged(
        setup=setup,
        hooks=frozenset(found["hooks"]),
        timely=found["timely"],
        printed=found["printed"],
        held=found["held"],
    )


def read_setup(source: Source, *, pool: V8Pool, seconds: float) -> Setup:
    """Return what setup() returned; see `stage`."""
    return stage(source, pool=pool, seconds=seconds).setup
