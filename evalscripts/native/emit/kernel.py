"""`emit`: one verified kernel → `Object`.

The function takes a frame and a number of pixels, at least eight, and returns a status; see
``frame.py``. It goes through its pixels in steps of eight; the last step goes back so far that it
ends with the last pixel, and computes some pixels a second time rather than beyond the end.
"""

from collections.abc import Iterator

from evalscripts.native.emit.flow import region
from evalscripts.native.emit.machine import Processor, compile_text, this_processor
from evalscripts.native.emit.object import Object
from evalscripts.native.emit.scope import Scope
from evalscripts.native.emit.text import SCALAR
from evalscripts.native.frame import LANES, OK, FrameLayout
from evalscripts.native.ir import Fact, Guard, Kernel, Loop, Op, Region, Slot
from evalscripts.native.verify import verify

SYMBOL = "cogmill_kernel"
_SMALL = 1500
"""Ops of a kernel with loops up to which choosing registers with care is worth its time: inside of
loops the pixels take twice to four times as long without it."""
_STRAIGHT = range(60, 500)
"""The same of a kernel without loops. It saves an eighth to a fifth of a pixel's time, and takes
three milliseconds more, four at 200 ops; a kernel of fewer ops is hardly faster for it."""


def emit(kernel: Kernel, *, opt: int | None = None, processor: Processor | None = None) -> Object:
    """Return the machine code of a kernel.

    ``opt`` is the effort of LLVM's code generator; None: by the size of the kernel. ``processor``
    None is the one that this runs on. Takes some milliseconds, up to seconds for the largest
    kernels, during which nothing interrupts it.

    Raises:
        Malformed: the kernel breaks the IR's grammar.
        TooManyOps: it is too large to be worth it.
    """
    verify(kernel)
    target = processor or this_processor()
    text, scope = _write(kernel, target)
    ops = sum(1 for _ in _ops(kernel.body))
    is_worth_care = ops <= _SMALL if _has_loops(kernel.body) else ops in _STRAIGHT
    chosen = opt if opt is not None else int(is_worth_care)
    return Object(
        code=compile_text(text, opt=chosen, processor=target),
        symbol=SYMBOL,
        fingerprint=target.fingerprint,
        inputs=kernel.inputs,
        outputs=kernel.outputs,
        slots=tuple(scope.slots),
        facts=tuple(scope.facts),
        buffers=tuple(kernel.buffers),
        reasons=tuple(kernel.reasons),
        sorts=any(op.name == "sort" for op in _ops(kernel.body)),
        needs=tuple(name for name in scope.module.declared if name.startswith("cogmill_")),
        ops=ops,
    )


def write_text(kernel: Kernel) -> str:
    """Return the LLVM assembly of a verified kernel, for people."""
    return _write(kernel, this_processor())[0]


def _write(kernel: Kernel, processor: Processor) -> tuple[str, Scope]:
    scope = _make_scope(kernel, whole_bits=processor.whole_bits)
    region(scope, kernel.body)
    body = scope.body
    last = body.here
    lines = [
        *_tables(kernel),
        f"define i32 @{SYMBOL}(ptr %frame, i64 %count) nounwind {{",
        *scope.entry.lines,
        f"%last = sub i64 %count, {LANES}",
        "br label %pixels",
        body.lines[0],
        f"%at0 = phi i64 [ 0, %entry ], [ %beyond, %{last} ]",
        "%is_beyond = icmp sgt i64 %at0, %last",
        "%pixel = select i1 %is_beyond, i64 %last, i64 %at0",
        "%at = shl i64 %pixel, 3",
        *body.lines[1:],
        f"%beyond = add i64 %at0, {LANES}",
        "%is_more = icmp slt i64 %beyond, %count",
        f"br i1 %is_more, label %pixels, label %leave{OK}",
    ]
    for status in sorted(scope.traps | {OK}):
        lines += [f"leave{status}:", f"ret i32 {status}"]
    lines += ["}", scope.module.declarations()]
    return "\n".join(lines), scope


def _make_scope(kernel: Kernel, *, whole_bits: int) -> Scope:
    slots: dict[Slot, None] = {}
    facts: dict[Fact, None] = {}
    for op in _ops(kernel.body):
        if op.name == "load":
            slots[op.attr] = None
        elif op.name == "fact":
            facts[op.attr] = None
    layout = FrameLayout(
        inputs=len(kernel.inputs),
        slots=len(slots),
        buffers=len(kernel.buffers),
        facts=len(facts),
        bands=sum(bands for _, bands in kernel.outputs),
    )
    return Scope(kernel, layout, slots=tuple(slots), facts=tuple(facts), whole_bits=whole_bits)


def _ops(nodes: Region) -> Iterator[Op]:
    """Yield every op, whatever region it stands in."""
    for node in nodes:
        if isinstance(node, Loop):
            yield from _ops(node.head)
            yield from _ops(node.body)
        elif isinstance(node, Guard):
            yield from _ops(node.body)
        else:
            yield node


def _has_loops(nodes: Region) -> bool:
    return any(
        isinstance(node, Loop) or (isinstance(node, Guard) and _has_loops(node.body))
        for node in nodes
    )


def _tables(kernel: Kernel) -> Iterator[str]:
    """Yield the constant tables, each with a zero behind it for indexes out of range."""
    for i, table in enumerate(kernel.tables):
        entries = ", ".join(f"double {SCALAR.of(entry)}" for entry in (*table, 0.0))
        kind = f"[{len(table) + 1} x double]"
        yield f"@table{i} = private unnamed_addr constant {kind} [{entries}], align 8"
