"""What a script keeps: across pixels, across stripes, into its hooks; and what it is told."""

import numpy as np
import pytest

from evalscripts import (
    PoolOptions,
    Program,
    SceneFacts,
    ScriptCache,
    ScriptError,
    ScriptRuntimeError,
    SetupError,
    V8Pool,
    compile_script,
    open_pool,
)
from tests.builders.scripts import (
    SECONDS,
    Refused,
    Run,
    make_context,
    make_input,
    pixel_script,
    stripes,
)

SCENES = (
    SceneFacts(date="2024-05-02T10:00:00Z", cloud_cover=12.5, data_path="s2/a", id="A"),
    SceneFacts(date="2024-05-01T10:00:00Z", id="B"),
)
INT = "{bands: 1, sampleType: 'UINT16'}"


@pytest.mark.parametrize("rows", [1, 2, 100])
def test_pixels_run_in_row_major_order_in_one_state_whatever_the_stripes(
    run: Run, rows: int
) -> None:
    script = "let seen = 0;\n" + pixel_script("return [seen++];", output=INT)

    outputs = run(script, {"B04": np.zeros((5, 4))}, rows=rows).outputs

    assert outputs["default"].tolist() == [np.arange(20).reshape(5, 4).tolist()]


def test_nothing_is_kept_between_requests(pool: V8Pool) -> None:
    script = "var seen = 0;\n" + pixel_script("return [++seen];", output=INT)
    program = compile_script(script, pool=pool, seconds=SECONDS)
    data = {"s2": make_input({"B04": 1})}

    found = []
    for _ in range(4):
        session = program.open(make_context())
        found.append(session.evaluate(data)["default"].item())
        session.finish()

    assert found == [1, 1, 1, 1]


def test_what_setup_leaves_behind_is_there_for_the_pixels(run: Run) -> None:
    script = (
        "let calls = [];\n"
        f"function setup() {{ calls.push('setup'); return {{input: ['B04'], output: {INT}}}; }}\n"
        "function updateOutput(outputs) { calls.push('updateOutput'); }\n"
        "function evaluatePixel() { calls.push('evaluatePixel'); return [1]; }\n"
        "function preProcessScenes(c) { calls.push('never'); return c; }\n"
        "function updateOutputMetadata(s, i, o) { o.userData = calls; }\n"
    )

    finished = run(script, {"B04": [[1, 2]]}).finished

    assert finished.user_data == [
        "setup", "updateOutput", "evaluatePixel", "evaluatePixel",
    ]  # fmt: skip


def test_values_collected_over_the_pixels_become_user_data(run: Run) -> None:
    script = "let highest = -Infinity;\n" + pixel_script(
        "highest = Math.max(highest, sample.B04); return [0];"
    ) + (
        "function updateOutputMetadata(scenes, inputMetadata, outputMetadata) {\n"
        "  outputMetadata.userData = {highest, factor: inputMetadata.normalizationFactor,"
        " version: inputMetadata.serviceVersion};\n}"
    )  # fmt: skip

    finished = run(script, {"B04": np.arange(12).reshape(3, 4)}, rows=2, factor=0.5).finished

    assert finished.user_data == {"highest": 11, "factor": 0.5, "version": "9.8.7"}


def test_user_data_may_be_set_while_pixels_run(run: Run) -> None:
    script = pixel_script("outputMetadata.userData = 'of ' + sample.B04; return [0];")

    finished = run(script, {"B04": [[1, 2]]}).finished

    assert finished.user_data == "of 2"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("'text'", "text"),
        ("[1, null, NaN, undefined, 'ä\\u2028𝒳']", [1, None, None, None, "ä\u2028𝒳"]),
        ("{a: {b: [new Date(0)]}}", {"a": {"b": ["1970-01-01T00:00:00.000Z"]}}),
        ("'\\ud800 \\\\ud800 \\ud83d\\ude00'", "\ufffd \\ud800 \U0001f600"),
        ("0", 0),
        ("null", None),
        ("undefined", None),
        ("() => 1", None),
    ],
)
def test_user_data_is_what_json_makes_of_it(run: Run, value: str, expected: object) -> None:
    script = pixel_script("return [0];") + (
        f"function updateOutputMetadata(s, i, o) {{ o.userData = {value}; }}"
    )

    assert run(script).finished.user_data == expected


def test_the_pixel_function_gets_its_five_arguments(run: Run) -> None:
    script = pixel_script(
        "outputMetadata.userData = [arguments.length, Object.keys(scenes), customData,"
        " Object.keys(inputMetadata).sort()]; return [0];"
    )

    finished = run(script, scenes=SCENES).finished

    assert finished.user_data == [5, [], {}, ["normalizationFactor", "serviceVersion"]]


def test_the_last_hook_sees_the_scenes_that_were_used(run: Run) -> None:
    script = pixel_script("return [0];") + (
        "function updateOutputMetadata(scenes, i, o) { o.userData = scenes.tiles; }"
    )

    finished = run(script, scenes=SCENES).finished

    assert finished.user_data == [
        {
            "date": "2024-05-02T10:00:00Z",
            "dataPath": "s2/a",
            "shId": "A",
            "cloudCoverage": 12.5,
            "__idx": 0,
        },
        {"date": "2024-05-01T10:00:00Z", "dataPath": "", "shId": "B", "__idx": 1},
    ]


