"""`Machine`: the abstract computer that runs evaluatePixel once, for all pixels together.

It keeps the flow of the program: what each place holds now, which lanes are on this path, and what
is known on it. What the program's words mean stands in the tables that it is given.

Both sides of a branch that depends on the pixel are run, one after the other, each from the state
before the branch, and their changes are merged. Whoever leaves early (return, break, continue)
leaves his changes with the `Target`, which merges them in the order of the program: an exit's mask
then need not say that no earlier exit was taken.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evalscripts.native import ir
from evalscripts.native.lower.builder import Builder
from evalscripts.native.lower.flow import (
    DEAD,
    Barrier,
    Exit,
    Flow,
    Path,
    Target,
)
from evalscripts.native.lower.joining import merge_changes
from evalscripts.native.lower.knowledge import Knowledge
from evalscripts.native.lower.values import (
    ABSENT,
    Cell,
    Declined,
    Js,
    Mask,
    Num,
    Place,
    Thing,
)
from evalscripts.setup import Setup
from evalscripts.syntax import tree

MAX_CALL_DEPTH = 64
MAX_STEPS = 60_000


class Machine:
    """See the module. One per lowering."""

    def __init__(self, kernel: ir.Kernel, setup: Setup, memory: dict[Any, Any]) -> None:
        self.builder = Builder(kernel)
        self.setup = setup
        self.memory = memory
        """What earlier attempts at the same script have learned; see `Retry`."""
        self.expressions: Mapping[type, Callable[..., Js]] = {}
        self.statements: Mapping[type, Callable[..., Flow | None]] = {}
        self.merge: Callable[[Machine, Mask, Js, Js], Js] = _no_merge
        self.invoke: Callable[..., Js] = _no_merge
        self.journal: list[tuple[Place, Any]] = []
        self.root = Path(None, condition=True)
        self.path = self.root
        self.knowledge = Knowledge()
        self.left: list[Target] = []
        self.targets: list[Target | Barrier] = []
        self.serial = 0
        self.steps = 0
        """How many statements have run."""
        self.depth = 0
        self.here: tree.Node | None = None
        self.scope: Any = None
        self.globals: Any = None
        self.jumps: Any = None
        self.natives: Any = None
        self.prelude: Any = None
        self.mentions_arguments = True
        """Whether the text holds that word at all."""
        self.hoists: dict[Any, Any] = memory.setdefault("hoists", {})
        self.slots = tuple(_slots(kernel, i) for i in range(len(kernel.inputs)))
        """For each input, band name → slot."""
        self.loops: list[Any] = []
        """The loops of the IR around what runs."""
        self.holed: set[Any] = set()
        """Arrays that were made with holes, which look like undefined."""
        self.growth: list[tuple[Any, tuple[Any, ...]]] = []
        """(how an array is kept, the loops around something that makes it longer by one)."""
        self.sizes: dict[ir.Value, Any] = {}
        """Lengths of arrays → how the array is kept."""
        self.whole: dict[ir.Value, bool] = {}
        """Whether values are surely whole numbers, where that was asked."""
        self.positive: dict[ir.Value, bool] = {}
        """Whether they are surely 0 or above."""
        self._kept: dict[tuple[Any, int], Any] = memory.setdefault("kept", {})

    # ---- running -------------------------------------------------------------------------

    def value(self, node: tree.Expression) -> Js:
        """Return what an expression gives."""
        return self.expressions[type(node)](self, node)

    def run(self, node: tree.Statement) -> Flow | None:
        """Run a statement."""
        self.here = node
        return self.statements[type(node)](self, node)

    def run_all(self, nodes: Sequence[tree.Statement]) -> Flow | None:
        """Run statements until no lane is left."""
        for node in nodes:
            self.here = node
            self.steps += 1
            if self.steps > MAX_STEPS:
                raise Declined("its loops take too long to follow", node)
            if self.statements[type(node)](self, node) is DEAD:
                return DEAD
        return None

    def kept(self, node: tree.Node, question: Callable[[Any], Any]) -> Any:
        """Return what a question about a node answers, asked once."""
        key = (question, id(node))
        if key not in self._kept:
            self._kept[key] = question(node)
        return self._kept[key]

    def scenes(self, input_: int) -> ir.Value:
        """Return how many samples an input has."""
        return self.builder.uniform("scenes", attr=input_)

    def fact(self, input_: int, name: str, index: Num) -> Num:
        """Return a fact of one of an input's scenes."""
        return self.builder.number("fact", index, attr=ir.Fact(input_, name))

    # ---- places --------------------------------------------------------------------------

    def cell(self, name: str, now: Any, *, is_constant: bool = False) -> Cell:
        """Return a new variable."""
        self.serial += 1
        cell = Cell(name, now, self.serial, is_constant=is_constant)
        self.journal.append((cell, ABSENT))
        return cell

    def thing(self, content: Any, *, site: int | None = None, is_blend: bool = False) -> Thing:
        """Return a new array or object."""
        self.serial += 1
        if site is None:
            site = self.here.start if self.here is not None else -1
        thing = Thing(content, self.serial, site, is_blend=is_blend)
        self.journal.append((thing, ABSENT))
        return thing

    def write(self, place: Place, content: Any) -> None:
        """Change a place."""
        self.journal.append((place, place.now))
        place.now = content

    def changes(self, mark: int) -> dict[Place, Any]:
        """Return what has changed since the journal was that long."""
        return {place: place.now for place, _ in self.journal[mark:]}

    def undo(self, mark: int) -> None:
        """Go back to when the journal was that long."""
        journal = self.journal
        while len(journal) > mark:
            place, old = journal.pop()
            place.now = old

    def apply(self, changes: Mapping[Place, Any]) -> None:
        """Make these changes."""
        for place, content in changes.items():
            self.write(place, content)

    # ---- paths ---------------------------------------------------------------------------

    def mask_of(self, path: Path, base: Path | None = None, target: Target | None = None) -> Mask:
        """Return which lanes are on the path, of those that are on its base.

        For an exit to a target, leave out that they did not leave to it before.
        """
        masks: list[Mask] = []
        step: Path | None = path
        while step is not None and step is not base:
            gone = step.gone
            if target is None or gone is None or (gone and gone != {target}):
                masks.append(self._condition(step))
            step = step.parent
        result: Mask = True
        for mask in reversed(masks):
            result = self.builder.both(result, mask)
        return result

    def _condition(self, step: Path) -> Mask:
        build = self.builder
        if step.arrivals:
            mask: Mask = False
            for path in step.arrivals:
                mask = build.either(mask, self.mask_of(path, step.parent))
            return mask
        if step.sides is None:
            return step.condition
        end, start, other_end, other_start = step.sides
        return build.choose_mask(
            step.condition, self.mask_of(end, start), self.mask_of(other_end, other_start)
        )

    def here_mask(self) -> Mask:
        """Return which lanes are alive here."""
        return self.mask_of(self.path)

    # ---- branches ------------------------------------------------------------------------

    def fork(self, condition: Mask, then: Callable[[], Any], otherwise: Callable[[], Any]) -> Any:
        """Run both sides, or the one that is known, and merge; return the merged value.

        A side returns a value, None, or `DEAD`.
        """
        condition = self.knowledge.settled(condition)
        if type(condition) is bool:
            return then() if condition else otherwise()
        base, mark, facts, left = self.path, len(self.journal), len(self.knowledge), len(self.left)
        start = self.path = Path(base, condition)
        self.knowledge.assume(condition, truth=True)
        first = then()
        end, first_changes = self.path, self.changes(mark)
        first_left = frozenset(self.left[left:])
        self.undo(mark)
        self.knowledge.forget(facts)
        middle = len(self.left)
        other_start = self.path = Path(base, self.builder.negate(condition))
        self.knowledge.assume(condition, truth=False)
        second = otherwise()
        if first is DEAD:
            other_start.gone = first_left
            if second is DEAD:
                self.undo(mark)
                self.knowledge.forget(facts)
                self.path = base
            return second
        other_end, second_changes = self.path, self.changes(mark)
        self.undo(mark)
        self.knowledge.forget(facts)
        if second is DEAD:
            start.gone = frozenset(self.left[middle:])
            self.path = end
            self.knowledge.assume(condition, truth=True)
            self.apply(first_changes)
            return first
        if end is start and other_end is other_start:
            self.path = base
        else:
            gone = frozenset(self.left[left:])
            sides = (end, start, other_end, other_start)
            self.path = Path(base, condition, gone, sides)
        merge_changes(self, condition, first_changes, second_changes)
        return (
            None if first is None and second is None else self.merge(self, condition, first, second)
        )

    # ---- early exits ---------------------------------------------------------------------

    def target(self) -> Target:
        """Return a target whose start is here; `reach` it later."""
        target = Target(
            path=self.path,
            mark=len(self.journal),
            facts=len(self.knowledge),
            left=len(self.left),
        )
        self.targets.append(target)
        return target

    def leave(self, target: Target, value: Js = None) -> Flow:
        """Send the lanes that are here to a target."""
        for barrier in reversed(self.targets):
            if barrier is target:
                break
            if type(barrier) is Barrier:
                flag, carried = self._crossing(barrier, target)
                self.write(flag, content=True)
                self.write(carried, value)
                target, value = barrier.target, None
                break
        mask = self.mask_of(self.path, target.path, target)
        changes = self.changes(target.mark)
        target.exits.append(Exit(mask=mask, path=self.path, changes=changes, value=value))
        self.left.append(target)
        return DEAD

    def _crossing(self, barrier: Barrier, target: Target) -> tuple[Cell, Cell]:
        known = barrier.crossings.get(target)
        if known is None:
            flag = Cell("the way out", now=False, serial=0)
            known = barrier.crossings[target] = (flag, Cell("the result", ABSENT, 0))
        return known

    def reach(self, target: Target, flow: Flow | None, value: Js = None) -> tuple[bool, Js]:
        """Merge everything that comes to a target, the lanes that are here included.

        Return whether any lane arrives, and the merged value.
        """
        self.targets.pop()
        self.knowledge.forget(target.facts)
        ways = list(target.exits)
        self.path, end = self._behind(target, flow), self.path
        if flow is not DEAD and not ways:
            return True, value
        if flow is not DEAD:
            last = Exit(mask=True, path=end, changes=self.changes(target.mark), value=value)
        elif ways:
            last = ways.pop()
        else:
            return False, None
        changes, value = last.changes, last.value
        self.undo(target.mark)
        for way in reversed(ways):
            merge_changes(self, way.mask, way.changes, changes)
            value = self.merge(self, way.mask, way.value, value)
            changes = self.changes(target.mark)
            self.undo(target.mark)
        self.apply(changes)
        return True, value

    def _behind(self, target: Target, flow: Flow | None) -> Path:
        """Return the path of those who reach a target: some may have left for elsewhere."""
        elsewhere = frozenset(self.left[target.left :]) & set(self.targets)
        if not elsewhere:
            return target.path
        path = Path(target.path, condition=True, gone=elsewhere)
        ends = [] if flow is DEAD else [self.path]
        path.arrivals = tuple([way.path for way in target.exits] + ends)
        return path

    # ---- giving up -----------------------------------------------------------------------

    def trap(self, reason: str, mask: Mask) -> None:
        """Leave these lanes, of those that are here, to V8."""
        all_of_them = self.builder.both(self.here_mask(), mask)
        self.knowledge.assume(mask, truth=False)
        if all_of_them is False:
            return
        if all_of_them is True:
            raise Declined(reason, self.here)
        reasons = self.builder.kernel.reasons
        if reason not in reasons:
            reasons.append(reason)
        self.builder.trap(all_of_them, reasons.index(reason))


def _slots(kernel: ir.Kernel, input_: int) -> dict[str, ir.Slot]:
    return {name: ir.Slot(input_, i) for i, name in enumerate(kernel.inputs[input_])}


def _no_merge(*_: Any) -> Js:
    raise Declined("nothing to run it with")
