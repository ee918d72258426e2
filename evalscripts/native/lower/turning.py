"""Loops of the IR, for loops whose number of turns depends on the pixel or on the scenes.

What the turns change is found by running the body: once from what was before the loop, then again
from phis of the `Shape`s that fit both ends, until they fit. Everything written meanwhile is
dropped. Lanes that are done keep their values by themselves.
"""

from dataclasses import dataclass, field
from typing import Any

from evalscripts.native import ir
from evalscripts.native.lower.checkpoints import checkpoint, rewind
from evalscripts.native.lower.coercion import to_boolean
from evalscripts.native.lower.flow import DEAD, Barrier, Flow, Path, Retry, Target
from evalscripts.native.lower.joining import merge_changes, vary
from evalscripts.native.lower.leaves import (
    Misfit,
    differ,
    leaf_types,
    leaves,
    rebuilt,
    rebuilt_content,
)
from evalscripts.native.lower.limits import bound_of, limit_of
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.shapes import (
    Either,
    Fixed,
    Listed,
    Shape,
    content_shape,
    join,
    keeps,
    shape_of,
    things_in,
    varying,
)
from evalscripts.native.lower.turns import Turns
from evalscripts.native.lower.values import (
    ABSENT,
    IR_TYPES,
    POISON,
    Declined,
    Items,
    Js,
    Mask,
    Place,
    Thing,
    same,
)

_ATTEMPTS = 16


class Learned(Exception):
    """The attempt has shown what the next one must begin with."""


@dataclass(slots=True)
class _Lesson:
    """What is known of a loop before an attempt."""

    shapes: dict[Place, Shape] = field(default_factory=dict)
    tests_inside: bool = False
    """Whether the test has effects, or there is none: it stands in the body."""
    breaks: bool = False
    """Whether lanes leave the loop from its body."""
    breaks_vary: bool = False


def turn(machine: Machine, turns: Turns) -> Flow | None:
    """Run a loop as a loop of the IR."""
    lesson = _Lesson(tests_inside=turns.test is None or turns.is_tested_late)
    lesson.breaks = lesson.tests_inside
    barrier = Barrier(target=None)  # type: ignore[arg-type]  # set by each attempt
    for _ in range(_ATTEMPTS):
        start = checkpoint(machine)
        try:
            _Attempt(machine, turns, lesson, barrier).run()
        except Learned:
            rewind(machine, start)
            continue
        return _go_on(machine, barrier)
    raise Declined("a loop whose values never become of one kind", turns.node)


def _go_on(machine: Machine, barrier: Barrier) -> Flow | None:
    """Send those on who left the loop for somewhere outside."""
    flow: Flow | None = None
    for target, (flag, carried) in barrier.crossings.items():
        mask = to_boolean(machine, flag.now)
        value = carried.now

        def go(target: Target = target, value: Js = value) -> Flow:
            return machine.leave(target, value)

        if mask is not False:
            flow = machine.fork(mask, go, _stay)
            if flow is DEAD:
                return DEAD
    return None


def _stay() -> None:
    return None


