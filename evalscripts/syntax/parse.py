"""`parse`: from a text that V8 accepts to the tree."""

import itertools
import time
from collections.abc import Sequence

from tree_sitter import Node, Parser

from evalscripts.syntax import tree
from evalscripts.syntax.expressions import EXPRESSIONS
from evalscripts.syntax.patterns import PATTERNS
from evalscripts.syntax.reader import GRAMMAR, Reader
from evalscripts.syntax.statements import STATEMENTS

_MAX_NODES = 100_000
_MAX_BRACKETS = 20_000
_MAX_OPEN = 10_000
_NO_BRACKETS = bytes(set(range(256)) - set(b"([{}])"))
_STEPS = {**dict.fromkeys(b"([{", 1), **dict.fromkeys(b"}])", -1)}
_SECONDS = 1.0
_CHUNK_BYTES = 65536
_TOO_DEEP = "its constructs are nested too deeply"
_UNREADABLE = "the grammar cannot read it"


class Unparsed(Exception):
    """The text has no tree."""

    def __init__(self, reason: str, *, offset: int = 0) -> None:
        """``offset`` in code points."""
        super().__init__(reason)
        self.offset = offset


class TooDeep(Unparsed):
    """Its constructs are nested too deeply to be walked."""


def parse(text: str) -> tree.Block:
    """Return the program's statements.

    ``text`` holds no halves of surrogate pairs. A ``return`` may stand outside of functions.

    Raises:
        Unparsed: it is not JavaScript, or in a way that the grammar does not know, or too much;
            `TooDeep`.
    """
    if (offset := text.find("<!--")) >= 0:
        # A comment to browsers, and to V8; the grammar may see operators.
        raise Unparsed("<!-- may be a comment", offset=offset)
    encoded = text.encode()
    at: Sequence[int] = range(len(encoded) + 1)
    if len(encoded) != len(text):
        starts = ((byte & 0xC0) != 0x80 for byte in encoded)
        at = list(itertools.accumulate(starts, initial=0))
    _check_brackets(encoded)
    root = _parsed(encoded, at)
    if root.has_error:
        raise Unparsed(_UNREADABLE, offset=at[_first_error(root).start_byte])
    if root.descendant_count > _MAX_NODES:
        raise Unparsed(f"it has more than {_MAX_NODES:,} parts")
    reader = Reader(text, at=at, expressions=EXPRESSIONS, patterns=PATTERNS, statements=STATEMENTS)
    try:
        return reader.block(root)
    except RecursionError:
        raise TooDeep(_TOO_DEEP) from None


def _check_brackets(encoded: bytes) -> None:
    """Raise where brackets left open would keep the grammar, which nothing interrupts at the end.

    Those in texts and comments count as well: no script comes near.
    """
    steps = [_STEPS[byte] for byte in encoded.translate(None, _NO_BRACKETS)]
    if max(itertools.accumulate(steps), default=0) > _MAX_OPEN:
        raise TooDeep(_TOO_DEEP)
    if steps.count(1) > _MAX_BRACKETS:
        raise Unparsed(f"it has more than {_MAX_BRACKETS:,} brackets")


def _parsed(encoded: bytes, at: Sequence[int]) -> Node:
    """Return the grammar's root; stops at errors and in time, as texts can be made to be slow.

    Being asked whether to go on also lets other threads run meanwhile.
    """
    deadline = time.monotonic() + _SECONDS
    reached = 0

    def stops(offset: int, has_error: bool) -> bool:  # noqa: FBT001 -- tree-sitter calls it so
        nonlocal reached
        reached = offset
        return has_error or time.monotonic() > deadline

    def read(offset: int, _: object) -> bytes:
        return encoded[offset : offset + _CHUNK_BYTES]

    try:
        return Parser(GRAMMAR).parse(read, progress_callback=stops).root_node
    except ValueError:
        slow = time.monotonic() > deadline
        reason = "the grammar needs too long to read it" if slow else _UNREADABLE
        raise Unparsed(reason, offset=at[min(reached, len(encoded))]) from None


def _first_error(node: Node) -> Node:
    while not (node.is_error or node.is_missing):
        found = next((child for child in node.children if child.has_error), None)
        if found is None:
            return node
        node = found
    return node
