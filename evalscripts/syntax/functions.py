"""Functions, methods and classes. Their places are those of the text that toString() gives."""

from tree_sitter import Node

from evalscripts.syntax import tree
from evalscripts.syntax.literals import number, unescaped
from evalscripts.syntax.reader import Reader, end_of, inner, kinds, named, part

_ACCESSORS = frozenset({"get", "set"})
_BLOCK = kinds("statement_block")
_MODIFIERS = frozenset({"get", "set", "static", "async", "accessor"})
_UNPLAIN = frozenset({"async", "*"})


def read_function(reader: Reader, node: Node) -> tree.Function:
    """Return the function of an expression or a declaration."""
    name = node.child_by_field_name("name")
    return tree.Function(
        start=reader.at[node.start_byte],
        end=reader.at[end_of(part(node, "body"))],
        name=None if name is None else unescaped(reader.slice(name)),
        parameters=_parameters(reader, node),
        body=_body(reader, node),
        is_arrow=False,
        is_plain=_is_plain(node),
    )


def read_arrow(reader: Reader, node: Node) -> tree.Function:
    """Return an arrow function; its expression as a block of one `Return`."""
    single = node.child_by_field_name("parameter")
    return tree.Function(
        start=reader.at[node.start_byte],
        end=reader.at[end_of(part(node, "body"))],
        name=None,
        parameters=_parameters(reader, node) if single is None else (reader.pattern(single),),
        body=_body(reader, node),
        is_arrow=True,
        is_plain=_is_plain(node),
    )


def read_method_kind(node: Node) -> str:
    """Return ``get``, ``set`` or ``method``."""
    for child in node.children:
        if child.is_named:
            continue
        if child.type in _ACCESSORS:
            return str(child.type)
    return "method"


def read_method_function(reader: Reader, node: Node) -> tree.Function:
    """Return the function of a method, without ``static``."""
    start = node.start_byte
    for child in node.children:
        if child.type == "static" and not child.is_named:
            start = child.next_sibling.start_byte if child.next_sibling else start
    return tree.Function(
        start=reader.at[start],
        end=reader.at[end_of(part(node, "body"))],
        name=None,
        parameters=_parameters(reader, node),
        body=_body(reader, node),
        is_arrow=False,
        is_plain=_is_plain(node),
    )


def read_key(reader: Reader, node: Node) -> str | tree.Expression:
    """Return a key: a string where it is written out, an expression where it is computed."""
    text = reader.slice(node)
    if node.type == "computed_property_name":
        return reader.expression(inner(node))
    if node.type == "string":
        return unescaped(text[1:-1])
    if node.type == "number":
        value = number(text)
        if value is not None and value == int(value) and abs(value) < 2**53:
            return str(int(value))
        return reader.expression(node)
    return unescaped(text)


def read_class(reader: Reader, node: Node) -> tree.Class:
    """Return the class of an expression or a declaration."""
    name: str | None = None
    parent: tree.Expression | None = None
    members: tuple[tree.Method, ...] = ()
    for child in named(node):
        if child.type == "identifier":
            name = unescaped(reader.slice(child))
        elif child.type == "class_heritage":
            parent = reader.expression(named(child)[0])
        elif child.type == "class_body":
            members = tuple([_member(reader, member) for member in named(child)])
        else:
            parent = reader.other(child)
    return tree.Class(
        start=reader.at[node.start_byte],
        end=reader.at[end_of(part(node, "body"))],
        name=name,
        parent=parent,
        members=members,
    )


def _member(reader: Reader, node: Node) -> tree.Method:
    if node.type not in {"method_definition", "field_definition"}:
        return _unknown_member(reader, node, reader.other(node))
    field = "name" if node.type == "method_definition" else "property"
    if part(node, field).type == "private_property_identifier":
        return _unknown_member(reader, node, reader.other(node, "private name"))
    key = read_key(reader, part(node, field))
    value_node = node.child_by_field_name("value")
    if node.type == "field_definition" and value_node is None and key in _MODIFIERS:
        # Its member may stand on the next line.
        return _unknown_member(reader, node, reader.other(node, "modifier as a name"))
    is_static = any(child.type == "static" and not child.is_named for child in node.children)
    value: tree.Expression | None = None
    kind = "field"
    if node.type == "method_definition":
        value = read_method_function(reader, node)
        kind = read_method_kind(node)
        if kind == "method" and key == "constructor" and not is_static:
            kind = "constructor"
    elif value_node is not None:
        value = reader.expression(value_node)
    return tree.Method(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        kind=kind,
        key=key,
        value=value,
        is_static=is_static,
    )


def _unknown_member(reader: Reader, node: Node, other: tree.Other) -> tree.Method:
    return tree.Method(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        kind="field",
        key=other,
        value=other,
        is_static=True,
    )


def _parameters(reader: Reader, node: Node) -> tuple[tree.Expression, ...]:
    given = node.child_by_field_name("parameters")
    return () if given is None else tuple([reader.pattern(child) for child in named(given)])


def _body(reader: Reader, node: Node) -> tree.Block:
    body = part(node, "body")
    if body.kind_id in _BLOCK:
        return reader.block(body)
    value = reader.expression(body)
    start, end = reader.at[body.start_byte], reader.at[body.end_byte]
    return tree.Block(start=start, end=end, body=(tree.Return(start=start, end=end, value=value),))


def _is_plain(node: Node) -> bool:
    return node.type not in {
        "generator_function",
        "generator_function_declaration",
    } and not any(child.type in _UNPLAIN and not child.is_named for child in node.children)
