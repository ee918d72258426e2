"""Expressions: what has a value."""

from tree_sitter import Node

from evalscripts.syntax import tree
from evalscripts.syntax.functions import (
    read_arrow,
    read_class,
    read_function,
    read_key,
    read_method_function,
    read_method_kind,
)
from evalscripts.syntax.links import read_call, read_member, read_new, read_subscript
from evalscripts.syntax.literals import number, template_text, unescaped
from evalscripts.syntax.reader import (
    Reader,
    ReadExpression,
    by_kind,
    inner,
    kinds,
    named,
    part,
    solid,
)

_BINARY = kinds("binary_expression")
_PARENTHESES = kinds("parenthesized_expression")
_SPREAD = kinds("spread_element")
_PRIVATE = kinds("private_property_identifier")
_ARROW = kinds("arrow_function")
_LOGICAL = frozenset({"&&", "||", "??"})


def _name(reader: Reader, node: Node) -> tree.Expression:
    start, end = reader.at[node.start_byte], reader.at[node.end_byte]
    name = unescaped(reader.text[start:end])
    if name == "let":
        return reader.other(node, "let as a name")
    return tree.Name(start=start, end=end, name=name)


def _number(reader: Reader, node: Node) -> tree.Expression:
    start, end = reader.at[node.start_byte], reader.at[node.end_byte]
    value = number(reader.text[start:end])
    if value is None:
        return reader.other(node, "big integer")
    return tree.Number(start=start, end=end, value=value)


def _string(reader: Reader, node: Node) -> tree.Expression:
    start, end = reader.at[node.start_byte], reader.at[node.end_byte]
    return tree.String(start=start, end=end, value=unescaped(reader.text[start + 1 : end - 1]))


def _boolean(reader: Reader, node: Node) -> tree.Expression:
    start, end = reader.at[node.start_byte], reader.at[node.end_byte]
    return tree.Boolean(start=start, end=end, value=node.type == "true")


def _null(reader: Reader, node: Node) -> tree.Expression:
    return tree.Null(start=reader.at[node.start_byte], end=reader.at[node.end_byte])


def _this(reader: Reader, node: Node) -> tree.Expression:
    return tree.This(start=reader.at[node.start_byte], end=reader.at[node.end_byte])


def _super(reader: Reader, node: Node) -> tree.Expression:
    return tree.Super(start=reader.at[node.start_byte], end=reader.at[node.end_byte])


def _template(reader: Reader, node: Node) -> tree.Expression:
    at, text = reader.at, reader.text
    texts: list[str] = []
    values: list[tree.Expression] = []
    place = at[node.start_byte] + 1
    for child in node.named_children:
        if child.type != "template_substitution":
            continue
        texts.append(template_text(text[place : at[child.start_byte]]))
        values.append(reader.expression(inner(child)))
        place = at[child.end_byte]
    end = at[node.end_byte]
    texts.append(template_text(text[place : end - 1]))
    return tree.Template(
        start=at[node.start_byte], end=end, texts=tuple(texts), values=tuple(values)
    )


def _parentheses(reader: Reader, node: Node) -> tree.Expression:
    while node.kind_id in _PARENTHESES:
        node = inner(node)
    return reader.expression(node)


def _spread(reader: Reader, node: Node) -> tree.Spread:
    return tree.Spread(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        value=reader.expression(inner(node)),
    )


def _array(reader: Reader, node: Node) -> tree.Expression:
    elements: list[tree.Expression | None] = []
    after_comma = True
    for child in solid(node)[1:-1]:
        if child.is_named:
            elements.append(reader.expression(child))
            after_comma = False
        else:
            if after_comma:
                elements.append(None)
            after_comma = True
    return tree.Array(
        start=reader.at[node.start_byte], end=reader.at[node.end_byte], elements=tuple(elements)
    )


def _object(reader: Reader, node: Node) -> tree.Expression:
    properties: list[tree.Property | tree.Spread] = []
    for child in named(node):
        if child.kind_id in _SPREAD:
            properties.append(_spread(reader, child))
            continue
        read = _property(reader, child)
        if read is None:
            return reader.other(node, "object with a prototype")
        properties.append(read)
    return tree.Object(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        properties=tuple(properties),
    )


