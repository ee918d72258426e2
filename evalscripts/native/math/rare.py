"""`where_any`: work that is only done where a lane needs it."""

from collections.abc import Callable
from typing import TypeVar

from evalscripts.native.emit.text import VECTOR
from evalscripts.native.math.lanes import Real, Truth, Whole

_Values = TypeVar("_Values", bound=tuple[Real | Whole, ...])


def where_any(needed: Truth, make: Callable[[], _Values], otherwise: _Values) -> _Values:
    """Return what ``make`` writes where some lane needs it, and these values where none does."""
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
    joined = []
    for value, other in zip(made, otherwise, strict=True):
        kind = VECTOR.number if isinstance(value, Real) else VECTOR.number.replace("double", "i64")
        name = code.let(f"phi {kind} [ {value.name}, %{last} ], [ {other.name}, %{before} ]")
        joined.append(type(value)(code, name))
    return type(otherwise)(joined)
