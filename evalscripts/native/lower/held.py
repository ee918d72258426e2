"""From the snapshot's globals to values: constants that no pixel may change."""

from collections.abc import Sequence
from typing import Any

from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.scopes import GlobalScope, pattern_names
from evalscripts.native.lower.values import (
    ABSENT,
    ClassValue,
    Closure,
    Declined,
    Fields,
    Initial,
    Items,
    Js,
    Lost,
    Members,
    Moment,
    Native,
    Thing,
)
from evalscripts.snapshot import (
    HeldArray,
    HeldDate,
    HeldFunction,
    HeldMap,
    HeldNumbers,
    HeldObject,
    HeldSet,
    Opaque,
    Ref,
    Snapshot,
)
from evalscripts.syntax import tree
from evalscripts.syntax.names import find_names
from evalscripts.syntax.walk import descend

_SITE = -2
_MAKERS = ("eval", "Function", "constructor", "with")
_METHODS = frozenset(("method", "get", "set"))
_NAMESPACES = frozenset(("Math", "JSON", "Reflect", "console", "Object", "Array", "Number"))


class Holder:
    """Makes values of what a snapshot holds, each once."""

    def __init__(
        self, machine: Machine, program: tree.Block, text: str, snapshot: Snapshot
    ) -> None:
        self._machine = machine
        self._text = text
        self._snapshot = snapshot
        self._things: dict[int, Js] = {}
        self._outside: dict[int, tuple[tree.Node, bool]] = {}
        self._inside: dict[int, tuple[tree.Node, bool]] = {}
        self._program = program

    def initial(self, name: str) -> Initial:
        """Return what a global held."""
        held = self._snapshot.globals
        if name in held:
            return Initial(name, self.value(held[name]))
        if name in _NAMESPACES:
            return Initial(name, Native(name))
        return Initial(name, ABSENT)

    def value(self, held: Any) -> Js:
        """Return a value of the snapshot."""
        if type(held) is not Ref:
            return held
        known = self._things.get(held.index)
        if known is None:
            known = self._make(held.index)
        return known

    def _make(self, index: int) -> Js:
        held = self._snapshot.heap[index]
        if isinstance(held, HeldFunction):
            value = self._function(held)
        elif isinstance(held, HeldDate):
            value = Moment(held.milliseconds)
        elif isinstance(held, Opaque):
            value = Lost(held.word)
        elif isinstance(held, HeldObject) and held.helper in _NAMESPACES:
            value = Native(held.helper)
        else:
            thing = Thing(ABSENT, 0, _SITE)
            # Known before its parts: they may refer back to it.
            self._things[index] = thing
            thing.now = self._content(held)
            return thing
        self._things[index] = value
        return value

    def _content(self, held: Any) -> Any:
        if isinstance(held, HeldArray):
            return Items(tuple([self.value(item) for item in held.items]), is_frozen=True)
        if isinstance(held, HeldNumbers):
            return Items(held.items, is_frozen=True, is_typed=True)
        if isinstance(held, HeldSet):
            return Members(tuple([self.value(item) for item in held.items]))
        if isinstance(held, HeldMap):
            keys = tuple([self.value(key) for key, _ in held.items])
            return Members(keys, tuple([self.value(value) for _, value in held.items]))
        owner = self._owner(held)
        values = {name: self.value(value) for name, value in held.fields.items()}
        return Fields(values, is_frozen=True, owner=owner, helper=held.helper)

    def _owner(self, held: HeldObject) -> ClassValue | None:
        if held.constructor is None:
            return None
        found = self.initial(held.constructor).value
        if type(found) is ClassValue:
            return found
        # The methods of a constructor function stand on its prototype, which nobody has copied.
        raise Declined(f"an object made by {held.constructor}")

    def _function(self, held: HeldFunction) -> Js:
        if held.helper is not None:
            return Native(held.helper)
        outside = self._found(held.text, self._listed(self._program.body))
        # What is in the text once, and outside of everything, is certain.
        if len(outside) == 1 and self._text.count(held.text) == 1:
            return self._made(outside[0], held)
        found = outside + [
            node
            for node in self._found(held.text, self._everything())
            if node[0].start not in self._outside
        ]
        if not found:
            return Lost("a function that was not found in the text")
        is_certain = len(outside) == len(found) == 1
        if not (is_certain or all(self._is_closed(node) for node in found)):
            return Lost("a function made by a function")
        return self._made(found[0], held)

    def _made(self, found: tuple[tree.Node, bool], held: HeldFunction) -> Js:
        node, is_expression = found
        if isinstance(node, tree.Class):
            return self._class(node, held)
        assert isinstance(node, tree.Function)  # noqa: S101 (nothing else is listed)
        knows_itself = is_expression and node.name is not None
        return Closure(node, self._machine.globals, knows_itself=knows_itself)

    def _found(
        self, text: str, nodes: dict[int, tuple[tree.Node, bool]]
    ) -> list[tuple[tree.Node, bool]]:
        """Return the functions and classes that have this text."""
        found = []
        start = self._text.find(text)
        while start >= 0:
            entry = nodes.get(start)
            if entry is not None and entry[0].end == start + len(text):
                found.append(entry)
            start = self._text.find(text, start + 1)
        return found

    def _listed(self, statements: Sequence[tree.Statement]) -> dict[int, tuple[tree.Node, bool]]:
        """Return the functions and classes that statements declare or hold, by their start."""
        if self._outside:
            return self._outside
        for statement in statements:
            if type(statement) is tree.FunctionDeclaration:
                self._outside[statement.function.start] = (statement.function, False)
            elif type(statement) is tree.ClassDeclaration:
                self._outside[statement.definition.start] = (statement.definition, False)
            elif type(statement) is tree.Declaration:
                for declarator in statement.declarators:
                    value = declarator.value
                    if isinstance(value, tree.Function | tree.Class):
                        self._outside[value.start] = (value, True)
        return self._outside

    def _everything(self) -> dict[int, tuple[tree.Node, bool]]:
        """Return all functions and classes of the text, by their start."""
        if not self._inside:
            self._inside.update(self._outside)
            for node in descend(self._program):
                if isinstance(node, tree.Function | tree.Class):
                    self._inside.setdefault(node.start, (node, True))
        return self._inside

    def _is_closed(self, found: tuple[tree.Node, bool]) -> bool:
        """Whether a function inside of something needs nothing of what is around it."""
        if not isinstance(found[0], tree.Function):
            return False
        outer = frozenset(find_names(self._program).declared) | frozenset(self._snapshot.globals)
        inner = _declared_inside(self._program)
        return not find_names(found[0]).free & inner and find_names(found[0]).free <= outer

    def _class(self, node: tree.Class, held: HeldFunction) -> Js:
        members = {(m.is_static, m.key) for m in node.members if m.kind in _METHODS}
        if len(members) != held.methods:
            return Lost("a class whose methods were changed")
        parent: Any = None
        if node.parent is not None or held.parent is not None:
            parent = self.value(held.parent)
            if type(parent) is not ClassValue:
                return Lost("a class that extends something else than a class of the script")
        return ClassValue(node, self._machine.globals, parent)


