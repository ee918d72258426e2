"""Regions, loops and guards: where instructions go, and when they run."""

from evalscripts.native.emit.memory import memory
from evalscripts.native.emit.outputs import store
from evalscripts.native.emit.scope import Name, Scope
from evalscripts.native.emit.text import SCALAR, VECTOR, Width
from evalscripts.native.emit.values import value
from evalscripts.native.frame import ABORT, ABORTED, FUEL, OUT_OF_FUEL, TRAPPED
from evalscripts.native.ir import Guard, Loop, Op, Phi, Region, Type, Value

_MEMORY = frozenset({"load", "fact", "table", "scenes", "read", "write", "sort"})
_SHORT = 64
"""Turns of a loop that need no look at the abort flag."""


def region(scope: Scope, nodes: Region) -> None:
    """Emit nodes in their order."""
    for node in nodes:
        if isinstance(node, Loop):
            _loop(scope, node)
        elif isinstance(node, Guard):
            _guard(scope, node)
        elif node.name == "out":
            _out(scope, node)
        elif node.name == "trap":
            _trap(scope, node)
        elif node.name in _MEMORY:
            memory(scope, node)
        else:
            value(scope, node)


def leave(scope: Scope, condition: str, status: int) -> None:
    """Return from the kernel with this status where an i1 is set."""
    code = scope.body
    scope.traps.add(status)
    on = scope.module.fresh("on")
    code.do(f"br i1 {condition}, label %leave{status}, label %{on}")
    code.label(on)


def _trap(scope: Scope, op: Op) -> None:
    leave(scope, scope.is_on(op.operands[0]), TRAPPED + op.attr)


def _out(scope: Scope, op: Op) -> None:
    output, band = op.attr
    outputs = scope.kernel.outputs
    index = sum(bands for _, bands in outputs[:output]) + band
    kind = outputs[output][0]
    word = scope.layout.band(index)
    base = scope.once(
        ("word", word, "ptr"), lambda code: code.load_word("%frame", word, "ptr"), fixed=True
    )
    bits = {"AUTO": "i8", "UINT8": "i8", "INT8": "i8", "FLOAT32": "float"}.get(kind, "i16")
    place = scope.body.let(f"getelementptr {bits}, ptr {base}, i64 %pixel")
    number = scope.number(op.operands[0], VECTOR)
    store(scope.body, kind, number, place, whole_bits=scope.whole_bits)


def _types(kind: Type) -> tuple[Width, str]:
    width = SCALAR if kind.is_uniform else VECTOR
    return width, width.number if kind.is_number else width.truth


def _given(scope: Scope, source: Value | None, kind: Type) -> str:
    """Return a value in the type of the phi that takes it."""
    if source is None:
        raise ValueError("verify() lets no phi without a next value through")
    width, _ = _types(kind)
    return scope.number(source, width) if kind.is_number else scope.truth(source, width)


def _loop(scope: Scope, loop: Loop) -> None:
    code, module = scope.body, scope.module
    head, body, after = (module.fresh(stem) for stem in ("head", "turn", "after"))
    firsts = [_given(scope, phi.first, phi.type) for phi in loop.phis]
    before = code.here
    code.do(f"br label %{head}")
    code.label(head)
    start = len(code.lines)
    names = [_declare(scope, phi) for phi in loop.phis]
    scope.open()
    region(scope, loop.head)
    if loop.condition is None:
        raise ValueError("verify() lets no loop without a condition through")
    code.do(f"br i1 {scope.is_on(loop.condition)}, label %{body}, label %{after}")
    code.label(body)
    region(scope, loop.body)
    _check_turn(scope, loop)
    nexts = [_given(scope, phi.next, phi.type) for phi in loop.phis]
    last = code.here
    code.do(f"br label %{head}")
    scope.close()
    for i, phi in enumerate(loop.phis):
        _, kind = _types(phi.type)
        code.lines[start + i] = (
            f"{names[i]} = phi {kind} [ {firsts[i]}, %{before} ], [ {nexts[i]}, %{last} ]"
        )
    code.label(after)


def _declare(scope: Scope, phi: Phi) -> str:
    """Keep a line for a phi, whose next value has no name yet."""
    name = "%" + scope.module.fresh("v")
    scope.body.do(name)
    scope.set(phi, Name(name, is_uniform=phi.type.is_uniform, is_fixed=False))
    return name


def _check_turn(scope: Scope, loop: Loop) -> None:
    """End a run that takes too long, at the end of a turn.

    Loops of few turns that hold neither loops nor sorting end soon by themselves.
    """
    code = scope.body
    if loop.bound is None:
        fuel = code.load_word("%frame", FUEL, "i64")
        left = code.let(f"sub i64 {fuel}, 1")
        place = code.let(f"getelementptr i64, ptr %frame, i64 {FUEL}")
        code.do(f"store i64 {left}, ptr {place}, align 8")
        leave(scope, code.let(f"icmp slt i64 {left}, 0"), OUT_OF_FUEL)
    is_short = isinstance(loop.bound, int) and loop.bound <= _SHORT
    if not is_short or _is_long(loop.head) or _is_long(loop.body):
        abort = scope.once(
            ("word", ABORT, "ptr"), lambda code: code.load_word("%frame", ABORT, "ptr"), fixed=True
        )
        flag = code.let(f"load atomic i32, ptr {abort} monotonic, align 4")
        leave(scope, code.let(f"icmp ne i32 {flag}, 0"), ABORTED)


def _is_long(nodes: Region) -> bool:
    return any(
        isinstance(node, Loop)
        or (isinstance(node, Guard) and _is_long(node.body))
        or (isinstance(node, Op) and node.name == "sort")
        for node in nodes
    )


def _guard(scope: Scope, guard: Guard) -> None:
    code, module = scope.body, scope.module
    inside, after = (module.fresh(stem) for stem in ("inside", "after"))
    others = [_given(scope, result.otherwise, result.type) for result in guard.results]
    is_needed = scope.is_on(guard.mask)
    before = code.here
    code.do(f"br i1 {is_needed}, label %{inside}, label %{after}")
    code.label(inside)
    scope.open()
    region(scope, guard.body)
    insides = [_given(scope, result.inside, result.type) for result in guard.results]
    last = code.here
    code.do(f"br label %{after}")
    scope.close()
    code.label(after)
    for result, one, other in zip(guard.results, insides, others, strict=True):
        _, kind = _types(result.type)
        name = code.let(f"phi {kind} [ {one}, %{last} ], [ {other}, %{before} ]")
        scope.set(result, Name(name, is_uniform=result.type.is_uniform, is_fixed=False))
