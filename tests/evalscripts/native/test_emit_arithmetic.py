import itertools

import numpy as np
import pytest

from evalscripts.native.ir import Fact, Kernel
from evalscripts.native.signatures import MATH, VALUES
from evalscripts.setup import SampleType
from tests.builders.kernels import Writer, assert_same_bits, exactly, made_input, run_kernel
from tests.oracle.ir_interpreter import interpret

_ODD = np.array(
    [
        *(0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 0.1, -0.2, 3.0, 7.0, 31.0, 32.0, 33.0),
        *(0.49999999999999994, -0.49999999999999994, 0.9999999999999999, 2.0**52, 2.0**52 + 1),
        *(2.0**52 - 0.5, 2.0**53, -(2.0**52) - 1, 4503599627370495.5, 1e300, -1e300, 5e-324),
        *(2.0**31, 2.0**31 - 1, -(2.0**31), -(2.0**31) - 1, 2.0**32, 2.0**32 + 5.7, -(2.0**32) - 3),
        *(2.0**63, 2.0**84 + 2.0**33, -(2.0**70), 4294967295.5, 2147483647.9, -2147483648.9),
        *(np.nan, np.inf, -np.inf, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 255.5),
        *(254.5, 65534.5, 65535.49, -128.5, -127.5, 127.5, 32766.5, -32768.5, 1e10, -1e10, 3.4e38),
    ]
)
_ARITHMETIC = sorted(
    name
    for name, signature in VALUES.items()
    if signature.operands in {"n", "nn"} and name not in {"math", "load", "fact", "table", "read"}
)


def _pairs() -> tuple[np.ndarray, np.ndarray]:
    a, b = np.meshgrid(_ODD, _ODD)
    return a[None], b[None]


def _of_lanes(name: str) -> Kernel:
    w = Writer()
    operands = [w.load(band) for band in range(len(VALUES[name].operands))]
    made = w.op(name, *operands)
    if VALUES[name].result == "m":
        made = w.op("number", made)
    return w.kernel([("FLOAT32", exactly(w, [made]))], bands=[["a", "b"]])


@pytest.mark.parametrize("name", _ARITHMETIC)
def test_an_op_gives_javascripts_bits_in_all_lanes(name: str) -> None:
    kernel = _of_lanes(name)
    inputs = [made_input(["a", "b"], _pairs())]

    (actual,), _ = run_kernel(kernel, inputs)

    assert_same_bits(actual, interpret(kernel, inputs, {}).outputs[0])


@pytest.mark.parametrize("name", _ARITHMETIC)
def test_an_op_over_what_all_lanes_share_gives_the_same_bits(name: str) -> None:
    w = Writer()
    arity = len(VALUES[name].operands)
    facts = [w.op("fact", w.const(i), attr=Fact(0, "odd")) for i in range(0, _ODD.size, 4 - arity)]
    made = [w.op(name, *pair) for pair in itertools.product(facts[:18], repeat=arity)]
    if VALUES[name].result == "m":
        made = [w.op("number", one) for one in made]
    kernel = w.kernel([("FLOAT32", exactly(w, made))], bands=[["a"]])
    inputs = [made_input(["a"], [np.zeros((1, 2, 5))])]
    given = {(0, "odd"): _ODD}

    (actual,), _ = run_kernel(kernel, inputs, given)

    assert_same_bits(actual, interpret(kernel, inputs, given).outputs[0])


@pytest.mark.parametrize("name", _ARITHMETIC)
def test_an_op_with_a_constant_gives_the_same_bits(name: str) -> None:
    w = Writer()
    x = w.load(0)
    others = [w.const(number) for number in _ODD]
    binary = len(VALUES[name].operands) == 2
    made = [w.op(name, x, one) if binary else w.op(name, one) for one in others]
    if VALUES[name].result == "m":
        made = [w.op("number", one) for one in made]
    kernel = w.kernel([("FLOAT32", exactly(w, made))], bands=[["a"]])
    inputs = [made_input(["a"], [_ODD[None, None]])]

    (actual,), _ = run_kernel(kernel, inputs)

    assert_same_bits(actual, interpret(kernel, inputs, {}).outputs[0])


@pytest.mark.parametrize("kind", list(SampleType))
def test_outputs_are_rounded_and_clamped_as_the_sample_type_says(kind: SampleType) -> None:
    w = Writer()
    x = w.load(0)
    kernel = w.kernel([(kind.value, [x, w.op("div", x, w.const(255))])], bands=[["a"]])
    halves = np.arange(-70000, 70000, 0.5)
    inputs = [made_input(["a"], [np.concatenate([_ODD, halves])[None, None]])]

    (actual,), _ = run_kernel(kernel, inputs)

    assert_same_bits(actual, interpret(kernel, inputs, {}).outputs[0])


@pytest.mark.parametrize("name", ["and", "or", "xor"])
def test_truths_combine_in_lanes_and_alone(name: str) -> None:
    w = Writer()
    a, b = (w.op("gt", w.load(band), w.const(0)) for band in range(2))
    yes, no = w.op("truth", attr=True), w.op("truth", attr=False)
    made = [w.op(name, one, other) for one in (a, yes, no) for other in (b, yes, no)]
    made += [w.op("not", one) for one in made]
    made.append(w.op("select", a, b, yes))
    numbers = [w.op("number", one) for one in made]
    kernel = w.kernel([("UINT8", numbers)], bands=[["a", "b"]])
    inputs = [made_input(["a", "b"], _pairs())]

    (actual,), _ = run_kernel(kernel, inputs)

    assert_same_bits(actual, interpret(kernel, inputs, {}).outputs[0])


@pytest.mark.parametrize("name", ["exp", "atan2", "cbrt", "hypot"])
def test_functions_of_math_are_called_for_lanes_and_for_what_all_share(name: str) -> None:
    w = Writer()
    lanes = [w.load(band) for band in range(MATH[name])]
    facts = [w.op("fact", w.const(i), attr=Fact(0, "odd")) for i in range(4, 24)]
    made = [w.op("math", *lanes, attr=name)]
    made += [w.op("math", *pair[: MATH[name]], attr=name) for pair in itertools.pairwise(facts)]
    # What was alive across the calls is needed behind them.
    made.append(w.op("add", lanes[0], made[0]))
    kernel = w.kernel([("FLOAT32", exactly(w, made))], bands=[["a", "b"]])
    inputs = [made_input(["a", "b"], _pairs())]
    given = {(0, "odd"): _ODD}

    (actual,), _ = run_kernel(kernel, inputs, given)

    assert_same_bits(actual, interpret(kernel, inputs, given).outputs[0])
