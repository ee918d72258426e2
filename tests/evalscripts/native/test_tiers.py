"""Two tiers, one meaning: through the public seam nobody can tell which of them answered."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from evalscripts import BandData, InputData, NativeCompiler, SceneFacts, V8Pool
from evalscripts.v8.program import V8Program
from tests.builders.scripts import make_context, make_input, pixel_script
from tests.builders.tiers import NDVI, Tiered, answer, assert_all_free, noise, tiered, untiered

ROWS, COLUMNS = 96, 131
DATA = {"s2": noise(rows=ROWS, columns=COLUMNS)}
BANDS = '"B04", "B08", "B11", "dataMask"'


def script(
    body: str, *, before: str = "", output: str = "{ bands: 3, sampleType: 'FLOAT32' }"
) -> str:
    text = pixel_script(body, bands=BANDS, output=output).replace("(sample,", "(s,")
    return text + before


SCRIPTS = {
    "ndvi": NDVI,
    "state of a pixel": script(
        "total = 0; for (var i = 0; i < 4; i++) total += s.B04 * i; return [total, 1, s.dataMask];"
    ),
    "functions": script(
        "return [ratio(s.B04, s.B08), ratio(s.B08, s.B11), -0 * s.B04];",
        before="const ratio = (a, b) => a > b ? a / b : Math.max(a, b) % 0.3;",
    ),
    "tables": script(
        "var i = Math.floor(s.B04 * 5); return i < 3 ? table[i] : [s.B08, NaN, -s.B11];",
        before="var table = [[1, 2, 3], [0.1, 0.2, 0.3], [5, 6, 7]];",
    ),
    "helpers": script(
        "return [index(s.B08, s.B04), inverse(s.B04), valueInterpolate(s.B11, [0, 1], [3, 5])];"
    ),
    "whole numbers": script(
        "return [s.B04 * 300 - 20, s.B08 * 99.5, s.B11 | 0];",
        output="{ bands: 3, sampleType: 'UINT8' }",
    ),
    "two outputs": script(
        "return { a: [s.B04], b: [s.B08, s.dataMask] };",
        output="[{ id: 'a', bands: 1, sampleType: 'INT16' }, { id: 'b', bands: 2 }]",
    ),
}


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize("rows", [10**6, 7])
def test_both_tiers_give_the_same_bits(
    native: Tiered, in_v8: Callable[[str], V8Program], name: str, rows: int
) -> None:
    found, found_rest = answer(native(SCRIPTS[name]), DATA, rows=rows)
    expected, expected_rest = answer(in_v8(SCRIPTS[name]), DATA, rows=rows)

    assert found_rest == expected_rest
    assert found.keys() == expected.keys()
    for output, values in expected.items():
        assert found[output].dtype == values.dtype
        np.testing.assert_array_equal(found[output], values)
        np.testing.assert_array_equal(np.signbit(found[output]), np.signbit(values))


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (3, 1), (2, 4), (4, 0)])
def test_the_smallest_stripes_are_answered(native: Tiered, shape: tuple[int, int]) -> None:
    data = {"s2": noise(rows=shape[0], columns=shape[1])}
    pixels, _ = answer(native(NDVI), data)

    assert pixels["default"].shape == (4, *shape)


def test_native_answers_hold_no_worker(native: Tiered, own_pool: V8Pool) -> None:
    program = native(NDVI)
    answer(program, DATA)
    sessions = [program.open(make_context()) for _ in range(5)]
    made = [session.evaluate(DATA)["default"] for session in sessions]

    assert_all_free(own_pool)
    assert all(np.array_equal(made[0], one) for one in made)
    for session in sessions:
        session.finish()


COUNTER = (
    pixel_script(
        "count++; return [count];", bands=BANDS, output="{ bands: 1, sampleType: 'FLOAT32' }"
    )
    + """
