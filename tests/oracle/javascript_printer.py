"""The tree back to JavaScript, every expression in parentheses; for laws against V8."""

import json
from collections.abc import Iterable
from functools import singledispatch

from evalscripts.syntax import tree


@singledispatch
def show(node: tree.Node) -> str:
    """Return a text that means what the node means, without parentheses around it."""
    raise TypeError(node)


def print_program(block: tree.Block) -> str:
    """Return a text that means what the program means."""
    return "\n".join(map(show, block.body))


def whole(node: tree.Expression | None) -> str:
    """Return an expression that can stand anywhere."""
    if node is None:
        return ""
    bare = isinstance(node, tree.Name | tree.Spread | tree.Super | tree.Rest)
    return show(node) if bare else f"({show(node)})"


def listed(nodes: Iterable[tree.Expression]) -> str:
    return ", ".join(map(whole, nodes))


def key_of(key: str | tree.Expression) -> str:
    return json.dumps(key) if isinstance(key, str) else f"[{whole(key)}]"


# ---- expressions -----------------------------------------------------------------------------


@show.register
def _(node: tree.Number) -> str:
    return {float("inf"): "1e999"}.get(node.value, repr(node.value))


@show.register(tree.String)
@show.register(tree.Boolean)
def _(node: tree.String | tree.Boolean) -> str:
    return json.dumps(node.value)


@show.register(tree.Null)
@show.register(tree.This)
@show.register(tree.Super)
def _(node: tree.Node) -> str:
    return type(node).__name__.lower()


@show.register
def _(node: tree.Name) -> str:
    return node.name


@show.register
def _(node: tree.Template) -> str:
    texts = [json.dumps(text)[1:-1].replace("`", "\\`").replace("$", "\\$") for text in node.texts]
    values = [f"${{{whole(value)}}}" for value in node.values] + [""]
    return "`" + "".join(t + v for t, v in zip(texts, values, strict=True)) + "`"


@show.register
def _(node: tree.Spread) -> str:
    return f"...{whole(node.value)}"


@show.register
def _(node: tree.Array) -> str:
    return "[" + "".join(whole(part) + "," for part in node.elements) + "]"


@show.register
def _(node: tree.Object) -> str:
    return "{" + ", ".join(map(show, node.properties)) + "}"


@show.register
def _(node: tree.Property) -> str:
    if node.kind == "init":
        return f"{key_of(node.key)}: {whole(node.value)}"
    return f"{node.kind} {key_of(node.key)}{signature(node.value)}"


def signature(function: tree.Expression | None) -> str:
    assert isinstance(function, tree.Function)

    return f"({', '.join(map(pattern, function.parameters))}) {show(function.body)}"


@show.register
def _(node: tree.Function) -> str:
    if node.is_arrow:
        return f"({', '.join(map(pattern, node.parameters))}) => {show(node.body)}"
    return f"function {node.name or ''}{signature(node)}"


@show.register
def _(node: tree.Class) -> str:
    parent = "" if node.parent is None else f"extends {whole(node.parent)}"
    return f"class {node.name or ''} {parent} {{{' '.join(map(show, node.members))}}}"


@show.register
def _(node: tree.Method) -> str:
    word = "static " if node.is_static else ""
    if node.kind == "field":
        value = "" if node.value is None else f" = {whole(node.value)}"
        return f"{word}{key_of(node.key)}{value};"
    kind = f"{node.kind} " if node.kind in {"get", "set"} else ""
    key = "constructor" if node.kind == "constructor" else key_of(node.key)
    return f"{word}{kind}{key}{signature(node.value)}"


@show.register
def _(node: tree.Unary) -> str:
    return f"{node.operator} {whole(node.value)}"


@show.register
def _(node: tree.Update) -> str:
    target = pattern(node.target)
    return f"{node.operator}{target}" if node.is_prefix else f"{target}{node.operator}"


@show.register(tree.Binary)
@show.register(tree.Logical)
def _(node: tree.Binary | tree.Logical) -> str:
    return f"{whole(node.left)} {node.operator} {whole(node.right)}"


@show.register
def _(node: tree.Assign) -> str:
    return f"{pattern(node.target)} {node.operator} {whole(node.value)}"


@show.register
def _(node: tree.Conditional) -> str:
    return f"{whole(node.test)} ? {whole(node.then)} : {whole(node.otherwise)}"


@show.register
def _(node: tree.Sequence) -> str:
    return listed(node.values)


@show.register
def _(node: tree.New) -> str:
    return f"new {whole(node.callee)}({listed(node.arguments)})"


