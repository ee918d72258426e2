"""`Rows`: arrays whose length depends on the pixel, kept in buffers of the IR.

Which arrays these are shows as the script is lowered: the first push in a branch or a loop makes
the machine start over with that place of the text in its memory. Every leaf of an element's shape
has a buffer of its own. Elements are copies: an object that was put in can be read, not changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from evalscripts.native.lower.coercion import to_number
from evalscripts.native.lower.flow import Retry
from evalscripts.native.lower.indexing import index_key, within
from evalscripts.native.lower.leaves import Misfit, leaf_types, leaves, rebuilt
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.merging import content_of
from evalscripts.native.lower.shapes import (
    Either,
    Keyed,
    Listed,
    Number,
    OfRows,
    OfSample,
    Shape,
    Truth,
    as_variable,
    join,
    shape_of,
    things_in,
)
from evalscripts.native.lower.texts import number_of_text, text_of_number
from evalscripts.native.lower.values import (
    HOLE,
    BoundMethod,
    Declined,
    Items,
    Js,
    Num,
    Rows,
    SampleList,
    SceneList,
    Thing,
)
from evalscripts.snapshot import UNDEFINED

SPARE = 512
"""How many elements an array may have where no bound of its loops is known."""


@dataclass(slots=True, eq=False)
class Leaf:
    """A buffer in the making."""

    plan: "Plan"
    place: int


@dataclass(slots=True, eq=False)
class Plan:
    """How the elements of an array are kept."""

    site: int
    depth: int
    """How many loops were around where it was made."""
    shape: Shape | None = None
    """None before anything was put in."""
    leaves: list[Leaf] = field(default_factory=list)
    is_read: bool = False
    """Whether somebody has found nothing in it because of that."""
    like: "Plan | None" = None
    """Another one that has as many elements."""


def new_array(machine: Machine, values: Sequence[Js], site: int) -> Thing:
    """Return a new array, of constant length if that is known to be enough."""
    if ("rows", site) in machine.memory:
        return make_rows(machine, values, site)
    return machine.thing(Items(tuple(values)), site=site)


def make_rows(machine: Machine, values: Sequence[Js], site: int) -> Thing:
    """Return a new array of variable length that begins with these elements."""
    plan = Plan(site, len(machine.loops), machine.memory.get(("shape", site)))
    thing = machine.thing(Rows(plan, 0.0), site=site)
    for value in values:
        push(machine, thing, UNDEFINED if value is HOLE else value)
    return thing


def push(machine: Machine, thing: Thing, value: Js) -> Num:
    """Put a value behind the last one; return the new length."""
    rows = content_of(machine, thing)
    grow(machine, rows)
    store(machine, rows.plan, rows.length, value)
    length = machine.builder.number("add", rows.length, 1.0)
    resize(machine, thing, length)
    return length


def resize(machine: Machine, thing: Thing, length: Num) -> None:
    """Give an array another length, for which there is room."""
    rows = content_of(machine, thing)
    if not isinstance(length, float):
        machine.sizes[length] = rows.plan
    machine.write(thing, replace(rows, length=length))


def grow(machine: Machine, rows: Rows) -> None:
    """Make room for one more element, for each turn of the loops that this stands in."""
    plan = rows.plan
    machine.growth.append((plan, tuple(machine.loops[plan.depth :])))
    if ("unbounded", plan.site) in machine.memory:
        full = machine.builder.compare("ge", rows.length, float(SPARE))
        machine.trap("an array that grows very long", full)


def store(machine: Machine, plan: Plan, index: Num, value: Js) -> None:
    """Write an element, where there is room for it."""
    freeze(machine, value)
    row = _row(machine, plan, value)
    mask = machine.here_mask()
    for leaf, content in zip(plan.leaves, row, strict=True):
        number = content if _is_number(content) else machine.builder.as_number(content)
        machine.builder.effect("write", index, number, mask, attr=leaf)


def _is_number(value: Any) -> bool:
    return type(value) is float or (type(value) is not bool and value.type.is_number)


def _row(machine: Machine, plan: Plan, value: Js) -> list[Any]:
    """Return the leaves of an element, and settle its shape where this is the first."""
    if plan.shape is None:
        shape = loosened(shape_of(machine, value, 0))
        if plan.is_read:
            _remember(machine, plan, shape)
        plan.shape = shape
    if not plan.leaves:
        plan.leaves = [Leaf(plan, i) for i, _ in enumerate(leaf_types(plan.shape))]
    try:
        return leaves(machine, plan.shape, value)
    except Misfit:
        shape = join(machine, plan.shape, loosened(shape_of(machine, value, 0)))
        return _remember(machine, plan, loosened(shape))


def _remember(machine: Machine, plan: Plan, shape: Shape) -> list[Any]:
    known = machine.memory.get(("shape", plan.site))
    if known is not None:
        shape = loosened(join(machine, known, shape))
        if shape == known:
            raise Declined("an array whose elements are of too many kinds", machine.here)
    machine.memory["shape", plan.site] = shape
    raise Retry


def loosened(shape: Shape) -> Shape:
    """Return the shape as a buffer keeps it: each lane its own, things copied."""
    match shape:
        case Number() | Truth():
            return replace(shape, is_uniform=False)
        case OfSample():
            return replace(shape, index=loosened(shape.index))
        case Listed() | Keyed():
            return replace(shape, parts=tuple(map(loosened, shape.parts)), is_frozen=True)
        case Either():
            return Either(tuple(map(loosened, shape.options)), is_uniform=False)
        case OfRows():
            raise Declined("an array of arrays whose lengths depend on the pixel")
    return replace(opened, is_uniform=False) if (opened := as_variable(shape)) else shape


def freeze(machine: Machine, value: Js) -> None:
    """Refuse changes of what was copied, from now on."""
    for thing in things_in(value):
        content = content_of(machine, thing)
        if type(content) is Rows:
            raise Declined("an array of arrays whose lengths depend on the pixel", machine.here)
        if thing.serial and not getattr(content, "is_frozen", True):
            machine.write(thing, replace(content, is_frozen=True))
            inner = content.values if type(content) is Items else content.values.values()
            for part in inner:
                freeze(machine, part)


def element(machine: Machine, plan: Plan, index: Num) -> Js:
    """Return the element at a whole index inside."""
    if plan.shape is None:
        plan.is_read = True
        return UNDEFINED
    kinds = list(leaf_types(plan.shape))
    if not plan.leaves:
        plan.leaves = [Leaf(plan, i) for i, _ in enumerate(kinds)]
    build = machine.builder
    row = [
        number if kind.is_number else build.compare("ne", number, 0.0)
        for kind, number in [
            (kind, build.read(leaf, index)) for kind, leaf in zip(kinds, plan.leaves, strict=True)
        ]
    ]
    return rebuilt(machine, plan.shape, iter(row))


def is_rows(machine: Machine, value: Js) -> bool:
    """Whether a value is an array of variable length, or the samples."""
    if type(value) is SampleList or type(value) is SceneList:
        return True
    return type(value) is Thing and type(content_of(machine, value)) is Rows


# ---- properties ------------------------------------------------------------------------------


def get_row(machine: Machine, thing: Thing, rows: Rows, key: Js) -> Js:
    """Return a property of an array of varying length."""
    if type(key) is str:
        if key == "length":
            return rows.length
        number = number_of_text(key)
        if text_of_number(number) != key:
            return BoundMethod(thing, key)
        key = number
    inside, safe = within(machine, index_key(machine, key), rows.length)
    if inside is False:
        return UNDEFINED
    return machine.merge(machine, inside, element(machine, rows.plan, safe), UNDEFINED)


def set_row(machine: Machine, thing: Thing, rows: Rows, key: Js, value: Js) -> None:
    """Set an element, at most the one behind the last; whatever is beyond is left to V8."""
    build = machine.builder
    if key == "length":
        length = to_number(machine, value)
        inside, _ = within(machine, length, build.number("add", rows.length, 1.0))
        machine.trap("an array is made longer", build.negate(inside))
        resize(machine, thing, length)
        return
    index = index_key(machine, key)
    inside, _ = within(machine, index, rows.length)
    if inside is not True:
        longer = build.number("add", rows.length, 1.0)
        inside, index = within(machine, index, longer)
        machine.trap("an element is set far behind an array's end", build.negate(inside))
        grow(machine, rows)
        last = build.compare("eq", index, rows.length)
        store(machine, rows.plan, index, value)
        resize(machine, thing, build.choose(last, longer, rows.length))
        return
    store(machine, rows.plan, index, value)
