"""What scripts do before the pixels: choose scenes, set band counts; and what may go wrong."""

from typing import Any

import numpy as np
import pytest

from evalscripts import (
    RunContext,
    ScriptError,
    ScriptLimitExceeded,
    ScriptRuntimeError,
    V8Pool,
)
from evalscripts.program import Selection
from tests.builders.mosaics import (
    compile_v8,
    context,
    day,
    days,
    run_v8,
    scenes_script,
    stack,
    tile,
)

MAY = ("2024-05-01T00:00:00Z", "2024-05-31T23:59:59.999Z")
ABOUT = context(
    orbits=days(5),
    scenes=[tile(f"2024-05-0{5 - i}", f"T{i}", cloud_cover=i * 10.0) for i in range(5)],
    time={"s2": MAY},
)


def chosen(pool: V8Pool, hook: str, mosaicking: str = "ORBIT", about: RunContext = ABOUT) -> Any:
    """Return the indices that a script with this hook keeps."""
    program = compile_v8(scenes_script("return [0];", mosaicking=mosaicking) + hook, pool)
    return program.select(about).kept["s2"]


def pre(body: str) -> str:
    """Return a preProcessScenes whose body stands on line 9."""
    return f"function preProcessScenes(collections) {{ {body} }}"


ORBITS = "collections.scenes.orbits"
LAST_DAYS = f"""
const last = collections.to.getTime() - 28.5 * 864e5;
{ORBITS} = {ORBITS}.filter(o => new Date(o.dateFrom).getTime() >= last);
return collections;"""
LAST_WEEKS = """
var filterScenes = function (scenes, inputMetadata) {
  const { from, to } = inputMetadata;
  return scenes.filter(s => s.date.getTime() >= to.getTime() - 28.5 * 864e5 && s.date > from);
}"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return collections;", (0, 1, 2, 3, 4)),
        (f"{ORBITS} = {ORBITS}.slice(3); return collections;", (3, 4)),
        (f"{ORBITS}.sort((a, b) => a.dateFrom < b.dateFrom ? -1 : 1); return collections;",
         (4, 3, 2, 1, 0)),
        (f"{ORBITS} = {ORBITS}.filter(o => o.dateFrom[9] % 2); return collections;", (0, 2, 4)),
        (f"return {{scenes: {{orbits: [{ORBITS}[4], {ORBITS}[0]]}}}};", (4, 0)),
        (f"{ORBITS} = {ORBITS}.map(o => ({{...o, mine: 1}})).reverse(); return collections;",
         (4, 3, 2, 1, 0)),
        ("return JSON.parse(JSON.stringify(collections));", (0, 1, 2, 3, 4)),
        (f"{ORBITS} = []; return collections;", ()),
        (f"{ORBITS}.length = 2; return collections;", (0, 1)),
        (f"{ORBITS}.push({ORBITS}[1], {ORBITS}[1]); return collections;", (0, 1, 2, 3, 4)),
        (f"{ORBITS}.splice(1, 3);", (0, 4)),
        (f"{ORBITS}.shift(); return null;", (1, 2, 3, 4)),
        (LAST_DAYS, (0, 1)),
        (f"{ORBITS} = {ORBITS}.filter(o => new Date(o.dateFrom) > collections.from);",
         (0, 1, 2, 3)),
        (f"if ({ORBITS}[0].tiles !== undefined) throw new Error('tiles'); return collections;",
         (0, 1, 2, 3, 4)),
    ],
)  # fmt: skip
def test_a_script_chooses_its_days(pool: V8Pool, body: str, expected: tuple[int, ...]) -> None:
    assert chosen(pool, pre(body)) == expected


@pytest.mark.parametrize(
    ("hook", "expected"),
    [
        (pre("collections.scenes.tiles = collections.scenes.tiles"
             ".filter(t => t.cloudCoverage < 25); return collections;"), (0, 1, 2)),
        (pre("collections.scenes.tiles.sort((a, b) => b.cloudCoverage - a.cloudCoverage);"
             "return collections;"), (4, 3, 2, 1, 0)),
        (pre("collections.scenes.tiles = collections.scenes.tiles"
             ".filter(t => t.date.split('T')[0] === '2024-05-03'); return collections;"), (2,)),
        ("function filterScenes(scenes) { return scenes.filter(s => s.date.getDate() > 3); }",
         (0, 1)),
        (LAST_WEEKS, (0, 1)),
        ("function filterScenes(scenes) { scenes.reverse(); return [scenes[0], scenes[0]]; }",
         (4,)),
        ("function filterScenes(scenes) { scenes.pop(); }", (0, 1, 2, 3)),
        (pre("collections.scenes.tiles.length = 1; return collections;")
         + "function filterScenes() { return []; }", (0,)),
    ],
)  # fmt: skip
def test_a_script_chooses_its_tiles(pool: V8Pool, hook: str, expected: tuple[int, ...]) -> None:
    assert chosen(pool, hook, "TILE") == expected


def test_the_older_hook_gets_days_with_dates_too(pool: V8Pool) -> None:
    hook = "function filterScenes(scenes) { return scenes.filter(s => s.date.getUTCDate() == 2); }"

    assert chosen(pool, hook) == (3,)


def test_pixels_come_in_the_order_that_the_hook_chose(pool: V8Pool) -> None:
    text = scenes_script(
        "const [first, second] = scenes;\n"
        "return [samples.length, samples[0].B04, first.__idx, second.date.getDate()];",
        output="{bands: 4, sampleType: 'FLOAT32'}",
    ) + pre(f"{ORBITS} = [{ORBITS}[3], {ORBITS}[1]]; return collections;")
    program = compile_v8(text, pool)

    selection = program.select(ABOUT)
    about = context(orbits=ABOUT.orbits, time=ABOUT.time, selection=selection)
    session = program.open(about)
    values = session.evaluate({"s2": stack({"B04": [30, 10]})})["default"].ravel()
    session.finish()

    assert selection.kept == {"s2": (3, 1)}
    assert values.tolist() == [2, 30, 3, 4]


def test_what_hooks_leave_in_globals_is_there_for_the_pixels(pool: V8Pool) -> None:
    text = (
        "let all = 0, bands = 0;\n"
        + scenes_script("return [all * 10 + bands];")
        + (
            pre(f"all = {ORBITS}.length; {ORBITS}.length = 2; return collections;")
            + "\nfunction updateOutput(outputs, collections) { bands = collections.scenes.length; }"
        )
    )

    ran = run_v8(text, pool, ABOUT, stack({"B04": [1, 2]}))

    assert ran.outputs["default"].item() == 52


@pytest.mark.parametrize(
    ("expression", "bands"),
    [
        ("collections.scenes.length", 2),
        ("collections.scenes.orbits.length", 2),
        ("collections.scenes.filter(s => s.date instanceof Date).length", 2),
        ("collections.scenes[0].date.getUTCDate()", 5),
    ],
)
def test_the_number_of_bands_follows_from_the_chosen_scenes(
    pool: V8Pool, expression: str, bands: int
) -> None:
    update = (
        f"\nfunction updateOutput(outputs, collections) {{ outputs.default.bands = {expression}; }}"
    )
    pixels = scenes_script(f"return new Array({bands}).fill(samples[1].B04);")
    text = pixels + pre(f"{ORBITS}.length = 2; return collections;") + update

    ran = run_v8(text, pool, ABOUT, stack({"B04": [1, 2]}))

    assert ran.outputs["default"].ravel().tolist() == [2] * bands


def test_a_program_says_whether_there_is_anything_to_choose(pool: V8Pool) -> None:
    update = "function updateOutput() {}"
    hooks = {
        "": False,
        pre("return collections;"): True,
        "const filterScenes = s => s;": True,
        update: True,
        "function updateOutputMetadata() {}": False,
        "let preProcessScenes = 7;": False,
    }

    found = {hook: compile_v8(scenes_script("return [0];") + hook, pool).selects for hook in hooks}
    simple = scenes_script("return [0];", mosaicking="SIMPLE")

    assert found == hooks
    assert not compile_v8(simple + pre("return collections;"), pool).selects
    assert compile_v8(simple + update, pool).selects


def test_under_simple_mosaicking_no_scenes_are_chosen(pool: V8Pool) -> None:
    text = scenes_script("return [0];", mosaicking="SIMPLE") + pre("throw new Error('called');")

    assert compile_v8(text, pool).select(ABOUT).kept == {}


def test_choosing_leaves_no_worker_behind(pool: V8Pool) -> None:
    program = compile_v8(scenes_script("return [0];") + pre("return collections;"), pool)

    found = [program.select(ABOUT).kept["s2"] for _ in range(6)]

    assert found == [(0, 1, 2, 3, 4)] * 6


def test_hooks_see_the_same_clock_both_times(pool: V8Pool) -> None:
    text = (
        "let seen = 0;\n"
        + scenes_script("return [Date.now() === seen ? seen % 1e6 : -1];")
        + pre("seen = Date.now(); return collections;")
    )
    program = compile_v8(text, pool)
    selection = program.select(ABOUT)
    session = program.open(context(orbits=ABOUT.orbits, selection=selection))

    found = session.evaluate({"s2": stack({"B04": [0] * 5})})["default"].item()
    session.finish()

    assert selection.now is not None
    assert found == selection.now % 1e6


@pytest.mark.parametrize(
    ("hook", "selection", "words"),
    [
        (
            pre("return collections;"),
            Selection(kept={"s2": (0, 1)}, outputs=()),
            "the hook chose different ones",
        ),
        (
            "function updateOutput(o, c) { o.default.bands = 3; }",
            Selection(kept={"s2": (0, 1, 2, 3, 4)}, outputs=()),
            "updateOutput() set different numbers of bands",
        ),
    ],
)
def test_a_hook_that_chooses_differently_the_second_time_is_an_error(
    pool: V8Pool, hook: str, selection: Selection, words: str
) -> None:
    program = compile_v8(scenes_script("return [0];") + hook, pool)

    with pytest.raises(ScriptRuntimeError) as caught:
        program.open(context(orbits=ABOUT.orbits, selection=selection))

    assert words in caught.value.message
    assert (caught.value.line, caught.value.column) == (9, 1)


GIVEN = "what preProcessScenes() returned: collections"


@pytest.mark.parametrize(
    ("body", "words", "place"),
    [
        ("return 5;", "what preProcessScenes() returned must be collections; found the number 5",
         (9, 1)),
        ("return {};", f"{GIVEN}.scenes must be an object with orbits; found undefined", (9, 1)),
        ("return {scenes: {tiles: []}};", f"{GIVEN}.scenes.orbits must be a list", (9, 1)),
        ("return {scenes: []};", f"{GIVEN}.scenes.orbits must be a list of scenes", (9, 1)),
        (f"{ORBITS}[2] = {{dateFrom: '2024-05-03'}}; return collections;",
         f"{GIVEN}.scenes.orbits[2] is not one of the scenes that were given; found an object",
         (9, 1)),
        (f"{ORBITS} = ['2024']; return collections;", "found the string 2024", (9, 1)),
        (f"{ORBITS} = [{{__idx: 5}}]; return collections;", "is not one of the scenes", (9, 1)),
        (f"{ORBITS} = [{{__idx: '1'}}]; return collections;", "is not one of the scenes", (9, 1)),
        (f"{ORBITS} = new Array(3); return collections;", "found undefined", (9, 1)),
        (f"{ORBITS} = {{length: 2 ** 40}}; return collections;", "must be a list", (9, 1)),
        (f"{ORBITS} = new Array(1e9); return collections;", "has 1000000000 entries", (9, 1)),
        ("throw new Error('mine');", "Error: mine", (9, 48)),
        ("throw {a: [1]};", 'the script threw: {"a":[1]}', (9, 42)),
        ("throw JSON.stringify({a: 1});", 'the script threw: {"a":1}', (9, 42)),
        (f"return {ORBITS}[9].dateFrom;", "Cannot read properties of undefined", (9, 78)),
        ("return {get scenes() { throw new TypeError('trap'); }};", "TypeError: trap", (9, 71)),
        ("return new Proxy({}, {get() { throw 'proxy'; }});", "threw: proxy", (9, 72)),
    ],
)  # fmt: skip
def test_a_hook_fails_in_clear_words_at_its_place(
    pool: V8Pool, body: str, words: str, place: tuple[int, int]
) -> None:
    with pytest.raises(ScriptError) as caught:
        chosen(pool, pre(body))

    error = caught.value
    assert type(error) is ScriptRuntimeError
    assert words in error.message
    assert (error.line, error.column) == place


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        ("7", "what filterScenes() returned must be a list of scenes; found the number 7"),
        ("[{}]", "what filterScenes() returned[0] is not one of the scenes that were given"),
    ],
)
def test_the_older_hook_fails_in_clear_words(pool: V8Pool, returned: str, words: str) -> None:
    with pytest.raises(ScriptRuntimeError) as caught:
        chosen(pool, f"function filterScenes() {{ return {returned}; }}")

    assert words in caught.value.message
    assert caught.value.line == 9


def test_what_was_printed_before_a_hook_failed_is_kept(pool: V8Pool) -> None:
    with pytest.raises(ScriptRuntimeError) as caught:
        chosen(pool, pre("console.log('chose', 1); throw 1;"))

    assert caught.value.console == ("chose 1",)


@pytest.mark.parametrize(
    "hook",
    [
        pre("for (;;);"),
        "function filterScenes(s) { return new Proxy(s, {get(t, k) { for (;;); }}); }",
        "function updateOutput() { while (true); }",
    ],
)
def test_a_hook_that_does_not_end_is_ended(pool: V8Pool, hook: str) -> None:
    with pytest.raises(ScriptLimitExceeded, match=r"took longer than 0\.5 s"):
        chosen(pool, hook, about=context(orbits=days(2), seconds=0.5))


@pytest.mark.parametrize(
    "tampering",
    [
        "Array.prototype[Symbol.iterator] = null; Array.prototype.map = null;",
        "Object.defineProperty(Array.prototype, 0, {set() { throw 1; }, configurable: true});",
        "Object.defineProperty(Object.prototype, 'orbits', {set() { throw 1; }});",
        "Object.prototype.__idx = 0; Object.prototype.scenes = {orbits: []};",
        "Map.prototype.get = Map.prototype.set = () => 0;",
        "JSON.parse = JSON.stringify = () => '[]'; Reflect.apply = null; Number.isInteger = null;",
        "Object.keys = () => []; Date.prototype.getTime = () => 0; globalThis.Date = null;",
        "Object.prototype.toJSON = () => 'gone'; Array.prototype.toJSON = () => 'gone';",
    ],
)
def test_tampering_with_the_language_does_not_reach_the_choice(
    pool: V8Pool, tampering: str
) -> None:
    hook = pre(f"{tampering} {ORBITS} = [{ORBITS}[3], {ORBITS}[1]]; return collections;")
    text = scenes_script("return [samples[0].B04 + samples.length];") + hook
    program = compile_v8(text, pool)

    ran = run_v8(text, pool, ABOUT, stack({"B04": [30, 10]}))

    assert program.select(ABOUT).kept == {"s2": (3, 1)}
    assert ran.outputs["default"].item() == 32


def test_scenes_may_be_frozen(pool: V8Pool) -> None:
    text = (
        scenes_script(
            "Object.freeze(scenes); Object.freeze(outputMetadata); return [0];", mosaicking="SIMPLE"
        )
        + "function updateOutputMetadata(scenes, i, o) { console.log(Object.keys(scenes).length); }"
    )

    ran = run_v8(text, pool, ABOUT, stack({"B04": np.zeros((1, 1, 2), np.uint8)}))

    assert ran.finished.console == ("0",)


def test_open_times_have_ends_too(pool: V8Pool) -> None:
    hook = pre(
        "if (!(collections.to > collections.from)) throw new Error('open'); return collections;"
    )

    assert chosen(pool, hook, about=context(orbits=[day("2024-05-01")])) == (0,)
