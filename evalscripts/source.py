"""The user's text as a value, and errors that point into it.

V8 compiles the text as a script of its own called ``evalscript.js``. Forms other than version 3's
have something of ours on their first line and behind their last, so line numbers are the user's
everywhere. `blame` turns what V8 prints for an exception into a `ScriptError`.
"""

import re
from dataclasses import dataclass
from typing import TypeVar

from evalscripts.errors import ScriptError, ScriptLimitExceeded

SCRIPT_NAME = "evalscript.js"
MAX_SCRIPT_BYTES = 256 * 1024

_LINE_ENDS = re.compile("\r\n|[\n\r\u2028\u2029]")
_VERSION = re.compile(r"^[ \t]*//[ \t]*VERSION[ \t]*=[ \t]*(\d+)", re.MULTILINE | re.IGNORECASE)
_HEADER = re.compile(r"(?P<file>[^\n]*?):(?P<line>\d+): ")
_CARET = re.compile(r"\n(?P<line>[^\n]*)\n(?P<pad> *)\^+\n")
_FRAME = re.compile(r"^ +at (?P<frame>.+)$", re.MULTILINE)
_PLACE = re.compile(re.escape(SCRIPT_NAME) + r":(?P<line>\d+):(?P<column>\d+)")

_MAX_MESSAGE_CHARS = 4000
_EXCERPT_CHARS = 120

_Error = TypeVar("_Error", bound=ScriptError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One evalscript's text."""

    text: str
    """What V8 compiles: the user's text without a byte order mark, and what a form adds."""
    version: int | None
    """From the first ``//VERSION=n`` line, wherever it stands; None without one."""
    lines: tuple[str, ...]
    """The user's, as V8 counts them; line 1 is first."""
    form: str = "V3"
    """``V1``, ``V1 bare``, ``V2``, ``V3`` or ``V3 bare``."""
    shift: int = 0
    """How many UTF-16 units of ours stand before the first line."""
    entry: tuple[int, int] | None = None
    """Line and column of a bare script's first return."""

    def error(
        self,
        kind: type[_Error],
        message: str,
        *,
        line: int | None = None,
        column: int | None = None,
        stack: tuple[str, ...] = (),
    ) -> _Error:
        """Return an error of this kind with the excerpt of its place, where it has one."""
        if line is None:
            return kind(message, stack=stack)
        line = min(line, len(self.lines))
        text = self.lines[line - 1]
        last = utf16_length(text) + 1
        column = last if column is None else min(column, last)
        excerpt = _excerpt(text, column=column)
        return kind(message, line=line, column=column, excerpt=excerpt, stack=stack)

    def blame(self, kind: type[_Error], report: str, *, note: str = "") -> _Error:
        """Return an error made of what V8 prints for an uncaught exception.

        The place is the topmost frame inside the script, or where V8 saw the throw. ``note`` is
        added to the message.
        """
        header = _HEADER.match(report)
        rest = report[header.end() :] if header else report
        caret = _CARET.search(rest)
        message = (rest[: caret.start()] if caret else rest).strip()
        if caret and not rest[caret.end() :].strip():
            # Only errors carry a stack; anything else can be thrown too.
            message = f"the script threw: {message}"
        frames = self._user_frames(_FRAME.findall(rest[caret.end() :] if caret else rest))
        if len(message) > _MAX_MESSAGE_CHARS:
            message = message[:_MAX_MESSAGE_CHARS] + "… (cut)"
        line: int | None = None
        column: int | None = None
        if frames and (place := _PLACE.search(frames[0])):
            line, column = int(place["line"]), int(place["column"])
        elif header and caret and header["file"] in (SCRIPT_NAME, "<anonymous>"):
            line, column = int(header["line"]), len(caret["pad"]) + 1
            if line > len(self.lines):
                # An unclosed bracket, string or comment, or what our lines throw again.
                line, column = self.entry or (len(self.lines), None)
            elif line == 1:
                column = max(1, column - self.shift)
        stack = tuple(f"at {frame}" for frame in frames)
        return self.error(kind, message + note, line=line, column=column, stack=stack)

    def _user_frames(self, frames: list[str]) -> tuple[str, ...]:
        """Return the frames inside the user's text, with the user's columns."""
        kept = []
        for frame in frames:
            place = _PLACE.search(frame)
            if place is None:
                continue
            line, column = int(place["line"]), int(place["column"])
            if line == 1:
                column -= self.shift
            if line <= len(self.lines) and column > 0:
                shown = f"{SCRIPT_NAME}:{line}:{column}"
                kept.append(frame[: place.start()] + shown + frame[place.end() :])
        return tuple(kept)

    @property
    def version_line(self) -> int | None:
        """The line that says the version; None without one."""
        found = (i for i, line in enumerate(self.lines, start=1) if _VERSION.match(line))
        return next(found, None)

    def definition(self, name: str) -> tuple[int, int] | tuple[None, None]:
        """Return line and column of a function's definition, as well as the text can tell."""
        pattern = re.compile(rf"\b(?:function\s+{name}\b|{name}\s*=)")
        for number, line in enumerate(self.lines, start=1):
            if line.lstrip().startswith(("//", "*", "/*")):
                continue
            if found := pattern.search(line):
                return number, utf16_length(line[: found.start()]) + 1
        return self.entry or (None, None)

    def position(self, offset: int) -> tuple[int, int]:
        """Return the user's line and column of a character, by its offset in the text."""
        before = _LINE_ENDS.split(self.text[:offset])
        column = utf16_length(before[-1]) + 1
        return len(before), max(1, column - self.shift) if len(before) == 1 else column

    def error_at(self, kind: type[_Error], message: str, *, name: str) -> _Error:
        """Return an error that points at the definition of a function."""
        line, column = self.definition(name)
        return self.error(kind, message, line=line, column=column)


def read_source(text: str, *, max_bytes: int = MAX_SCRIPT_BYTES) -> Source:
    """Return the text as a `Source`.

    Raises:
        ScriptLimitExceeded: it is longer than ``max_bytes`` in UTF-8.
    """
    # Half a surrogate pair, as JSON may carry it, has no UTF-8.
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    size = len(text.encode())
    if size > max_bytes:
        raise ScriptLimitExceeded(
            f"the script is {size:,} bytes long; at most {max_bytes:,} are allowed"
        )
    text = text.removeprefix("\ufeff")
    found = _VERSION.search(text)
    return Source(
        text=text,
        version=int(found[1]) if found else None,
        lines=tuple(_LINE_ENDS.split(text)),
    )


def utf16_length(text: str) -> int:
    """Return the length as JavaScript counts it."""
    return len(text) + sum(character > "\uffff" for character in text)


def _excerpt(line: str, *, column: int) -> str:
    """Return the line, cut around the column, with a caret under it."""
    position = 0
    units = column - 1
    while units > 0 and position < len(line):
        units -= 2 if line[position] > "\uffff" else 1
        position += 1
    start = max(0, position - _EXCERPT_CHARS // 2) if len(line) > _EXCERPT_CHARS else 0
    shown = line[start : start + _EXCERPT_CHARS]
    before = shown[: position - start]
    if start:
        shown, before = "…" + shown, "…" + before
    if start + _EXCERPT_CHARS < len(line):
        shown += "…"
    pad = "".join("\t" if character == "\t" else " " for character in before)
    return f"{shown}\n{pad}^"
