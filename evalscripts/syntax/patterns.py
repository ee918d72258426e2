"""Patterns: what assignments, declarations, loops and parameters bind."""

from tree_sitter import Node

from evalscripts.syntax import tree
from evalscripts.syntax.expressions import EXPRESSIONS
from evalscripts.syntax.functions import read_key
from evalscripts.syntax.literals import unescaped
from evalscripts.syntax.reader import Reader, ReadExpression, by_kind, inner, named, solid


def _parentheses(reader: Reader, node: Node) -> tree.Expression:
    return reader.pattern(inner(node))


def _array(reader: Reader, node: Node) -> tree.Expression:
    elements: list[tree.Expression | None] = []
    after_comma = True
    for child in solid(node)[1:-1]:
        if child.is_named:
            elements.append(reader.pattern(child))
            after_comma = False
        else:
            if after_comma:
                elements.append(None)
            after_comma = True
    return tree.ArrayPattern(
        start=reader.at[node.start_byte], end=reader.at[node.end_byte], elements=tuple(elements)
    )


def _object(reader: Reader, node: Node) -> tree.Expression:
    properties: list[tuple[str | tree.Expression, tree.Expression]] = []
    rest: tree.Expression | None = None
    for child in named(node):
        if child.type in {"pair_pattern", "pair"}:
            key, _, value = solid(child)
            properties.append((read_key(reader, key), reader.pattern(value)))
        elif child.type in {"rest_pattern", "spread_element"}:
            rest = reader.pattern(inner(child))
        else:
            target = reader.pattern(child)
            bound = target.target if isinstance(target, tree.Default) else target
            properties.append((bound.name if isinstance(bound, tree.Name) else bound, target))
    return tree.ObjectPattern(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        properties=tuple(properties),
        rest=rest,
    )


def _default(reader: Reader, node: Node) -> tree.Expression:
    target, _, value = solid(node)
    return tree.Default(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        target=reader.pattern(target),
        value=reader.expression(value),
    )


def _rest(reader: Reader, node: Node) -> tree.Expression:
    return tree.Rest(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        target=reader.pattern(inner(node)),
    )


def _shorthand(reader: Reader, node: Node) -> tree.Expression:
    start, end = reader.at[node.start_byte], reader.at[node.end_byte]
    return tree.Name(start=start, end=end, name=unescaped(reader.text[start:end]))


PATTERNS: dict[int, ReadExpression] = by_kind(
    {
        "parenthesized_expression": _parentheses,
        "array_pattern": _array,
        "array": _array,
        "object_pattern": _object,
        "object": _object,
        "assignment_pattern": _default,
        "object_assignment_pattern": _default,
        "assignment_expression": _default,
        "rest_pattern": _rest,
        "spread_element": _rest,
        "shorthand_property_identifier_pattern": _shorthand,
        "shorthand_property_identifier": _shorthand,
    }
)
PATTERNS.update(
    {
        kind: EXPRESSIONS[kind]
        for kind in by_kind(
            {"identifier": 0, "undefined": 0, "member_expression": 0, "subscript_expression": 0}
        )
    }
)
