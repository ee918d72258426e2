from collections.abc import Callable
from dataclasses import replace

import pytest

from evalscripts.native.emit import emit
from evalscripts.native.ir import (
    Buffer,
    Fact,
    Guard,
    Kernel,
    Loop,
    Op,
    Phi,
    Result,
    Slot,
    Sort,
    Type,
)
from evalscripts.native.verify import MAX_OPS, Malformed, TooManyOps, verify
from tests.builders.kernels import Writer

_BUFFER = Buffer(0, 4, (0,))


def _kernel() -> tuple[Kernel, Op, Op, Op]:
    """A kernel that is right, and its zero, its band and its mask."""
    w = Writer()
    zero = w.const(0)
    band = w.load(0, index=zero)
    mask = w.op("lt", band, zero)
    kernel = w.kernel([("UINT8", [band])], bands=[["a"]])
    kernel.buffers = [_BUFFER]
    kernel.tables = [(1.0,)]
    kernel.reasons = ["why"]
    return kernel, zero, band, mask


def test_a_right_kernel_passes() -> None:
    kernel, *_ = _kernel()

    verify(kernel)


_WRONG_OPS: dict[str, tuple[str, Type | None, str, object]] = {
    "unknown op": ("fma", Type.F, "bb", None),
    "too few operands": ("add", Type.F, "b", None),
    "too many operands": ("neg", Type.F, "bb", None),
    "a mask as a number": ("add", Type.F, "bm", None),
    "a number as a mask": ("not", Type.M, "b", None),
    "a uniform result of lanes": ("add", Type.U, "bz", None),
    "a result of lanes of uniforms": ("add", Type.F, "zz", None),
    "a number for a comparison": ("lt", Type.F, "bz", None),
    "a mixed select": ("select", Type.F, "mbm", None),
    "a select of masks as a number": ("select", Type.F, "mmm", None),
    "an integer constant": ("const", Type.U, "", 1),
    "a number as a truth": ("truth", Type.B, "", 1.0),
    "an unknown function": ("math", Type.F, "b", "random"),
    "a function of one with two": ("math", Type.F, "bb", "exp"),
    "a function of two with one": ("math", Type.F, "b", "pow"),
    "a band that is not there": ("load", Type.F, "z", Slot(0, 1)),
    "an input that is not there": ("load", Type.F, "z", Slot(1, 0)),
    "a negative band": ("load", Type.F, "z", Slot(0, -1)),
    "a uniform load": ("load", Type.U, "z", Slot(0, 0)),
    "a slot that is none": ("load", Type.F, "z", (0, 0)),
    "scenes of no input": ("scenes", Type.U, "", 1),
    "a fact of no input": ("fact", Type.U, "z", Fact(2, "day")),
    "a table that is not there": ("table", Type.U, "z", 1),
    "a buffer that is not there": ("read", Type.F, "z", Buffer(1, 4, (0,))),
    "another buffer of the same id": ("read", Type.F, "z", Buffer(0, 5, (0,))),
    "a write with a value": ("write", Type.F, "zbm", _BUFFER),
    "a write without a mask": ("write", None, "zb", _BUFFER),
    "a sort of itself": ("sort", None, "z", Sort(_BUFFER, (_BUFFER,), descending=False)),
    "a trap without a reason": ("trap", None, "m", 1),
    "an output that is not there": ("out", None, "b", (1, 0)),
    "a band given twice": ("out", None, "b", (0, 0)),
    "an attribute too many": ("add", Type.F, "bz", 1),
    "an operand that is an effect": ("neg", Type.F, "e", None),
    "an operand from nowhere": ("neg", Type.U, "x", None),
}
"""Name, type, operands and attribute; the operands are the zero, the band and the mask of
`_kernel`, an effect, and a value that stands nowhere."""


@pytest.mark.parametrize("wrong", _WRONG_OPS)
def test_a_wrong_op_is_refused(wrong: str) -> None:
    kernel, zero, band, mask = _kernel()
    effect, stranger = kernel.body[-1], Op("const", Type.U, (), 1.0)
    values = {"z": zero, "b": band, "m": mask, "e": effect, "x": stranger}
    name, kind, letters, attr = _WRONG_OPS[wrong]
    operands = tuple(values[letter] for letter in letters)
    kernel.body.append(Op(name, kind, operands, attr))  # type: ignore[arg-type]  # wrong on purpose

    with pytest.raises(Malformed):
        emit(kernel)


def _loop(zero: Op, mask: Op) -> Loop:
    phi = Phi(Type.U, zero)
    loop = Loop(phis=[phi], bound=3)
    loop.head = [Op("lt", Type.B, (phi, zero))]
    loop.condition = loop.head[0]
    loop.body = [Op("add", Type.U, (phi, zero)), Op("not", Type.M, (mask,))]
    phi.next = loop.body[0]
    return loop


def test_a_right_loop_passes_and_its_phis_are_seen_behind_it() -> None:
    kernel, zero, _, mask = _kernel()
    loop = _loop(zero, mask)
    kernel.body += [loop, Op("neg", Type.U, (loop.phis[0],))]

    verify(kernel)


