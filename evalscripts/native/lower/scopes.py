"""Names: what a function declares, and where a name is found.

Variables of functions and blocks are `Cell`s in a chain of `Scope`s; behind the outermost stand
the script's globals, as the snapshot holds them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.merging import unite
from evalscripts.native.lower.values import (
    ABSENT,
    UNSET,
    Cell,
    Closure,
    Declined,
    Initial,
    Js,
    Lost,
    Union,
)
from evalscripts.snapshot import UNDEFINED
from evalscripts.syntax import tree


class Scope:
    """The variables of one function's or block's run."""

    __slots__ = ("cells", "function", "parent")

    def __init__(self, parent: Any, function: "FunctionScope | None") -> None:
        self.cells: dict[str, Cell] = {}
        self.parent = parent
        self.function = function


class FunctionScope(Scope):
    """The variables of a function's run, and what else it has of its own."""

    __slots__ = ("closure", "target", "this")

    def __init__(self, parent: Any, closure: Closure | None, this: Js, target: Any) -> None:
        super().__init__(parent, self)
        self.closure = closure
        self.this = this
        self.target = target


@dataclass(frozen=True, slots=True)
class Lexical:
    """What a list of statements declares for itself."""

    names: tuple[tuple[str, bool], ...]
    """(name, whether it is constant)."""
    functions: tuple[tree.Function, ...]


_NOTHING = Lexical((), ())


def lexical(statements: Sequence[tree.Statement]) -> Lexical:
    """Return what the statements of a block declare."""
    names: list[tuple[str, bool]] = []
    functions: list[tree.Function] = []
    for statement in statements:
        if type(statement) is tree.Declaration and statement.kind != "var":
            constant = statement.kind == "const"
            for declarator in statement.declarators:
                names += [(name, constant) for name in pattern_names(declarator.target)]
        elif type(statement) is tree.FunctionDeclaration:
            functions.append(statement.function)
        elif type(statement) is tree.ClassDeclaration and statement.definition.name is not None:
            names.append((statement.definition.name, False))
    return Lexical(tuple(names), tuple(functions)) if names or functions else _NOTHING


def var_names(statements: Iterable[tree.Node | None]) -> Iterator[str]:
    """Yield what `var` declares, and functions in blocks, at any depth of a function's body."""
    waiting = [s for s in statements if s is not None]
    while waiting:
        node = waiting.pop()
        if type(node) is tree.Declaration:
            if node.kind == "var":
                for declarator in node.declarators:
                    yield from pattern_names(declarator.target)
        elif isinstance(node, tree.ForIn | tree.ForOf):
            if node.kind == "var":
                yield from pattern_names(node.target)
            waiting.append(node.body)
        else:
            for field in _BODIES.get(type(node), ()):
                inner = getattr(node, field)
                if type(inner) is tuple:
                    waiting.extend(inner)
                    yield from [
                        statement.function.name or ""
                        for statement in inner
                        if type(statement) is tree.FunctionDeclaration
                    ]
                elif inner is not None:
                    waiting.append(inner)


_BODIES: dict[type, tuple[str, ...]] = {
    tree.Block: ("body",),
    tree.If: ("then", "otherwise"),
    tree.For: ("first", "body"),
    tree.While: ("body",),
    tree.DoWhile: ("body",),
    tree.Try: ("body", "handler", "finalizer"),
    tree.Switch: ("cases",),
    tree.Case: ("body",),
    tree.Labeled: ("body",),
}


def pattern_names(pattern: tree.Expression | None) -> Iterator[str]:
    """Yield the names that a pattern binds."""
    if type(pattern) is tree.Name:
        yield pattern.name
    elif type(pattern) is tree.ArrayPattern:
        for element in pattern.elements:
            yield from pattern_names(element)
    elif type(pattern) is tree.ObjectPattern:
        for _, target in pattern.properties:
            yield from pattern_names(target)
        yield from pattern_names(pattern.rest)
    elif type(pattern) is tree.Default or type(pattern) is tree.Rest:
        yield from pattern_names(pattern.target)


