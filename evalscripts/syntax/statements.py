"""Statements."""

from tree_sitter import Node

from evalscripts.syntax import tree
from evalscripts.syntax.functions import read_class, read_function
from evalscripts.syntax.literals import unescaped
from evalscripts.syntax.reader import (
    Reader,
    ReadStatement,
    by_kind,
    inner,
    kinds,
    named,
    part,
    solid,
)

_IF = kinds("if_statement")
_DECLARATIONS = kinds("variable_declaration", "lexical_declaration")
_EMPTY = kinds("empty_statement")


def _block(reader: Reader, node: Node) -> tree.Statement:
    return reader.block(node)


def _declaration(reader: Reader, node: Node) -> tree.Declaration:
    kind, *rest = solid(node)
    return tree.Declaration(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        kind=kind.type,
        declarators=tuple([_declarator(reader, child) for child in rest if child.is_named]),
    )


def _declarator(reader: Reader, node: Node) -> tree.Declarator:
    target, *value = solid(node)
    return tree.Declarator(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        target=reader.pattern(target),
        value=reader.expression(value[1]) if value else None,
    )


def _function(reader: Reader, node: Node) -> tree.Statement:
    function = read_function(reader, node)
    return tree.FunctionDeclaration(start=function.start, end=function.end, function=function)


def _class(reader: Reader, node: Node) -> tree.Statement:
    definition = read_class(reader, node)
    return tree.ClassDeclaration(start=definition.start, end=definition.end, definition=definition)


def _evaluate(reader: Reader, node: Node) -> tree.Statement:
    start = reader.at[node.start_byte]
    if reader.text.startswith("{", start):
        # JavaScript sees a block there, the grammar an object.
        return reader.other(node, "object as a statement")
    return tree.Evaluate(
        start=start,
        end=reader.at[node.end_byte],
        value=reader.expression(inner(node)),
    )


def _if(reader: Reader, node: Node) -> tree.If:
    # Hundreds of else-ifs lean to the right: down their spine without recursion.
    spine = []
    while True:
        _, test, then, *rest = solid(node)
        spine.append((node, test, then))
        follower = named(rest[0])[0] if rest else None
        if follower is None or follower.kind_id not in _IF:
            break
        node = follower
    otherwise = None if follower is None else reader.statement(follower)
    while True:
        node, test, then = spine.pop()
        chosen = tree.If(
            start=reader.at[node.start_byte],
            end=reader.at[node.end_byte],
            test=reader.expression(test),
            then=reader.statement(then),
            otherwise=otherwise,
        )
        if not spine:
            return chosen
        otherwise = chosen


def _for(reader: Reader, node: Node) -> tree.Statement:
    first = part(node, "initializer")
    test = part(node, "condition")
    step = node.child_by_field_name("increment")
    return tree.For(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        first=_declaration(reader, first)
        if first.kind_id in _DECLARATIONS
        else _optional(reader, first),
        test=_optional(reader, test),
        step=None if step is None else reader.expression(step),
        body=reader.statement(part(node, "body")),
    )


def _optional(reader: Reader, node: Node) -> tree.Expression | None:
    return None if node.kind_id in _EMPTY or not node.is_named else reader.expression(node)


def _for_each(reader: Reader, node: Node) -> tree.Statement:
    kind = node.child_by_field_name("kind")
    word = None if kind is None else kind.type
    is_await = any(child.type == "await" for child in node.children)
    if is_await or word == "using" or node.child_by_field_name("value") is not None:
        return reader.other(node)
    make = tree.ForOf if part(node, "operator").type == "of" else tree.ForIn
    return make(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        kind=word,
        target=reader.pattern(part(node, "left")),
        object=reader.expression(part(node, "right")),
        body=reader.statement(part(node, "body")),
    )


def _while(reader: Reader, node: Node) -> tree.Statement:
    _, test, body = solid(node)
    return tree.While(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        test=reader.expression(test),
        body=reader.statement(body),
    )


def _do(reader: Reader, node: Node) -> tree.Statement:
    _, body, _, test, *_ = solid(node)
    return tree.DoWhile(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        body=reader.statement(body),
        test=reader.expression(test),
    )


def _return(reader: Reader, node: Node) -> tree.Statement:
    value = named(node)
    if value and value[0].start_point.row > node.start_point.row:
        return reader.other(node, "return with its value on the next line")
    return tree.Return(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        value=reader.expression(value[0]) if value else None,
    )


def _break(reader: Reader, node: Node) -> tree.Statement:
    return tree.Break(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        label=_label(reader, node),
    )


def _continue(reader: Reader, node: Node) -> tree.Statement:
    return tree.Continue(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        label=_label(reader, node),
    )


def _label(reader: Reader, node: Node) -> str | None:
    labels = named(node)
    return unescaped(reader.slice(labels[0])) if labels else None


def _throw(reader: Reader, node: Node) -> tree.Statement:
    return tree.Throw(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        value=reader.expression(inner(node)),
    )


def _try(reader: Reader, node: Node) -> tree.Statement:
    handler = node.child_by_field_name("handler")
    finalizer = node.child_by_field_name("finalizer")
    parameter = None if handler is None else handler.child_by_field_name("parameter")
    return tree.Try(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        body=reader.block(part(node, "body")),
        parameter=None if parameter is None else reader.pattern(parameter),
        handler=None if handler is None else reader.block(part(handler, "body")),
        finalizer=None if finalizer is None else reader.block(part(finalizer, "body")),
    )


def _switch(reader: Reader, node: Node) -> tree.Statement:
    _, value, body = solid(node)
    return tree.Switch(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        value=reader.expression(value),
        cases=tuple([_case(reader, child) for child in named(body)]),
    )


def _case(reader: Reader, node: Node) -> tree.Case:
    children = named(node)
    test: tree.Expression | None = None
    if node.type == "switch_case":
        test = reader.expression(children.pop(0))
    return tree.Case(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        test=test,
        body=reader.statements(children),
    )


def _labeled(reader: Reader, node: Node) -> tree.Statement:
    label, _, body = solid(node)
    return tree.Labeled(
        start=reader.at[node.start_byte],
        end=reader.at[node.end_byte],
        label=unescaped(reader.slice(label)),
        body=reader.statement(body),
    )


def _empty(reader: Reader, node: Node) -> tree.Statement:
    return tree.Empty(start=reader.at[node.start_byte], end=reader.at[node.end_byte])


STATEMENTS: dict[int, ReadStatement] = by_kind(
    {
        "statement_block": _block,
        "variable_declaration": _declaration,
        "lexical_declaration": _declaration,
        "function_declaration": _function,
        "generator_function_declaration": _function,
        "class_declaration": _class,
        "expression_statement": _evaluate,
        "if_statement": _if,
        "for_statement": _for,
        "for_in_statement": _for_each,
        "while_statement": _while,
        "do_statement": _do,
        "return_statement": _return,
        "break_statement": _break,
        "continue_statement": _continue,
        "throw_statement": _throw,
        "try_statement": _try,
        "switch_statement": _switch,
        "labeled_statement": _labeled,
        "empty_statement": _empty,
        "debugger_statement": _empty,
    }
)
