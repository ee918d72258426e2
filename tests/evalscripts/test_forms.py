"""Every form of evalscript means what its version 3 form means, and its errors point into it."""

from collections.abc import Callable

import numpy as np
import pytest

from evalscripts import (
    Mosaicking,
    Program,
    SampleType,
    ScriptCache,
    ScriptError,
    ScriptSyntaxError,
    SetupError,
    V8Pool,
    compile_script,
)
from tests.builders.scripts import SECONDS, make_context, make_input

BANDS = ("B02", "B04", "B08")
VALUES = {"B02": [[0.5, 0.25]], "B04": [[0.125, 1.0]], "B08": [[0.75, 0.0]]}

Compile = Callable[..., Program]


@pytest.fixture
def compiled(pool: V8Pool) -> Compile:
    def compile_text(text: str, known_bands: tuple[str, ...] = BANDS) -> Program:
        return compile_script(text, pool=pool, seconds=SECONDS, known_bands=known_bands)

    return compile_text


@pytest.fixture
def refused(compiled: Compile) -> Callable[..., ScriptError]:
    def error_of(text: str, known_bands: tuple[str, ...] = BANDS) -> ScriptError:
        with pytest.raises(ScriptError) as caught:
            compiled(text, known_bands)
        return caught.value

    return error_of


def pixels(program: Program) -> dict[str, list[list[list[float]]]]:
    session = program.open(make_context())
    found = session.evaluate({"s2": make_input(VALUES)})
    session.finish()
    return {name: array.tolist() for name, array in found.items()}


def full(body: str, bands: int = 1, ids: str = "") -> str:
    output = ids or f"{{bands: {bands}}}"
    return (
        f"//VERSION=3\nfunction setup() {{ return {{input: ['B02', 'B04', 'B08', 'dataMask'], "
        f"output: {output}}}; }}\n"
        f"function evaluatePixel({{B02, B04, B08, dataMask}}) {{ {body}\n }}"
    )


@pytest.mark.parametrize(
    ("body", "bands"),
    [
        ("return [B04, B08, B02]", 3),
        ("return B04", 1),
        ("return B04 > 0.5", 1),
        ("return [B04 > 0.5, [B02, B08], true] // a comment", 4),
        ("let index = B08 - B04, i = 0, val = [index]; return val", 1),
        ("return colorBlend(B04, [0, 1], [[0, 0, 0], [1, 0.5, 1]])", 3),
        ("if (!dataMask) return [0, 0];\nif (B04 > 0.5) return [1, 0]; return [B02, B02]", 2),
        ("function f(x) { return x * B02 } const g = y => f(y) + B08; return [g(B04)]", 1),
        ("return [B04, typeof undeclared === 'undefined']", 2),
        ("forgotten = B04; return [forgotten]", 1),
        ("return ColorRampVisualizer.createBlueRed(0, 1).process(B04)", 3),
        ("var samples = 2, samples_ = 3; return [B04 * samples / samples_]", 1),
        ("B04 = B04 / 2; return [B04]", 1),
        ("for (const v of [B02, B08]) { if (v > 0.6) return v } return 0", 1),
        ("switch (B02 > B04) { case true: return [1]; default: return [0] }", 1),
        ("try { throw B04 } catch (e) { return [e] }", 1),
        ("return [0.1, 0.2]", 2),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "header", ["", "//VERSION=3\n", "\ufeff\n  // version = 3.2 (converted)\n"]
)
def test_a_bare_script_is_the_body_of_evaluate_pixel(
    compiled: Compile, header: str, body: str, bands: int
) -> None:
    program = compiled(header + body)

    assert program.setup.outputs == compiled(full(body, bands)).setup.outputs
    assert program.setup.outputs[0].sample_type is SampleType.AUTO
    assert pixels(program) == pixels(compiled(full(body, bands)))


def test_a_bare_script_may_return_outputs_by_id(compiled: Compile) -> None:
    body = "return {default: [B04, B02], index: B08}"
    ids = "[{id: 'default', bands: 2}, {id: 'index', bands: 1}]"

    assert pixels(compiled(body)) == pixels(compiled(full(body, ids=ids)))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return [B04 + B08]", ("B04", "B08")),
        ("return [B04, dataMask]", ("B04", "dataMask")),
        ("let B02 = 1; return [B02 + B08]", ("B08",)),
        ("function f(B04) { return B04 } return [f(B08)]", ("B08",)),
        ("for (let B04 = 0; B04 < 1; B04++); return [B08]", ("B08",)),
        ("var x = {}; return [x.B04, {B04: 1}.B04, 'B04', B08] // B02", ("B08",)),
        ("if (B08 < 0) { var B02 = 1 } return [B02, B08]", ("B08",)),
        ("return [1]", ("dataMask",)),
    ],
)
def test_bands_are_free_names_that_are_known(
    compiled: Compile, body: str, expected: tuple[str, ...]
) -> None:
    assert compiled(body).setup.inputs[0].bands == expected


def test_other_free_names_are_no_bands(refused: Callable[..., ScriptError]) -> None:
    error = refused("return [B04, B99]")

    assert isinstance(error, SetupError)
    assert error.message == "ReferenceError: B99 is not defined"
    assert (error.line, error.column) == (1, 14)


def test_a_bare_script_needs_to_know_its_bands(refused: Callable[..., ScriptError]) -> None:
    error = refused("// about\nlet a = 1; return [B04, a]", ())

    assert isinstance(error, SetupError)
    assert "no collection is known here" in error.message
    assert (error.line, error.column) == (2, 12)


