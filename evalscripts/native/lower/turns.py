"""`Turns`: a loop as whoever runs it sees it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from evalscripts.native.lower.flow import Flow
from evalscripts.native.lower.values import Js, Place
from evalscripts.syntax import tree


@dataclass(slots=True, kw_only=True)
class Turns:
    """A loop as the machine runs it."""

    node: tree.Node
    test: Callable[[], Js] | None
    """None: forever."""
    body: Callable[[], Flow | None]
    step: Callable[[], None] | None = None
    is_tested_late: bool = False
    """do … while."""
    private: frozenset[Place] = frozenset()
    """What nobody reads behind the loop: need not be kept for lanes that have left."""
    is_long: bool = False
    """Whether it is surely not worth unrolling."""
    renew: Callable[[], None] | None = None
    """Gives the next turn variables of its own; only needed where the loop is unrolled."""
    labels: list[str] = field(default_factory=list)
