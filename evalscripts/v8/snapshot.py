"""`read_snapshot`: what snapshot.js wrote → `Snapshot`.

    reply     = {"globals": [[name, value]…], "heap": [entry…], "tampered": text or null}
    value     = number | text | true | false | null
              | []                                   undefined
              | ["NaN" | "-0" | "Infinity" | "-Infinity"]
              | [index]                              an entry of the heap
    entry     = ["a", [value…], frozen]              array
              | ["t", [value…], name]                typed array
              | ["o", [[key, value]…], frozen, helper or null, constructor or null]
              | ["f", text, helper or null]          function
          | ["c", text, methods, value]          class: how many it has, and its parent or null
              | ["s", [value…]] | ["m", [[value, value]…]] | ["d", milliseconds]
              | ["?", word]                          not copied

The script may have broken out of V8 and written this itself: everything is checked.
"""

from collections.abc import Callable, Mapping
from typing import Any

from evalscripts.snapshot import (
    UNDEFINED,
    HeapValue,
    Held,
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

_NUMBERS: Mapping[str, float] = {
    "NaN": float("nan"),
    "-0": -0.0,
    "Infinity": float("inf"),
    "-Infinity": float("-inf"),
}
_TYPED = frozenset(
    f"{name}Array"
    for name in ("Uint8", "Uint8Clamped", "Int8", "Uint16", "Int16", "Uint32", "Int32")
) | {"Float32Array", "Float64Array"}


class BadSnapshot(ValueError):
    """This is nothing that snapshot.js writes."""


def read_snapshot(held: object, *, hooks: frozenset[str] = frozenset()) -> Snapshot:
    """Return the snapshot of a reply that was parsed from JSON.

    ``hooks`` are those that the stage found.

    Raises:
        BadSnapshot: it is not what snapshot.js writes.
    """
    try:
        return _Reader(held).snapshot(hooks)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise BadSnapshot("the worker's snapshot cannot be read") from error


class _Reader:
    def __init__(self, held: Any) -> None:
        self._held = held
        self._entries: list[Any] = _list(held["heap"])
        self._kinds: dict[str, Callable[..., HeapValue]] = {
            "a": self._array,
            "t": self._typed,
            "o": self._object,
            "f": self._function,
            "c": self._class,
            "s": self._set,
            "m": self._map,
            "d": self._date,
            "?": self._opaque,
        }

    def snapshot(self, hooks: frozenset[str]) -> Snapshot:
        tampered = self._held["tampered"]
        heap = []
        for kind, *parts in map(_list, self._entries):
            heap.append(self._kinds[kind](*parts))
        return Snapshot(
            globals={
                _text(name): self._value(value)
                for name, value in map(_list, _list(self._held["globals"]))
            },
            heap=tuple(heap),
            hooks=hooks,
            tampered=None if tampered is None else _text(tampered),
        )

    def _value(self, value: Any) -> Held:
        if value is None or isinstance(value, bool | str):
            return value
        if isinstance(value, int | float):
            return float(value)
        if not _list(value):
            return UNDEFINED
        (inner,) = value
        if isinstance(inner, str):
            return _NUMBERS[inner]
        if type(inner) is not int or not 0 <= inner < len(self._entries):
            raise BadSnapshot
        return Ref(inner)

    def _values(self, values: Any) -> tuple[Held, ...]:
        return tuple([self._value(value) for value in _list(values)])

    def _array(self, items: Any, is_frozen: Any) -> HeldArray:
        return HeldArray(items=self._values(items), is_frozen=_flag(is_frozen))

    def _typed(self, items: Any, kind: Any) -> HeldNumbers:
        if kind not in _TYPED:
            raise BadSnapshot
        return HeldNumbers(
            items=tuple([_number(value) for value in self._values(items)]), kind=kind
        )

    def _object(self, pairs: Any, is_frozen: Any, helper: Any, constructor: Any) -> HeldObject:
        return HeldObject(
            fields={_text(key): self._value(value) for key, value in map(_list, _list(pairs))},
            is_frozen=_flag(is_frozen),
            helper=None if helper is None else _text(helper),
            constructor=None if constructor is None else _text(constructor),
        )

    def _function(self, text: Any, helper: Any) -> HeldFunction:
        return HeldFunction(text=_text(text), helper=None if helper is None else _text(helper))

    def _class(self, text: Any, methods: Any, parent: Any) -> HeldFunction:
        if type(methods) is not int:
            raise BadSnapshot
        return HeldFunction(text=_text(text), methods=methods, parent=self._value(parent))

    def _set(self, items: Any) -> HeldSet:
        return HeldSet(items=self._values(items))

    def _map(self, pairs: Any) -> HeldMap:
        items = [(self._value(key), self._value(value)) for key, value in map(_list, _list(pairs))]
        return HeldMap(items=tuple(items))

    def _date(self, milliseconds: Any) -> HeldDate:
        return HeldDate(milliseconds=_number(self._value(milliseconds)))

    def _opaque(self, word: Any) -> Opaque:
        return Opaque(word=_text(word))


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise BadSnapshot
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise BadSnapshot
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadSnapshot
    return value


def _number(value: Held) -> float:
    if not isinstance(value, float):
        raise BadSnapshot
    return value