var count = 0;
function updateOutputMetadata(scenes, inputMetadata, outputMetadata) {
  outputMetadata.userData = { count };
}
"""
)


def test_what_is_carried_from_pixel_to_pixel_is_v8s(
    own_pool: V8Pool, compiler: NativeCompiler
) -> None:
    program = tiered(COUNTER, pool=own_pool, compiler=compiler)
    pixels, finished = answer(program, DATA, rows=10)

    assert program.tier == "v8"
    assert program.line == 5
    expected = np.arange(1, ROWS * COLUMNS + 1).reshape(1, ROWS, COLUMNS)
    np.testing.assert_array_equal(pixels["default"], expected)
    assert finished.user_data == {"count": ROWS * COLUMNS}


def test_user_data_of_a_pixel_is_v8s(own_pool: V8Pool, compiler: NativeCompiler) -> None:
    text = pixel_script("outputMetadata.userData = 7; return [1];")
    program = tiered(text, pool=own_pool, compiler=compiler)
    _, finished = answer(program, {"s2": make_input({"B04": np.zeros((3, 4), np.uint8)})})

    assert program.tier == "v8"
    assert finished.user_data == 7


def test_the_last_hook_runs_in_v8_after_native_pixels(native: Tiered, own_pool: V8Pool) -> None:
    text = NDVI + (
        "console.log('loaded');"
        "function updateOutputMetadata(scenes, inputMetadata, outputMetadata) {"
        " outputMetadata.userData = { factor: inputMetadata.normalizationFactor, pi: Math.PI }; }"
    )
    program = native(text)
    for _ in range(2):
        _, finished = answer(program, DATA)
        assert finished.user_data == {"factor": 0.0001, "pi": np.pi}
        assert finished.console == ("loaded",)

    assert_all_free(own_pool)


def test_a_fresh_script_is_answered_right_whenever_the_compiler_is_done(
    own_pool: V8Pool, compiler: NativeCompiler, in_v8: Callable[[str], V8Program]
) -> None:
    data = {"s2": noise(rows=300, columns=700)}
    for i in range(6):
        text = NDVI.replace("0.2)", f"0.2{i})")
        fresh, _ = answer(untiered(text, pool=own_pool, compiler=compiler), data, rows=100)
        expected, _ = answer(in_v8(text), data)
        np.testing.assert_array_equal(fresh["default"], expected["default"])


DATES = """//VERSION=3
function setup() {
  return {
    input: ["B04", "dataMask"], mosaicking: "TILE", output: { bands: 2, sampleType: "FLOAT32" }
  };
}
function preProcessScenes(collections) {
  collections.scenes.tiles = collections.scenes.tiles.filter((tile) => tile.cloudCoverage < 50);
  return collections;
}
function evaluatePixel(samples, scenes) {
  let sum = 0, days = 0;
  for (let i = 0; i < samples.length; i++) {
    if (!samples[i].dataMask) continue;
    sum += samples[i].B04;
    days += new Date(scenes.tiles[i].date).getTime() / 86400000;
  }
  return [sum, days];
}
"""


@pytest.mark.parametrize("clouds", [(10, 90, 20), (90, 91), (5,), ()])
def test_chosen_scenes_and_their_dates_are_the_same_in_both_tiers(
    native: Tiered, in_v8: Callable[[str], V8Program], clouds: tuple[int, ...]
) -> None:
    scenes = tuple(
        SceneFacts(date=f"2021-03-0{i + 1}T10:20:30Z", cloud_cover=float(cover))
        for i, cover in enumerate(clouds)
    )
    program = native(DATES)
    context = make_context(scenes=scenes)
    selection = program.select(context)
    context = replace(context, selection=selection)
    kept = len(selection.kept["s2"])
    draw = np.random.default_rng(3)
    data = InputData(
        bands={"B04": BandData(values=draw.random((kept, 20, 30), dtype=np.float32))},
        valid=draw.random((kept, 20, 30)) < 0.7,
    )
    answers = []
    for one in (program, in_v8(DATES)):
        session = one.open(context)
        answers.append(session.evaluate({"s2": data})["default"])
        session.finish()

    assert kept == sum(cover < 50 for cover in clouds)
    np.testing.assert_array_equal(answers[0], answers[1])
    assert program.tier == "native"
