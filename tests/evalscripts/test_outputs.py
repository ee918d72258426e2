"""How returned values become stored ones, and every way to return them."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalscripts import (
    InputData,
    ScriptRuntimeError,
    ScriptSyntaxError,
    V8Pool,
    compile_script,
)
from tests.builders.scripts import SECONDS, Refused, Run, make_context, make_input, pixel_script

RANGES = {
    "AUTO": (0, 255),
    "UINT8": (0, 255),
    "INT8": (-128, 127),
    "UINT16": (0, 65535),
    "INT16": (-32768, 32767),
}
HARD = [
    0.0, -0.0, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49999999999999994, -0.5000000000000001, 254.5,
    254.49999999999997, 255.5, 127.5, -128.5, -129.0, 65534.5, 65535.5, 32767.5, -32768.5, 1e300,
    -1e300, 5e-324, 40.6, 310.0, math.inf, -math.inf, math.nan, 1 / 510, 1 / 255, 0.1, 0.7,
]  # fmt: skip


def rounded(value: float, kind: str) -> int:
    """Return the stored integer, in exact arithmetic."""
    low, high = RANGES[kind]
    if math.isnan(value):
        return 0
    if math.isinf(value):
        return high if value > 0 else low
    if kind == "AUTO":
        value = value * 255
    if math.isinf(value):
        return high if value > 0 else low
    return min(max(math.floor(Fraction(value) + Fraction(1, 2)), low), high)


def stored_by(kind: str, pool: V8Pool, values: list[float]) -> list[int]:
    text = pixel_script("return [sample.B04];", output=f"{{bands: 1, sampleType: '{kind}'}}")
    session = compile_script(text, pool=pool, seconds=SECONDS).open(make_context())
    pixels = session.evaluate({"s2": make_input({"B04": np.array(values, np.float64)})})
    session.finish()
    return [int(value) for value in pixels["default"].ravel()]


@pytest.mark.parametrize("kind", RANGES)
def test_integers_are_rounded_half_up_and_clamped(pool: V8Pool, kind: str) -> None:
    found = stored_by(kind, pool, HARD)

    assert found == [rounded(value, kind) for value in HARD]


@settings(derandomize=True, max_examples=20, deadline=None)
@given(kind=st.sampled_from(sorted(RANGES)), values=st.lists(st.floats(), min_size=1))
def test_any_double_is_rounded_as_in_exact_arithmetic(
    pool: V8Pool, kind: str, values: list[float]
) -> None:
    found = stored_by(kind, pool, values)

    assert found == [rounded(value, kind) for value in values]


def test_floats_are_cast_and_keep_what_is_not_a_number(run: Run) -> None:
    script = pixel_script("return sample.B04;", output="{bands: 1, sampleType: 'FLOAT32'}")
    values = np.array([0.1, 1e300, -1e300, np.nan, np.inf, -0.0])

    found = run(script, {"B04": values}).outputs["default"].ravel()

    with np.errstate(over="ignore"):
        expected = values.astype(np.float32)
    assert found.dtype == np.float32
    assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        ("[1, 2, 3]", [1, 2, 3]),
        ("{default: [1, 2, 3]}", [1, 2, 3]),
        ("{default: [1, 2, 3], more: 'ignored'}", [1, 2, 3]),
        ("[true, false, 3 > 2]", [1, 0, 1]),
        ("[undefined, null, '7']", [0, 0, 7]),
        ("[NaN, {}, 'x']", [0, 0, 0]),
        ("[[1, 2, 3]]", [1, 2, 3]),
        ("[[1, 2], 3]", [1, 2, 3]),
        ("[[1], [2], [3]]", [1, 2, 3]),
        ("{default: [[1, 2], [3]]}", [1, 2, 3]),
        ("new Float32Array([1, 2, 3])", [1, 2, 3]),
        ("{default: new Uint8Array([1, 2, 3])}", [1, 2, 3]),
        ("[5n, [6], 7]", [5, 6, 7]),
        ("undefined", [0, 0, 0]),
        ("null", [0, 0, 0]),
        ("new Array(3)", [0, 0, 0]),
        ("[1, 2, 3, 4]", [1, 2, 3]),
        ("[[1, 2], [3, 4]]", [1, 2, 3]),
        ("{default: [1, 2, 3, [4, 5]]}", [1, 2, 3]),
        ("new Uint16Array([1, 2, 3, 4])", [1, 2, 3]),
    ],
)
def test_a_single_output_takes_every_form(run: Run, returned: str, expected: list[int]) -> None:
    script = pixel_script(f"return {returned};", output="{bands: 3, sampleType: SampleType.UINT8}")

    found = run(script, {"B04": [[1, 2], [3, 4]]}).outputs["default"]

    assert found.tolist() == [[[value, value]] * 2 for value in expected]


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        ("5", 5),
        ("[5, 6]", 5),
        ("true", 1),
        ("'6'", 6),
        ("{default: 7}", 7),
        ("{default: false}", 0),
        ("", 0),
    ],
)
def test_one_band_takes_a_scalar(run: Run, returned: str, expected: int) -> None:
    script = pixel_script(f"return {returned};", output="{bands: 1, sampleType: 'UINT8'}")

    found = run(script).outputs["default"]

    assert found.item() == expected


SEVERAL = "[{id: 'a', bands: 2, sampleType: 'UINT8'}, {id: 'b', bands: 1, sampleType: 'INT16'}]"


@pytest.mark.parametrize(
    ("returned", "expected"),
    [
        ("{a: [1, 2], b: [-3]}", ([1, 2], [-3])),
        ("{b: -3, a: [[1, 2]], c: [9]}", ([1, 2], [-3])),
        ("{a: [true, null], b: false}", ([1, 0], [0])),
        ("{a: [1, 2, 3], b: [4, 5]}", ([1, 2], [4])),
        ("", ([0, 0], [0])),
    ],
)
def test_several_outputs_take_an_object(
    run: Run, returned: str, expected: tuple[list[int], list[int]]
) -> None:
    outputs = run(pixel_script(f"return {returned};", output=SEVERAL)).outputs

    assert (outputs["a"].ravel().tolist(), outputs["b"].ravel().tolist()) == expected
    assert (outputs["a"].dtype, outputs["b"].dtype) == (np.uint8, np.int16)


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        ("[1, 2]", 'output "default": evaluatePixel must return 3 values for it; found 2 values'),
        ("[[1, 2]]", "must return 3 values for it; found 1 value"),
        ("[1, 2, [3, 4]]", "must return 3 values for it; found 2 values"),
        ("5", "must return 3 values for it; found the number 5"),
        ("'abc'", "must return 3 values for it; found the string abc"),
        ("{index: [1, 2, 3]}", '"default" is missing in what evaluatePixel returned: an object'),
        ("{}", "is missing in what evaluatePixel returned: an object without keys"),
        ("{default: 5}", "must return 3 values for it; found the number 5"),
        ("{default: {}}", "must return 3 values for it; found an object without keys"),
        ("(async () => [1, 2, 3])()", "is missing in what evaluatePixel returned: a Promise"),
        ("() => [1, 2, 3]", "must return 3 values for it; found a function"),
    ],
)
def test_a_wrong_return_says_what_was_expected_and_found(
    refused: Refused, returned: str, words: str
) -> None:
    error = refused(pixel_script(f"return {returned};", output="{bands: 3}"))

    assert type(error) is ScriptRuntimeError
    assert words in error.message
    assert (error.line, error.column) == (4, 1)


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        ("[1, 2]", "there are 2 outputs: evaluatePixel must return an object with a, b; found 2"),
        ("7", "must return an object with a, b; found the number 7"),
        ("{a: [1, 2]}", 'output "b" is missing in what evaluatePixel returned: an object with a'),
        ("{a: [1], b: [2]}", 'output "a": evaluatePixel must return 2 values for it; found 1'),
    ],
)
def test_a_wrong_return_names_the_output(refused: Refused, returned: str, words: str) -> None:
    error = refused(pixel_script(f"return {returned};", output=SEVERAL))

    assert words in error.message


def test_a_wrong_return_names_its_pixel(refused: Refused) -> None:
    script = pixel_script("return sample.B04 === 6 ? [] : [1];")

    error = refused(script, {"B04": np.arange(12).reshape(4, 3)}, rows=1)

    assert error.message.endswith("(at pixel row 2, column 0)")


@pytest.mark.parametrize("bands", [1, 16, 17, 200])
def test_any_number_of_bands_lies_planar(run: Run, bands: int) -> None:
    script = pixel_script(
        f"return Array.from({{length: {bands}}}, (_, i) => i + sample.B04 * 1000);",
        output=f"{{bands: {bands}, sampleType: 'FLOAT32'}}",
    )

    found = run(script, {"B04": np.arange(6).reshape(2, 3)}).outputs["default"]

    expected = np.arange(bands)[:, None, None] + 1000 * np.arange(6).reshape(2, 3)
    np.testing.assert_array_equal(found, expected)


def test_where_nothing_is_valid_the_missing_value_is_read(run: Run) -> None:
    script = pixel_script(
        "return [sample.B04, sample.dataMask];",
        bands='"B04", "dataMask"',
        output="{bands: 2, sampleType: 'FLOAT32'}",
    )

    ran = run(
        script,
        {"B04": np.array([[1, 2, 3]], np.int16)},
        valid=[[True, False, True]],
        scale=2.0,
        offset=0.5,
        missing=math.nan,
    )

    np.testing.assert_array_equal(ran.outputs["default"], [[[2.5, np.nan, 6.5]], [[1, 0, 1]]])


def test_a_band_that_was_not_asked_for_is_undefined(run: Run) -> None:
    script = pixel_script(
        "return [sample.B08 === undefined, 'B08' in sample, Object.keys(sample).length];",
        output="{bands: 3, sampleType: 'UINT8'}",
    )

    found = run(script, {"B04": 1, "B08": 2}).outputs["default"]

    assert found.ravel().tolist() == [1, 0, 1]


def test_every_pixel_gets_a_sample_of_its_own(run: Run) -> None:
    script = "let seen = new Set();\n" + pixel_script(
        "seen.add(sample); sample.B04 = -1; return [seen.size];",
        output="{bands: 1, sampleType: 'UINT8'}",
    )

    found = run(script, {"B04": np.zeros((2, 3), np.uint8)}).outputs["default"]

    assert found.ravel().tolist() == [1, 2, 3, 4, 5, 6]


def test_stripes_without_pixels_are_empty(pool: V8Pool) -> None:
    session = compile_script(pixel_script("return [1];"), pool=pool, seconds=SECONDS).open(
        make_context()
    )

    pixels = session.evaluate(
        {
            "s2": InputData(
                bands=make_input({"B04": np.zeros((0, 5), np.uint8)}).bands,
                valid=np.zeros((1, 0, 5), np.bool_),
            )
        }
    )
    session.finish()

    assert pixels["default"].shape == (1, 0, 5)


def test_a_stripe_larger_than_one_run_is_cut_and_joined(run: Run) -> None:
    values = np.arange(1000 * 700, dtype=np.uint32).reshape(1000, 700)
    script = pixel_script(
        "const v = sample.B04; return [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, v];",
        output="{bands: 12, sampleType: 'FLOAT32'}",
    )

    found = run(script, {"B04": values}).outputs["default"]

    np.testing.assert_array_equal(found[11], values.astype(np.float32))


def test_no_helper_of_the_loop_is_within_reach(refused: Refused) -> None:
    error = refused(pixel_script("return [views, tools, box, settleOnly];"))

    assert type(error) is ScriptRuntimeError
    assert error.message.startswith("ReferenceError: views is not defined")
    assert not isinstance(error, ScriptSyntaxError)
