"""What a JavaScript value is while a script is lowered.

    number      float, or an ir.Value of type F or U
    boolean     bool, or an ir.Value of type M or B
    string      str; null None; undefined `UNDEFINED`
    array       `Thing` that holds `Items`, or `Rows` where the length only shows as it runs
    object      `Thing` that holds `Fields`
    function    `Closure`, `ClassValue`, `Native` (of the language, by name) or `BoundMethod`
    samples     `Sample` and `SampleList`; scenes: `SceneList` and `Scene`
    date        `Moment`
    unsure      `Union` of the above

What changes along the flow of the program stands in a `Place`: a variable's `Cell` or a `Thing`.
Everything else is immutable.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from evalscripts.native import ir
from evalscripts.snapshot import UNDEFINED
from evalscripts.syntax import tree

Js = Any
"""Any of the above."""
Num = float | ir.Value
"""A JavaScript number."""
Mask = bool | ir.Value
"""A JavaScript boolean."""

IR_TYPES = frozenset((ir.Op, ir.Phi, ir.Result))
NAN = float("nan")


class Mark(Enum):
    """What a place can hold that is no value."""

    ABSENT = "absent"
    """Nothing can refer to the place on this path."""
    UNSET = "unset"
    """Declared by let or const, and not there yet."""
    HOLE = "hole"
    """An element that an array does not have."""
    POISON = "poison"
    """Merged with another thing; who still refers to it alone is lost."""


ABSENT = Mark.ABSENT
UNSET = Mark.UNSET
HOLE = Mark.HOLE
POISON = Mark.POISON


class Declined(Exception):
    """The native tier does not take this script; V8 does."""

    def __init__(self, reason: str, node: tree.Node | None = None) -> None:
        """Say why, for people; ``node`` is the construct."""
        super().__init__(reason)
        self.reason = reason
        self.node = node


class Place:
    """Something whose content changes along the flow."""

    __slots__ = ("now", "serial")

    def __init__(self, now: Any, serial: int) -> None:
        self.now = now
        self.serial = serial


class Cell(Place):
    """A variable."""

    __slots__ = ("is_constant", "is_global", "name")

    def __init__(
        self,
        name: str,
        now: Any,
        serial: int,
        *,
        is_constant: bool = False,
        is_global: bool = False,
    ) -> None:
        super().__init__(now, serial)
        self.name = name
        self.is_constant = is_constant
        self.is_global = is_global


class Thing(Place):
    """An array or object; its identity is this object's, its content is `Items` or `Fields`."""

    __slots__ = ("is_blend", "site")

    def __init__(self, now: Any, serial: int, site: int, *, is_blend: bool = False) -> None:
        super().__init__(now, serial)
        self.site = site
        """Where in the text it was made."""
        self.is_blend = is_blend
        """Whether it stands for different things in different lanes."""


@dataclass(frozen=True, slots=True)
class Items:
    """An array of constant length."""

    values: tuple[Js, ...]
    is_frozen: bool = False
    """Whether a change would be seen by somebody we do not follow."""
    is_typed: bool = False
    """Whether it is a typed array."""


@dataclass(frozen=True, slots=True)
class Rows:
    """An array whose length depends on the pixel."""

    plan: Any
    """How its elements are kept; see rows.py."""
    length: Num
    is_frozen: bool = False


@dataclass(frozen=True, slots=True)
class Fields:
    """An object of known keys, in their order."""

    values: Mapping[str, Js]
    is_frozen: bool = False
    owner: "ClassValue | None" = None
    """The user's class whose instance it is."""
    helper: str | None = None
    """The helper class whose untouched instance it is."""


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """A Set (of constants), or a Map where ``values`` are given."""

    keys: tuple[Js, ...]
    values: tuple[Js, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Initial:
    """What a global held before the first pixel."""

    name: str
    value: Js
    """`ABSENT` where it is not declared."""


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """A function of the script."""

    function: tree.Function
    scope: Any
    this: Js = ABSENT
    """What an arrow or a method of an object was bound to."""
    home: "ClassValue | None" = None
    """The class whose method it is."""
    knows_itself: bool = False
    """Whether its own name stands for it inside: a function expression."""


@dataclass(frozen=True, slots=True, eq=False)
class ClassValue:
    """A class of the script."""

    definition: tree.Class
    scope: Any
    parent: "ClassValue | None"


@dataclass(frozen=True, slots=True)
class Native:
    """A function, class or namespace of the language, or of our helpers, by name."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class BoundMethod:
    """A built-in method read off its receiver."""

    receiver: Js
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One sample of an input that gives a list of them."""

    input: int
    index: Num


@dataclass(frozen=True, slots=True)
class SampleList:
    """All samples of an input."""

    input: int


@dataclass(frozen=True, slots=True)
class Pending:
    """A band of the one sample under SIMPLE, loaded where it is read."""

    slot: ir.Slot


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """A Date."""

    milliseconds: Num


@dataclass(frozen=True, slots=True)
class SceneList:
    """The scenes of an input: ``scenes``, ``scenes.orbits``, ``scenes.tiles``."""

    input: int
    kind: str
    """``all`` for ``scenes`` itself, ``orbits`` or ``tiles``."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """One scene or orbit of an input."""

    input: int
    index: Num
    is_legacy: bool
    """Whether it was found in ``scenes[i]``."""


@dataclass(frozen=True, slots=True, eq=False)
class DateText:
    """An ISO 8601 text of a scene, by the fact that holds its milliseconds."""

    input: int
    index: Num
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Several:
    """All elements of a list, as an argument: ``f(...list)``."""

    listed: Js


@dataclass(frozen=True, slots=True, eq=False)
class Lost:
    """What we cannot follow; declined where it is read."""

    word: str


class Union:
    """Alternatives with masks that exclude each other and leave no living lane out."""

    __slots__ = ("alternatives",)

    def __init__(self, alternatives: tuple[tuple[Mask, Js], ...]) -> None:
        self.alternatives = alternatives


FUNCTIONS = frozenset((Closure, ClassValue, Native, BoundMethod))


def is_number(value: Js) -> bool:
    """Whether it is surely a number."""
    kind = type(value)
    return kind is float or (kind in IR_TYPES and value.type.is_number)


def is_boolean(value: Js) -> bool:
    """Whether it is surely a boolean."""
    kind = type(value)
    return kind is bool or (kind in IR_TYPES and not value.type.is_number)


def is_constant(value: Js) -> bool:
    """Whether it is a number, string, boolean, null or undefined that is known now."""
    return type(value) in _CONSTANTS


_CONSTANTS = frozenset((float, bool, str, type(None), type(UNDEFINED)))


def same(a: Js, b: Js) -> bool:
    """Whether two values are one and the same without looking at lanes; tells −0 from 0."""
    if a is b:
        return True
    kind = type(a)
    if kind is not type(b):
        return False
    if kind is float:
        return a == b and str(a) == str(b) if a == a else b != b  # noqa: PLR0124 (NaN)
    if kind is Sample:
        return a.input == b.input and same(a.index, b.index)
    if kind in _BY_VALUE:
        return bool(a == b)
    return False


_BY_VALUE = frozenset((str, bool, Native, SampleList, Pending, SceneList))
