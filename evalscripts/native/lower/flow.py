"""How lanes move through a program: paths, early exits, and where they lead."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from evalscripts.native.lower.values import Cell, Js, Mask, Place


class Retry(Exception):
    """The machine has learned something that it should have known before; start over."""


class Uneven(Exception):
    """An array's length depends on the path."""


class Flow(Enum):
    """What a statement can say instead of nothing."""

    DEAD = "dead"


DEAD = Flow.DEAD
"""No lane comes out at the end."""


class Path:
    """How the lanes came here: a condition on top of a path."""

    __slots__ = ("arrivals", "condition", "gone", "parent", "sides")

    def __init__(
        self,
        parent: "Path | None",
        condition: Mask,
        gone: "frozenset[Target] | None" = None,
        sides: "tuple[Path, Path, Path, Path] | None" = None,
    ) -> None:
        self.parent = parent
        self.condition = condition
        self.gone = gone
        """Where the lanes went that the condition leaves out; None: onto a branch's other side."""
        self.sides = sides
        """The ends and starts of both sides of a branch that some lanes left."""
        self.arrivals: tuple[Path, ...] = ()
        """Behind a target that not all lanes have reached: the paths that led to it."""


@dataclass(slots=True, eq=False)
class Exit:
    """Lanes that left early."""

    mask: Mask
    """Of the target's lanes; lanes of earlier exits may be on too."""
    path: Path
    changes: dict[Place, Any]
    value: Js


@dataclass(slots=True, eq=False)
class Target:
    """Where lanes can leave to: the end of a function, loop, turn, switch or block."""

    path: Path
    mark: int
    """The journal's length at its start."""
    facts: int
    """How much was known at its start."""
    left: int
    """How many exits of any kind there had been at its start."""
    exits: list[Exit] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Barrier:
    """A loop of the IR: who leaves across it leaves the loop first."""

    target: Target
    """The loop's own end."""
    crossings: dict[Target, tuple[Cell, Cell]] = field(default_factory=dict)
    """Target → whether lanes go on to it, and with what value."""
