"""Trying something that may turn out not to work: back to where it began."""

from typing import Any

from evalscripts.native.lower.flow import Target
from evalscripts.native.lower.machine import Machine


def checkpoint(machine: Machine) -> tuple[Any, ...]:
    """Return everything that `rewind` needs."""
    return (
        machine.builder.mark(),
        len(machine.journal),
        len(machine.knowledge),
        len(machine.left),
        len(machine.targets),
        [(t, len(t.exits)) for t in machine.targets if type(t) is Target],
        len(machine.jumps.around),
        len(machine.loops),
        len(machine.growth),
        (machine.path, machine.scope, machine.depth, machine.here),
    )


def rewind(machine: Machine, place: tuple[Any, ...]) -> None:
    """Go back, as if nothing had run since."""
    region, journal, facts, left, targets, exits, jumps, loops, growth, rest = place
    machine.builder.rewind(region)
    machine.undo(journal)
    machine.knowledge.forget(facts)
    del machine.left[left:]
    del machine.targets[targets:]
    del machine.jumps.around[jumps:]
    del machine.loops[loops:]
    del machine.growth[growth:]
    for target, count in exits:
        del target.exits[count:]
    machine.path, machine.scope, machine.depth, machine.here = rest
