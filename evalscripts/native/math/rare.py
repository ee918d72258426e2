"""What few lanes need: branches around it, and functions that do it lane by lane."""

from collections.abc import Callable

from evalscripts.native.emit.text import SCALAR, Module
from evalscripts.native.math.lanes import Formula, Real, Truth, Whole

Reduced = tuple[Real, Real, Whole]
"""An angle, its tail, and the quarter turns that were taken off."""


def where_any(needed: Truth, make: Callable[[], Real], otherwise: Real) -> Real:
    """Return what ``make`` writes where some lane needs it, and this value where none does."""
    code = needed.code
    inside, after = (code.module.fresh(stem) for stem in ("inside", "after"))
    condition = needed.any()
    before = code.here
    code.do(f"br i1 {condition}, label %{inside}, label %{after}")
    code.label(inside)
    made = make()
    last = code.here
    code.do(f"br label %{after}")
    code.label(after)
    choices = f"[ {made.name}, %{last} ], [ {otherwise.name}, %{before} ]"
    return Real(code, code.let(f"phi {code.reals} {choices}"))


def far_function(module: Module, symbol: str, reduce: Callable[[Real], Reduced]) -> str:
    """Return a function that reduces one large angle: its text."""
    code = Formula(module, lanes=1)
    lane = code.let(f"bitcast double %x to {code.reals}")
    angle, tail, turns = reduce(Real(code, lane))
    for value, place in ((angle, "%angle"), (tail, "%tail"), (turns.number(), "%turns")):
        code.do(f"store {code.reals} {value.name}, ptr {place}, align 8")
    code.do("ret void")
    given = "double %x, ptr %angle, ptr %tail, ptr %turns"
    head = f"define internal void @{symbol}({given}) nounwind {{"
    return "\n".join((head, *code.lines, "}"))


def with_far_lanes(symbol: str, is_far: Truth, x: Real, near: Reduced) -> Reduced:
    """Return the reduced angles, by a `far_function` in the lanes where it is needed."""
    code = x.code
    places = [code.let(f"alloca {code.reals}, align 64") for _ in range(4)]
    angle, tail, turns = near
    count = turns.number()

    def one_by_one() -> Real:
        store((x, angle), places[:2])
        bits = code.let(f"bitcast {code.truths} {is_far.name} to i{code.lanes}")
        with code.each("0", str(code.lanes)) as lane:
            short = code.let(f"trunc i64 {lane} to i{code.lanes}")
            shifted = code.let(f"lshr i{code.lanes} {bits}, {short}")
            with code.when(code.let(f"trunc i{code.lanes} {shifted} to i1")):
                here = [code.let(f"getelementptr double, ptr {p}, i64 {lane}") for p in places]
                value = code.let(f"load {SCALAR.number}, ptr {here[0]}, align 8")
                targets = ", ".join(f"ptr {target}" for target in here[1:])
                code.do(f"call void @{symbol}(double {value}, {targets})")
        return load(places[1])

    def store(values: tuple[Real, Real], targets: list[str]) -> None:
        for value, target in zip(values, targets, strict=True):
            code.do(f"store {code.reals} {value.name}, ptr {target}, align 64")

    def load(place: str) -> Real:
        return Real(code, code.let(f"load {code.reals}, ptr {place}, align 64"))

    store((tail, count), places[2:])
    angle = where_any(is_far, one_by_one, angle)
    return angle, load(places[2]), load(places[3]).whole()