def declare(machine: Machine, scope: Scope, statements: Sequence[tree.Statement]) -> None:
    """Make the variables of a block: unset, but functions at once."""
    key = id(statements)
    found = machine.hoists.get(key)
    if found is None:
        # The statements themselves are kept, so that their id stays theirs.
        found = machine.hoists[key] = (lexical(statements), statements)
    found = found[0]
    for name, constant in found.names:
        scope.cells[name] = machine.cell(name, UNSET, is_constant=constant)
    for function in found.functions:
        name = function.name or ""
        scope.cells[name] = machine.cell(name, Closure(function, scope))


def declare_vars(machine: Machine, scope: Scope, function: tree.Function) -> None:
    """Make the variables that `var` declares in a function."""
    for name in machine.kept(function, _vars_of):
        if name not in scope.cells:
            scope.cells[name] = machine.cell(name, UNDEFINED)


def _vars_of(function: tree.Function) -> tuple[str, ...]:
    return tuple(var_names(function.body.body))


def find(scope: Any, name: str) -> Cell:
    """Return the variable that a name means."""
    while type(scope) is not GlobalScope:
        cell = scope.cells.get(name)
        if cell is not None:
            return cell  # type: ignore[no-any-return]
        scope = scope.parent
    return scope.find(name)


def is_local(scope: Any, name: str) -> bool:
    """Return whether a function or block around declares a name."""
    while type(scope) is not GlobalScope:
        if name in scope.cells:
            return True
        scope = scope.parent
    return False


class GlobalScope:
    """The script's globals: constants, unless evaluatePixel sets them before it reads them."""

    __slots__ = ("cells", "held", "read", "written")

    def __init__(self, held: Any) -> None:
        self.held = held
        """Gives a global's `Initial`."""
        self.cells: dict[str, Cell] = {}
        self.read: dict[str, tree.Node | None] = {}
        """Globals whose value from before the pixel was read → where."""
        self.written: dict[str, tree.Node | None] = {}

    def find(self, name: str) -> Cell:
        """Return the global's variable."""
        cell = self.cells.get(name)
        if cell is None:
            cell = self.cells[name] = Cell(
                name,
                self.held(name),
                0,
                is_constant=False,
                is_global=True,
            )
        return cell

    def first(self, machine: Machine, initial: Initial) -> Js:
        """Return what a global held before the pixel, and note that it was asked for."""
        self.read.setdefault(initial.name, machine.here)
        if initial.value is ABSENT:
            raise Declined(f"{initial.name} is not defined", machine.here)
        if type(initial.value) is Lost:
            raise Declined(f"{initial.name}: {initial.value.word}", machine.here)
        return initial.value


def read(machine: Machine, cell: Cell) -> Js:
    """Return a variable's value."""
    value = cell.now
    if type(value) is Initial:
        return machine.globals.first(machine, value)
    if type(value) is Union:
        return _read_union(machine, cell, value)
    if value is UNSET or value is ABSENT:
        raise Declined(f"{cell.name} is used before it is declared", machine.here)
    if type(value) is Lost:
        raise Declined(value.word, machine.here)
    return value


def _read_union(machine: Machine, cell: Cell, value: Union) -> Js:
    kinds = [part for _, part in value.alternatives if type(part) is Initial or part is UNSET]
    if not kinds:
        return value
    parts = []
    for mask, part in value.alternatives:
        if machine.knowledge.settled(mask) is False:
            continue
        if part is UNSET:
            raise Declined(f"{cell.name} is used before it is declared", machine.here)
        known = machine.globals.first(machine, part) if type(part) is Initial else part
        parts.append((mask, known))
    return unite(machine, parts)


def assign(machine: Machine, cell: Cell, value: Js) -> None:
    """Set a variable."""
    if cell.is_constant:
        raise Declined(f"{cell.name} is a constant, and is assigned to", machine.here)
    if cell.now is UNSET:
        raise Declined(f"{cell.name} is used before it is declared", machine.here)
    if cell.is_global:
        machine.globals.written.setdefault(cell.name, machine.here)
    machine.write(cell, value)
