"""What each kind of statement means."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from evalscripts.native.lower.calls import make_class
from evalscripts.native.lower.coercion import equal, to_boolean
from evalscripts.native.lower.flow import DEAD, Flow
from evalscripts.native.lower.loops import LOOPS
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.patterns import bind
from evalscripts.native.lower.scopes import Scope, declare
from evalscripts.native.lower.values import Closure, Declined, Js, Mask
from evalscripts.snapshot import UNDEFINED
from evalscripts.syntax import tree


def block(machine: Machine, node: tree.Block) -> Flow | None:
    """Run a block in a scope of its own."""
    outer = machine.scope
    scope = machine.scope = Scope(outer, outer.function)
    declare(machine, scope, node.body)
    _hoist(machine, scope, outer)
    flow = machine.run_all(node.body)
    machine.scope = outer
    return flow


def _hoist(machine: Machine, scope: Scope, outer: Any) -> None:
    """Let the functions of a block be seen in the function around it, as sloppy mode does."""
    for name, cell in scope.cells.items():
        if type(cell.now) is Closure and cell.now.scope is scope:
            around = outer.function.cells.get(name) if outer.function is not None else None
            if around is not None and around is not cell:
                machine.write(around, cell.now)


def _declaration(machine: Machine, node: tree.Declaration) -> None:
    for declarator in node.declarators:
        if declarator.value is not None:
            bind(machine, declarator.target, machine.value(declarator.value), node.kind)
        elif node.kind != "var":
            bind(machine, declarator.target, UNDEFINED, node.kind)


def _function(_: Machine, _node: tree.FunctionDeclaration) -> None:
    return None


def _class(machine: Machine, node: tree.ClassDeclaration) -> None:
    definition = node.definition
    if definition.name is None:
        raise Declined("a class without a name", node)
    cell = machine.scope.cells[definition.name]
    machine.write(cell, make_class(machine, definition))


def _evaluate(machine: Machine, node: tree.Evaluate) -> None:
    machine.value(node.value)


def _if(machine: Machine, node: tree.If) -> Flow | None:
    truth = to_boolean(machine, machine.value(node.test))
    return machine.fork(  # type: ignore[no-any-return]  # a statement's flow
        truth,
        partial(machine.run, node.then),
        partial(machine.run, node.otherwise) if node.otherwise is not None else _nothing,
    )


def _nothing() -> None:
    return None


def _return(machine: Machine, node: tree.Return) -> Flow:
    value = UNDEFINED if node.value is None else machine.value(node.value)
    function = machine.scope.function
    if function is None:
        raise Declined("a return outside of a function", node)
    return machine.leave(function.target, value)


def _break(machine: Machine, node: tree.Break) -> Flow:
    return machine.leave(machine.jumps.target("break", node.label, node))


def _continue(machine: Machine, node: tree.Continue) -> Flow:
    return machine.leave(machine.jumps.target("continue", node.label, node))


def _throw(machine: Machine, node: tree.Throw) -> Flow:
    machine.here = node
    machine.trap("throw", mask=True)
    return DEAD


def _try(_: Machine, node: tree.Try) -> None:
    raise Declined("try", node)


def _labeled(machine: Machine, node: tree.Labeled) -> Flow | None:
    if type(node.body) in LOOPS:
        machine.jumps.labels.append(node.label)
        return machine.run(node.body)
    target = machine.target()
    machine.jumps.push("block", target, None, [node.label])
    flow = machine.run(node.body)
    machine.jumps.pop()
    arrives, _ = machine.reach(target, flow)
    return None if arrives else DEAD


def _switch(machine: Machine, node: tree.Switch) -> Flow | None:
    value = machine.value(node.value)
    outer = machine.scope
    scope = machine.scope = Scope(outer, outer.function)
    declare(machine, scope, machine.kept(node, _switch_body))
    target = machine.target()
    machine.jumps.push("switch", target, None, [])
    flow = _cases(machine, node.cases, value)
    machine.jumps.pop()
    arrives, _ = machine.reach(target, flow)
    machine.scope = outer
    return None if arrives else DEAD


def _switch_body(node: tree.Switch) -> tuple[tree.Statement, ...]:
    return tuple(statement for case in node.cases for statement in case.body)


def _cases(machine: Machine, cases: Sequence[tree.Case], value: Js) -> Flow | None:
    """Run for each case what its lanes run: its body and those it falls into."""
    build = machine.builder
    entries: list[tuple[Mask, int]] = []
    default: int | None = None
    pending: Mask = False
    for i, case in enumerate(cases):
        if case.test is None:
            default = i
        else:
            match = equal(machine, value, machine.value(case.test), strictly=True)
            pending = build.either(pending, match)
        last = i + 1 == len(cases)
        if case.body or last or default is not None:
            entries.append((pending, i))
            pending = False

    def enter(position: int) -> Flow | None:
        if position == len(entries):
            return None if default is None else run_from(default)
        mask, start = entries[position]
        return machine.fork(  # type: ignore[no-any-return]  # a statement's flow
            mask, partial(run_from, start), partial(enter, position + 1)
        )

    def run_from(start: int) -> Flow | None:
        for case in cases[start:]:
            if machine.run_all(case.body) is DEAD:
                return DEAD
        return None

    return enter(0)


def _other(_: Machine, node: tree.Other) -> Flow | None:
    raise Declined(f"a {node.word}", node)


STATEMENTS: dict[type, Callable[..., Any]] = {
    tree.Block: block,
    tree.Declaration: _declaration,
    tree.FunctionDeclaration: _function,
    tree.ClassDeclaration: _class,
    tree.Evaluate: _evaluate,
    tree.If: _if,
    tree.Return: _return,
    tree.Break: _break,
    tree.Continue: _continue,
    tree.Throw: _throw,
    tree.Try: _try,
    tree.Switch: _switch,
    tree.Labeled: _labeled,
    tree.Empty: _function,
    tree.Other: _other,
    **LOOPS,
}
