"""From the snapshot's globals to values: constants that no pixel may change."""


from typing import Any

from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.scopes import GlobalScope
from evalscripts.native.lower.values import (
    ABSENT,
    ClassValue,
    Closure,
    Declined,
    Fields,
    Initial,
    Items,
    Js,
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
from evalscripts.syntax.walk import children

_SITE = -2
_NAMESPACES = frozenset(("Math", "JSON", "Reflect", "console", "Object", "Array", "Number"))


class Lost:
    """A value of the snapshot that we cannot follow; declined where it is read."""

    __slots__ = ("word",)

    def __init__(self, word: str) -> None:
        self.word = word


class Holder:
    """Makes values of what a snapshot holds, each once."""

    def __init__(self, machine: Machine, program: tree.Block, text: str, snapshot: Snapshot) -> None:
        self._machine = machine
        self._text = text
        self._snapshot = snapshot
        self._things: dict[int, Js] = {}
        self._functions: dict[str, list[tree.Function]] = {}
        self._classes: dict[str, list[tree.Class]] = {}
        self._program = program
        self._walked = False
        self._global: set[tree.Function] = set()
        self._expressions: set[tree.Function] = set()
        self._outer: frozenset[str] = frozenset()

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
        self._walk()
        if held.text.startswith("class"):
            classes = self._classes.get(held.text, [])
            if len(classes) == 1:
                return self._class(classes[0])
            return Lost("a class that was not found in the text")
        functions = self._functions.get(held.text, [])
        if not functions:
            return Lost("a function that was not found in the text")
        for function in functions:
            if function not in self._global and not self._is_closed(function):
                return Lost("a function made by a function")
        first = functions[0]
        return Closure(
            first, self._machine.globals, knows_itself=first.name is not None and first in self._expressions
        )

    def _class(self, node: tree.Class) -> Js:
        parent: Any = None
        if node.parent is not None:
            name = node.parent.name if type(node.parent) is tree.Name else None
            parent = self.initial(name).value if name is not None else None
            if type(parent) is not ClassValue:
                return Lost("a class that extends something else than a class of the script")
        return ClassValue(node, self._machine.globals, parent)

    def _is_closed(self, function: tree.Function) -> bool:
        """Whether a function inside of something needs nothing of what is around it."""
        return find_names(function).free <= self._outer

    def _walk(self) -> None:
        """List the functions and classes by their text, once."""
        if self._walked:
            return
        self._walked = True
        self._outer = frozenset(find_names(self._program).declared) | frozenset(
            self._snapshot.globals
        )
        waiting: list[tuple[tree.Node, bool]] = [(s, True) for s in self._program.body]
        while waiting:
            node, outside = waiting.pop()
            if isinstance(node, tree.Function):
                self._functions.setdefault(self._text[node.start : node.end], []).append(node)
                if outside:
                    self._global.add(node)
                outside = False
            elif isinstance(node, tree.Class):
                self._classes.setdefault(self._text[node.start : node.end], []).append(node)
                outside = False
            elif isinstance(node, tree.Block | tree.For | tree.ForIn | tree.ForOf | tree.Try):
                outside = False
            inner = children(node)
            if not isinstance(node, tree.FunctionDeclaration):
                self._expressions.update([n for n in inner if isinstance(n, tree.Function)])
            waiting += [(child, outside) for child in inner]


def globals_of(machine: Machine, program: tree.Block, text: str, snapshot: Snapshot) -> GlobalScope:
    """Return the outermost scope of a script."""
    holder = Holder(machine, program, text, snapshot)
    return GlobalScope(holder.initial)