class _Attempt:
    """One try at a loop."""

    def __init__(self, machine: Machine, turns: Turns, lesson: _Lesson, barrier: Barrier) -> None:
        self.machine = machine
        self.turns = turns
        self.lesson = lesson
        self.barrier = barrier
        self.loop = ir.Loop()
        self.header: dict[Place, Any] = {}
        self.phis: dict[Place, list[ir.Phi]] = {}
        self.since = machine.serial
        self.limit: Any = None
        """A number that it counts up to at most, from 0 or above, by 1 or more; or None."""

    def run(self) -> None:
        """Run the loop, and leave its phis as the state behind it.

        Raises:
            Learned: the lesson has changed.
        """
        machine, build, turns, lesson = self.machine, self.machine.builder, self.turns, self.lesson
        entry = machine.path
        alive = machine.here_mask()
        begin, facts = len(machine.journal), len(machine.knowledge)
        self._make_phis()
        active = self._active(alive)
        outer_region = build.open(self.loop.head)
        self._enter()
        mark = len(machine.journal)
        truth: Mask = True
        if not lesson.tests_inside and turns.test is not None:
            truth = to_boolean(machine, turns.test())
            if len(machine.journal) > mark:
                lesson.tests_inside = lesson.breaks = True
                raise Learned
        inside = truth if active is None else build.both(active, truth)
        if not _is_uniform(inside):
            inside = build.both(alive, inside)
            if turns.private and not lesson.breaks:
                lesson.breaks = True
                raise Learned
        build.open(self.loop.body)
        machine.path = Path(entry, inside)
        machine.knowledge.assume(inside, truth=True)
        machine.loops.append(self)
        broken = self._body()
        machine.loops.pop()
        self._end(inside, mark)
        if active is not None:
            # A private counter goes on for lanes that have left: the test cannot tell them.
            staying = active if _is_uniform(inside) else inside
            going = build.both(staying, build.negate(broken))
            if not lesson.breaks_vary and not _is_uniform(going):
                lesson.breaks_vary = True
                raise Learned
            active.next = build.operand(going)
            self.loop.phis.append(active)
        elif broken is not False:
            lesson.breaks = True
            raise Learned
        self.loop.condition = build.operand(inside)
        build.close(outer_region)
        machine.knowledge.forget(facts)
        machine.undo(begin)
        machine.path = entry
        self.limit = limit_of(machine, inside)
        self.loop.bound = bound_of(self.limit)
        for phis in self.phis.values():
            self.loop.phis += phis
        build.append(self.loop)
        self._enter()

    # ---- the start -----------------------------------------------------------------------

    def _make_phis(self) -> None:
        """Make phis of what the lesson says that changes."""
        machine = self.machine
        for place, shape in list(self.lesson.shapes.items()):
            kinds = list(leaf_types(shape))
            if place.now is ABSENT:
                starts: list[Any] = [0.0 if kind.is_number else False for kind in kinds]
            else:
                try:
                    starts = leaves(machine, shape, place.now)
                except Misfit:
                    raise Declined("a loop's value that has no shape", self.turns.node) from None
            if differ(kinds, starts):
                self.lesson.shapes[place] = varying(shape)
                raise Learned
            self.phis[place] = [
                ir.Phi(kind, machine.builder.operand(start))
                for kind, start in zip(kinds, starts, strict=True)
            ]

    def _enter(self) -> None:
        """Put the phis where the values from before the loop are."""
        machine = self.machine
        for place, shape in self.lesson.shapes.items():
            self._poison_merged(shape, place.now)
            make = rebuilt_content if type(place) is Thing else rebuilt
            machine.write(place, make(machine, shape, iter(self.phis[place])))
            self.header[place] = place.now

    def _poison_merged(self, shape: Shape, value: Js) -> None:
        """Nobody else may look into a thing that becomes one with those of later turns."""
        if type(shape) is Fixed or type(value) in (float, bool) or type(value) in IR_TYPES:
            return
        for thing in things_in(value):
            if thing.now is not POISON and not thing.now.is_frozen and not keeps(shape, thing):
                self.machine.write(thing, POISON)

    def _active(self, alive: Mask) -> ir.Phi | None:
        if not self.lesson.breaks:
            return None
        build = self.machine.builder
        if self.lesson.breaks_vary:
            return ir.Phi(ir.Type.M, build.operand(alive))
        return ir.Phi(ir.Type.B, build.operand(True))  # noqa: FBT003 (a value of the script)

    # ---- a turn --------------------------------------------------------------------------

    def _body(self) -> Mask:
        """Run one turn; return which of its lanes leave the loop."""
        machine, turns = self.machine, self.turns
        machine.targets.append(self.barrier)
        end = machine.target()
        self.barrier.target = end
        flow: Flow | None = None
        if self.lesson.tests_inside and not turns.is_tested_late and turns.test is not None:
            flow = self._test(end)
        if flow is not DEAD:
            after = machine.target()
            machine.jumps.push("loop", end, after, turns.labels)
            flow = turns.body()
            machine.jumps.pop()
            arrives, _ = machine.reach(after, flow)
            flow = None if arrives else DEAD
        if flow is not DEAD and turns.step is not None:
            turns.step()
        if flow is not DEAD and turns.is_tested_late:
            flow = self._test(end)
        broken: Mask = flow is DEAD
        for way in end.exits:
            broken = machine.builder.either(broken, way.mask)
        if flow is not DEAD:
            for way in end.exits:
                way.changes.update({p: p.now for p in turns.private})
        machine.reach(end, flow)
        machine.targets.pop()
        return broken

    def _test(self, end: Target) -> Flow | None:
        machine = self.machine
        assert self.turns.test is not None  # noqa: S101 (for the type checker; see the callers)
        truth = to_boolean(machine, self.turns.test())
        return machine.fork(truth, _stay, lambda: machine.leave(end))  # type: ignore[no-any-return]

    # ---- the end -------------------------------------------------------------------------

    def _end(self, inside: Mask, mark: int) -> None:
        """Close the circle: what the phis become.

        Raises:
            Learned: they do not fit.
        """
        machine = self.machine
        keeps = not _is_uniform(inside)
        found = machine.changes(mark)
        before: dict[Place, Any] = {}
        for place, old in machine.journal[mark:]:
            before.setdefault(place, old)
        if keeps:
            # As where two paths meet: what the turn made, and what was before it.
            private = {p: value for p, value in found.items() if p in self.turns.private}
            machine.undo(mark)
            others = {p: value for p, value in found.items() if p not in private}
            merge_changes(machine, inside, others, {})
            machine.apply(private)
            found = {place: place.now for place in found}
        changed = False
        seen: set[Thing] = set()
        for place, value in found.items():
            if place.serial > self.since and place not in self.header:
                continue
            if place not in self.header and same(before[place], value):
                continue
            changed = not self._fits(place, value, before[place], seen) or changed
        for place, phis in self.phis.items():
            if place not in found:
                for phi in phis:
                    phi.next = phi
        if changed:
            raise Learned

    def _fits(self, place: Place, value: Any, before: Any, seen: set[Thing]) -> bool:
        """Give the phis of a place their next values, or widen its shape."""
        shapes = self.lesson.shapes
        if value is POISON or before is POISON:
            if before is not POISON:
                shapes.pop(place, None)
                self._keep_poison(place)
            return True
        known = shapes.get(place)
        if known is None:
            shapes[place] = self._first_shape(place, value, before)
            return False
        try:
            row = leaves(self.machine, known, value)
        except Misfit:
            shapes[place] = self._joined(place, known, self._shape(place, value))
            return False
        if differ([phi.type for phi in self.phis[place]], row):
            shapes[place] = varying(known)
            return False
        self._share(known, value, seen)
        for phi, leaf in zip(self.phis[place], row, strict=True):
            phi.next = self.machine.builder.operand(leaf)
        return True

    def _shape(self, place: Place, value: Any) -> Shape:
        describe = content_shape if type(place) is Thing else shape_of
        return describe(self.machine, value, self.since)

    def _first_shape(self, place: Place, value: Any, before: Any) -> Shape:
        """Return the shape of what a place held before a turn and after it."""
        if before is ABSENT:
            return self._shape(place, value)
        return self._joined(place, self._shape(place, before), self._shape(place, value))

    def _joined(self, place: Place, known: Shape, shape: Shape) -> Shape:
        whole = join(self.machine, known, shape)
        if type(place) is Thing and type(whole) is Either:
            if type(place.now) is Items or type(known) is Listed:
                vary(self.machine, place)
            raise Declined("an object whose keys depend on the pixel", self.turns.node)
        return whole

    def _keep_poison(self, place: Place) -> None:
        """A thing from before the loop that a turn makes one with another: keep them apart."""
        if type(place) is Thing:
            self.machine.memory[place.site] = True
            raise Retry

    def _share(self, shape: Shape, value: Any, seen: set[Thing]) -> None:
        """Refuse that two variables carry one thing into the next turn, where it becomes two."""
        for thing in things_in(value):
            if keeps(shape, thing) or thing.now is POISON or thing.now.is_frozen:
                continue
            if thing in seen:
                raise Declined("an object that a loop keeps in two variables", self.turns.node)
            seen.add(thing)


def _is_uniform(mask: Mask) -> bool:
    return type(mask) is bool or mask.type.is_uniform  # type: ignore[union-attr]
