"""The IR between lowering and LLVM: structured SSA over lanes of pixels.

One kernel computes some pixels side by side, a *lane* each. All branches of the script that differ
between pixels have become `select`s, or `guard`s that are skipped where no lane needs them.

    kernel    = tables buffers region
    region    = { value | effect | loop | guard }       executed in order
    value     = F | M | U | B
    loop      = phis, head region → condition, body region → next values of the phis
    guard     = mask, region → results, each with a value for when the region was skipped

Types: F a double per lane, M a truth value per lane, U one double for all lanes, B one truth value
for all lanes. Where an operand of type U (B) stands for an F (M), it is the same in every lane.
A value op's result is U or B where all its operands are, F or M otherwise.

    const                          U   attr: float
    truth                          B   attr: bool
    add sub mul div                F   IEEE 754 double, never contracted or reordered
    rem                            F   C's fmod, which is JavaScript's %
    min max                        F   Math.min / Math.max: NaN wins, −0 < +0
    neg abs floor ceil trunc sqrt  F
    round                          F   Math.round: halves up, −0 kept
    fround                         F   to single and back
    int32 uint32                   F   ToInt32, ToUint32
    bit_and bit_or bit_xor shl shr F   of ToInt32 of both; shr keeps the sign
    ushr                           F   as ``>>>``
    math                           F   attr: name of a function of Math, 1 or 2 operands, with
                                       V8's own results to the last bit
    lt le gt ge eq ne              M   of two F; IEEE: unordered is false, but true for ne
    and or xor not                 M
    select                         F   (M, F, F); of two masks M
    number                         F   (M): 1 or 0
    any all                        B   (M)
    load                           F   attr: Slot; operand: index of the sample (U or F)
    scenes                         U   attr: input; how many samples the input has
    fact                           F   attr: Fact; operand: index of the scene. U where it is U
    table                          F   attr: index of a table; operand: index. U where it is U
    read                           F   attr: Buffer; operand: index

    effects:
    write    (index F, value F, mask M)   attr: Buffer
    sort     (count F)                    attr: Sort; per lane, stable, by the first buffer; the
                                          first ``count`` elements. NaN there is a trap's task
    trap     (M)                          attr: reason; where any lane is on, the kernel gives up
                                          and V8 does the pixels: the way out for what is rare
    out      (F)                          attr: (output, band); the emitter rounds and clamps

Every index is checked by the emitter however it came about: one outside of its range reads 0 and
writes nowhere. Whoever lowers must have made `undefined` of it before. An index is a whole number.

A loop whose `bound` is None gets fuel from the emitter. Lanes that have left a loop must keep their
values by themselves: ``next`` is a select, and a condition of type M only says whether any is on.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Type(Enum):
    """What a value is; see the module."""

    F = "f"
    M = "m"
    U = "u"
    B = "b"

    @property
    def is_uniform(self) -> bool:
        """Whether all lanes share it."""
        return self is Type.U or self is Type.B

    @property
    def is_number(self) -> bool:
        """Whether it is a double."""
        return self is Type.F or self is Type.U


@dataclass(frozen=True, slots=True)
class Slot:
    """One band of one input, or its mask."""

    input: int
    band: int | None
    """Index into the setup input's bands; None: ``dataMask``, read as 1 or 0."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A number that is known of each scene (or orbit) before the pixels; see `facts`."""

    input: int
    name: str


@dataclass(frozen=True, slots=True)
class Buffer:
    """An array per lane, for arrays whose length only shows as the script runs."""

    id: int
    constant: int
    """Its capacity is ``constant`` plus, for each input, ``per_scene`` × its number of samples."""
    per_scene: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sort:
    """What `sort` moves."""

    key: Buffer
    others: tuple[Buffer, ...]
    """Moved along with the key."""
    descending: bool


@dataclass(slots=True, eq=False)
class Op:
    """One value or effect."""

    name: str
    type: Type | None
    """None for effects."""
    operands: tuple["Value", ...] = ()
    attr: Any = None


@dataclass(slots=True, eq=False)
class Phi:
    """A value that a loop carries: `first` at its start, `next` after each turn."""

    type: Type
    first: "Value"
    next: "Value | None" = None
    """Set when the body is done; a value visible at the end of the body."""


@dataclass(slots=True, eq=False)
class Result:
    """A value that a guard leaves behind."""

    type: Type
    inside: "Value"
    otherwise: "Value"


@dataclass(slots=True, eq=False)
class Loop:
    """``phis = first; while (head; condition) { body; phis = next }``; phis are seen behind it."""

    phis: list[Phi] = field(default_factory=list)
    head: "Region" = field(default_factory=list)
    condition: "Value | None" = None
    """B or M; seen from the head."""
    body: "Region" = field(default_factory=list)
    bound: int | str | None = None
    """A constant, or ``scenes`` for a small multiple of the number of samples; None: not known."""


@dataclass(slots=True, eq=False)
class Guard:
    """A region that is skipped where no lane needs it."""

    mask: "Value"
    body: "Region" = field(default_factory=list)
    results: list[Result] = field(default_factory=list)


Value = Op | Phi | Result
Region = list[Op | Loop | Guard]


@dataclass(slots=True, eq=False, kw_only=True)
class Kernel:
    """One script's pixels."""

    inputs: tuple[tuple[str, ...], ...]
    """For each input the bands that `Slot.band` counts, without ``dataMask``."""
    outputs: tuple[tuple[str, int], ...]
    """For each output its sample type's name and its number of bands."""
    tables: list[tuple[float, ...]] = field(default_factory=list)
    buffers: list[Buffer] = field(default_factory=list)
    body: Region = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    """What each trap's reason means, for people."""
