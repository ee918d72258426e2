"""`verify`: refuses IR that breaks its grammar, before any of it becomes machine code.

Whoever wrote the kernel need not be trusted beyond this point for memory: types fit, values are
seen where they are used, attributes name what exists, sizes are bounded. Indexes and counts are
checked by the emitted code itself.
"""

from collections.abc import Iterable
from types import UnionType

from evalscripts.native.attributes import Malformed, check_constants, is_attribute, is_count
from evalscripts.native.ir import Guard, Kernel, Loop, Op, Phi, Region, Result, Type, Value
from evalscripts.native.signatures import EFFECTS, MATH, VALUES, Signature

__all__ = ["MAX_OPS", "Malformed", "TooManyOps", "verify"]

MAX_OPS = 20_000
_MAX_DEPTH = 64


class TooManyOps(Exception):
    """The kernel is larger than what is worth compiling; V8 runs the script."""


def verify(kernel: Kernel) -> None:
    """Return if the kernel keeps to the grammar of ``ir.py``.

    Raises:
        Malformed: it does not.
        TooManyOps: it is well formed as far as it was read, but has more than `MAX_OPS` ops.
    """
    check_constants(kernel)
    _Check(kernel).kernel()


class _Check:
    """One kernel's check: what is seen where, and what was given already."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._seen: set[Value] = set()
        self._met: set[int] = set()
        self._outs: set[tuple[int, int]] = set()
        self._ops = 0

    def kernel(self) -> None:
        self._region(self._kernel.body, depth=0)
        for output, (_, bands) in enumerate(self._kernel.outputs):
            for band in range(bands):
                if (output, band) not in self._outs:
                    raise Malformed(f"band {band} of output {output} is never given")

    # ---- structure ----------------------------------------------------------------------------

    def _region(self, region: Region, *, depth: int) -> list[Value]:
        """Check a region and return what it made visible, which the caller takes back."""
        if depth > _MAX_DEPTH:
            raise Malformed(f"regions are nested deeper than {_MAX_DEPTH}")
        made: list[Value] = []
        for node in region:
            self._own(node, Op | Loop | Guard)
            if isinstance(node, Op):
                self._op(node, depth=depth)
                fresh: Iterable[Value] = (node,) if node.type is not None else ()
            elif isinstance(node, Loop):
                fresh = self._loop(node, depth=depth)
            else:
                fresh = self._guard(node, depth=depth)
            made += fresh
            self._seen.update(fresh)
        return made

    def _loop(self, loop: Loop, *, depth: int) -> list[Phi]:
        for phi in loop.phis:
            self._own(phi, Phi)
            self._fits(phi.first, phi.type, what="the first value of a phi")
        bound = loop.bound
        if bound is not None and bound != "scenes" and not is_count(bound, most=2**53):
            raise Malformed(f"a loop has bound {bound!r}")
        self._seen.update(loop.phis)
        made = self._region(loop.head, depth=depth + 1)
        self._truth(loop.condition, what="a loop's condition")
        made += self._region(loop.body, depth=depth + 1)
        for phi in loop.phis:
            self._fits(phi.next, phi.type, what="the next value of a phi")
        self._seen.difference_update(made)
        return loop.phis

    def _guard(self, guard: Guard, *, depth: int) -> list[Result]:
        self._truth(guard.mask, what="a guard's mask")
        for result in guard.results:
            self._own(result, Result)
            self._fits(result.otherwise, result.type, what="a result's other value")
        made = self._region(guard.body, depth=depth + 1)
        for result in guard.results:
            self._fits(result.inside, result.type, what="a result")
        self._seen.difference_update(made)
        return guard.results

    def _own(self, node: object, kind: type | UnionType) -> None:
        """Note a node, which must be of its kind and stand nowhere else."""
        if not isinstance(node, kind):
            raise Malformed(f"there is a {_name(node)} where {kind} belongs")
        if id(node) in self._met:
            raise Malformed(f"{_name(node)} stands in two places")
        self._met.add(id(node))

    def _visible(self, value: object, *, what: str) -> Type:
        if not isinstance(value, Op | Phi | Result) or value not in self._seen:
            raise Malformed(f"{what} uses {_name(value)}, which cannot be seen there")
        kind = value.type
        if not isinstance(kind, Type):
            raise Malformed(f"{what} uses {_name(value)}, which is no value")
        return kind

    def _fits(self, value: object, wanted: Type, *, what: str) -> None:
        if not isinstance(wanted, Type):
            raise Malformed(f"{what} has type {wanted!r}")
        found = self._visible(value, what=what)
        if found.is_number is not wanted.is_number or (wanted.is_uniform and not found.is_uniform):
            raise Malformed(f"{what} is {found.value}, not {wanted.value}")

    def _truth(self, value: object, *, what: str) -> None:
        if self._visible(value, what=what).is_number:
            raise Malformed(f"{what} is a number")

    # ---- ops ----------------------------------------------------------------------------------

    def _op(self, op: Op, *, depth: int) -> None:
        self._ops += 1
        if self._ops > MAX_OPS:
            raise TooManyOps(f"evaluatePixel comes to more than {MAX_OPS} operations")
        kinds = [self._visible(operand, what=op.name) for operand in op.operands]
        signature = VALUES.get(op.name) or EFFECTS.get(op.name)
        if signature is None:
            raise Malformed(f"no op is called {op.name!r}")
        wanted = self._operands(op, signature, kinds)
        found = "".join("n" if kind.is_number else "m" for kind in kinds)
        if found != wanted:
            raise Malformed(f"{op.name} takes {wanted or 'nothing'}, not {found or 'nothing'}")
        if op.type is not self._type(op, signature, kinds):
            raise Malformed(f"{op.name} of {[k.value for k in kinds]} cannot be {op.type}")
        self._attr(op, depth=depth)

    def _operands(self, op: Op, signature: Signature, kinds: list[Type]) -> str:
        if op.name == "math":
            return "n" * MATH.get(op.attr, 0)
        if op.name == "select" and len(kinds) == 3 and not kinds[1].is_number:
            return "mmm"
        return signature.operands

    def _type(self, op: Op, signature: Signature, kinds: list[Type]) -> Type | None:
        if signature.result == "":
            return None
        is_number = signature.result == "n"
        if op.name == "select":
            is_number = kinds[1].is_number
        is_uniform = all(kind.is_uniform for kind in kinds) and not signature.is_varying
        if signature.is_uniform or is_uniform:
            return Type.U if is_number else Type.B
        return Type.F if is_number else Type.M

    def _attr(self, op: Op, *, depth: int) -> None:
        attr = op.attr
        if not is_attribute(self._kernel, op.name, attr):
            raise Malformed(f"{op.name} of {attr!r}")
        if op.name == "out":
            if depth:
                raise Malformed("out stands inside of a loop or guard")
            if attr in self._outs:
                raise Malformed(f"band {attr[1]} of output {attr[0]} is given twice")
            self._outs.add(attr)


def _name(node: object) -> str:
    return node.name if isinstance(node, Op) else type(node).__name__
