"""`check` says what is probably wrong, where it is, and is silent on good scripts."""

from collections.abc import Iterator

import pytest

from evalscripts import PoolOptions, V8Pool, open_pool
from evalscripts.check import CheckReport, check_script
from evalscripts.library import LibraryScript, list_scripts
from tests.builders.scripts import SECONDS


@pytest.fixture(scope="module")
def check_pool() -> Iterator[V8Pool]:
    options = PoolOptions(workers=1, heap_bytes=64 * 2**20, data_bytes=128 * 2**20)
    with open_pool(options) as opened:
        yield opened


def check(pool: V8Pool, text: str, known_bands: tuple[str, ...] = ()) -> CheckReport:
    return check_script(text, pool=pool, seconds=SECONDS, known_bands=known_bands)


def script(body: str, given: str = "", output: str = "{bands: 1}", bands: str = "'B04'") -> str:
    return (
        "//VERSION=3\n"
        f"function setup() {{ return {{input: [{bands}], output: {output} {given}}}; }}\n"
        f"function evaluatePixel(samples, scenes) {{ {body} }}\n"
    )


FLOAT = "{bands: 1, sampleType: 'FLOAT32'}"
BYTES = "{bands: 1, sampleType: 'UINT8'}"
ORBIT = ", mosaicking: 'ORBIT'"
FUSION = "{datasource: 'a', bands: ['B04']}, {datasource: 'b', bands: ['VV']}"


@pytest.mark.parametrize("ready", list_scripts(), ids=lambda ready: ready.id)
def test_ready_scripts_are_beyond_remark(check_pool: V8Pool, ready: LibraryScript) -> None:
    assert check(check_pool, ready.text).remarks == ()


