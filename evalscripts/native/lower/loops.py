"""Loops: unrolled where their number of turns is small and known, else loops of the IR."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from evalscripts.native import ir
from evalscripts.native.lower.checkpoints import checkpoint, rewind
from evalscripts.native.lower.coercion import describe, living, to_boolean
from evalscripts.native.lower.flow import DEAD, Flow, Target
from evalscripts.native.lower.listing import elements, own_fields
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.members import get
from evalscripts.native.lower.patterns import bind
from evalscripts.native.lower.rows import is_rows
from evalscripts.native.lower.scopes import Scope, pattern_names
from evalscripts.native.lower.turning import turn
from evalscripts.native.lower.turns import Turns
from evalscripts.native.lower.values import UNSET, Declined, Js, SampleList, Union
from evalscripts.syntax import tree
from evalscripts.syntax.walk import descend

_MAX_TURNS = 600
_MAX_UNSURE_TURNS = 20
_MAX_OPS = 6000


class _TooLong(Exception):
    """A loop is not worth unrolling."""


def run_loop(machine: Machine, turns: Turns) -> Flow | None:
    """Run a loop in whichever way is better."""
    turns.labels = machine.jumps.take_labels()
    if turns.is_long:
        return turn(machine, turns)
    start = checkpoint(machine)
    try:
        return _unrolled(machine, turns)
    except _TooLong:
        rewind(machine, start)
    return turn(machine, turns)


def _unrolled(machine: Machine, turns: Turns) -> Flow | None:
    end = machine.target()
    before = machine.builder.ops
    unsure = 0
    flow: Flow | None = None
    for count in range(_MAX_TURNS + 1):
        if turns.test is not None and (count or not turns.is_tested_late):
            truth = machine.knowledge.settled(to_boolean(machine, turns.test()))
            if truth is False:
                break
            if truth is not True:
                unsure += 1
                if unsure > _MAX_UNSURE_TURNS or _is_long(machine, truth):
                    raise _TooLong
                machine.fork(truth, _stay, partial(machine.leave, end))
        if count == _MAX_TURNS or machine.builder.ops - before > _MAX_OPS:
            raise _TooLong
        flow = _one_turn(machine, turns, end)
        if flow is DEAD:
            break
    arrives, _ = machine.reach(end, flow)
    return None if arrives else DEAD


def _one_turn(machine: Machine, turns: Turns, end: Target) -> Flow | None:
    after = machine.target()
    machine.jumps.push("loop", end, after, turns.labels)
    flow = turns.body()
    machine.jumps.pop()
    arrives, _ = machine.reach(after, flow)
    if not arrives:
        return DEAD
    if turns.renew is not None:
        turns.renew()
    if turns.step is not None:
        turns.step()
    return None


def _is_long(machine: Machine, truth: Any) -> bool:
    """Whether a condition compares with the number of scenes or of an array's elements."""
    if truth.type.is_uniform:
        return True
    return type(truth) is ir.Op and any(operand in machine.sizes for operand in truth.operands)


def _stay() -> None:
    return None


# ---- for, while, do --------------------------------------------------------------------------


def _for(machine: Machine, node: tree.For) -> Flow | None:
    outer = machine.scope
    machine.scope = Scope(outer, outer.function)
    names: list[str] = []
    if type(node.first) is tree.Declaration:
        if node.first.kind != "var":
            names = [n for d in node.first.declarators for n in pattern_names(d.target)]
            for name in names:
                constant = node.first.kind == "const"
                machine.scope.cells[name] = machine.cell(name, UNSET, is_constant=constant)
        machine.run(node.first)
    elif node.first is not None:
        machine.value(node.first)  # type: ignore[arg-type]  # an expression
    test, step = node.test, node.step
    functions = bool(names) and machine.kept(node, _makes_functions)
    flow = run_loop(
        machine,
        Turns(
            node=node,
            test=None if test is None else partial(machine.value, test),
            step=None if step is None else partial(_step, machine, step),
            body=partial(machine.run, node.body),
            private=frozenset(machine.scope.cells[name] for name in names),
            renew=partial(_renew, machine, names) if functions else None,
        ),
    )
    machine.scope = outer
    return flow