def _declared_inside(program: tree.Block) -> frozenset[str]:
    """Return every name that something inside of the program's statements declares."""
    names: set[str] = set()
    for statement in program.body:
        for node in descend(statement):
            if isinstance(node, tree.Function):
                names |= set(find_names(node).declared)
            elif isinstance(node, tree.Try):
                names |= set(pattern_names(node.parameter))
            elif isinstance(node, tree.ForIn | tree.ForOf):
                names |= set(pattern_names(node.target))
            elif node is statement:
                continue
            elif isinstance(node, tree.FunctionDeclaration | tree.ClassDeclaration):
                names |= _own_name(node)
            elif isinstance(node, tree.Declaration) and node is not statement:
                names |= {n for d in node.declarators for n in pattern_names(d.target)}
    return frozenset(names)


def _own_name(node: tree.FunctionDeclaration | tree.ClassDeclaration) -> set[str]:
    named = node.function if isinstance(node, tree.FunctionDeclaration) else node.definition
    return set() if named.name is None else {named.name}


def _refuse_makers(program: tree.Block) -> None:
    """Raise where functions may be made of text, or names, as far as the text tells."""
    for node in descend(program):
        match node:
            case tree.Name(name="eval" | "Function" as name):
                raise Declined(f"{name}()", node)
            case tree.Member(key="constructor"):
                raise Declined("constructor", node)
            case tree.Other(word="with statement" as word):
                raise Declined(f"a {word}", node)
            case _:
                pass


def globals_of(machine: Machine, program: tree.Block, text: str, snapshot: Snapshot) -> GlobalScope:
    """Return the outermost scope of a script.

    Raises:
        Declined: what a function is cannot be told from its text.
    """
    if any(word in text for word in _MAKERS):
        _refuse_makers(program)
    holder = Holder(machine, program, text, snapshot)
    return GlobalScope(holder.initial)
