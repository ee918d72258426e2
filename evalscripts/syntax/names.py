"""`find_names`: which names a program or function declares, mentions and writes.

Scopes are those of sloppy mode: ``var`` belongs to its function, ``let``, ``const`` and classes to
their block, functions in blocks to both. Nothing is recursive, so that no tree is too deep.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evalscripts.syntax import tree
from evalscripts.syntax.walk import children, targets, values


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names of a program, a function or a class.

    All but `declared` count names that mean the outermost scope here or something outside of it;
    what is declared further inside and only used there is left out.
    """

    declared: Mapping[str, str]
    """Those of the outermost scope → ``var``, ``let``, ``const``, ``function``, ``class`` or
    ``parameter``; with what ``var`` declares in its blocks."""
    free: frozenset[str]
    """Mentioned, and declared nowhere here."""
    written: frozenset[str]
    """Assigned, counted up or down, or a loop's variable; a declaration's own value does not
    count."""
    inner: frozenset[str]
    """Mentioned inside a function or class within."""
    inner_written: frozenset[str]
    """Written inside a function or class within."""
    is_dynamic: bool
    """Whether ``eval`` or ``with`` could mention more."""


def find_names(root: tree.Block | tree.Function | tree.Class) -> Names:
    """Return the names of a program, of a function with its parameters, or of a class."""
    finder = _Finder()
    finder.walk(root)
    return finder.names()


@dataclass(slots=True, eq=False)
class _Scope:
    parent: "_Scope | None"
    holds_vars: bool
    depth: int
    """How many functions and classes it is inside of."""
    declared: dict[str, str] = field(default_factory=dict)
    has_arguments: bool = False

    def has(self, name: str) -> bool:
        return name in self.declared or (self.has_arguments and name == "arguments")


