"""Scripts that mean harm, or act like it: each gets its clear error, and the next one is served."""

import time

import numpy as np
import pytest

from evalscripts import (
    ScriptError,
    ScriptLimitExceeded,
    ScriptRuntimeError,
    V8Pool,
    compile_script,
)
from tests.builders.scripts import Refused, Run, pixel_script

LIMIT = 0.5
GRACE = 8.0
"""What a busy machine may add, the start of a new worker included."""

FLOAT = "{bands: 1, sampleType: 'FLOAT32'}"


def served(run: Run) -> bool:
    """Return whether an innocent script gets its pixels."""
    values = np.arange(6).reshape(2, 3)
    outputs = run(pixel_script("return sample.B04;", output=FLOAT), {"B04": values}).outputs
    return outputs["default"].tolist() == [values.tolist()]


ENDLESS = {
    "a loop": "for (;;);",
    "holes filled": "new Array(2 ** 31).fill(0);",
    "a long array filled": "new Array(2e8).fill(1);",
    "microtasks": "async function f() { for (;;) await 0; } f();",
    "a regular expression": "/^(a+)+$/.test('a'.repeat(40) + 'b');",
    "a getter": "return {get default() { for (;;); }};",
    "a proxy": "return new Proxy({}, {get() { for (;;); }});",
    "an element": "const a = [1]; Object.defineProperty(a, 0, {get() { for (;;); }}); return a;",
    "a conversion": "return [{valueOf() { for (;;); }}];",
    "exponential text": "let o = []; for (let i = 0; i < 40; i++) o = [o, o]; JSON.stringify(o);",
    "console": "for (;;) console.log('x'.repeat(1000));",
}


@pytest.mark.parametrize("name", ENDLESS)
def test_a_script_that_never_ends_is_ended(refused: Refused, run: Run, name: str) -> None:
    started = time.monotonic()

    error = refused(pixel_script(ENDLESS[name]), seconds=LIMIT)

    assert type(error) is ScriptLimitExceeded
    assert time.monotonic() - started < LIMIT * 2 + GRACE
    assert served(run)


@pytest.mark.parametrize(
    "text",
    [
        "for (;;);",
        "async function f() { for (;;) await 0; } f();" + pixel_script("return [1];"),
        "function setup() { for (;;); } function evaluatePixel() {}",
        "Object.prototype.toJSON = function() { for (;;); };" + pixel_script("return [1];"),
    ],
)
def test_a_script_that_never_compiles_is_ended(refused: Refused, run: Run, text: str) -> None:
    error = refused(text, seconds=LIMIT)

    assert type(error) is ScriptLimitExceeded
    assert error.message == "the script took longer than 0.5 s"
    assert served(run)


GREEDY = {
    "objects": "const a = []; for (;;) a.push({x: 1, y: [1, 2, 3]});",
    "texts": "const a = []; for (;;) a.push('x'.repeat(1e6) + a.length);",
    "typed arrays": "const a = []; for (;;) a.push(new Float64Array(1e6));",
    "one typed array": "return [new Float64Array(2 ** 30)[0]];",
    "buffers": "const a = []; for (;;) a.push(new ArrayBuffer(1e7));",
    "numbers": "const a = []; for (let i = 0; i < 1e9; i++) a.push(i / 3);",
}


@pytest.mark.parametrize("name", GREEDY)
def test_a_script_that_takes_all_memory_is_ended(refused: Refused, run: Run, name: str) -> None:
    error = refused(pixel_script(GREEDY[name]), seconds=10)

    assert type(error) is ScriptLimitExceeded
    assert "memory" in error.message or "Array buffer allocation failed" in error.message
    assert served(run)


FAILING = {
    "recursion": ("(function f() { return f() + 1; })();", "Maximum call stack size exceeded"),
    "mutual recursion": ("const f = x => g(x), g = x => [f(x)]; f(1);", "call stack size"),
    "a long text": ("return ['x'.repeat(2 ** 29 + 5)];", "Invalid string length"),
    "a large number": ("return [2n ** (2n ** 40n)];", "Maximum BigInt size exceeded"),
    "a revoked proxy": ("const {proxy, revoke} = Proxy.revocable([], {}); revoke(); return proxy;",
                        "revoked"),
    "a trap that throws": ("return new Proxy([], {get() { throw new Error('trap'); }});", "trap"),
    "a conversion that throws": ("return [{valueOf() { throw new Error('no'); }}];", "no"),
    "a symbol": ("return [Symbol()];", "Symbol"),
    "timers": ("new __TimerManager().setTimeout(() => 1, 0);", "SharedArrayBuffer"),
    "modules": ("return require('fs').readFileSync('/etc/passwd');", "require is not defined"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAILING)
def test_a_script_that_goes_too_far_fails_like_any_other(
    refused: Refused, run: Run, name: str
) -> None:
    body, words = FAILING[name]

    error = refused(pixel_script(body), seconds=10)

    assert type(error) is ScriptRuntimeError
    assert words in error.message
    assert served(run)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/*" + "x" * 10_000_000 + "*/", "the script is 10,000,004 bytes long"),
        ("let a = " + "(" * 50_000 + "1" + ")" * 50_000, "nested too deeply"),
        ("let a = " + "[" * 50_000 + "]" * 50_000, "nested too deeply"),
        ("f(" * 50_000 + ")" * 50_000, "nested too deeply"),
    ],
)
def test_a_text_that_is_too_large_is_refused(refused: Refused, text: str, words: str) -> None:
    error = refused(text)

    assert type(error) is ScriptLimitExceeded
    assert words in error.message