def _property(reader: Reader, node: Node) -> tree.Property | None:
    """Return the property; None of ``__proto__: value``, which is none."""
    start, end = reader.at[node.start_byte], reader.at[node.end_byte]
    if node.type == "pair":
        key_node, _, value_node = solid(node)
        key = read_key(reader, key_node)
        if key == "__proto__":
            return None
        value = reader.expression(value_node)
        return tree.Property(start=start, end=end, kind="init", key=key, value=value)
    if node.type == "method_definition":
        kind = read_method_kind(node)
        return tree.Property(
            start=start,
            end=end,
            kind="init" if kind == "method" else kind,
            key=read_key(reader, part(node, "name")),
            value=read_method_function(reader, node),
        )
    name = unescaped(reader.text[start:end])
    value = tree.Name(start=start, end=end, name=name)
    return tree.Property(start=start, end=end, kind="init", key=name, value=value)


def _unary(reader: Reader, node: Node) -> tree.Expression:
    operator, value = solid(node)
    return tree.Unary(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        operator=operator.type,
        value=reader.expression(value),
    )


def _update(reader: Reader, node: Node) -> tree.Expression:
    first, second = solid(node)
    is_prefix = not first.is_named
    operator, target = (first, second) if is_prefix else (second, first)
    return tree.Update(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        operator=operator.type,
        is_prefix=is_prefix,
        target=reader.pattern(target),
    )


def _binary(reader: Reader, node: Node) -> tree.Expression:
    # Sums of hundreds of terms lean to the left: down their spine without recursion.
    at, whole = reader.at, node
    start = at[node.start_byte]
    spine = []
    while node.kind_id in _BINARY:
        left, operator, right = solid(node)
        spine.append((operator.type, right))
        node = left
    if node.kind_id in _PRIVATE:
        return reader.other(whole, "private name")
    if node.kind_id in _ARROW:
        return reader.other(whole, "missing semicolon")
    value = reader.expression(node)
    for word, right in reversed(spine):
        kind = tree.Logical if word in _LOGICAL else tree.Binary
        value = kind(
            start=start,
            end=at[right.end_byte],
            operator=word,
            left=value,
            right=reader.expression(right),
        )
    return value


def _assign(reader: Reader, node: Node) -> tree.Expression:
    target, operator, value = solid(node)
    return tree.Assign(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        operator=operator.type,
        target=reader.pattern(target),
        value=reader.expression(value),
    )


def _conditional(reader: Reader, node: Node) -> tree.Expression:
    test, _, then, _, otherwise = solid(node)
    if test.kind_id in _ARROW:
        return reader.other(node, "missing semicolon")
    return tree.Conditional(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        test=reader.expression(test),
        then=reader.expression(then),
        otherwise=reader.expression(otherwise),
    )


def _sequence(reader: Reader, node: Node) -> tree.Expression:
    return tree.Sequence(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        values=tuple([reader.expression(child) for child in named(node)]),
    )


def _regex(reader: Reader, node: Node) -> tree.Expression:
    return reader.other(node, "regular expression")


EXPRESSIONS: dict[int, ReadExpression] = by_kind(
    {
        "identifier": _name,
        "undefined": _name,
        "number": _number,
        "string": _string,
        "true": _boolean,
        "false": _boolean,
        "null": _null,
        "this": _this,
        "super": _super,
        "template_string": _template,
        "parenthesized_expression": _parentheses,
        "spread_element": _spread,
        "array": _array,
        "object": _object,
        "unary_expression": _unary,
        "update_expression": _update,
        "binary_expression": _binary,
        "assignment_expression": _assign,
        "augmented_assignment_expression": _assign,
        "ternary_expression": _conditional,
        "sequence_expression": _sequence,
        "member_expression": read_member,
        "subscript_expression": read_subscript,
        "call_expression": read_call,
        "new_expression": read_new,
        "function_expression": read_function,
        "generator_function": read_function,
        "arrow_function": read_arrow,
        "class": read_class,
        "regex": _regex,
    }
)
