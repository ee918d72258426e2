"""`Builder`: writes IR, each value once, constants folded.

Operands and results are `Num` and `Mask`: a Python float or bool where the value is known now.
"""

import math
import struct
from collections.abc import Sequence
from typing import Any

from evalscripts.native import ir
from evalscripts.native.lower.folding import FOLDS
from evalscripts.native.lower.values import IR_TYPES, Declined, Mask, Num

MAX_OPS = 20_000
_COMPARISONS = frozenset(("lt", "le", "gt", "ge", "eq", "ne"))
_SWAPPED = {"gt": "lt", "ge": "le"}
_COMMUTATIVE = frozenset(("add", "mul", "eq", "ne", "and", "or", "bit_and", "bit_or", "bit_xor"))


Place = tuple[ir.Region, int, int, int]
"""Where the kernel stands: the open region, its length, how much is known, how many ops."""


class Builder:
    """The kernel under construction: one region is open at a time."""

    def __init__(self, kernel: ir.Kernel) -> None:
        self.kernel = kernel
        self.region: ir.Region = kernel.body
        self.constants: ir.Region = []
        self.ops = 0
        self._constants: dict[Any, ir.Op] = {}
        self._memo: dict[Any, ir.Op] = {}
        self._memo_log: list[Any] = []
        self._tables: dict[bytes, int] = {}

    # ---- regions -------------------------------------------------------------------------

    def mark(self) -> Place:
        """Return where the kernel stands, for `rewind` and `close`."""
        return self.region, len(self.region), len(self._memo_log), self.ops

    def open(self, region: ir.Region) -> Place:
        """Write into this region from now on; give the result to `close`."""
        mark = self.mark()
        self.region = region
        return mark

    def close(self, mark: Place) -> None:
        """Write where `open` was called again; what the inner region made is not seen there."""
        self.region = mark[0]
        self._forget(mark[2])

    def rewind(self, mark: Place) -> None:
        """Drop everything that was written since."""
        self.region = mark[0]
        del self.region[mark[1] :]
        self.ops = mark[3]
        self._forget(mark[2])

    def _forget(self, length: int) -> None:
        log = self._memo_log
        while len(log) > length:
            del self._memo[log.pop()]

    # ---- values --------------------------------------------------------------------------

    def operand(self, value: Any) -> ir.Value:
        """Return the value as the IR has it."""
        if isinstance(value, ir.Op | ir.Phi | ir.Result):
            return value
        if type(value) is bool:
            key: Any = value
        elif value != value:  # noqa: PLR0124 (NaN)
            key = "NaN"
        else:
            key = (value, math.copysign(1, value)) if value == 0 else (value,)
        op = self._constants.get(key)
        if op is None:
            is_truth = type(value) is bool
            op = ir.Op(
                "truth" if is_truth else "const", ir.Type.B if is_truth else ir.Type.U, (), value
            )
            self._constants[key] = op
            self.constants.append(op)
        return op

    def number(self, name: str, *operands: Num, attr: Any = None) -> Num:
        """Return the result of an operation on numbers."""
        fold = FOLDS.get(name)
        if fold is not None and all(type(operand) is float for operand in operands):
            return fold(*operands)  # type: ignore[no-any-return]
        if len(operands) == 2:
            same = _neutral(name, operands[0], operands[1])
            if same is not None:
                return same
        return self._pure(name, operands, attr, is_number=True)

    def compare(self, name: str, x: Num, y: Num) -> Mask:
        """Return the mask of a comparison."""
        if type(x) is float and type(y) is float:
            return FOLDS[name](x, y)  # type: ignore[no-any-return]
        if name in _SWAPPED:
            return self._pure(_SWAPPED[name], (y, x), None, is_number=False)
        return self._pure(name, (x, y), None, is_number=False)

    def _pure(
        self, name: str, operands: tuple[Num | Mask, ...], attr: Any, *, is_number: bool
    ) -> ir.Op:
        values: tuple[Any, ...] = tuple(
            [v if type(v) in IR_TYPES else self.operand(v) for v in operands]
        )
        key: Any = (name, attr, *values)
        memo = self._memo
        op = memo.get(key)
        if op is not None:
            return op
        if name in _COMMUTATIVE:
            op = memo.get((name, attr, values[1], values[0]))
            if op is not None:
                return op
        uniform = all(v.type.is_uniform for v in values)
        if is_number:
            kind = ir.Type.U if uniform else ir.Type.F
        else:
            kind = ir.Type.B if uniform else ir.Type.M
        op = ir.Op(name, kind, values, attr)
        memo[key] = op
        self._memo_log.append(key)
        self._append(op)
        return op

    def _append(self, op: ir.Op | ir.Loop | ir.Guard) -> None:
        self.ops += 1
        if self.ops > MAX_OPS:
            raise Declined(f"the script is too long: more than {MAX_OPS:,} operations per pixel")
        self.region.append(op)

    def any(self, mask: Mask) -> Mask:
        """Return whether any lane is on, for all lanes."""
        if type(mask) is bool or mask.type.is_uniform:  # type: ignore[union-attr]
            return mask
        op = self._pure("any", (mask,), None, is_number=False)
        op.type = ir.Type.B
        return op

    def uniform(self, name: str, *operands: Num, attr: Any = None) -> ir.Op:
        """Return a number that all lanes share."""
        op = self._pure(name, operands, attr, is_number=True)
        op.type = ir.Type.U
        return op

    def load(self, slot: ir.Slot, index: Num) -> Num:
        """Return a band's value of a sample; never uniform."""
        op = self._pure("load", (index,), slot, is_number=True)
        op.type = ir.Type.F
        return op

    def table(self, values: tuple[float, ...], index: Num) -> Num:
        """Return an element of a constant table; the index is whole and inside."""
        if type(index) is float:
            return values[int(index)]
        key = struct.pack(f"{len(values)}d", *values)
        known = self._tables.get(key)
        if known is None:
            known = self._tables[key] = len(self.kernel.tables)
            self.kernel.tables.append(values)
        return self._pure("table", (index,), known, is_number=True)

    def again(self, op: ir.Op, operands: Sequence[Any]) -> Any:
        """Return what a pure operation gives for other operands."""
        if op.name == "load":
            return self.load(op.attr, operands[0])
        is_number = op.type is not None and op.type.is_number
        return self._pure(op.name, tuple(operands), op.attr, is_number=is_number)

    def read(self, buffer: Any, index: Num) -> ir.Op:
        """Return an element of a buffer as it is at this moment."""
        op = ir.Op("read", ir.Type.F, (self.operand(index),), buffer)
        self._append(op)
        return op

    def effect(self, name: str, *operands: Num | Mask, attr: Any = None) -> None:
        """Write an effect."""
        self._append(ir.Op(name, None, tuple([self.operand(v) for v in operands]), attr))

    def trap(self, mask: Mask, reason: int) -> None:
        """Give up where the mask is on; said once."""
        value = self.operand(mask)
        key = ("trap", value)
        if key not in self._memo:
            op = ir.Op("trap", None, (value,), reason)
            self._memo[key] = op
            self._memo_log.append(key)
            self._append(op)

    def append(self, structure: ir.Loop | ir.Guard) -> None:
        """Write a loop or guard whose regions are done."""
        self._append(structure)

    # ---- masks ---------------------------------------------------------------------------

    def both(self, x: Mask, y: Mask) -> Mask:
        """Return x and y."""
        if x is False or y is False:
            return False
        if x is True or x is y:
            return y
        if y is True:
            return x
        if _opposite(x, y):
            return False
        return self._pure("and", (x, y), None, is_number=False)

    def either(self, x: Mask, y: Mask) -> Mask:
        """Return x or y."""
        if x is True or y is True:
            return True
        if x is False or x is y:
            return y
        if y is False:
            return x
        if _opposite(x, y):
            return True
        return self._pure("or", (x, y), None, is_number=False)

    def negate(self, x: Mask) -> Mask:
        """Return not x."""
        if type(x) is bool:
            return not x
        if type(x) is ir.Op and x.name == "not":
            return x.operands[0]
        return self._pure("not", (x,), None, is_number=False)

    def differ(self, x: Mask, y: Mask) -> Mask:
        """Return x xor y."""
        if type(x) is bool:
            return self.negate(y) if x else y
        if type(y) is bool:
            return self.negate(x) if y else x
        if x is y:
            return False
        return self._pure("xor", (x, y), None, is_number=False)

    def choose_mask(self, mask: Mask, x: Mask, y: Mask) -> Mask:
        """Return x where the mask is on, else y; all masks."""
        if type(mask) is bool:
            return x if mask else y
        if x is y:
            return x
        if type(x) is bool:
            return self.either(mask, y) if x else self.both(self.negate(mask), y)
        if type(y) is bool:
            return self.either(self.negate(mask), x) if y else self.both(mask, x)
        return self._pure("select", (mask, x, y), None, is_number=False)

    def choose(self, mask: Mask, x: Num, y: Num) -> Num:
        """Return x where the mask is on, else y."""
        if type(mask) is bool:
            return x if mask else y
        if x is y:
            return x
        if type(x) is float and type(y) is float:
            if self.operand(x) is self.operand(y):
                return x
            if x == 1 and y == 0 and math.copysign(1, y) > 0:
                return self.as_number(mask)
        if type(mask) is ir.Op and mask.name == "not":
            mask, x, y = mask.operands[0], y, x
        return self._pure("select", (mask, x, y), None, is_number=True)

    def as_number(self, mask: Mask) -> Num:
        """Return 1 where the mask is on, else 0."""
        if type(mask) is bool:
            return 1.0 if mask else 0.0
        return self._pure("number", (mask,), None, is_number=True)


def _neutral(name: str, x: Num, y: Num) -> Num | None:
    """Return the operand that the result equals to the last bit, or None."""
    if type(y) is float:
        if y == 1 and name in ("mul", "div"):
            return x
        if y == 0 and ((name == "sub") == (math.copysign(1, y) > 0)) and name in ("sub", "add"):
            return x
    elif type(x) is float and x == 1 and name == "mul":
        return y
    return None


def _opposite(x: Mask, y: Mask) -> bool:
    if type(x) is ir.Op and x.name == "not" and x.operands[0] is y:
        return True
    return type(y) is ir.Op and y.name == "not" and y.operands[0] is x