GOOD = {
    "plain": script("return [samples.B04];"),
    "by pattern": script("return [B04];").replace("samples, scenes", "{B04}"),
    "in a helper": script("return f(samples); function f(s) { return [s.B04]; }"),
    "by a name": script("const b = 'B' + '04'; return [samples[b]];"),
    "by all keys": script("return [Object.values(samples)[0]];"),
    "whole": script("const s = {...samples}; return [s.x ? 1 : 0];"),
    "by names in a list": script("return ['B04'].map(b => samples[b]);"),
    "hasOwnProperty": script("return [samples.hasOwnProperty('B04')];"),
    "counted": script("return samples.length ? [samples[0].B04] : [0];", ORBIT),
    "tested": script("if (!samples[0]) return [0]; return [samples[0].B04];", ORBIT),
    "optional": script("return [samples[0]?.B04 ?? 0];", ORBIT),
    "looped": script("for (const s of samples) return [s.B04]; return [0];", ORBIT),
    "mapped": script("return [samples.map(s => s.B04).length];", ORBIT),
    "fused": script(
        "return samples.a.length && samples.b.length ? [samples.a[0].B04 + samples.b[0].VV] : [0];",
        bands=FUSION,
    ),
    "scaled": script(
        "return [samples.B04 * 10000];", output="{bands: 1, sampleType: 'UINT16'}"
    ),
    "digital numbers": script(
        "return [samples.B04];",
        output="{bands: 1, sampleType: 'UINT16'}",
        bands="{bands: ['B04'], units: 'DN'}",
    ),
    "classes": script(
        "return [samples.SCL];", output="{bands: 1, sampleType: 'UINT8'}", bands="'SCL'"
    ),
    "nested": script("const c = [1, 0]; return [c, samples.B04];", output=FLOAT.replace("1", "3")),
    "grown": script("const v = []; v.push(samples.B04); return v;"),
    "ten percent": script("return [samples.B04 * 2.5 + 10];", output=FLOAT),
    "own index": script("return [index(samples.B04, 1)];"
                        "function index(a, b) { return a + b; }", output=BYTES),
    "own variable": script("let x = 1; x = samples.B04; return [x];"),
    "counter": "let n = 0;\n" + script("n++; return [samples.B04];"),
    "bands at run time": script("return [samples.B04, 1];")
    + "function updateOutput(o) { o.default.bands = 2; }",
    "hooked": script("return samples.map(s => s.B04).slice(0, 1);", ORBIT)
    + "function preProcessScenes(c) { return c; }",
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_good_scripts_are_beyond_remark(check_pool: V8Pool, name: str) -> None:
    assert check(check_pool, GOOD[name]).remarks == ()


BAD = [
    (script("return [samples.B04];", bands="'B04', 'B08'"), "function setup", "B08 is requested"),
    (script("return [samples.B04 + samples.B12];"), "samples.B12", "B12 is read but not requested"),
    (script("for (const s of samples); return [samples[1].B8 + samples[0].B04];", ORBIT),
     "samples[1].B8", "B8 is read but not requested"),
    (script("samples.a.length; return [samples.a[0].B04 + samples.a[0].VV + samples.b[0].VV];",
            bands=FUSION), "samples.a[0].VV", "VV is read but not requested"),
    (script("return [samples[0].B04];", ORBIT), "samples[0]", "there may be no sample here"),
    (script("return [samples.a[0].B04 + samples.b[0].VV];", bands=FUSION),
     "samples.a[0]", "there may be no sample here"),
    (script("return [samples.B04];", output="{bands: 1, sampleType: 'UINT16'}"),
     "samples.B04", "reflectance is 0 to 1: multiply it, or set units to DN"),
    (script("let v = samples.B04; return [v];", output="{bands: 1, sampleType: 'INT16'}"),
     "v]", "reflectance is 0 to 1"),
    (script("const n = index(samples.B04, 1); return [n];",
            output="{bands: 1, sampleType: 'UINT8'}"), "n]", "an index is -1 to 1"),
    (script("return [samples.B04, 1, 1, 1];", output="{bands: 4}"),
     "function setup", "dataMask is not requested: pixels without data are not transparent"),
    (script("return [samples.B04, 1, 1];", output="{bands: 3}"),
     "function setup", "shows pixels without data in black"),
    (script("return [samples.B04 * 0, 255, 0, samples.dataMask];", output="{bands: 4}",
            bands="'B04', 'dataMask'"), "255", "is AUTO, which takes 0 to 1"),
    (script("return [samples.B04 * 255];"), "samples.B04 * 255", "is AUTO, which takes 0 to 1"),
    (script("return [samples.B04, 1];"), "[samples.B04, 1]", "has 1 bands; 2 values are returned"),
    (script("return {default: [samples.B04], i: []};",
            output="[{id: 'default', bands: 1}, {id: 'i', bands: 1}]"),
     "[]", 'output "i" has 1 bands; 0 values are returned'),
    (script("x = samples.B04; return [x];"), "x =", "x is assigned but not declared"),
    (script("for (i = 0; i < 1; i++); return [samples.B04];"), "i = 0", "i is assigned but not"),
    (script("return [colorBlend(samples.B04, [0, 1], [0, 1])];"), "colorBlend", "valueInterpolate"),
    ("const v = ColorGradientVisualizer.createBlueRed();\n"
     + script("return [samples.B04 + v.process(0)[0]];"), "ColorGradient", "ColorRampVisualizer"),
    (script("return [samples.B04 == NaN ? 0 : 1];"), "samples.B04 ==", "== NaN is always false"),
    (script("return [NaN !== samples.B04];"), "NaN !==", "!== NaN is always true"),
    (script("return [samples.B04];") + "function preProcessScenes(c) { return c; }",
     "function preProcessScenes", "preProcessScenes() is never called under SIMPLE"),
    (script("return [samples.B04];") + "function filterScenes(c) { return c; }",
     "function filterScenes", "filterScenes() is never called under SIMPLE"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "place", "words"), BAD, ids=[words for *_, words in BAD])
def test_a_mistake_is_told_with_its_place(
    check_pool: V8Pool, text: str, place: str, words: str
) -> None:
    (remark,) = [one for one in check(check_pool, text).remarks if words in one.message]
    assert remark.line is not None
    assert remark.column is not None
    assert remark.excerpt is not None

    line = text.split("\n")[remark.line - 1]
    shown, caret = remark.excerpt.split("\n")
    assert line[remark.column - 1 :].startswith(place)
    assert shown[caret.index("^") :].startswith(place[:8])


def test_remarks_on_bare_scripts_have_the_user_s_columns(check_pool: V8Pool) -> None:
    report = check(
        check_pool, "v = colorBlend(B04, [0, 1], [0, 1]); return [v]", known_bands=("B04",)
    )

    assert report.form == "V1 bare"
    assert [(one.line, one.column) for one in report.remarks] == [(1, 1), (1, 5)]


def test_a_report_tells_form_hooks_and_tier(check_pool: V8Pool) -> None:
    text = script("return [samples.map(s => s.B04).length];", ORBIT)
    report = check(check_pool, text + "const updateOutput = () => {}; function filterScenes() {}")

    assert (report.form, report.tier, report.hooks) == (
        "V3",
        "v8",
        ("filterScenes", "updateOutput"),
    )
    assert report.setup.outputs[0].bands == 1


def test_what_the_grammar_cannot_read_is_reported_without_remarks(check_pool: V8Pool) -> None:
    report = check(check_pool, script("x = 1; return [samples.B04]; <!-- a comment\n"))

    assert report.remarks == ()
