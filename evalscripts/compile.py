"""`compile_script`: from a text to a `Program`, and the cache of programs."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import replace
from typing import cast

from evalscripts.errors import SetupError
from evalscripts.forms import Normalized, normalize_form
from evalscripts.native.compiler import NativeCompiler
from evalscripts.program import Program
from evalscripts.snapshot import Snapshot
from evalscripts.source import MAX_SCRIPT_BYTES, read_source
from evalscripts.tiers.program import TieredProgram
from evalscripts.v8.pool import V8Pool
from evalscripts.v8.program import Staged, V8Program, stage
from evalscripts.v8.snapshot import BadSnapshot, read_snapshot


def compile_script(
    text: str,
    *,
    pool: V8Pool,
    seconds: float,
    max_bytes: int = MAX_SCRIPT_BYTES,
    known_bands: Collection[str] = (),
    compiler: NativeCompiler | None = None,
) -> Program:
    """Return the script as a `Program`, its top level and setup() run once to know its setup.

    ``seconds`` bounds that run; ``max_bytes`` the text. ``known_bands`` are the names of the
    bands that the request's collections have: a script without setup() may mean them. Without a
    ``compiler`` everything runs in V8.

    Raises:
        ScriptError: of every kind.
    """
    source = read_source(text, max_bytes=max_bytes)
    normalized = normalize_form(source, known_bands=known_bands)
    return compile_form(normalized, pool=pool, seconds=seconds, compiler=compiler)


def compile_form(
    normalized: Normalized, *, pool: V8Pool, seconds: float, compiler: NativeCompiler | None
) -> Program:
    """Return a script in version 3's full form as a `Program`; see `compile_script`."""
    names = None if compiler is None else normalized.names
    source = normalized.source
    try:
        staged = stage(source, pool=pool, seconds=seconds, names=names)
    except SetupError:
        if not normalized.complaint:
            raise
        raise source.error_at(SetupError, normalized.complaint, name="setup") from None
    if normalized.listed:
        staged = replace(staged, setup=replace(staged.setup, listed=True))
    snapshot, refusal = _snapshot(normalized, staged)
    program = V8Program(
        source,
        staged.setup,
        pool=pool,
        hooks=staged.hooks,
        reason="every script runs in V8" if compiler is None else refusal,
        names=names,
        held=staged.held,
    )
    if compiler is None or snapshot is None:
        return program
    return TieredProgram(program, staged, snapshot, pool=pool, compiler=compiler)


def _snapshot(normalized: Normalized, staged: Staged) -> tuple[Snapshot | None, str]:
    """Return what the globals hold, or why that counts for nothing."""
    if normalized.names is None:
        return None, normalized.unread
    if staged.timely:
        return None, "it reads the clock or draws random numbers before its first pixel"
    try:
        return read_snapshot(staged.held, hooks=staged.hooks), ""
    except BadSnapshot as bad:
        return None, str(bad)


class ScriptCache:
    """Programs by their text; the least recently used go first. Thread-safe.

    Several callers of the same text at the same time share one compilation. Errors are not kept.
    A script whose meaning hangs on the known bands is kept once for each set of them.
    """

    def __init__(
        self, pool: V8Pool, *, entries: int = 256, compiler: NativeCompiler | None = None
    ) -> None:
        self._pool = pool
        self._compiler = compiler
        self.entries = entries
        """How many are kept."""
        self._lock = threading.Lock()
        self._programs: OrderedDict[bytes, Future[Program | None]] = OrderedDict()
        self.hits = 0
        """Times that a program was here, or in the making."""
        self.misses = 0
        """Times that one was compiled."""

    def get(
        self,
        text: str,
        *,
        seconds: float,
        max_bytes: int = MAX_SCRIPT_BYTES,
        known_bands: Collection[str] = (),
    ) -> Program:
        """Return the program of this text; see `compile_script`."""
        key = _key(text)

        def make() -> Program:
            return compile_script(
                text,
                pool=self._pool,
                seconds=seconds,
                max_bytes=max_bytes,
                known_bands=known_bands,
                compiler=self._compiler,
            )

        def make_unless_by_bands() -> Program | None:
            source = read_source(text, max_bytes=max_bytes)
            normalized = normalize_form(source, known_bands=known_bands)
            if normalized.by_bands:
                return None
            return compile_form(
                normalized, pool=self._pool, seconds=seconds, compiler=self._compiler
            )

        program = self._shared(key, make_unless_by_bands)
        if program is not None:
            return program
        # `make` never leaves it open.
        return cast("Program", self._shared(_key_by_bands(key, known_bands), make))

    def ready(self, text: str, *, known_bands: Collection[str] = ()) -> Program | None:
        """Return the program of this text if it is here, without waiting; else None."""
        key = _key(text)
        return self._finished(key) or self._finished(_key_by_bands(key, known_bands))

    def _finished(self, key: bytes) -> Program | None:
        with self._lock:
            known = self._programs.get(key)
            if known is None or not known.done() or known.exception() is not None:
                return None
            self._programs.move_to_end(key)
            found = known.result()
            self.hits += found is not None
            return found

    def _shared(self, key: bytes, make: Callable[[], Program | None]) -> Program | None:
        with self._lock:
            known = self._programs.get(key)
            if known is not None:
                self._programs.move_to_end(key)
                self.hits += 1
            else:
                self.misses += 1
                mine: Future[Program | None] = Future()
                self._programs[key] = mine
                while len(self._programs) > self.entries:
                    self._programs.popitem(last=False)
        if known is not None:
            return known.result()
        try:
            program = make()
        except BaseException as error:
            with self._lock:
                if self._programs.get(key) is mine:
                    del self._programs[key]
            mine.set_exception(error)
            raise
        mine.set_result(program)
        return program

    def __len__(self) -> int:
        return len(self._programs)


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _key_by_bands(key: bytes, known_bands: Collection[str]) -> bytes:
    names = "\n".join(sorted(known_bands)).encode("utf-8", "surrogatepass")
    return hashlib.sha256(key + names).digest()
