"""Errors point into the user's own text: line, column, caret, frames."""

import pytest

from evalscripts import (
    ScriptError,
    ScriptLimitExceeded,
    ScriptRuntimeError,
    ScriptSyntaxError,
    SetupError,
)
from evalscripts.source import read_source
from tests.builders.scripts import Refused, pixel_script

SETUP = "function setup() { return {input: ['B04'], output: {bands: 1}}; }\n"


def place(error: ScriptError) -> tuple[int | None, int | None]:
    return error.line, error.column


@pytest.mark.parametrize(
    ("text", "expected", "words"),
    [
        ("let x = ;", (1, 9), "SyntaxError: Unexpected token ';'"),
        ("let a = 1;\n\tlet b = a +* 2;\n", (2, 13), "Unexpected token '*'"),
        ("\ufefflet x = ;", (1, 9), "Unexpected token ';'"),
        ("let a;\r\nlet b = ];", (2, 9), "Unexpected token ']'"),
        ("let a;\rlet b = ];", (2, 9), "Unexpected token ']'"),
        ("let a;\u2028let b = ];", (2, 9), "Unexpected token ']'"),
        ("let s = '\U0001d4b3\U0001d4b3'; let b = ];", (1, 25), "Unexpected token ']'"),
        ("function f() {\n  if (1) {\n}", (3, 2), "Unexpected end of input"),
        ("let s = `abc\n", (2, 1), "Unexpected end of input"),
        ("x = 1;\n/* no end", (2, 1), "Invalid or unexpected token"),
        ("let a = 1;\nlet a = 2;", (2, 5), "Identifier 'a' has already been declared"),
        ("import x from 'y';", (1, 1), "Cannot use import statement outside a module"),
        ("let Infinity = 1;", (1, 1), "Identifier 'Infinity' has already been declared"),
        ("{" + SETUP + "return 1;}", (2, 1), "Illegal return statement"),
    ],
)
def test_syntax_errors_have_their_place(
    refused: Refused, text: str, expected: tuple[int, int], words: str
) -> None:
    error = refused(text)

    assert type(error) is ScriptSyntaxError
    assert place(error) == expected
    assert words in error.message


def test_the_caret_stands_under_its_column(refused: Refused) -> None:
    error = refused("let a = 1;\n\tlet s = '\U0001d4b3', b = ];\n")

    assert error.excerpt == "\tlet s = '\U0001d4b3', b = ];\n\t                 ^"


def test_a_long_line_is_cut_around_its_place(refused: Refused) -> None:
    error = refused("let a = [" + "1, " * 500 + "], b = ];")

    assert error.excerpt is not None
    line, caret = error.excerpt.split("\n")
    assert len(line) <= 125
    assert line[caret.index("^")] == "]"
    assert caret.index("^") == line.rindex("]")


@pytest.mark.parametrize(
    ("body", "expected", "stack"),
    [
        ("  return [sample.B04.x.y];", (5, 24), ("at evaluatePixel (evalscript.js:5:24)",)),
        ("\n\n return [undeclared];", (7, 10), ("at evaluatePixel (evalscript.js:7:10)",)),
        ("throw new Error('boom')", (5, 7), ("at evaluatePixel (evalscript.js:5:7)",)),
        ("throw 'text'", (5, 1), ()),
        ("valueInterpolate(5);", (5, 1), ("at evaluatePixel (evalscript.js:5:1)",)),
        (
            "[1].map(function inner(x) { return null.x; });",
            (5, 41),
            ("at inner (evalscript.js:5:41)", "at evaluatePixel (evalscript.js:5:5)"),
        ),
    ],
)
def test_runtime_errors_have_their_place(
    refused: Refused, body: str, expected: tuple[int, int], stack: tuple[str, ...]
) -> None:
    error = refused(pixel_script(body))

    assert type(error) is ScriptRuntimeError
    assert place(error) == expected
    assert error.stack == stack


def test_frames_run_from_the_throw_outward(refused: Refused) -> None:
    script = "function f(x) {\n  return g(x);\n}\nconst g = x => x.a.b;\n" + pixel_script("f({});")

    error = refused(script)

    assert error.message.startswith("TypeError: Cannot read properties of undefined (reading 'b')")
    assert error.stack == (
        "at g (evalscript.js:4:20)",
        "at f (evalscript.js:2:10)",
        "at evaluatePixel (evalscript.js:9:1)",
    )
    assert error.excerpt == "const g = x => x.a.b;\n                   ^"


