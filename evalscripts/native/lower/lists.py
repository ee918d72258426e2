"""Methods of arrays whose length depends on the pixel, and of the samples."""

from collections.abc import Callable

from evalscripts.native.lower.arrays import argument
from evalscripts.native.lower.coercion import equal, to_boolean, to_number
from evalscripts.native.lower.flow import Flow
from evalscripts.native.lower.loops import run_loop
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.members import get
from evalscripts.native.lower.merging import content_of
from evalscripts.native.lower.natives import Method, Table
from evalscripts.native.lower.rows import is_rows, make_rows, push
from evalscripts.native.lower.turns import Turns
from evalscripts.native.lower.values import (
    HOLE,
    Cell,
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
from evalscripts.syntax import tree


def _node(machine: Machine) -> tree.Node:
    if machine.here is None:
        raise Declined("a method of an array here")
    return machine.here


def each(machine: Machine, listed: Js, run: Callable[[Js, Num], Flow | None]) -> None:
    """Run something for each element that a list has now, with its index."""
    counter = machine.cell("the turn", 0.0)
    length = get(machine, listed, "length")

    def body() -> Flow | None:
        return run(get(machine, listed, counter.now), counter.now)

    count(machine, counter, length, body)


def count(machine: Machine, counter: Cell, stop: Num, body: Callable[[], Flow | None]) -> None:
    """Run something while a counter is below a number."""
    run_loop(
        machine,
        Turns(
            node=_node(machine),
            test=lambda: machine.builder.compare("lt", counter.now, stop),
            step=lambda: machine.write(counter, machine.builder.number("add", counter.now, 1.0)),
            body=body,
            private=frozenset((counter,)),
            is_long=True,
        ),
    )


def collect(machine: Machine, source: Js, take: Callable[[Thing, Js, Num], None]) -> Thing:
    """Return a new list that is made while going through another one."""
    node = _node(machine)
    made = make_rows(machine, [], node.start)
    each(machine, source, lambda value, index: take(made, value, index))
    machine.here = node
    return made


def _refuse_holes(machine: Machine, listed: Js) -> None:
    content = content_of(machine, listed) if type(listed) is Thing else None
    if type(content) is Rows and content.plan in machine.holed:
        raise Declined("a method that tells holes from undefined", machine.here)


def _call(machine: Machine, listed: Js, given: list[Js]) -> Callable[[Js, Num], Js]:
    _refuse_holes(machine, listed)
    callback, this = argument(given, 0), argument(given, 1)
    return lambda value, index: machine.invoke(machine, callback, this, [value, index, listed])


# ---- calling back ----------------------------------------------------------------------------


def _map(machine: Machine, listed: Js, given: list[Js]) -> Js:
    call = _call(machine, listed, given)

    def take(made: Thing, value: Js, index: Num) -> None:
        push(machine, made, call(value, index))

    return collect(machine, listed, take)


def _filter(machine: Machine, listed: Js, given: list[Js]) -> Js:
    call = _call(machine, listed, given)

    def take(made: Thing, value: Js, index: Num) -> None:
        keep(machine, made, to_boolean(machine, call(value, index)), value)

    return collect(machine, listed, take)


def keep(machine: Machine, made: Thing, truth: Js, value: Js) -> None:
    """Put a value into a list where it belongs there."""

    def put() -> None:
        push(machine, made, value)

    machine.fork(truth, put, _nothing)


def _nothing() -> None:
    return None


def _for_each(machine: Machine, listed: Js, given: list[Js]) -> Js:
    call = _call(machine, listed, given)

    def run(value: Js, index: Num) -> None:
        call(value, index)

    each(machine, listed, run)
    return UNDEFINED


def _reduce(machine: Machine, listed: Js, given: list[Js]) -> Js:
    _refuse_holes(machine, listed)
    callback = argument(given, 0)
    length = get(machine, listed, "length")
    start = 0.0
    if len(given) > 1:
        result = machine.cell("the result", given[1])
    else:
        empty = machine.builder.compare("eq", length, 0.0)
        machine.trap("reduce of an empty array without a start", empty)
        result = machine.cell("the result", get(machine, listed, 0.0))
        start = 1.0
    counter = machine.cell("the turn", start)

    def body() -> None:
        value = get(machine, listed, counter.now)
        arguments = [result.now, value, counter.now, listed]
        machine.write(result, machine.invoke(machine, callback, UNDEFINED, arguments))

    count(machine, counter, length, body)
    return result.now


def fold(machine: Machine, listed: Js, start: Num, name: str) -> Num:
    """Return what an operation on two numbers makes of all elements of a list."""
    result = machine.cell("the result", start)

    def run(value: Js, _: Num) -> None:
        number = to_number(machine, value)
        machine.write(result, machine.builder.number(name, result.now, number))

    each(machine, listed, run)
    return result.now  # type: ignore[no-any-return]


def _search(default: Js, give: Callable[[Js, Num], Js], *, stops_at: bool) -> Method:
    def search(machine: Machine, listed: Js, given: list[Js]) -> Js:
        call = _call(machine, listed, given)
        return first(machine, listed, call, give, default, stops_at=stops_at)

    return search


def first(
    machine: Machine,
    listed: Js,
    test: Callable[[Js, Num], Js],
    give: Callable[[Js, Num], Js],
    default: Js,
    *,
    stops_at: bool = True,
) -> Js:
    """Return something of the first element that passes a test, or the default."""
    node = _node(machine)
    result = machine.cell("the result", default)

    def run(value: Js, index: Num) -> Flow | None:
        truth = to_boolean(machine, test(value, index))

        def stop() -> Flow:
            machine.write(result, give(value, index))
            return machine.leave(machine.jumps.target("break", None, node))

        passed = truth if stops_at else machine.builder.negate(truth)
        return machine.fork(passed, stop, _nothing)  # type: ignore[no-any-return]

    each(machine, listed, run)
    return result.now


def _includes(machine: Machine, listed: Js, given: list[Js]) -> Js:
    wanted = _only(machine, given)
    if type(wanted) is not float or wanted != wanted:  # noqa: PLR0124 (NaN)
        raise Declined("includes() of a list, of what may be NaN", machine.here)
    return first(machine, listed, _equals(machine, wanted), lambda _v, _i: True, default=False)


def _index_of(machine: Machine, listed: Js, given: list[Js]) -> Js:
    wanted = _only(machine, given)
    return first(machine, listed, _equals(machine, wanted), lambda _v, i: i, -1.0)


def _only(machine: Machine, given: list[Js]) -> Js:
    if len(given) > 1:
        raise Declined("a search from a place on", machine.here)
    return argument(given, 0)


def _equals(machine: Machine, wanted: Js) -> Callable[[Js, Num], Js]:
    return lambda value, _: equal(machine, value, wanted, strictly=True)


# ---- copying ---------------------------------------------------------------------------------


def copy(machine: Machine, listed: Js) -> Thing:
    """Return a new list with the same elements."""

    def take(made: Thing, value: Js, _: Num) -> None:
        push(machine, made, value)

    return collect(machine, listed, take)


def _slice(machine: Machine, listed: Js, given: list[Js]) -> Js:
    node, build = _node(machine), machine.builder
    length = get(machine, listed, "length")
    start = _edge(machine, argument(given, 0), length, 0.0)
    stop = _edge(machine, argument(given, 1), length, length)
    made = make_rows(machine, [], node.start)
    counter = machine.cell("the turn", 0.0)

    def body() -> Flow | None:
        index = counter.now
        wanted = build.both(build.compare("ge", index, start), build.compare("lt", index, stop))
        keep(machine, made, wanted, get(machine, listed, index))
        return None

    count(machine, counter, length, body)
    machine.here = node
    return made


def _edge(machine: Machine, value: Js, length: Num, default: Num) -> Num:
    """Return where a slice begins or ends; outside of the list does no harm."""
    if value is UNDEFINED:
        return default
    build, number = machine.builder, to_number(machine, value)
    whole = build.number("trunc", number)
    # NaN counts as 0.
    whole = build.choose(build.compare("eq", whole, whole), whole, 0.0)
    from_end = build.number("add", length, whole)
    return build.choose(build.compare("lt", whole, 0.0), from_end, whole)


def append(machine: Machine, made: Thing, value: Js) -> None:
    """Put a value behind a list, or all elements of another list."""
    if is_rows(machine, value):
        each(machine, value, lambda part, _: _pushed(machine, made, part))
        return
    content = content_of(machine, value) if type(value) is Thing else None
    for part in content.values if type(content) is Items else (value,):
        push(machine, made, UNDEFINED if part is HOLE else part)


def _pushed(machine: Machine, made: Thing, value: Js) -> None:
    push(machine, made, value)


def _concat(machine: Machine, listed: Js, given: list[Js]) -> Js:
    made = copy(machine, listed)
    for value in given:
        append(machine, made, value)
    return made


def concat_items(machine: Machine, thing: Thing, given: list[Js]) -> Js:
    """Return an array of constant length with lists behind it."""
    made = make_rows(machine, [], _node(machine).start)
    for value in (thing, *given):
        append(machine, made, value)
    return made


_BOTH: dict[str, Method] = {
    "map": _map,
    "filter": _filter,
    "forEach": _for_each,
    "reduce": _reduce,
    "find": _search(UNDEFINED, lambda value, _: value, stops_at=True),
    "findIndex": _search(-1.0, lambda _, index: index, stops_at=True),
    "some": _search(default=False, give=lambda _v, _i: True, stops_at=True),
    "every": _search(default=True, give=lambda _v, _i: False, stops_at=False),
    "includes": _includes,
    "indexOf": _index_of,
    "slice": _slice,
    "concat": _concat,
}
LISTS = Table(
    methods={
        **{
            (kind, name): method
            for kind in (Rows, SampleList, SceneList)
            for name, method in _BOTH.items()
        },
        (Items, "concat lists"): concat_items,
    }
)
