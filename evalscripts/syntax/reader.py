"""`Reader`: walks tree-sitter's tree; the modules beside it know what each kind of node means."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from tree_sitter import Language, Node
from tree_sitter_javascript import language

from evalscripts.syntax import tree

GRAMMAR = Language(language())

ReadExpression = Callable[["Reader", Node], tree.Expression]
ReadStatement = Callable[["Reader", Node], tree.Statement]
_Read = TypeVar("_Read")


def kinds(*names: str) -> frozenset[int]:
    """Return the numbers of the grammar's kinds of these names; one name may have several."""
    return frozenset(
        kind
        for kind in range(GRAMMAR.node_kind_count)
        if GRAMMAR.node_kind_is_named(kind) and GRAMMAR.node_kind_for_id(kind) in names
    )


COMMENTS = kinds("comment", "html_comment", "hash_bang_line")


class Reader:
    """One text's tree on its way from tree-sitter's words to ours."""

    __slots__ = ("_expressions", "_patterns", "_statements", "at", "has_chains", "text")

    def __init__(
        self,
        text: str,
        *,
        at: Sequence[int],
        expressions: Mapping[int, ReadExpression],
        patterns: Mapping[int, ReadExpression],
        statements: Mapping[int, ReadStatement],
    ) -> None:
        """``at`` turns an offset in bytes into one in code points."""
        self.text = text
        self.at = at
        self.has_chains = "?." in text
        self._expressions = expressions
        self._patterns = patterns
        self._statements = statements

    def expression(self, node: Node) -> tree.Expression:
        """Return an expression."""
        read = self._expressions.get(node.kind_id)
        return self.other(node) if read is None else read(self, node)

    def pattern(self, node: Node) -> tree.Expression:
        """Return what an assignment or a parameter binds."""
        read = self._patterns.get(node.kind_id)
        return self.other(node) if read is None else read(self, node)

    def statement(self, node: Node) -> tree.Statement:
        """Return a statement."""
        read = self._statements.get(node.kind_id)
        return self.other(node) if read is None else read(self, node)

    def statements(self, nodes: Sequence[Node]) -> tuple[tree.Statement, ...]:
        """Return those of the nodes that are not comments."""
        return tuple([self.statement(node) for node in nodes if node.kind_id not in COMMENTS])

    def block(self, node: Node) -> tree.Block:
        """Return a program, or the statements between braces."""
        return tree.Block(
            start=self.at[node.start_byte],
            end=self.at[end_of(node)],
            body=self.statements(node.named_children),
        )

    def other(self, node: Node, word: str = "") -> tree.Other:
        """Return the node as something that the tree has no word for."""
        return tree.Other(
            start=self.at[node.start_byte],
            end=self.at[node.end_byte],
            word=word or node.type.replace("_", " "),
        )

    def slice(self, node: Node) -> str:
        """Return the node's text."""
        return self.text[self.at[node.start_byte] : self.at[node.end_byte]]


def end_of(node: Node) -> int:
    """Return the offset in bytes behind a node's closing brace, where it has one.

    An automatic semicolon behind a block takes the comment before it into the grammar's block.
    """
    for child in reversed(node.children):
        if child.type == "}":
            return child.end_byte
    return node.end_byte


def solid(node: Node) -> list[Node]:
    """Return the node's children, words and signs included, without comments."""
    return [child for child in node.children if child.kind_id not in COMMENTS]


def named(node: Node) -> list[Node]:
    """Return the node's children without words, signs and comments."""
    return [child for child in node.named_children if child.kind_id not in COMMENTS]


def part(node: Node, field: str) -> Node:
    """Return the child that the grammar gives every node of this kind."""
    found = node.child_by_field_name(field)
    if found is None:
        raise LookupError(field)
    return found


def inner(node: Node) -> Node:
    """Return what stands between parentheses."""
    return named(node)[0]


def by_kind(readers: Mapping[str, _Read]) -> dict[int, _Read]:
    """Return the table by the grammar's numbers."""
    return {kind: read for name, read in readers.items() for kind in kinds(name)}
