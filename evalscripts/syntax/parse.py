"""`parse`: from a text that V8 accepts to the tree."""

import itertools
from collections.abc import Sequence

from tree_sitter import Node, Parser

from evalscripts.syntax import tree
from evalscripts.syntax.expressions import EXPRESSIONS
from evalscripts.syntax.patterns import PATTERNS
from evalscripts.syntax.reader import GRAMMAR, Reader
from evalscripts.syntax.statements import STATEMENTS


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
        Unparsed: it is not JavaScript, or in a way that the grammar does not know; `TooDeep`.
    """
    if (offset := text.find("<!--")) >= 0:
        # A comment to browsers, and to V8; the grammar may see operators.
        raise Unparsed("<!-- may be a comment", offset=offset)
    encoded = text.encode()
    at: Sequence[int] = range(len(encoded) + 1)
    if len(encoded) != len(text):
        starts = ((byte & 0xC0) != 0x80 for byte in encoded)
        at = list(itertools.accumulate(starts, initial=0))
    root = Parser(GRAMMAR).parse(encoded).root_node
    if root.has_error:
        place = at[_first_error(root).start_byte]
        raise Unparsed("the grammar cannot read it", offset=place)
    reader = Reader(text, at=at, expressions=EXPRESSIONS, patterns=PATTERNS, statements=STATEMENTS)
    try:
        return reader.block(root)
    except RecursionError:
        raise TooDeep("its constructs are nested too deeply") from None


def _first_error(node: Node) -> Node:
    while not (node.is_error or node.is_missing):
        found = next((child for child in node.children if child.has_error), None)
        if found is None:
            return node
        node = found
    return node