def link(node: tree.Expression) -> str:
    """Return the head of a chain; parentheses around a link would end an optional chain."""
    return show(node) if isinstance(node, tree.Member | tree.Call) else whole(node)


@show.register
def _(node: tree.Member) -> str:
    if isinstance(node.key, str):
        return link(node.object) + ("?." if node.is_optional else ".") + node.key
    return link(node.object) + ("?." if node.is_optional else "") + f"[{whole(node.key)}]"


@show.register
def _(node: tree.Call) -> str:
    sign = "?." if node.is_optional else ""
    return link(node.callee) + sign + f"({listed(node.arguments)})"


# ---- patterns --------------------------------------------------------------------------------


def pattern(node: tree.Expression | None) -> str:
    return "" if node is None else show(node)


@show.register
def _(node: tree.ArrayPattern) -> str:
    return "[" + ", ".join(map(pattern, node.elements)) + "]"


@show.register
def _(node: tree.ObjectPattern) -> str:
    parts = [f"{key_of(key)}: {pattern(part)}" for key, part in node.properties]
    rest = [] if node.rest is None else [f"...{pattern(node.rest)}"]
    return "{" + ", ".join(parts + rest) + "}"


@show.register
def _(node: tree.Default) -> str:
    return f"{pattern(node.target)} = {whole(node.value)}"


@show.register
def _(node: tree.Rest) -> str:
    return f"...{pattern(node.target)}"


# ---- statements ------------------------------------------------------------------------------


@show.register
def _(node: tree.Block) -> str:
    return "{" + print_program(node) + "}"


@show.register
def _(node: tree.Declaration) -> str:
    parts = (
        pattern(part.target) + ("" if part.value is None else " = " + whole(part.value))
        for part in node.declarators
    )
    return f"{node.kind} {', '.join(parts)};"


@show.register
def _(node: tree.FunctionDeclaration) -> str:
    return show(node.function)


@show.register
def _(node: tree.ClassDeclaration) -> str:
    return show(node.definition)


@show.register
def _(node: tree.Evaluate) -> str:
    # A text in parentheses would be no directive.
    text = isinstance(node.value, tree.String)
    return (show(node.value) if text else whole(node.value)) + ";"


@show.register
def _(node: tree.If) -> str:
    otherwise = "" if node.otherwise is None else " else " + show(node.otherwise)
    return f"if ({whole(node.test)}) {{{show(node.then)}}}{otherwise}"


@show.register
def _(node: tree.For) -> str:
    declares = isinstance(node.first, tree.Declaration)
    first = show(node.first) if declares else whole(node.first) + ";"
    return f"for ({first} {whole(node.test)}; {whole(node.step)}) {{{show(node.body)}}}"


@show.register(tree.ForIn)
@show.register(tree.ForOf)
def _(node: tree.ForIn | tree.ForOf) -> str:
    word = "in" if isinstance(node, tree.ForIn) else "of"
    head = f"{node.kind or ''} {pattern(node.target)} {word} {whole(node.object)}"
    return f"for ({head}) {{{show(node.body)}}}"


@show.register
def _(node: tree.While) -> str:
    return f"while ({whole(node.test)}) {{{show(node.body)}}}"


@show.register
def _(node: tree.DoWhile) -> str:
    return f"do {{{show(node.body)}}} while ({whole(node.test)});"


@show.register
def _(node: tree.Return) -> str:
    return f"return {whole(node.value)};"


@show.register
def _(node: tree.Throw) -> str:
    return f"throw {whole(node.value)};"


@show.register(tree.Break)
@show.register(tree.Continue)
def _(node: tree.Break | tree.Continue) -> str:
    return f"{type(node).__name__.lower()} {node.label or ''};"


@show.register
def _(node: tree.Labeled) -> str:
    return f"{node.label}: {show(node.body)}"


@show.register
def _(_: tree.Empty) -> str:
    return ";"


@show.register
def _(node: tree.Try) -> str:
    text = f"try {show(node.body)}"
    if node.handler is not None:
        parameter = "" if node.parameter is None else f"({pattern(node.parameter)})"
        text += f" catch {parameter} {show(node.handler)}"
    return text if node.finalizer is None else f"{text} finally {show(node.finalizer)}"


@show.register
def _(node: tree.Switch) -> str:
    return f"switch ({whole(node.value)}) {{{' '.join(map(show, node.cases))}}}"


@show.register
def _(node: tree.Case) -> str:
    label = "default" if node.test is None else f"case {whole(node.test)}"
    return f"{label}: " + "".join(map(show, node.body))
