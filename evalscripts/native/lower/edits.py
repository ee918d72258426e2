"""Methods that change an array whose length depends on the pixel."""

from evalscripts.native.lower.arrays import argument
from evalscripts.native.lower.lists import append, count
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.merging import content_of
from evalscripts.native.lower.natives import Table
from evalscripts.native.lower.rows import element, push, resize, store
from evalscripts.native.lower.values import Declined, Js, Rows, Several, Thing
from evalscripts.snapshot import UNDEFINED


def _push(machine: Machine, thing: Thing, given: list[Js]) -> Js:
    for value in given:
        if type(value) is Several:
            append(machine, thing, value.listed)
        else:
            push(machine, thing, value)
    return content_of(machine, thing).length


def _pop(machine: Machine, thing: Thing, _: list[Js]) -> Js:
    rows, build = content_of(machine, thing), machine.builder
    last = build.number("sub", rows.length, 1.0)
    some = build.compare("gt", rows.length, 0.0)
    value = element(machine, rows.plan, build.choose(some, last, 0.0))
    resize(machine, thing, build.choose(some, last, 0.0))
    return machine.merge(machine, some, value, UNDEFINED)


def _shift(machine: Machine, thing: Thing, _: list[Js]) -> Js:
    rows, build = content_of(machine, thing), machine.builder
    some = build.compare("gt", rows.length, 0.0)
    first_one = element(machine, rows.plan, 0.0)
    last = build.choose(some, build.number("sub", rows.length, 1.0), 0.0)
    counter = machine.cell("the turn", 0.0)

    def body() -> None:
        following = build.number("add", counter.now, 1.0)
        store(machine, rows.plan, counter.now, element(machine, rows.plan, following))

    count(machine, counter, last, body)
    resize(machine, thing, last)
    return machine.merge(machine, some, first_one, UNDEFINED)


def _reverse(machine: Machine, thing: Thing, _: list[Js]) -> Js:
    rows, build = content_of(machine, thing), machine.builder
    counter = machine.cell("the turn", 0.0)
    half = build.number("floor", build.number("mul", rows.length, 0.5))

    def body() -> None:
        index = counter.now
        opposite = build.number("sub", build.number("sub", rows.length, 1.0), index)
        low, high = element(machine, rows.plan, index), element(machine, rows.plan, opposite)
        store(machine, rows.plan, index, high)
        store(machine, rows.plan, opposite, low)

    count(machine, counter, half, body)
    return thing


def _fill(machine: Machine, thing: Thing, given: list[Js]) -> Js:
    if len(given) > 1:
        raise Declined("fill() of a part", machine.here)
    rows = content_of(machine, thing)
    counter = machine.cell("the turn", 0.0)

    def body() -> None:
        store(machine, rows.plan, counter.now, argument(given, 0))

    count(machine, counter, rows.length, body)
    if machine.here_mask() is True:
        machine.holed.discard(rows.plan)
    return thing


EDITS = Table(
    methods={
        (Rows, "push"): _push,
        (Rows, "pop"): _pop,
        (Rows, "shift"): _shift,
        (Rows, "reverse"): _reverse,
        (Rows, "fill"): _fill,
    }
)
