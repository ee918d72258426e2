"""One pixel seen from inside: what the report says in every form, and when something is wrong."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from evalscripts import (
    PoolOptions,
    ScriptLimitExceeded,
    ScriptRuntimeError,
    ScriptTierUnavailable,
    SetupError,
    V8Pool,
    open_pool,
)
from evalscripts.program import PixelReport
from tests.builders.mosaics import compile_v8, context, days, scenes_script, stack, tile

ONE = stack({"B04": [0.25]})
TWO = stack({"B04": [0.25, np.nan]}, valid=[1, 1])


def debug(
    pool: V8Pool, text: str, data: Any = ONE, *, about: Any = None, **more: Any
) -> PixelReport:
    about = about or context(orbits=days(2), scenes=[tile("2024-05-02", "A")], **more)
    inputs = data if isinstance(data, dict) else {"s2": data}
    return compile_v8(text, pool).debug(about, inputs)


def simple(body: str, **more: str) -> str:
    return scenes_script(body, mosaicking="SIMPLE", **more)


def test_the_report_holds_all_that_happened_at_the_pixel(pool: V8Pool) -> None:
    text = (
        "console.log('top');\n"
        + simple(
            "console.log('b04 is', samples.B04); outputMetadata.userData = {a: 1};\n"
            "return [samples.B04 * 2, samples.dataMask];",
            output="{bands: 2}",
        )
        + "function updateOutputMetadata(s, i, o) {\n"
        "  console.log('end'); o.userData.b = s.tiles.length; }"
    )

    report = debug(pool, text)

    assert dataclasses.asdict(report) == {
        "samples": {"B04": 0.25, "dataMask": 1},
        "scenes": {},
        "returned": [0.5, 1],
        "outputs": {"default": (128.0, 255.0)},
        "user_data": {"a": 1, "b": 1},
        "console": ("b04 is 0.25",),
        "console_around": ("top", "end"),
        "error": None,
    }


def test_lists_of_samples_and_their_scenes_are_shown(pool: V8Pool) -> None:
    report = debug(pool, scenes_script("return samples.map(s => s.B04)[0];"), TWO)

    assert report.samples == [{"B04": 0.25, "dataMask": 1}, {"B04": "NaN", "dataMask": 1}]
    assert [day["dateFrom"] for day in report.scenes["orbits"]] == [
        "2024-05-02T00:00:00Z",
        "2024-05-01T00:00:00Z",
    ]
    assert report.returned == 0.25


def test_a_fusion_is_shown_by_input(pool: V8Pool) -> None:
    text = (
        'function setup() { return {input: [{bands: ["B04"], datasource: "a"},\n'
        '  {bands: ["VV"], datasource: "b", mosaicking: "TILE"}], output: {bands: 1}}; }\n'
        "function evaluatePixel(s) { return [s.a[0].B04]; }"
    )
    about = context(ids=("a", "b"), scenes={"b": [tile("2024-05-02", "B")]})

    report = debug(pool, text, {"a": ONE, "b": stack({"VV": [7]})}, about=about)

    assert report.samples == {"a": [{"B04": 0.25}], "b": [{"VV": 7}]}
    assert report.scenes["b"]["scenes"]["tiles"][0]["shId"] == "B"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("NaN", "NaN"),
        ("[Infinity, -Infinity, -0, 0]", ["Infinity", "-Infinity", "-0", 0]),
        ("[undefined, null, true]", ["undefined", None, True]),
        ("['NaN', '-0', 'text', '']", ['"NaN"', '"-0"', "text", ""]),
        ("[5n, Symbol('s'), () => 1]", ["5n", "Symbol(s)", "a function"]),
        ("[new Date(0), new Date(NaN)]", ["1970-01-01T00:00:00.000Z", "Invalid Date"]),
        ("new Error('e')", "Error: e"),
        ("new Array(2)", ["undefined", "undefined"]),
        ("new Float32Array([0.5, NaN])", [0.5, "NaN"]),
        ("{a: {b: [1, {c: -0}]}}", {"a": {"b": [1, {"c": "-0"}]}}),
        ("0.1 + 0.2", 0.30000000000000004),
        ("1e300", 1e300),
        ("'\\ud800ä'", "\ufffdä"),
        ("Object.create({inherited: 1}, {hidden: {value: 1}})", {}),
        ("{get a() { throw 1; }}", "cannot be shown"),
        ("new Proxy([], {get() { throw 1; }})", "cannot be shown"),
    ],
)
def test_values_that_json_lacks_stay_visible(pool: V8Pool, value: str, shown: object) -> None:
    assert debug(pool, simple(f"return {value};")).returned == shown


def test_a_circle_ends(pool: V8Pool) -> None:
    report = debug(pool, simple("const a = {}; a.a = a; return a;"))

    depth, value = 0, report.returned
    while isinstance(value, dict):
        depth, value = depth + 1, value["a"]
    assert (depth, value) == (10, "…")


def test_much_is_cut(pool: V8Pool) -> None:
    report = debug(
        pool, simple("return [new Array(1e6).fill(1), 'x'.repeat(1e6), new Array(1e9), [2]];")
    )

    assert len(report.returned[0]) < 100_000
    assert report.returned[0][-1] == "…"


def test_samples_are_shown_as_they_were_before_the_script_changed_them(pool: V8Pool) -> None:
    report = debug(pool, simple("samples.B04 = 9; samples.mine = 1; return [samples.B04];"))

    assert report.samples == {"B04": 0.25, "dataMask": 1}


def test_the_pixel_runs_once(pool: V8Pool) -> None:
    report = debug(pool, "let n = 0;\n" + simple("n++; return [n];"))

    assert report.outputs == {"default": (1.0,)}


def test_where_the_pixel_throws_the_rest_is_still_there(pool: V8Pool) -> None:
    text = "console.log('top');\n" + simple("console.log('here');\n  throw new Error('mine');")

    report = debug(pool, text)

    assert report.samples == {"B04": 0.25, "dataMask": 1}
    assert (report.console, report.console_around) == (("here",), ("top",))
    assert (report.returned, report.outputs) == (None, None)
    assert type(report.error) is ScriptRuntimeError
    assert (report.error.message, report.error.line, report.error.column) == ("Error: mine", 9, 9)


def test_what_was_returned_is_shown_where_it_does_not_fit(pool: V8Pool) -> None:
    report = debug(pool, simple("return [];"))

    assert report.returned == []
    assert report.error is not None
    assert report.error.message.endswith("must return 1 value for it; found 0 values")


def test_a_hook_that_throws_leaves_the_console(pool: V8Pool) -> None:
    text = simple("return [1];") + "function updateOutput() { console.log('hook'); null.x; }"

    report = debug(pool, text)

    assert (report.samples, report.console, report.console_around) == (None, (), ("hook",))
    assert report.error is not None
    assert report.error.line == 9


def test_a_last_hook_that_throws_leaves_the_pixel(pool: V8Pool) -> None:
    text = simple("return [1];") + "function updateOutputMetadata() { null.x; }"

    report = debug(pool, text)

    assert report.outputs == {"default": (1.0,)}
    assert report.error is not None


def test_a_pixel_that_does_not_end_has_its_samples(pool: V8Pool) -> None:
    report = debug(pool, simple("for (;;);"), seconds=1.0)

    assert report.samples == {"B04": 0.25, "dataMask": 1}
    assert type(report.error) is ScriptLimitExceeded


def test_an_input_that_the_request_lacks_is_reported(pool: V8Pool) -> None:
    report = debug(pool, simple("return [1];", more=', datasource: "other"'))

    assert type(report.error) is SetupError


def test_only_a_missing_worker_is_raised() -> None:
    with open_pool(PoolOptions(workers=1, wait_seconds=60)) as pool:
        program = compile_v8(simple("return [1];"), pool)
    with pytest.raises(ScriptTierUnavailable):
        program.debug(context(), {"s2": ONE})


def test_tampering_with_the_language_does_not_reach_the_report(pool: V8Pool) -> None:
    text = (
        "JSON.stringify = () => 'gone'; Object.keys = () => []; Array.isArray = () => false;\n"
        "Object.is = () => true; Object.prototype.toJSON = () => 'gone';\n"
    )
    body = f"if (!globalThis.t) {{ t = 1; {text} }} return [NaN, {{a: 1}}];"

    report = debug(pool, simple(body))

    assert report.returned == ["NaN", {"a": 1}]
