"""`Scope`: the function in the making, and the LLVM names of the IR's values.

Two runs of instructions grow side by side: ``entry``, which runs once for each block of pixels,
and ``body``, which runs for every eight of them. What depends on no pixel and no loop goes to
``entry``.
"""

from collections.abc import Callable
from dataclasses import dataclass

from evalscripts.native.emit.arithmetic import int32_of, to_int32
from evalscripts.native.emit.text import SCALAR, VECTOR, Code, Module, Width
from evalscripts.native.frame import LANES, FrameLayout
from evalscripts.native.ir import Fact, Kernel, Op, Slot, Value


@dataclass(frozen=True, slots=True)
class Name:
    """A value in LLVM."""

    text: str
    """Its name or literal, of one lane where it is uniform."""
    is_uniform: bool
    is_fixed: bool
    """The same for all pixels and turns of loops, and visible from ``entry``."""
    constant: float | bool | None = None
    """What it is, where it is a literal."""


class Scope:
    """Names of values, and what was already made of them, region by region."""

    def __init__(
        self,
        kernel: Kernel,
        layout: FrameLayout,
        *,
        slots: tuple[Slot, ...],
        facts: tuple[Fact, ...],
        whole_bits: int,
    ) -> None:
        self.whole_bits = whole_bits
        """The integers that doubles are fastest made of."""
        self.kernel = kernel
        self.layout = layout
        self.slots = {slot: i for i, slot in enumerate(slots)}
        self.facts = {fact: i for i, fact in enumerate(facts)}
        self.module = Module()
        self.entry = Code(self.module, "entry")
        self.body = Code(self.module, "pixels")
        self.traps: set[int] = set()
        """Statuses to which something jumps; the label is ``leave`` and the status."""
        self._names: dict[Value, Name] = {}
        self._made: list[dict[tuple[object, ...], str]] = [{}]

    # ---- regions ------------------------------------------------------------------------------

    def open(self) -> None:
        """Enter a region whose instructions need not have run behind it."""
        self._made.append({})

    def close(self) -> None:
        """Leave it."""
        self._made.pop()

    def once(self, key: tuple[object, ...], make: Callable[[Code], str], *, fixed: bool) -> str:
        """Return what was made under this key where that is visible, or make it here."""
        for made in reversed(self._made):
            if key in made:
                return made[key]
        name = make(self.entry if fixed else self.body)
        self._made[0 if fixed else -1][key] = name
        return name

    # ---- values -------------------------------------------------------------------------------

    def set(self, value: Value, name: Name) -> None:
        """Give a value its name."""
        self._names[value] = name

    def name(self, value: Value) -> Name:
        """Return a value's name."""
        return self._names[value]

    def code(self, *, fixed: bool) -> Code:
        """Return where instructions of that kind go."""
        return self.entry if fixed else self.body

    def number(self, value: Value, width: Width) -> str:
        """Return a number in this width; a uniform one fills all lanes."""
        name = self._names[value]
        if isinstance(name.constant, float):
            return width.of(name.constant)
        return self._wide(name, "double") if self._must_spread(name, width) else name.text

    def truth(self, value: Value, width: Width) -> str:
        """Return a truth value in this width."""
        name = self._names[value]
        if isinstance(name.constant, bool):
            return width.bit(is_set=name.constant)
        return self._wide(name, "i1") if self._must_spread(name, width) else name.text

    def int32(self, value: Value, width: Width) -> str:
        """Return a number's ToInt32."""
        name = self._names[value]
        if isinstance(name.constant, float):
            return width.whole(int32_of(name.constant))
        number = self.number(value, width)
        fixed = name.is_fixed
        return self.once(("i32", number), lambda code: to_int32(code, width, number), fixed=fixed)

    def keep_int32(self, number: str, integer: str, *, fixed: bool) -> None:
        """Remember of which 32-bit integers a number was made."""
        self._made[0 if fixed else -1]["i32", number] = integer

    def is_on(self, value: Value) -> str:
        """Return an i1: the truth value, or whether any lane has it."""
        name = self._names[value]
        if name.is_uniform:
            return self.truth(value, SCALAR)
        return any_lane(self.body, name.text)

    @staticmethod
    def _must_spread(name: Name, width: Width) -> bool:
        return name.is_uniform and width.is_vector

    def _wide(self, name: Name, element: str) -> str:
        key = ("wide", name.text)
        return self.once(key, lambda code: code.spread(name.text, element), fixed=name.is_fixed)

    def find(self, op: Op) -> tuple[Width, bool]:
        """Return an op's width, and whether it goes to ``entry``."""
        kind = op.type
        is_uniform = kind is not None and kind.is_uniform
        fixed = is_uniform and all(self._names[operand].is_fixed for operand in op.operands)
        return (SCALAR if is_uniform else VECTOR), fixed


def any_lane(code: Code, mask: str) -> str:
    """Return an i1: whether any lane of a mask is on."""
    bits = code.let(f"bitcast {VECTOR.truth} {mask} to i{LANES}")
    return code.let(f"icmp ne i{LANES} {bits}, 0")


def every_lane(code: Code, mask: str) -> str:
    """Return an i1: whether all lanes of a mask are on."""
    bits = code.let(f"bitcast {VECTOR.truth} {mask} to i{LANES}")
    return code.let(f"icmp eq i{LANES} {bits}, -1")