@pytest.mark.parametrize(
    ("thrown", "words"),
    [
        ("null", "the script threw: null"),
        ("undefined", "the script threw: undefined"),
        ("{a: 1}", 'the script threw: {"a":1}'),
        ("(() => { const a = []; a[0] = a; return a; })()", "the script threw: "),
        ("'a\\nb'", "the script threw: a\nb"),
        ("42n", "the script threw: 42"),
        ("Symbol('s')", "the script threw: "),
        ("new Proxy({}, {get() { throw 1; }})", "the script threw: "),
        ("new Error(JSON.stringify({B04: sample.B04}))", 'Error: {"B04":1}'),
        ("new Error('\\ud800')", "Error: \ufffd"),
        ("new Error('two\\nlines')", "Error: two\nlines (at pixel row 0, column 0)"),
        ("Object.assign(new Error('m'), {stack: 5})", "m"),
        ("Object.assign(new Error('m'), {stack: 'x'.repeat(1e6)})", "Error: m"),
        ("new (class Mine extends Error { name = 'Mine'; })('m')", "Mine: m"),
        ("new AggregateError([new Error('a')], 'all')", "AggregateError: all"),
        ("Object.create(null)", "the script threw: "),
        ("new Error('x'.repeat(1e6))", "Error: xxx"),
    ],
)
def test_whatever_is_thrown_is_told(refused: Refused, thrown: str, words: str) -> None:
    error = refused(pixel_script(f"\nthrow {thrown};"))

    assert type(error) is ScriptRuntimeError
    assert words in error.message
    assert error.line == 6
    assert len(error.message) < 5000


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("let a = 1;\n  a.b.c;\n", ScriptRuntimeError, (2, 7)),
        ("throw new Error('top')", ScriptRuntimeError, (1, 7)),
        ("use();\nlet use = () => 1;", ScriptRuntimeError, (1, 1)),
        ("function setup() {\n  return input;\n}\n", SetupError, (2, 3)),
        ("function setup() {\n  throw 5;\n}\n", SetupError, (2, 3)),
    ],
)
def test_errors_before_the_first_pixel_have_their_place(
    refused: Refused, text: str, kind: type[ScriptError], expected: tuple[int, int]
) -> None:
    error = refused(text + "\nfunction evaluatePixel() {}")

    assert type(error) is kind
    assert place(error) == expected
    assert "pixel" not in error.message


def test_errors_in_the_last_hook_have_their_place(refused: Refused) -> None:
    script = pixel_script("return [1];") + (
        "function updateOutputMetadata(scenes, inputMetadata, outputMetadata) {\n"
        "  outputMetadata.userData = scenes.orbits[0];\n}"
    )

    error = refused(script)

    assert place(error) == (8, 42)
    assert error.stack == ("at updateOutputMetadata (evalscript.js:8:42)",)


def test_code_made_by_the_script_is_placed_where_it_was_called(refused: Refused) -> None:
    error = refused(pixel_script("return new Function('return x.y')();"))

    assert place(error) == (5, 34)


def test_what_was_printed_before_an_error_is_kept(refused: Refused) -> None:
    error = refused(pixel_script("console.log('before', sample); throw new Error('x');"))

    assert error.console == ('before {"B04":1}',)


def test_a_script_that_forges_frames_only_fools_itself(refused: Refused) -> None:
    forged = "at f (evalscript.js:2:7)"

    error = refused(
        pixel_script(f"throw Object.assign(Error('x'), {{stack: 'Error\\n    {forged}'}});")
    )

    assert place(error) == (2, 7)
    assert error.stack == (forged,)


def test_a_frame_behind_the_last_line_is_not_told(refused: Refused) -> None:
    forged = "at f (evalscript.js:99999:7)"

    error = refused(
        pixel_script(f"throw Object.assign(Error('x'), {{stack: 'Error\\n    {forged}'}});")
    )

    assert place(error) == (5, 1)
    assert error.stack == ()


def test_a_text_that_is_too_long_says_so() -> None:
    with pytest.raises(ScriptLimitExceeded) as caught:
        read_source("x" * 300_000)

    assert caught.value.message == ("the script is 300,000 bytes long; at most 262,144 are allowed")


def test_a_half_surrogate_becomes_a_replacement_character() -> None:
    assert read_source("'\ud800'").text == "'\ufffd'"


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("//VERSION=3", 3),
        ("\ufeff//VERSION=3\n", 3),
        ("\n\n// VERSION = 2 \n", 2),
        ("//VERSION=3.7 (auto-converted from 1)", 3),
        ("let a = '//VERSION=3';", None),
        ("return [B04]", None),
        ("/* about */\n//VERSION=3\n//VERSION=1", 3),
    ],
)
def test_the_version_line_is_found_wherever_it_stands(text: str, version: int | None) -> None:
    assert read_source(text).version == version
