"""The language's own functions and our helpers, lowered: V8's bits."""

import pytest

from evalscripts import V8Pool
from tests.builders.lowered import outcomes, script

RAMP = "[[-0.2, 0x0000ff], [0, 0xffffff], [0.2, 0x7f3300], [0.5, 0x00ff00], [1, 0x003300]]"
LONG = "Array.from({ length: 40 }, (_, i) => [i / 20 - 1, (i * 6151) & 0xffffff])"
FUNCTIONS = {
    "arithmetic": (
        "",
        "return [Math.round(s.B04 * 10), Math.sign(s.B08), Math.trunc(-s.B04 * 7)];",
    ),
    "extremes": ("", "return [Math.max(s.B04, s.B08, 0), Math.min(), Math.max(s.B04)];"),
    "questions": (
        "",
        "return [isNaN(s.B04), Number.isFinite(s.B08), Number.isInteger(s.B04 * 2)];",
    ),
    "parsing": (
        "",
        "return [parseInt(s.B04 * 100), parseFloat(s.B08), Number('0x1f') + parseInt('7px')];",
    ),
    "index": ("", "return [index(s.B04, s.B08), inverse(s.B04), index(0, 0)];"),
    "fixed arrays": (
        "",
        (
            "const a = [s.B04, 2, s.B08]; a.push(1); a.unshift(0); a.splice(1, 1); a.reverse(); "
            "return [a.indexOf(2) + a.length, a.includes(s.B08), a.slice(-1)[0] + a.concat([1], "
            "2).length];"
        ),
    ),
    "network": (
        "",
        (
            "const n = (x) => (x === x ? x : 0); const a = [n(s.B08), n(s.B04), 0.2, 0.1]; "
            "a.sort((x, y) => x - y); return [a[0], a[1], a[3]];"
        ),
    ),
    "filtered": (
        "",
        (
            "const a = [s.B04, s.B08, 0.2].filter((x) => x > 0.1); "
            "return [a.length, a.reduce((x, y) => x + y, 0), a[0] ?? -1];"
        ),
    ),
    "sets and maps": (
        "const CLOUDS = new Set([3, 8, 9]); const M = new Map([[1, 5], [2, 7]]);",
        "const v = Math.floor(s.B04 * 10); return [CLOUDS.has(v), M.get(v) ?? -1, CLOUDS.size];",
    ),
    "ramp": (f"const viz = new ColorRampVisualizer({RAMP});", "return viz.process(s.B04 - s.B08);"),
    "long ramp": (f"const viz = new ColorRampVisualizer({LONG});", "return viz.process(s.B04);"),
    "falling ramp": (
        "const viz = ColorRampVisualizer.createBlueRed(1, -1);",
        "return viz.process(s.B04);",
    ),
    "gradient": (
        "const viz = ColorGradientVisualizer.createRedTemperature(0, 0.6);",
        "return viz.process(s.B04);",
    ),
    "shares": (
        "const viz = new ColorRampVisualizer([[0, [0, 0.5, 1]], [0.4, [1, 0.25, 0]]]);",
        "return viz.process(s.B08);",
    ),
    "map": (f"const viz = new ColorMapVisualizer({RAMP});", "return viz.process(s.B04);"),
    "long map": (f"const viz = new ColorMapVisualizer({LONG});", "return viz.process(s.B04);"),
    "made per pixel": ("", f"return new ColorMapVisualizer({RAMP}).process(s.B04 - s.B08);"),
    "highlights": (
        (
            "const viz = new HighlightCompressVisualizer(0.1, 0.4), "
            "one = new HighlightCompressVisualizerSingle(0, 0.3, 1.5, 0.1);"
        ),
        "return [viz.process(s.B04), viz.process(s.B08, 1), one.process(s.B04)[0]];",
    ),
    "gamma": (
        "const viz = new DefaultVisualizer(0, 0.5, 1, 0, 1.4);",
        "return viz.processList([s.B04, s.B08, 0.2]);",
    ),
    "blend": (
        "",
        (
            "return colorBlend(s.B04, [0, 0.1, 0.3, 0.6], [[0, 0, 0], [1, 0.5, 0], [s.B08, 1, 1], "
            "[1, 1, 1]]);"
        ),
    ),
    "interpolated": (
        "",
        (
            "return [valueInterpolate(s.B04, [0, 0.2, 0.5], [1, 3, 2]), "
            "valueMap(s.B08, [0, 0.1, 0.4], [5, 6, 7]), combine([s.B04], [1], 0.3)[0]];"
        ),
    ),
    "bits of quality": (
        "",
        "const q = decodeL8C2Qa(s.B04 * 1e4); return [q.cloud, q.cirrusConfidence, q.water];",
    ),
    "colors": ("", "return normalizeRGB(int2rgb(0x123456)).map((c) => c * s.B04);"),
}


@pytest.mark.parametrize(("top", "body"), FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_functions_give_the_bits_of_v8(pool: V8Pool, top: str, body: str) -> None:
    assert "same" in outcomes(script(body, top=top), pool=pool)


RESULTS = {
    "a number": (1, "return s.B04;"),
    "a boolean": (1, "return s.B04 > 0.2;"),
    "nothing": (2, "if (s.B04 > 0.2) return [1, s.B04];"),
    "null": (2, "return s.B04 > 0.2 ? [1, 2] : null;"),
    "by id": (2, "return { default: [s.B04, s.B08] };"),
    "either form": (1, "return s.B04 > 0.2 ? s.B08 : [s.B04];"),
    "nested": (3, "return [[s.B04, s.B08], 1];"),
    "single nested": (2, "return [[s.B04], s.B08];"),
    "missing elements": (2, "return [undefined, null];"),
    "texts": (2, "return ['5', s.B04 > 0.2 ? '7' : 'x'];"),
}


@pytest.mark.parametrize(("bands", "body"), RESULTS.values(), ids=RESULTS.keys())
def test_what_is_returned_is_settled_as_in_v8(pool: V8Pool, bands: int, body: str) -> None:
    assert outcomes(script(body, bands=bands), pool=pool) == {"same"}


def test_too_few_values_are_left_to_v8(pool: V8Pool) -> None:
    text = script("return s.B04 > 0.2 ? [1] : [1, 2];", bands=2)

    assert outcomes(text, pool=pool) <= {"threw", "same"}