@pytest.mark.parametrize(
    ("body", "place", "words"),
    [
        ("return [B04 B08]", (1, 13), "Unexpected identifier 'B08'"),
        ("let a = 1;\nlet b = ];\nreturn [B04]", (2, 9), "Unexpected token ']'"),
        ("return [B04] } function g() {", (None, None), "its bands cannot be found"),
        ("  return B04.x.y", (1, 16), "Cannot read properties of undefined"),
        ("if (B04 < 9)\n  throw new Error('no')\nreturn 1", (2, 9), "Error: no"),
        ("if (B04 < 9) throw 'no'; return 1", (1, 14), "the script threw: no"),
        ("if (B04 > 9) return 1", (1, 14), "found nothing returned in four runs"),
        ("let x = 1; let x = 2; return B04", (1, 16), "'x' has already been declared"),
    ],
)
def test_errors_of_bare_scripts_point_into_the_user_s_text(
    refused: Callable[..., ScriptError],
    body: str,
    place: tuple[int | None, int | None],
    words: str,
) -> None:
    error = refused(body)

    assert words in error.message
    assert (error.line, error.column) == place
    if error.line is not None:
        assert error.excerpt is not None
        assert error.excerpt.split("\n")[0] == body.split("\n")[error.line - 1]


def test_a_strict_body_may_be_bare(compiled: Compile) -> None:
    body = "'use strict'; return [B04]"

    assert pixels(compiled(body)) == pixels(compiled(full("return [B04]")))


def test_a_frame_on_the_first_line_has_the_user_s_column(compiled: Compile) -> None:
    program = compiled("if (B02 == 0.25) null.x; return B04")
    with pytest.raises(ScriptError) as caught:
        pixels(program)

    assert (caught.value.line, caught.value.column) == (1, 23)
    assert caught.value.stack == ("at evaluatePixel (evalscript.js:1:23)",)


V1 = """function setup(ds) {
  setInputComponents([ds.B02, ds.B08]);
  setOutputComponentCount(2);
}
function evaluatePixel(samples, scenes) { return [samples[0].B02, samples[0].B08]; }
"""
V2 = """//VERSION=2
function setup(ds) {
  return {components: [ds.B02, ds.B08], output: [{id: "default", componentCount: 2}]};
}
function evaluatePixel(samples) { return {default: [samples[0].B02, samples[0].B08]}; }
"""


@pytest.mark.parametrize("text", [V1, V2, V1.replace("function setup(ds)", "var setup = (ds) =>")])
def test_old_versions_list_their_samples(compiled: Compile, text: str) -> None:
    program = compiled(text, ())

    assert program.setup.listed
    assert program.setup.inputs[0].bands == ("B02", "B08")
    assert program.setup.inputs[0].mosaicking is Mosaicking.SIMPLE
    assert pixels(program) == pixels(compiled(full("return [B02, B08]", 2)))


def test_old_versions_that_choose_scenes_see_all_days(compiled: Compile) -> None:
    program = compiled(V1 + "function filterScenes(scenes, about) { return scenes; }", ())

    assert program.setup.inputs[0].mosaicking is Mosaicking.ORBIT


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        (V1.replace("ds.B08", "ds.B08, foo()"), (2, 34), "foo is not defined"),
        (V1.replace("2);", "0);"), (1, 1), "output.bands must be a whole number"),
        (V1.replace("[ds.B02, ds.B08]", "7"), (1, 1), "input[0].bands must be a list"),
        (V1 + "let b = ];", (6, 9), "Unexpected token ']'"),
        (V1 + "/* open", (6, 1), "Invalid or unexpected token"),
        ("const setup = (d) => setInputComponents([]);", (1, 7), "must be a function"),
    ],
)  # fmt: skip
def test_errors_of_old_versions_point_into_the_user_s_text(
    refused: Callable[..., ScriptError], text: str, place: tuple[int, int], words: str
) -> None:
    error = refused(text, ())

    assert words in error.message
    assert (error.line, error.column) == place


def test_a_syntax_error_stays_one_in_every_form(refused: Callable[..., ScriptError]) -> None:
    assert isinstance(refused("return [B04"), ScriptSyntaxError)
    assert isinstance(refused(V1 + "}"), ScriptSyntaxError)
    assert isinstance(refused("let a = ;", ()), ScriptSyntaxError)


def test_bare_scripts_are_kept_once_for_each_set_of_bands(pool: V8Pool) -> None:
    cache = ScriptCache(pool)

    def bands(known: tuple[str, ...]) -> tuple[str, ...]:
        text = "return [typeof B02 === 'undefined', B04]"
        return cache.get(text, seconds=SECONDS, known_bands=known).setup.inputs[0].bands

    assert bands(("B04",)) == ("B04",)
    assert bands(("B02", "B04")) == ("B02", "B04")
    assert bands(("B04", "B02")) == ("B02", "B04")
    assert len(cache) == 3


def test_full_scripts_are_kept_once(pool: V8Pool) -> None:
    cache = ScriptCache(pool)
    first, second = (
        cache.get(full("return [B04]"), seconds=SECONDS, known_bands=known)
        for known in ((), ("B04",))
    )

    assert first is second


def test_values_of_the_dry_runs_leave_no_trace_in_pixels(compiled: Compile) -> None:
    program = compiled("seen = typeof seen === 'number' ? seen + 1 : 1; return [B04 + seen * 0]")

    np.testing.assert_array_equal(
        pixels(program)["default"], pixels(compiled(full("return [B04]")))["default"]
    )
