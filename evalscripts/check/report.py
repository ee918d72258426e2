"""`check_script`: everything that is known of a script before its first pixel."""

from collections.abc import Collection
from dataclasses import dataclass

from evalscripts.check.reading import reading_remarks
from evalscripts.check.returning import returning_remarks
from evalscripts.check.subject import Remark, Subject
from evalscripts.compile import compile_form
from evalscripts.errors import ScriptError
from evalscripts.forms import normalize_form
from evalscripts.native.compiler import NativeCompiler
from evalscripts.setup import Setup
from evalscripts.source import MAX_SCRIPT_BYTES, read_source
from evalscripts.syntax import Unparsed, parse
from evalscripts.tiers.program import TieredProgram
from evalscripts.v8.pool import V8Pool

_HOOKS = ("preProcessScenes", "filterScenes", "updateOutput", "updateOutputMetadata")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What a script is, and what is probably wrong with it."""

    form: str
    """``V1``, ``V1 bare``, ``V2``, ``V3`` or ``V3 bare``."""
    setup: Setup
    """Inputs with their bands, units and mosaicking; outputs."""
    hooks: tuple[str, ...]
    """Which of preProcessScenes, filterScenes, updateOutput and updateOutputMetadata exist."""
    tier: str
    """``native`` or ``v8``."""
    reason: str
    """Why; of V8, the construct that decided it."""
    line: int | None
    """The line of that construct."""
    column: int | None
    excerpt: str | None
    """That line with a caret under the column."""
    remarks: tuple[Remark, ...]
    """In the order of the text."""


def check_script(
    text: str,
    *,
    pool: V8Pool,
    seconds: float,
    max_bytes: int = MAX_SCRIPT_BYTES,
    known_bands: Collection[str] = (),
    compiler: NativeCompiler | None = None,
) -> CheckReport:
    """Return what a script is; waits up to ``seconds`` more until its tier is decided.

    Raises:
        ScriptError: of every kind; what V8 does not accept has no report.
    """
    source = read_source(text, max_bytes=max_bytes)
    normalized = normalize_form(source, known_bands=known_bands)
    program = compile_form(normalized, pool=pool, seconds=seconds, compiler=compiler)
    column: int | None = None
    if isinstance(program, TieredProgram):
        program.settled(seconds=seconds)
        column = program.column
    hooks: tuple[str, ...] = ()
    remarks: list[Remark] = []
    try:
        subject = Subject(normalized.source, program.setup, parse(normalized.source.text))
    except Unparsed:
        # V8 reads more than the grammar does; there is no tree to remark on.
        pass
    else:
        names = subject.names.declared.keys() | subject.names.written
        hooks = tuple(hook for hook in _HOOKS if hook in names)
        found = [*reading_remarks(subject), *returning_remarks(subject)]
        # What a form has added is behind the last line.
        lines = len(normalized.source.lines)
        remarks = [one for one in found if one.line is None or one.line <= lines]
    place = normalized.source.error(ScriptError, program.reason, line=program.line, column=column)
    return CheckReport(
        form=normalized.source.form,
        setup=program.setup,
        hooks=hooks,
        tier=program.tier,
        reason=program.reason,
        line=place.line,
        column=place.column,
        excerpt=place.excerpt,
        remarks=tuple(sorted(remarks, key=lambda one: (one.line or 0, one.column or 0))),
    )
