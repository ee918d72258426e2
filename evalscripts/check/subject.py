"""`Subject`: a script under check, and the questions that remarks ask of its tree."""

from collections.abc import Iterator
from dataclasses import dataclass

from evalscripts.errors import ScriptError
from evalscripts.setup import Setup
from evalscripts.source import Source
from evalscripts.syntax import tree
from evalscripts.syntax.names import Names, find_names
from evalscripts.syntax.walk import children, descend


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One thing that is probably not meant so."""

    message: str
    line: int | None
    """From 1, in the user's text; None where there is no place."""
    column: int | None
    excerpt: str | None
    """The line with a caret under the column."""


class Subject:
    """A script's tree, its setup and its evaluatePixel."""

    def __init__(self, source: Source, setup: Setup, program: tree.Block) -> None:
        self.source = source
        self.setup = setup
        self.program = program
        self.names: Names = find_names(program)
        self.pixel = _function_named(program, "evaluatePixel")
        self.is_bare = source.form.endswith("bare")

    def remark(self, message: str, node: tree.Node | None = None, *, name: str = "") -> Remark:
        """Return a remark on a node, or on the definition of a function."""
        if node is not None:
            line, column = self.source.position(node.start)
            error = self.source.error(ScriptError, message, line=line, column=column)
        else:
            error = self.source.error_at(ScriptError, message, name=name)
        return Remark(message=message, line=error.line, column=error.column, excerpt=error.excerpt)

    @property
    def samples(self) -> str | None:
        """The name of evaluatePixel's first parameter; None where it is a pattern or missing."""
        if self.pixel is None or not self.pixel.parameters:
            return None
        first = self.pixel.parameters[0]
        return first.name if isinstance(first, tree.Name) else None

    def outside_setup(self) -> Iterator[tree.Node]:
        """Yield every node but those of setup()."""
        left_out = _function_named(self.program, "setup")
        waiting: list[tree.Node] = [self.program]
        while waiting:
            node = waiting.pop()
            if node is not left_out:
                yield node
                waiting.extend(reversed(children(node)))

    def returns(self) -> list[tree.Return]:
        """Return evaluatePixel's own returns."""
        if self.pixel is None:
            return []
        found = []
        waiting: list[tree.Node] = list(self.pixel.body.body)
        while waiting:
            node = waiting.pop(0)
            if isinstance(node, tree.Return):
                found.append(node)
            elif not isinstance(node, tree.Function | tree.Class):
                waiting = children(node) + waiting
        return found

    def meant(self, value: tree.Expression) -> tree.Expression:
        """Return what a name of evaluatePixel stands for where that is plain to see.

        Lists and objects may have changed since: their names stay names.
        """
        if not isinstance(value, tree.Name) or self.pixel is None:
            return value
        given = [
            node.value
            for node in descend(self.pixel)
            if isinstance(node, tree.Declarator)
            and isinstance(node.target, tree.Name)
            and node.target.name == value.name
        ]
        if len(given) != 1 or given[0] is None or value.name in _written(self.pixel):
            return value
        return value if isinstance(given[0], tree.Array | tree.Object) else given[0]


def _written(function: tree.Function) -> set[str]:
    targets = (
        node.target for node in descend(function) if isinstance(node, tree.Assign | tree.Update)
    )
    return {target.name for target in targets if isinstance(target, tree.Name)}


def _function_named(program: tree.Block, name: str) -> tree.Function | None:
    """Return a top-level function: declared, or assigned to its name."""
    for statement in program.body:
        match statement:
            case tree.FunctionDeclaration() if statement.function.name == name:
                return statement.function
            case tree.Declaration():
                for part in statement.declarators:
                    if is_name(part.target, name) and isinstance(part.value, tree.Function):
                        return part.value
            case tree.Evaluate(value=tree.Assign(target=target, value=tree.Function() as value)):
                if is_name(target, name):
                    return value
            case _:
                continue
    return None


def is_name(node: tree.Node, name: str) -> bool:
    """Return whether a node is this name."""
    return isinstance(node, tree.Name) and node.name == name


def root_name(node: tree.Expression) -> str | None:
    """Return the name that a chain of members starts with."""
    while isinstance(node, tree.Member):
        node = node.object
    return node.name if isinstance(node, tree.Name) else None
