"""Links of a chain: members, calls and new."""

from tree_sitter import Node

from evalscripts.syntax import tree
from evalscripts.syntax.literals import unescaped
from evalscripts.syntax.reader import Reader, inner, kinds, named, solid

_LINKS = kinds("member_expression", "subscript_expression", "call_expression")
_PARENTHESES = kinds("parenthesized_expression")
_PRIVATE = kinds("private_property_identifier")
# What ends a statement before a line that starts with ( [ or an operator; the grammar reads on.
_CLOSED = kinds("arrow_function", "update_expression")


def read_member(reader: Reader, node: Node) -> tree.Expression:
    """Return ``object.key``."""
    owner, sign, key = solid(node)
    if word := _broken(reader, owner):
        return reader.other(node, word)
    if key.kind_id in _PRIVATE:
        return reader.other(node, "private name")
    return tree.Member(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        object=reader.expression(owner),
        key=unescaped(reader.slice(key)),
        is_optional=sign.is_named,
    )


def read_subscript(reader: Reader, node: Node) -> tree.Expression:
    """Return ``object[key]``."""
    owner, *signs, key, _ = solid(node)
    if word := _broken(reader, owner):
        return reader.other(node, word)
    return tree.Member(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        object=reader.expression(owner),
        key=reader.expression(key),
        is_optional=len(signs) > 1,
    )


def read_call(reader: Reader, node: Node) -> tree.Expression:
    """Return a call."""
    callee, *signs, given = solid(node)
    if given.type == "template_string":
        return reader.other(node, "tagged template")
    if callee.type == "import":
        return reader.other(node, "import")
    if word := _broken(reader, callee):
        return reader.other(node, word)
    return tree.Call(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        callee=reader.expression(callee),
        arguments=tuple([reader.expression(child) for child in named(given)]),
        is_optional=bool(signs),
    )


def read_new(reader: Reader, node: Node) -> tree.Expression:
    """Return ``new callee(arguments)``."""
    _, callee, *given = solid(node)
    return tree.New(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        callee=reader.expression(callee),
        arguments=tuple([reader.expression(child) for child in named(given[0])]) if given else (),
    )


def _broken(reader: Reader, node: Node) -> str:
    """Return in a word why nothing can be linked to this expression, or nothing."""
    if node.kind_id in _CLOSED:
        return "missing semicolon"
    if not reader.has_chains or node.kind_id not in _PARENTHESES:
        return ""
    while node.kind_id in _PARENTHESES:
        node = inner(node)
    while node.kind_id in _LINKS:
        if any(child.type == "optional_chain" for child in node.children):
            return "optional chain in parentheses"
        node = solid(node)[0]
    return ""
