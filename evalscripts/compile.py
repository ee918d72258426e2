"""`compile_script`: from a text to a `Program`, and the cache of programs."""

import hashlib
import re
import threading
from collections import OrderedDict
from concurrent.futures import Future

from evalscripts.errors import ScriptSyntaxError, SetupError
from evalscripts.program import Program
from evalscripts.setup import Mosaicking, Setup
from evalscripts.source import MAX_SCRIPT_BYTES, Source, read_source
from evalscripts.v8.pool import V8Pool
from evalscripts.v8.program import V8Program, read_setup

_VERSION_1_CALLS = re.compile(r"\bset(?:InputComponents|OutputComponentCount)\s*\(")


def compile_script(
    text: str, *, pool: V8Pool, seconds: float, max_bytes: int = MAX_SCRIPT_BYTES
) -> Program:
    """Return the script as a `Program`, its top level and setup() run once to know its setup.

    ``seconds`` bounds that run; ``max_bytes`` the text.

    Raises:
        ScriptError: of every kind; `SetupError` also for forms that are not supported yet.
    """
    source = read_source(text, max_bytes=max_bytes)
    _refuse_old_forms(source)
    try:
        setup = read_setup(source, pool=pool, seconds=seconds)
    except ScriptSyntaxError as error:
        if _is_bare(source, error):
            raise source.error(
                SetupError,
                "scripts without setup() and evaluatePixel(), which return at their top level, "
                "are not supported yet; define both functions",
                line=error.line,
                column=error.column,
            ) from None
        raise
    _refuse_unsupported(source, setup)
    return V8Program(source, setup, pool=pool)


class ScriptCache:
    """Programs by their text; the least recently used go first. Thread-safe.

    Several callers of the same text at the same time share one compilation. Errors are not kept.
    """

    def __init__(self, pool: V8Pool, *, entries: int = 256) -> None:
        self._pool = pool
        self._entries = entries
        self._lock = threading.Lock()
        self._programs: OrderedDict[bytes, Future[Program]] = OrderedDict()

    def get(self, text: str, *, seconds: float, max_bytes: int = MAX_SCRIPT_BYTES) -> Program:
        """Return the program of this text; see `compile_script`."""
        key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        with self._lock:
            known = self._programs.get(key)
            if known is not None:
                self._programs.move_to_end(key)
            else:
                mine: Future[Program] = Future()
                self._programs[key] = mine
                while len(self._programs) > self._entries:
                    self._programs.popitem(last=False)
        if known is not None:
            return known.result()
        try:
            program = compile_script(text, pool=self._pool, seconds=seconds, max_bytes=max_bytes)
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


def _refuse_old_forms(source: Source) -> None:
    """Raise for versions 1 and 2, which say by themselves what they are."""
    found = _VERSION_1_CALLS.search(source.text)
    if found and source.version in (None, 1):
        line, column = source.position(found.start())
        raise source.error(
            SetupError,
            "version 1 scripts (setInputComponents, setOutputComponentCount) are not supported "
            "yet; write a version 3 script",
            line=line,
            column=column,
        )
    if source.version is not None and source.version != 3:
        raise SetupError(
            f"version {source.version} scripts are not supported yet; write a version 3 script"
        )


def _is_bare(source: Source, error: ScriptSyntaxError) -> bool:
    return "Illegal return statement" in error.message and source.definition("setup")[0] is None


def _refuse_unsupported(source: Source, setup: Setup) -> None:
    def refusal(reason: str) -> SetupError:
        return source.error_at(SetupError, reason, name="setup")

    if len(setup.inputs) > 1:
        raise refusal(
            f"data fusion ({len(setup.inputs)} inputs) is not supported yet; use one input"
        )
    mosaicking = setup.inputs[0].mosaicking
    if mosaicking is not Mosaicking.SIMPLE:
        raise refusal(f"mosaicking {mosaicking.value} is not supported yet; SIMPLE is")
