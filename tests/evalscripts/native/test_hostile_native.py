"""Scripts that mean to make the tiers differ, or to keep the compiler busy: none gets its way."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest

from evalscripts import (
    CompilerOptions,
    InputData,
    NativeCompiler,
    RunContext,
    ScriptCache,
    ScriptLimitExceeded,
    V8Pool,
    open_compiler,
)
from evalscripts.program import Program
from evalscripts.tiers.program import TieredProgram
from evalscripts.v8.program import V8Program
from tests.builders.mosaics import context, days, scenes_script, stack
from tests.builders.scripts import SECONDS, make_context, make_input, pixel_script
from tests.builders.tiers import NDVI, answer, noise, tiered, untiered

DATA = {"s2": noise(rows=8, columns=30)}
BANDS = '"B04", "B08", "B11", "dataMask"'
OUTPUT = "{ bands: 2, sampleType: 'FLOAT32' }"

InV8 = Callable[[str], V8Program]
Pixels = Mapping[str, np.ndarray]


def pixel(body: str, *more: str) -> str:
    return "\n".join((pixel_script(body, bands=BANDS, output=OUTPUT), *more))


def selected(program: Program) -> RunContext:
    about = make_context()
    return replace(about, selection=program.select(about)) if program.selects else about


def result(program: Program) -> tuple[Pixels, object]:
    session = program.open(selected(program))
    return session.evaluate(DATA), session.finish()


@pytest.fixture
def agree(
    own_pool: V8Pool, compiler: NativeCompiler, in_v8: InV8, caplog: pytest.LogCaptureFixture
) -> Callable[[str], TieredProgram]:
    """Assert that nobody can tell the tiers apart, nor had to be corrected; give the program."""

    def check(text: str) -> TieredProgram:
        program = tiered(text, pool=own_pool, compiler=compiler)
        found, found_rest = result(program)
        expected, expected_rest = result(in_v8(text))

        np.testing.assert_array_equal(found["default"], expected["default"])
        assert found_rest == expected_rest
        assert [entry for entry in caplog.records if entry.levelno >= logging.ERROR] == []
        return program

    return check


NUMBERS = {
    "a parameter set through arguments": pixel("arguments[0] = {B04: 7}; return [sample.B04, 1];"),
    "an argument set through its parameter": pixel(
        "return [f(1), 1];", "function f(a) { a = 9; return arguments[0]; }"
    ),
    "arguments as an array": pixel("return [Array.isArray(arguments), !arguments.map];"),
    "undefined as a variable": pixel("let undefined = 3; return [undefined, 1];"),
    "NaN and Infinity as variables": pixel("var NaN = 3, Infinity = 4; return [NaN, Infinity];"),
    "the constructor of an object": pixel("return [({}).constructor === Object, 1];"),
    "properties that are not there": pixel(
        "return [sample.B04.no === undefined, [1].no === undefined];"
    ),
    "with": pixel("with (sample) { return [B04, 1]; }"),
    "a bound of 2 ** 53": pixel(
        "var n = 0; for (var i = 0; i < 9007199254740993; i++) { n += i; if (n > 9) break; }"
        "return [n, 1];"
    ),
    "a method under another's name": pixel(
        "return [new C().m(), 1];",
        "class C { m() { return 1; } n() { return 2; } } C.prototype.m = C.prototype.n;",
    ),
    "a static method under another's name": pixel(
        "return [C.m(), 1];",
        "class C { static m() { return 1; } static n() { return 2; } } C.m = C.n;",
    ),
    "a method that is gone": pixel(
        "return [new C().m ? 1 : 2, 1];", "class C { m() { return 1; } } delete C.prototype.m;"
    ),
    "a class with another parent": pixel(
        "return [new D().m(), 1];",
        "class A { m() { return 1; } } class B { m() { return 2; } } class D extends A {}",
        "Object.setPrototypeOf(D.prototype, B.prototype);",
    ),
    "a function with another prototype": pixel(
        "return [f.call(null, 3), 1];",
        "function f(x) { return x; } Object.setPrototypeOf(f, { call() { return 8; } });",
    ),
    "functions of one text in two blocks": pixel(
        "return [a(), b()];", "var k = 5; var a = () => k; { let k = 7; var b = () => k; }"
    ),
    "functions of one text in two functions": pixel(
        "return [a(), b()];",
        "let k = 5; var a = () => k; function q(k) { return () => k; } var b = q(9);",
    ),
    "a function of one text made by eval": pixel(
        "return [g(), h()];",
        "var k = 5, h = () => k; var g = (function () { var k = 9; return eval('() => k'); })();",
    ),
    "a function of one text made inside of text": pixel(
        "return [g(), h()];",
        "var k = 5, h = () => k, g = (0, eval)('(() => { var k = 9; return () => k; })()');",
    ),
    "a function of one text made inside of with": pixel(
        "return [g(), h()];", "var k = 5, h = () => k, g; with ({ k: 9 }) { g = () => k; }"
    ),
    "a promise kept after setup()": pixel("return [n, 1];", "var n = 1;").replace(
        "function setup() {", "function setup() { Promise.resolve().then(() => { n = 5; });"
    ),
    "counters in a Map": pixel("m.set(1, m.get(1) + 1); return [m.get(1), 1];",
                               "var m = new Map([[1, 0]]);"),
    "a counter under a Symbol": pixel("o[s] = o[s] + 1; return [o[s], 1];",
                                      "var s = Symbol(), o = { [s]: 0 };"),
    "a counter in a getter": pixel("return [o.x, 1];",
                                   "var n = 0, o = { get x() { return n++; } };"),
    "a counter under an object's other name": pixel(
        "a.b[0].n++; return [z.n, 1];", "var z = { n: 0 }, a = { b: [z] };"
    ),
    "a counter in a prototype": pixel(
        "Array.prototype.k = (Array.prototype.k || 0) + 1; return [[].k, 1];"
    ),
    "Math changed by a pixel": pixel(
        "var r = Math.max(1, 2); if (sample.B04 > 0.6) Math.max = () => 7; return [r, 1];"
    ),
    "Math changed by the top level": pixel("return [Math.max(1, 2), 1];", "Math.max = () => 7;"),
    "arrays that answer by themselves": pixel(
        "return [[1, , 2][1], t[3]];",
        "var t = [1]; Array.prototype[1] = 5; Array.prototype[3] = 6;"
    ),
    "names of every object": pixel(
        "return [t['constructor'] === undefined, 'toString' in t];", "var t = { a: 1 };"
    ),
    "a Proxy": pixel("return [p.x, 1];", "var n = 0, p = new Proxy({}, { get: () => n++ });"),
    "a text of nine million letters": pixel("return [s.length, 1];", "var s = 'x'.repeat(9e6);"),
    "a text in a full snapshot": pixel("return [t.length, s.length];",
                                       "var t = 'x'.repeat(9e6), s = 'abc';"),
    "a deep graph": pixel("return [d === undefined, 1];",
                          "var d = {}; for (var i = 0; i < 50000; i++) d = { d };"),
    "a million numbers": pixel("return [t[5], t.length];",
                               "var t = []; for (var i = 0; i < 1e6; i++) t.push(i);"),
}  # fmt: skip


@pytest.mark.parametrize("name", NUMBERS)
def test_no_trick_makes_the_tiers_differ(agree: Callable[[str], TieredProgram], name: str) -> None:
    agree(NUMBERS[name])


EARLY = {
    "a global through globalThis": ("globalThis.n = 5;", "return [n, 1];", "var n = 1;"),
    "a global through this": ("this['n'] = 5;", "return [n, 1];", "var n = 1;"),
    "a global through eval": ("(0, eval)('n = 5');", "return [n, 1];", "var n = 1;"),
    "an object through another": (
        "q.o.n = 5;", "return [p[0].n, 1];", "var o = { n: 0 }, p = [o], q = { o };",
    ),
    "Math": ("Math.max = () => 9;", "return [Math.max(1, 2), 1];", ""),
    "arrays": ("Array.prototype.map = () => [9];", "return [[1].map(x => x)[0], 1];", ""),
    "all objects": ("Object.prototype.no = 9;", "return [sample.no || 0, 1];", ""),
    "a class": ("C.prototype.m = () => 9;", "return [new C().m(), 1];",
                "class C { m() { return 1; } }"),
    "true to 1": ("globalThis.n = 1;", "return [typeof n === 'number', 1];", "var n = true;"),
}  # fmt: skip


@pytest.mark.parametrize("name", EARLY)
def test_what_a_hook_changes_before_the_pixels_is_seen_by_them(
    agree: Callable[[str], TieredProgram], name: str
) -> None:
    change, body, more = EARLY[name]
    agree(pixel(body, more, f"function updateOutput(outputs) {{ {change} }}"))


def test_a_hook_that_changes_nothing_leaves_its_script_native(
    agree: Callable[[str], TieredProgram],
) -> None:
    text = pixel("return [n, 1];", "var n = 3; function updateOutput(outputs) { var m = n; }")
    program = agree(text)

    assert program.tier == "native"
    assert not program.select(make_context()).changes_globals


@pytest.mark.parametrize(
    "read",
    ["n", "globalThis['n']", "this.n", "(0, eval)('n')", "new Function('return n')()"],
)
def test_what_a_pixel_leaves_behind_is_seen_by_the_last_hook(
    agree: Callable[[str], TieredProgram], read: str
) -> None:
    agree(
        pixel(
            "n = sample.B04 > 0.5 ? 5 : 6; return [1, 1];",
            "var n = 0;",
            f"function updateOutputMetadata(s, i, o) {{ o.userData = {read}; }}",
        )
    )


def chain(step: str, last: str, *, count: int) -> str:
    """Return f0, which comes to f1 twice, which comes to f2 twice, and so on."""
    steps = [step.format(i=i, next=i + 1) for i in range(count)]
    return "\n".join((*steps, last.format(i=count)))


GREEDY = {
    "functions that call two": pixel(
        "return [f0(sample.B04), 1];",
        chain(
            "function f{i}(x) {{ return x > 20 ? f{next}(x) + f{next}(x + 1) : x; }}",
            "function f{i}(x) {{ return x; }}",
            count=40,
        ),
    ),
    "nested loops": pixel(
        "var n = 0; for (var i = 0; i < 50; i++) for (var j = 0; j < 50; j++)"
        " for (var k = 0; k < 9; k++) n += sample.B04 * i; return [n, 1];"
    ),
    "texts that double": pixel(
        "var s = 'a'; if (sample.B04 > 20) for (var i = 0; i < 40; i++) s = s + s;"
        "return [s.length, 1];"
    ),
    "kinds that double": pixel(
        "var o = {};"
        + "".join(f"if (sample.B04 > {i} / 8) o = {{ a: o, k{i}: {i} }};" for i in range(24))
        + "return [o.k3 === undefined ? 0 : o.k3, 1];"
    ),
    "many operations": pixel(
        "var x = sample.B04;"
        + "".join(f"x = x * 1.0{i % 9} + sample.B08 * {i};" for i in range(3000))
        + "return [x, 1];"
    ),
    "many cases": pixel(
        "switch (Math.floor(sample.B04 * 1000)) {"
        + "".join(f"case {i}: return [{i}, 1];" for i in range(1000))
        + "} return [0, 0];"
    ),
    "deep parentheses": pixel("return [" + "(" * 800 + "sample.B04" + ")" * 800 + ", 1];"),
    "a long else": pixel(
        "var v = sample.B04;"
        + " else ".join(f"if (v < {i} / 1000) return [{i}, 1];" for i in range(600))
        + " return [0, 0];"
    ),
    "a large table": pixel(
        "return [t[Math.floor(sample.B04 * 1e4)] || 0, 1];",
        "var t = []; for (var i = 0; i < 1e5; i++) t.push(i * 1.5);",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def hurried() -> NativeCompiler:
    with open_compiler(CompilerOptions(seconds=0.5)) as opened:
        yield opened


@pytest.mark.parametrize("name", GREEDY)
def test_no_script_keeps_the_compiler_for_longer_than_it_may(
    own_pool: V8Pool, hurried: NativeCompiler, in_v8: InV8, name: str
) -> None:
    program = untiered(GREEDY[name], pool=own_pool, compiler=hurried)
    assert program.settled(seconds=SECONDS)
    found, _ = result(program)
    expected, _ = result(in_v8(GREEDY[name]))

    np.testing.assert_array_equal(found["default"], expected["default"])
    assert tiered(NDVI, pool=own_pool, compiler=hurried).tier == "native"


MANY = 100
STACK = {
    "s2": stack(
        {"B04": np.random.default_rng(5).random((MANY, 4, 10))},
        valid=np.ones((MANY, 4, 10)),
    )
}
NESTED = "".join(f"for (var i{n} = 0; i{n} < samples.length; i{n}++) " for n in range(6))
ABOUT = context(
    orbits=tuple(replace(days(1)[0], date_from=f"{1900 + i}-05-01T00:00:00Z") for i in range(MANY))
)


def test_loops_over_all_samples_end_at_their_time(
    own_pool: V8Pool, compiler: NativeCompiler
) -> None:
    text = scenes_script(f"var n = 0; {NESTED} n += samples[i5].B04; return [n];")
    program = tiered(text, pool=own_pool, compiler=compiler)
    assert program.tier == "native"
    session = program.open(replace(ABOUT, seconds=0.5))
    started = time.monotonic()

    with pytest.raises(ScriptLimitExceeded, match=r"longer than 0\.5 s"):
        session.evaluate(STACK)
    assert time.monotonic() - started < 2


def test_loops_over_all_samples_are_stopped_at_once(
    own_pool: V8Pool, compiler: NativeCompiler
) -> None:
    text = scenes_script(f"var n = 1; {NESTED} n += samples[i5].B04; return [n];")
    program = tiered(text, pool=own_pool, compiler=compiler)
    assert program.tier == "native"
    session = program.open(ABOUT)
    stopper = threading.Timer(0.3, session.abort)
    started = time.monotonic()
    stopper.start()

    with pytest.raises(ScriptLimitExceeded, match="stopped before it ended"):
        session.evaluate(STACK)
    assert time.monotonic() - started < 1.5
    stopper.join()


LISTS = {
    "pairs of samples": "var a = []; for (var s of samples) for (var t of samples)"
    " if (t.B04 > 0.9) a.push(s.B04 - t.B04); a.sort((x, y) => x - y); return [a[a.length >> 1]];",
    "triples of samples": "var a = []; for (var s of samples) for (var t of samples)"
    " for (var i = 0; i < 9; i++) if (s.B04 > t.B04) a.push(s.B04 * i); return [a.length];",
}


@pytest.mark.parametrize("name", LISTS)
def test_lists_that_multiply_are_v8s_answer(
    own_pool: V8Pool, compiler: NativeCompiler, in_v8: InV8, name: str
) -> None:
    text = scenes_script(LISTS[name])
    data = {"s2": InputData(bands=dict(STACK["s2"].bands), valid=STACK["s2"].valid)}
    made = []
    for program in (tiered(text, pool=own_pool, compiler=compiler), in_v8(text)):
        session = program.open(ABOUT)
        made.append(session.evaluate(data)["default"])
        session.finish()

    np.testing.assert_array_equal(*made)


def test_a_flood_of_slow_scripts_does_not_keep_a_good_one_waiting(own_pool: V8Pool) -> None:
    slow = GREEDY["functions that call two"]
    with open_compiler(CompilerOptions(seconds=0.5, waiting=8)) as compiler:
        cache = ScriptCache(own_pool, entries=16, compiler=compiler)
        good = cache.get(NDVI, seconds=SECONDS)
        expected, _ = answer(good, DATA)
        waited = []
        for i in range(30):
            cache.get(slow + f"// {i}", seconds=SECONDS)
            started = time.monotonic()
            fresh = cache.get(f"{NDVI}// {i}", seconds=SECONDS)
            found, _ = answer(fresh, DATA)
            waited.append(time.monotonic() - started)
            np.testing.assert_array_equal(found["default"], expected["default"])
            if i % 10 == 0:
                for pid in compiler.pids():
                    os.kill(pid, signal.SIGKILL)
        assert len(cache) == 16
        assert len(compiler) <= 16
        assert len(compiler.pids()) <= 1

    assert np.median(waited) < 0.5
    assert max(waited) < 5


def test_bands_may_be_called_like_what_every_object_has(
    own_pool: V8Pool, compiler: NativeCompiler, in_v8: InV8
) -> None:
    text = pixel_script(
        "return [sample.constructor, sample.valueOf, sample.length];",
        bands='"constructor", "valueOf", "length"',
        output="{ bands: 3, sampleType: 'FLOAT32' }",
    )
    values = np.arange(12, dtype=np.float64).reshape(3, 4)
    data = {"s2": make_input({"constructor": values, "valueOf": values * 2, "length": values * 3})}
    made = [
        answer(program, data)[0]["default"]
        for program in (tiered(text, pool=own_pool, compiler=compiler), in_v8(text))
    ]

    np.testing.assert_array_equal(*made)
