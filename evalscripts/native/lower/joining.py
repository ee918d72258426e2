"""Where two paths meet: one state out of what two sides have changed."""

from collections.abc import Callable, Mapping
from typing import Any, NoReturn, Protocol

from evalscripts.native.lower.flow import Retry, Uneven
from evalscripts.native.lower.values import ABSENT, POISON, Cell, Declined, Mask, Place, Thing
from evalscripts.syntax import tree


class Keeper(Protocol):
    """Of the machine, what this needs."""

    memory: dict[Any, Any]
    here: tree.Node | None
    merge: Callable[[Any, Mask, Any, Any], Any]

    def write(self, place: Place, content: Any) -> None:
        """Change a place."""
        ...


def merge_changes(
    machine: Keeper, mask: Mask, changes: dict[Place, Any], others: dict[Place, Any]
) -> None:
    """Make the changes of one side where the mask is on, and the other's elsewhere."""
    for sides, opposite in ((changes, others), (others, changes)):
        for place, content in sides.items():
            if place.now is ABSENT and place not in opposite:
                machine.write(place, content)
    rest = [p for p in changes if p in others or p.now is not changes[p]]
    rest += [p for p in others if p not in changes and p.now is not others[p]]
    # What variables refer to must be merged before two of them can be made one.
    rest.sort(key=_order)
    for place in rest:
        was = place.now
        if was is POISON and type(place) is Thing:
            _keep_apart(machine, place, changes, others)
        first, second = changes.get(place, was), others.get(place, was)
        try:
            merged = first if first is second else machine.merge(machine, mask, first, second)
        except Uneven:
            vary(machine, place)
        if merged is not place.now:
            machine.write(place, merged)


def vary(machine: Keeper, thing: Place) -> NoReturn:
    """Start over, with an array that is kept as one of varying length."""
    if type(thing) is not Thing or thing.site < 0 or ("rows", thing.site) in machine.memory:
        raise Declined("an array whose length depends on the pixel", machine.here)
    machine.memory["rows", thing.site] = True
    raise Retry


def _keep_apart(
    machine: Keeper, thing: Thing, changes: Mapping[Place, Any], others: Mapping[Place, Any]
) -> None:
    """Start over if a thing was made one with another before its own sides were."""
    if changes.get(thing, POISON) is not POISON or others.get(thing, POISON) is not POISON:
        machine.memory[thing.site] = True
        raise Retry


def _order(place: Place) -> tuple[bool, int]:
    return type(place) is Cell, place.serial