def _change_first(loop: Loop) -> None:
    (loop.phis[0].first,) = loop.body[1].operands


def _change_next(loop: Loop) -> None:
    loop.phis[0].next = loop.body[1]


def _drop_next(loop: Loop) -> None:
    loop.phis[0].next = None


def _drop_condition(loop: Loop) -> None:
    loop.condition = None


def _count_as_condition(loop: Loop) -> None:
    loop.condition = loop.phis[0]


def _condition_of_body(loop: Loop) -> None:
    loop.condition = loop.body[1]


def _lane_as_uniform(loop: Loop) -> None:
    loop.body.append(Op("number", Type.F, (loop.body[1],)))
    loop.phis[0].next = loop.body[-1]


def _strange_bound(loop: Loop) -> None:
    loop.bound = "many"


def _negative_bound(loop: Loop) -> None:
    loop.bound = -1


def _phi_twice(loop: Loop) -> None:
    loop.phis.append(loop.phis[0])


def _body_in_itself(loop: Loop) -> None:
    loop.body.append(loop)


@pytest.mark.parametrize(
    "change",
    [
        _change_first,
        _change_next,
        _drop_next,
        _drop_condition,
        _count_as_condition,
        _condition_of_body,
        _lane_as_uniform,
        _strange_bound,
        _negative_bound,
        _phi_twice,
        _body_in_itself,
    ],
)
def test_a_wrong_loop_is_refused(change: Callable[[Loop], None]) -> None:
    kernel, zero, _, mask = _kernel()
    loop = _loop(zero, mask)
    change(loop)
    kernel.body.append(loop)

    with pytest.raises(Malformed):
        verify(kernel)


@pytest.mark.parametrize("part", ["head", "body"])
def test_what_a_loop_holds_is_not_seen_behind_it(part: str) -> None:
    kernel, zero, _, mask = _kernel()
    loop = _loop(zero, mask)
    inner = getattr(loop, part)[0]
    kernel.body += [loop, Op("select", Type.M, (mask, mask, mask))]
    verify(kernel)
    kernel.body.append(
        Op("not", Type.B, (inner,)) if part == "head" else Op("neg", Type.U, (inner,))
    )

    with pytest.raises(Malformed):
        verify(kernel)


def test_what_a_guard_holds_is_seen_through_its_results_alone() -> None:
    kernel, zero, band, mask = _kernel()
    inner = Op("neg", Type.F, (band,))
    result = Result(Type.F, inner, zero)
    kernel.body.append(Guard(mask=mask, body=[inner], results=[result]))
    kernel.body.append(Op("neg", Type.F, (result,)))
    verify(kernel)
    kernel.body.append(Op("neg", Type.F, (inner,)))

    with pytest.raises(Malformed):
        verify(kernel)


@pytest.mark.parametrize("kind", [Type.U, Type.M])
def test_a_guards_result_of_another_type_is_refused(kind: Type) -> None:
    kernel, zero, band, mask = _kernel()
    inner = Op("neg", Type.F, (band,))
    kernel.body.append(Guard(mask=mask, body=[inner], results=[Result(kind, inner, zero)]))

    with pytest.raises(Malformed):
        verify(kernel)


def test_an_output_inside_of_a_guard_is_refused() -> None:
    kernel, _, _, mask = _kernel()
    out = kernel.body.pop()
    kernel.body.append(Guard(mask=mask, body=[out]))

    with pytest.raises(Malformed):
        verify(kernel)


def test_a_band_that_is_never_given_is_refused() -> None:
    kernel, *_ = _kernel()
    kernel.body.pop()

    with pytest.raises(Malformed):
        verify(kernel)


@pytest.mark.parametrize(
    "change",
    [
        {"outputs": (("UINT32", 1),)},
        {"outputs": (("UINT8", 0),)},
        {"tables": [(1,)]},
        {"buffers": [_BUFFER, Buffer(0, 1, (0,))]},
        {"buffers": [Buffer(0, -1, (0,))]},
        {"buffers": [Buffer(0, 1, ())]},
        {"buffers": [Buffer(0, 2**40, (0,))]},
    ],
)
def test_wrong_outputs_tables_and_buffers_are_refused(change: dict[str, object]) -> None:
    kernel, *_ = _kernel()

    with pytest.raises(Malformed):
        verify(replace(kernel, **change))  # type: ignore[arg-type]  # wrong on purpose


def test_too_many_ops_are_refused_before_anything_is_compiled() -> None:
    kernel, _, band, _ = _kernel()
    kernel.body += [Op("neg", Type.F, (band,)) for _ in range(MAX_OPS)]

    with pytest.raises(TooManyOps):
        emit(kernel)


def test_nesting_beyond_reason_is_refused() -> None:
    kernel, _, _, mask = _kernel()
    inner: list[Op | Loop | Guard] = []
    for _ in range(500):
        inner = [Guard(mask=mask, body=inner)]
    kernel.body += inner

    with pytest.raises(Malformed):
        verify(kernel)