TAMPERING = {
    "array indices": "for (let i = 0; i < 40; i++) Object.defineProperty(Array.prototype, i,"
    " {get() { return 5; }, set() { throw 5; }, configurable: true});",
    "intrinsics": "Array.isArray = () => { throw 1; }; Math.round = () => 9;"
    " JSON.parse = JSON.stringify = () => { throw 2; }; Object.defineProperty = () => { throw 3; };"
    " Reflect.apply = Function = eval = null; String.prototype.toWellFormed = () => { throw 5; };",
    "iterators": "Array.prototype[Symbol.iterator] = function* () { yield 7; };",
    "object prototype": "Object.prototype.B04 = 7; Object.prototype.default = [7];"
    " Object.defineProperty(Object.prototype, 'bands', {get() { return 7; }, set() {}});",
    "function prototype": "Function.prototype.call = Function.prototype.apply = () => 7;",
    "typed arrays": "Uint8Array = Int32Array = Float32Array = ArrayBuffer = () => { throw 6; };"
    " const made = Object.getPrototypeOf(Float64Array); made.prototype.set = () => { throw 7; };",
    "console": "console = null;",
    "globals": "for (const name of Object.getOwnPropertyNames(globalThis))"
    " if (!['Array', 'setup', 'evaluatePixel'].includes(name))"
    " try { globalThis[name] = 7; } catch {}",
    "names of ours": "var views, count, box, tools, context, s, r, p, m, B0, O0, M, request = 1;",
}


@pytest.mark.parametrize("name", TAMPERING)
def test_a_script_that_tampers_with_globals_harms_no_pixels(run: Run, name: str) -> None:
    body = "return sample.B04;"
    script = pixel_script(body, output=FLOAT) + TAMPERING[name]

    outputs = run(script, {"B04": [[1, 2], [3, 4]]}, rows=1).outputs

    assert outputs["default"].ravel().tolist() == [1, 2, 3, 4]


def test_nothing_a_script_changes_reaches_the_next_one(run: Run) -> None:
    for tampering in TAMPERING.values():
        run(pixel_script("return [1];") + tampering)

    assert served(run)


@pytest.mark.parametrize(
    "reached",
    [
        "evaluatePixel.caller",
        "arguments.callee.caller",
        "(() => { try { null.x; } catch (e) { return e.stack.includes('/'); } })()",
        "[].constructor.constructor('return typeof process !== \"undefined\"')()",
        '(0, eval)(\'typeof box !== "undefined" || typeof views !== "undefined"\')',
        "Object.getOwnPropertyNames(globalThis).some(n => /box|arena|mailbox/.test(n))",
        "evaluatePixel.frames.slice(1).some(f => f.getFunction() || f.getThis())",
    ],
)
def test_a_script_cannot_reach_its_surroundings(run: Run, reached: str) -> None:
    frames = "Error.prepareStackTrace = (error, frames) => frames;"
    script = pixel_script(
        f"{frames} evaluatePixel.frames = new Error().stack; return [{reached} ? 1 : 0];",
        output=FLOAT,
    )

    outputs = run(script).outputs

    assert outputs["default"].item() == 0


def test_user_data_is_bounded(refused: Refused, run: Run) -> None:
    script = pixel_script("return [1];") + (
        "function updateOutputMetadata(s, i, o) { o.userData = 'x'.repeat(2e6); }"
    )

    error = refused(script)

    assert type(error) is ScriptLimitExceeded
    assert error.message == "userData is 2000002 characters of JSON; at most 1048576 are allowed"
    assert served(run)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("(() => { let a = []; for (let i = 0; i < 5000; i++) a = [a]; return a; })()", "deeply"),
        ("(() => { const a = []; a[0] = a; return a; })()", "circular"),
        ("5n", "BigInt"),
        ("{toJSON() { throw new Error('mine'); }}", "mine"),
    ],
)
def test_user_data_that_is_no_json_is_refused(refused: Refused, value: str, words: str) -> None:
    error = refused(
        pixel_script("return [1];")
        + f"\nfunction updateOutputMetadata(s, i, o) {{ o.userData = {value}; }}"
    )

    assert type(error) is ScriptRuntimeError
    assert words in error.message
    assert error.line == 8


def test_the_console_is_bounded(run: Run) -> None:
    script = pixel_script("console.log('y'.repeat(5000)); return [1];")

    finished = run(script, {"B04": np.zeros((100, 100))}).finished

    assert finished.console_cut
    assert len(finished.console) <= 500
    assert sum(map(len, finished.console)) <= 16384
    assert set(map(len, finished.console[:-1])) == {1000}


def test_time_counts_over_the_whole_request(refused: Refused) -> None:
    script = pixel_script("for (let i = 0; i < 3e6; i++) Math.sqrt(i); return [1];")

    error = refused(script, {"B04": np.zeros((2000, 1))}, rows=1, seconds=LIMIT)

    assert type(error) is ScriptLimitExceeded


def test_a_broken_script_costs_no_worker(pool: V8Pool) -> None:
    before = set(pool.pids())

    for _ in range(20):
        with pytest.raises(ScriptError):
            compile_script("function setup() { throw 1; }", pool=pool, seconds=5)

    assert before <= set(pool.pids())
