"""`Snapshot`: what a script's globals hold once its top level and setup() have run.

Taken in V8, read by the native tier: after this moment they count as constants. Values are
JavaScript's: float, bool, str, None for null, `UNDEFINED`, or a `Ref` to something on the heap,
so that what is shared stays shared and circles are possible.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Undefined(Enum):
    """The type of `UNDEFINED`."""

    UNDEFINED = "undefined"


UNDEFINED = Undefined.UNDEFINED


@dataclass(frozen=True, slots=True)
class Ref:
    """An index into `Snapshot.heap`."""

    index: int


Held = float | bool | str | None | Undefined | Ref


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldArray:
    """A true array without holes, accessors or further properties."""

    items: tuple[Held, ...]
    is_frozen: bool = False
    """Whether JavaScript would refuse or ignore a change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldNumbers:
    """A typed array."""

    items: tuple[float, ...]
    kind: str = "Float64Array"
    """Its class: what is written to it is converted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldObject:
    """A plain object, or an instance of a class, of data properties only."""

    fields: Mapping[str, Held]
    helper: str | None = None
    """The name of the helper class whose untouched instance it is, such as
    ``ColorRampVisualizer``; or of the untouched namespace that it is: ``Math``, ``JSON``,
    ``Reflect``, ``console``, ``globalThis``, whose fields are not copied."""
    constructor: str | None = None
    """The global name of the user's own class."""
    is_frozen: bool = False
    """Whether JavaScript would refuse or ignore a change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldFunction:
    """A function or class."""

    text: str
    """As ``toString`` gives it: a slice of the script's text, or the helper's."""
    helper: str | None = None
    """The name of the untouched helper or builtin: ``index``, ``Math.max``, ``Date``,
    ``Array.prototype.map``, ``ColorRampVisualizer``; the text is empty then."""
    methods: int | None = None
    """How many methods and accessors a class has, static ones included, each of which stands
    under the name that the text gives it; None for functions."""
    parent: Held = None
    """The class that a class extends, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSet:
    """A Set."""

    items: tuple[Held, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldMap:
    """A Map."""

    items: tuple[tuple[Held, Held], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldDate:
    """A Date."""

    milliseconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Opaque:
    """Anything else, or what was too much to copy."""

    word: str
    """What it is, for people: ``a Proxy``, ``a RegExp``."""


HeapValue = (
    HeldArray | HeldNumbers | HeldObject | HeldFunction | HeldSet | HeldMap | HeldDate | Opaque
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The globals that the text mentions, where they exist."""

    globals: Mapping[str, Held]
    """Name → value; names that are not declared are absent."""
    heap: tuple[HeapValue, ...]
    hooks: frozenset[str]
    """Which of preProcessScenes, filterScenes, updateOutput and updateOutputMetadata exist."""
    tampered: str | None
    """What of the language itself the script has changed (``Array.prototype.map``), or None."""