def test_update_output_sets_the_number_of_bands(pool: V8Pool) -> None:
    script = pixel_script("return [1, 2];", output=INT) + (
        "function updateOutput(outputs, collections) {\n"
        "  const {scenes} = collections;\n"
        "  if (!(scenes[0].date instanceof Date)) throw new Error('no date');\n"
        "  outputs.default.bands = scenes.length;\n}"
    )
    program = compile_script(script, pool=pool, seconds=SECONDS)
    session = program.open(make_context(scenes=SCENES))

    pixels = session.evaluate({"s2": make_input({"B04": [[1, 2, 3]]})})
    session.finish()

    assert pixels["default"].tolist() == [[[1, 1, 1]], [[2, 2, 2]]]
    assert [output.bands for output in session.outputs] == [2]
    assert [output.bands for output in program.setup.outputs] == [1]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("outputs.default.bands = 0;", "must be a whole number from 1 to 1000; found 0"),
        ("outputs.default.bands = 'many';", 'found "many"'),
        ("delete outputs.default;", "Cannot read properties of undefined"),
        ("throw new Error('mine');", "Error: mine"),
        ("outputs.default.bands = 3;", 'output "default": evaluatePixel must return 3 values'),
    ],
)
def test_update_output_fails_in_clear_words(refused: Refused, body: str, words: str) -> None:
    error = refused(pixel_script("return [1, 2];") + f"function updateOutput(outputs) {{ {body} }}")

    assert type(error) is ScriptRuntimeError
    assert words in error.message


def test_the_console_is_collected_in_order_from_every_stage(run: Run) -> None:
    script = (
        "console.log('top', 1);\n"
        + pixel_script("console.info(sample, [1], null, undefined, true); return [0];")
        + "function updateOutputMetadata() {\n"
        "  console.warn(new TypeError('t'), Symbol('s'), 5n, 'ä\\ud800'); console.error();\n"
        "  console.debug({toJSON() { return 7; }});\n}"
    )

    finished = run(script).finished

    assert finished.console == (
        "top 1",
        '{"B04":1} [1] null undefined true',
        "TypeError: t Symbol(s) 5 ä\ufffd",
        "",
        "7",
    )
    assert not finished.console_cut


def test_a_script_may_bring_its_own_console(run: Run) -> None:
    script = "const console = {log: x => { said = x; }}; let said = 0;\n" + pixel_script(
        "console.log(7); return [said];", output=INT
    )

    ran = run(script)

    assert (ran.outputs["default"].item(), ran.finished.console) == (7, ())


def test_a_stripe_of_another_kind_is_read_as_what_it_is(pool: V8Pool) -> None:
    session = compile_script(
        pixel_script("return [sample.B04];", output="{bands: 1, sampleType: 'FLOAT32'}"),
        pool=pool,
        seconds=SECONDS,
    ).open(make_context())
    parts = [
        make_input({"B04": np.array([[1, 2]], np.uint8)}),
        make_input({"B04": np.array([[1.5, 2.5]], np.float32)}),
        make_input({"B04": np.array([[1, 2]], np.uint8)}, scale=10.0),
    ]

    found = [session.evaluate({"s2": part})["default"].ravel().tolist() for part in parts]
    session.finish()

    assert found == [[1, 2], [1.5, 2.5], [10, 20]]


def test_stripes_may_grow(pool: V8Pool) -> None:
    session = compile_script(
        pixel_script("return [sample.B04];", output=INT), pool=pool, seconds=SECONDS
    ).open(make_context())
    whole = make_input({"B04": np.arange(300 * 200, dtype=np.uint16).reshape(300, 200)})

    small = session.evaluate({"s2": stripes(whole, 1)[0]})["default"]
    large = session.evaluate({"s2": whole})["default"]
    session.finish()

    assert small.tolist() == [whole.bands["B04"].values[0, :1].tolist()]
    assert large.tolist() == whole.bands["B04"].values.tolist()


def test_programs_are_compiled_once_and_the_oldest_go_first() -> None:
    texts = [pixel_script(f"return [{i}];") for i in range(3)]
    with open_pool(PoolOptions(workers=1, wait_seconds=60)) as pool:
        cache = ScriptCache(pool, entries=2)

        first, second = (cache.get(text, seconds=SECONDS) for text in texts[:2])
        again = cache.get(texts[0], seconds=SECONDS)
        cache.get(texts[2], seconds=SECONDS)

        assert again is first
        assert len(cache) == 2
        assert cache.get(texts[0], seconds=SECONDS) is first
        assert cache.get(texts[1], seconds=SECONDS) is not second


def test_errors_are_not_cached(pool: V8Pool) -> None:
    cache = ScriptCache(pool)

    for _ in range(2):
        with pytest.raises(SetupError):
            cache.get("//VERSION=3", seconds=SECONDS)

    assert len(cache) == 0


def test_a_program_says_its_tier(pool: V8Pool) -> None:
    program: Program = compile_script(pixel_script("return [1];"), pool=pool, seconds=SECONDS)

    assert (program.tier, program.reason) == ("v8", "every script runs in V8")


def test_errors_tell_their_root() -> None:
    assert issubclass(SetupError, ScriptError)
