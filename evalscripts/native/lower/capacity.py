"""How large the buffers of arrays must be, and true buffers in the place of those in the making."""

from typing import Any

from evalscripts.native import ir
from evalscripts.native.lower.flow import Retry
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.rows import SPARE, Leaf, Plan

Extent = tuple[int, dict[int, int]]
"""A constant, and for each input how many times its number of samples."""

_MOST = 4096
_MOST_PER_SCENE = 16


def settle_buffers(machine: Machine, kernel: ir.Kernel) -> None:
    """Put true buffers where the kernel's operations name those in the making.

    Raises:
        Retry: an array grows in a loop without a known bound.
    """
    made: dict[Leaf, ir.Buffer] = {}
    for op in _buffer_ops(kernel.body):
        if type(op.attr) is Leaf:
            op.attr = _buffer(machine, kernel, made, op.attr)
        else:
            key, others, descending = op.attr
            op.attr = ir.Sort(
                _buffer(machine, kernel, made, key),
                tuple(_buffer(machine, kernel, made, other) for other in others),
                descending,
            )


def _buffer_ops(region: ir.Region) -> list[ir.Op]:
    found: list[ir.Op] = []
    for node in region:
        if type(node) is ir.Op:
            if node.name in ("read", "write", "sort"):
                found.append(node)
        elif type(node) is ir.Loop:
            found += _buffer_ops(node.head) + _buffer_ops(node.body)
        elif type(node) is ir.Guard:
            found += _buffer_ops(node.body)
    return found


def _buffer(
    machine: Machine, kernel: ir.Kernel, made: dict[Leaf, ir.Buffer], leaf: Leaf
) -> ir.Buffer:
    known = made.get(leaf)
    if known is None:
        constant, scenes = _capacity(machine, leaf.plan.like or leaf.plan)
        per_scene = tuple(scenes.get(i, 0) for i in range(len(kernel.inputs)))
        known = made[leaf] = ir.Buffer(len(kernel.buffers), constant, per_scene)
        kernel.buffers.append(known)
    return known


def _capacity(machine: Machine, plan: Plan) -> Extent:
    """Return for how many elements an array's buffers need room.

    Raises:
        Retry: it grows in a loop without a known bound.
    """
    if ("unbounded", plan.site) in machine.memory:
        return SPARE, {}
    extent = _extent_of(machine, plan, ())
    if extent is None or extent[0] > _MOST or sum(extent[1].values()) > _MOST_PER_SCENE:
        machine.memory["unbounded", plan.site] = True
        raise Retry
    return extent


def _extent_of(machine: Machine, plan: Plan, around: tuple[Plan, ...]) -> Extent | None:
    if plan in around:
        return None
    constant = 1
    scenes: dict[int, int] = {}
    for grown, loops in machine.growth:
        if grown is not plan:
            continue
        extent: Extent | None = (1, {})
        for loop in loops:
            turns = _turns_of(machine, loop.limit, (*around, plan))
            extent = None if extent is None or turns is None else _product(extent, turns)
        if extent is None:
            return None
        constant += extent[0]
        for i, n in extent[1].items():
            scenes[i] = scenes.get(i, 0) + n
    return constant, scenes


def _turns_of(machine: Machine, limit: Any, around: tuple[Plan, ...]) -> Extent | None:
    """Return how often a loop turns at most: it counts up to this number."""
    if type(limit) is float:
        return int(limit), {}
    if type(limit) is ir.Op and limit.name == "scenes":
        return 0, {limit.attr: 1}
    plan = machine.sizes.get(limit)
    return None if plan is None else _extent_of(machine, plan, around)


def _product(x: Extent, y: Extent) -> Extent | None:
    if x[1] and y[1]:
        return None
    scenes = {i: n * y[0] for i, n in x[1].items()} or {i: n * x[0] for i, n in y[1].items()}
    return x[0] * y[0], scenes
