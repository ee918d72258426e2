"""`Object`: the machine code of one kernel and what its host must know of it."""

import base64
from dataclasses import dataclass
from typing import Any

from evalscripts.native.frame import FrameLayout
from evalscripts.native.ir import Buffer, Fact, Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """Relocatable code with its interface."""

    code: bytes
    """An object file that exports `symbol`."""
    symbol: str
    fingerprint: str
    """Of processor, LLVM and emitter; code with another one must not run here."""
    inputs: tuple[tuple[str, ...], ...]
    """As in `Kernel`."""
    outputs: tuple[tuple[str, int], ...]
    """As in `Kernel`."""
    slots: tuple[Slot, ...]
    """The bands and masks that are read, in the frame's order."""
    facts: tuple[Fact, ...]
    """The facts that are read, in the frame's order."""
    buffers: tuple[Buffer, ...]
    reasons: tuple[str, ...]
    """What each trap's reason means."""
    sorts: bool
    """Whether sorting's own rows are needed."""
    needs: tuple[str, ...]
    """Functions of the library that are called."""
    ops: int
    """How many ops the kernel has."""

    @property
    def layout(self) -> FrameLayout:
        """Where things stand in its frame."""
        return FrameLayout(
            inputs=len(self.inputs),
            slots=len(self.slots),
            buffers=len(self.buffers),
            facts=len(self.facts),
            bands=sum(bands for _, bands in self.outputs),
        )

    def as_wire(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {
            "code": base64.b64encode(self.code).decode("ascii"),
            "symbol": self.symbol,
            "fingerprint": self.fingerprint,
            "inputs": [list(bands) for bands in self.inputs],
            "outputs": [list(output) for output in self.outputs],
            "slots": [[slot.input, slot.band] for slot in self.slots],
            "facts": [[fact.input, fact.name] for fact in self.facts],
            "buffers": [[b.id, b.constant, list(b.per_scene)] for b in self.buffers],
            "reasons": list(self.reasons),
            "sorts": self.sorts,
            "needs": list(self.needs),
            "ops": self.ops,
        }

    @classmethod
    def from_wire(cls, wire: dict[str, Any]) -> "Object":
        """Return what `as_wire` was made of."""
        return cls(
            code=base64.b64decode(wire["code"]),
            symbol=wire["symbol"],
            fingerprint=wire["fingerprint"],
            inputs=tuple(tuple(bands) for bands in wire["inputs"]),
            outputs=tuple((kind, bands) for kind, bands in wire["outputs"]),
            slots=tuple(Slot(index, band) for index, band in wire["slots"]),
            facts=tuple(Fact(index, name) for index, name in wire["facts"]),
            buffers=tuple(Buffer(i, n, tuple(per)) for i, n, per in wire["buffers"]),
            reasons=tuple(wire["reasons"]),
            sorts=wire["sorts"],
            needs=tuple(wire["needs"]),
            ops=wire["ops"],
        )
