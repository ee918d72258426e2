"""How people write: forgotten declarations, hoisting, tables changed before their use."""

import pytest

from evalscripts import ScriptRuntimeError
from tests.builders.scripts import Refused, Run, pixel_script

OUTPUT = "{bands: 1, sampleType: 'FLOAT32'}"
WRITTEN = {
    "a forgotten let": ("", "x = sample.B04 * 2; for (i = 0; i < 3; i++) x += i; return [x];", 5),
    "a name declared twice": ("var a = 1; var a = 2;", "var b = a; var b = b + 1; return [b]", 3),
    "a function used above": ("const t = twice(4); function twice(x) { return 2 * x; }",
                              "return [t];", 8),
    "a function in a block": ("if (true) { function inner() { return 6; } }",
                              "return [inner()];", 6),
    "a var used above": ("", "if (v === undefined) return [7]; var v = 1;", 7),
    "a constant used by a function above it": ("function f() { return K; }\nconst K = 9;",
                                               "return [f()];", 9),
    "a table changed before its visualizer": (
        "const t = [[0, [0, 0, 0]]]; t[0][1][0] = 0.5; const viz = new ColorMapVisualizer(t);",
        "return [viz.process(1)[0]];", 0.5),
    "a result that is changed": (
        "const viz = new ColorMapVisualizer([[0, [1, 1, 1]]]);",
        "const c = viz.process(1); c.push(5); c[0] = 7; return [viz.process(1).length];", 3),
    "a loop at the top level": ("let sum = 0; for (let i = 0; i < 100; i++) sum += i;",
                                "return [sum];", 4950),
    "arguments": ("function f() { return arguments.length; }", "return [f(1, 2, 3)];", 3),
    "eval": ("", "return [eval('sample.B04 + 1')];", 2),
    "with": ("", "with (sample) { return [B04]; }", 1),
    "octal numbers": ("", "return [010];", 8),
    "a class": ("class P { #x = 4; get x() { return this.#x; } static s = 1; }",
                "return [new P().x + P.s];", 5),
    "a generator": ("function* g() { yield 1; yield 2; }", "return [[...g()].length];", 2),
    "maps and sets": ("const m = new Map([[1, 5]]);", "return [m.get(sample.B04)];", 5),
    "today's syntax": ("", "const o = {a: null}; return [o?.b?.c ?? (o.a ??= 1_000)];", 1000),
    "this": ("this.q = 3; var r = 4;", "return [this.q + globalThis.r];", 7),
    "a label": ("", "let n = 0; out: for (;;) for (;;) { if (++n > 4) break out; } return [n];", 5),
    "an error that is caught": ("", "try { null.x; } catch { return [2]; }", 2),
    "finally": ("", "try { return [1]; } finally { outputMetadata.userData = 1; }", 1),
    "apply and call": ("", "return [Math.max.apply(null, [1, 4]) + Math.min.call(null, 2)];", 6),
    "a comparison chained": ("", "return [3 > 2 > 1];", 0),
    "an assignment in a condition": ("", "let x; if (x = sample.B04) return [x + 1];", 2),
    "strict mode": ("'use strict';", "return [(function() { return this === undefined; })()];", 1),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITTEN)
def test_scripts_run_as_people_write_them(run: Run, name: str) -> None:
    before, body, expected = WRITTEN[name]

    outputs = run(before + "\n" + pixel_script(body, output=OUTPUT)).outputs

    assert outputs["default"].item() == expected


@pytest.mark.parametrize(
    ("before", "body", "words"),
    [
        ("'use strict';", "forgotten = 1;", "forgotten is not defined"),
        ("", "return [late]; let late = 1;", "Cannot access 'late' before initialization"),
        ("const fixed = 1;", "fixed = 2;", "Assignment to constant variable"),
        ("", "return [sample[0].B04];", "Cannot read properties of undefined (reading 'B04')"),
        ("", "return [[].reduce((a, b) => a + b)];", "Reduce of empty array with no initial"),
    ],
)
def test_what_javascript_refuses_is_refused(
    refused: Refused, before: str, body: str, words: str
) -> None:
    error = refused(before + "\n" + pixel_script(body))

    assert type(error) is ScriptRuntimeError
    assert words in error.message