@dataclass(slots=True)
class _Finder:
    """Collects scopes and mentions first; names are resolved when all declarations are known."""

    outermost: _Scope = field(default_factory=lambda: _Scope(None, holds_vars=True, depth=0))
    mentions: list[tuple[str, _Scope, bool]] = field(default_factory=list)
    waiting: list[tuple[tree.Node, _Scope]] = field(default_factory=list)
    is_dynamic: bool = False

    def walk(self, root: tree.Block | tree.Function | tree.Class) -> None:
        if isinstance(root, tree.Block):
            self._later(root.body, self.outermost)
        elif isinstance(root, tree.Function):
            self._enter_function(root, self.outermost)
        else:
            self._enter_class(root, self.outermost)
        while self.waiting:
            node, scope = self.waiting.pop()
            _VISITS.get(type(node), _Finder.visit)(self, node, scope)

    def names(self) -> Names:
        free: set[str] = set()
        written: set[str] = set()
        inner: set[str] = set()
        inner_written: set[str] = set()
        for name, used_in, writes in self.mentions:
            scope: _Scope | None = used_in
            while scope is not None and not scope.has(name):
                scope = scope.parent
            if scope is None:
                free.add(name)
            elif scope is not self.outermost:
                continue
            if writes:
                written.add(name)
            if used_in.depth:
                inner.add(name)
                if writes:
                    inner_written.add(name)
        return Names(
            declared=self.outermost.declared,
            free=frozenset(free),
            written=frozenset(written),
            inner=frozenset(inner),
            inner_written=frozenset(inner_written),
            is_dynamic=self.is_dynamic,
        )

    # ---- scopes --------------------------------------------------------------------------

    def _later(self, nodes: Sequence[tree.Node], scope: _Scope) -> None:
        self.waiting.extend([(node, scope) for node in nodes])

    def _enter_function(self, function: tree.Function, scope: _Scope) -> None:
        """Take a function's parameters and body; its variables belong to ``scope``."""
        scope.has_arguments = not function.is_arrow
        for parameter in function.parameters:
            self._bind(parameter, scope, "parameter")
        self._later(function.body.body, scope)

    def _enter_class(self, definition: tree.Class, scope: _Scope) -> None:
        if definition.parent is not None:
            self.waiting.append((definition.parent, scope))
        inside = _Scope(scope, holds_vars=True, depth=scope.depth + 1)
        self._later(definition.members, inside)

    def _declare(self, name: str, scope: _Scope, kind: str) -> None:
        if kind == "var":
            while not scope.holds_vars and scope.parent is not None:
                # The parameter of catch takes what var of the same name assigns.
                scope = scope.parent
        if kind != "var" or name not in scope.declared:
            scope.declared[name] = kind

    def _bind(self, pattern: tree.Expression, scope: _Scope, kind: str | None) -> None:
        """Declare a pattern's names, or with kind None write them."""
        patterns = [pattern]
        while patterns:
            target = patterns.pop()
            match target:
                case tree.Name():
                    if kind is None:
                        self.mentions.append((target.name, scope, True))
                    else:
                        self._declare(target.name, scope, kind)
                case tree.ArrayPattern() | tree.ObjectPattern() | tree.Default() | tree.Rest():
                    patterns.extend(targets(target))
                    self._later(values(target), scope)
                case _:
                    self.waiting.append((target, scope))

    # ---- visits --------------------------------------------------------------------------

    def visit(self, node: tree.Node, scope: _Scope) -> None:
        self._later(children(node), scope)

    def visit_name(self, node: tree.Name, scope: _Scope) -> None:
        self.mentions.append((node.name, scope, False))

    def visit_function(self, node: tree.Function, scope: _Scope) -> None:
        outside = scope
        if node.name is not None:
            outside = _Scope(scope, holds_vars=False, depth=scope.depth + 1)
            outside.declared[node.name] = "function"
        self._enter_function(node, _Scope(outside, holds_vars=True, depth=scope.depth + 1))

    def visit_function_declaration(self, node: tree.FunctionDeclaration, scope: _Scope) -> None:
        name = node.function.name
        if name is not None:
            self._declare(name, scope, "function")
            if not scope.holds_vars:
                self._declare(name, scope, "var")
        inside = _Scope(scope, holds_vars=True, depth=scope.depth + 1)
        self._enter_function(node.function, inside)

    def visit_class(self, node: tree.Class, scope: _Scope) -> None:
        if node.name is not None:
            scope = _Scope(scope, holds_vars=False, depth=scope.depth)
            scope.declared[node.name] = "class"
        self._enter_class(node, scope)

    def visit_class_declaration(self, node: tree.ClassDeclaration, scope: _Scope) -> None:
        if node.definition.name is not None:
            self._declare(node.definition.name, scope, "class")
        self._enter_class(node.definition, scope)

    def visit_declaration(self, node: tree.Declaration, scope: _Scope) -> None:
        for declarator in node.declarators:
            self._bind(declarator.target, scope, node.kind)
            if declarator.value is not None:
                self.waiting.append((declarator.value, scope))

    def visit_block(self, node: tree.Block, scope: _Scope) -> None:
        self._later(node.body, _Scope(scope, holds_vars=False, depth=scope.depth))

    def visit_switch(self, node: tree.Switch, scope: _Scope) -> None:
        self.waiting.append((node.value, scope))
        self._later(node.cases, _Scope(scope, holds_vars=False, depth=scope.depth))

    def visit_for(self, node: tree.For, scope: _Scope) -> None:
        self._later(children(node), _Scope(scope, holds_vars=False, depth=scope.depth))

    def visit_for_each(self, node: tree.ForIn | tree.ForOf, scope: _Scope) -> None:
        inside = _Scope(scope, holds_vars=False, depth=scope.depth)
        self._bind(node.target, inside, node.kind)
        if node.kind == "var":
            self._bind(node.target, inside, None)
        self._later((node.object, node.body), inside)

    def visit_try(self, node: tree.Try, scope: _Scope) -> None:
        self.waiting.append((node.body, scope))
        if node.handler is not None:
            inside = _Scope(scope, holds_vars=False, depth=scope.depth)
            if node.parameter is not None:
                self._bind(node.parameter, inside, "let")
            self.waiting.append((node.handler, inside))
        if node.finalizer is not None:
            self.waiting.append((node.finalizer, scope))

    def visit_assign(self, node: tree.Assign, scope: _Scope) -> None:
        self._bind(node.target, scope, None)
        self.waiting.append((node.value, scope))

    def visit_update(self, node: tree.Update, scope: _Scope) -> None:
        self._bind(node.target, scope, None)

    def visit_call(self, node: tree.Call, scope: _Scope) -> None:
        if isinstance(node.callee, tree.Name) and node.callee.name == "eval":
            self.is_dynamic = True
        self._later(children(node), scope)

    def visit_other(self, node: tree.Other, _: _Scope) -> None:
        if node.word == "with statement":
            self.is_dynamic = True


_VISITS: dict[type[tree.Node], Callable[[_Finder, Any, _Scope], None]] = {
    tree.Name: _Finder.visit_name,
    tree.Function: _Finder.visit_function,
    tree.FunctionDeclaration: _Finder.visit_function_declaration,
    tree.Class: _Finder.visit_class,
    tree.ClassDeclaration: _Finder.visit_class_declaration,
    tree.Declaration: _Finder.visit_declaration,
    tree.Block: _Finder.visit_block,
    tree.Switch: _Finder.visit_switch,
    tree.For: _Finder.visit_for,
    tree.ForIn: _Finder.visit_for_each,
    tree.ForOf: _Finder.visit_for_each,
    tree.Try: _Finder.visit_try,
    tree.Assign: _Finder.visit_assign,
    tree.Update: _Finder.visit_update,
    tree.Call: _Finder.visit_call,
    tree.Other: _Finder.visit_other,
}