def _step(machine: Machine, step: tree.Expression) -> None:
    machine.value(step)


def _makes_functions(node: tree.For) -> bool:
    return any(isinstance(inner, tree.Function | tree.Class) for inner in descend(node))


def _renew(machine: Machine, names: Iterable[str]) -> None:
    """Give each turn variables of its own, which its functions keep."""
    old = machine.scope
    machine.scope = Scope(old.parent, old.function)
    for name in names:
        machine.scope.cells[name] = machine.cell(name, old.cells[name].now)


def _while(machine: Machine, node: tree.While) -> Flow | None:
    return run_loop(
        machine,
        Turns(
            node=node, test=partial(machine.value, node.test), body=partial(machine.run, node.body)
        ),
    )


def _do_while(machine: Machine, node: tree.DoWhile) -> Flow | None:
    return run_loop(
        machine,
        Turns(
            node=node,
            test=partial(machine.value, node.test),
            body=partial(machine.run, node.body),
            is_tested_late=True,
        ),
    )


# ---- for … of, for … in ----------------------------------------------------------------------


def _for_of(machine: Machine, node: tree.ForOf) -> Flow | None:
    value = _head(machine, node)
    run = partial(_run_with, machine, node)
    if type(value) is Union:
        raise Declined(f"a loop over {describe(value)}", node)
    if is_rows(machine, value):
        return over(machine, node, value, run)
    return _over_known(machine, elements(machine, value, node), run)


def _for_in(machine: Machine, node: tree.ForIn) -> Flow | None:
    value = _head(machine, node)
    run = partial(_run_with, machine, node)
    if type(value) is SampleList:
        raise Declined("for … in over samples", node)
    keys = list(own_fields(machine, value, node))
    return _over_known(machine, keys, run)


def _head(machine: Machine, node: tree.ForOf | tree.ForIn) -> Js:
    """Return what the loop runs over; its own variables exist there, but have no value yet."""
    outer = machine.scope
    _declare(machine, node)
    value = living(machine, machine.value(node.object))
    machine.scope = outer
    return value


def _run_with(machine: Machine, node: tree.ForOf | tree.ForIn, value: Js) -> Flow | None:
    """Run the body with one value."""
    outer = machine.scope
    _declare(machine, node)
    bind(machine, node.target, value, node.kind)
    flow = machine.run(node.body)
    machine.scope = outer
    return flow


def _declare(machine: Machine, node: tree.ForOf | tree.ForIn) -> None:
    """Enter a scope of the loop's own variables, where it has any."""
    if node.kind in ("let", "const"):
        machine.scope = Scope(machine.scope, machine.scope.function)
        for name in pattern_names(node.target):
            machine.scope.cells[name] = machine.cell(name, UNSET, is_constant=node.kind == "const")


def _over_known(
    machine: Machine, values: list[Js], run: Callable[[Js], Flow | None]
) -> Flow | None:
    """Run a body for each of some values."""
    labels = machine.jumps.take_labels()
    end = machine.target()
    flow: Flow | None = None
    for value in values:
        after = machine.target()
        machine.jumps.push("loop", end, after, labels)
        flow = run(value)
        machine.jumps.pop()
        arrives, _ = machine.reach(after, flow)
        if not arrives:
            flow = DEAD
            break
        flow = None
    arrives, _ = machine.reach(end, flow)
    return None if arrives else DEAD


def over(
    machine: Machine, node: tree.Node, listed: Js, run: Callable[[Js], Flow | None]
) -> Flow | None:
    """Run a body for each element of a list whose length is not known now."""
    counter = machine.cell("the turn", 0.0)
    return run_loop(
        machine,
        Turns(
            node=node,
            test=lambda: machine.builder.compare("lt", counter.now, get(machine, listed, "length")),
            step=lambda: machine.write(counter, machine.builder.number("add", counter.now, 1.0)),
            body=lambda: run(get(machine, listed, counter.now)),
            private=frozenset((counter,)),
            is_long=True,
        ),
    )


LOOPS: dict[type, Callable[..., Any]] = {
    tree.For: _for,
    tree.While: _while,
    tree.DoWhile: _do_while,
    tree.ForOf: _for_of,
    tree.ForIn: _for_in,
}
