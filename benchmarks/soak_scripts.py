"""What the soak asks by: scripts that give a picture, and scripts that must be refused."""

_TOP = """//VERSION=3
function setup() {
  return { input: ["B02", "B03", "B04", "B08", "dataMask"], output: { bands: %d }%s };
}
"""


def _pixel(returned: str, *, bands: int = 1, more: str = "", mosaicking: str = "") -> str:
    setting = f', mosaicking: "{mosaicking}"' if mosaicking else ""
    head = _TOP % (bands, setting)
    return f"{head}function evaluatePixel(s, scenes, inputs, custom, out) {{ {returned} }}\n{more}"


GOOD = {
    "native": _pixel("return [(s.B08 - s.B04) / (s.B08 + s.B04)];"),
    "ramp": _pixel(
        "return colorBlend(s.B08, [0, 0.5, 1], [[0, 0, 0], [0, 1, 0], [1, 1, 1]]);", bands=3
    ),
    "median": _pixel(
        "const a = s.map((one) => one.B04).sort((x, y) => x - y); return [a[a.length >> 1] || 0];",
        mosaicking="ORBIT",
    ),
    "hooked": _pixel(
        "return [s.length];",
        mosaicking="TILE",
        more="function preProcessScenes(c) { c.scenes.tiles.reverse(); return c; }\n"
        "function updateOutputMetadata(scenes, i, out) { out.userData = { n: 1 }; }",
    ),
    "stateful": _pixel("n += 1; return [n];", more="let n = 0;"),
    "talkative": _pixel('console.log("x".repeat(5000)); return [1];'),
    "poisoner": _pixel("return [1];", more="Array.prototype.map = 1; Math.min = () => 7;"),
    "bare": "return [2.5 * B04, 2.5 * B03, 2.5 * B02]",
}
HOSTILE = {
    "endless": _pixel("for (;;) {}"),
    "endless top level": _pixel("return [1];", more="for (;;) {}"),
    "endless hook": _pixel(
        "return [1];", mosaicking="TILE", more="function preProcessScenes() { for (;;) {} }"
    ),
    "endless end": _pixel("return [1];", more="function updateOutputMetadata() { for (;;) {} }"),
    "heap": _pixel("const a = []; for (;;) a.push(new Array(1e5).fill(1));"),
    "buffers": _pixel("const a = []; for (;;) a.push(new ArrayBuffer(1e8));"),
    "recursion": _pixel("const f = () => f() + 1; return [f()];"),
    "regular expression": _pixel('return [/(a+)+$/.test("a".repeat(50) + "b")];'),
    "throwing": _pixel('throw new Error("x".repeat(1e6));'),
    "proxy": _pixel(
        "return [1];", more="function updateOutput(o) { o.default = new Proxy({}, {}); }"
    ),
    "user data": _pixel(
        "return [1];",
        more='function updateOutputMetadata(s, i, out) { out.userData = "x".repeat(1e8); }',
    ),
    "many bands": _pixel("return [1];", more="function updateOutput(o) { o.default.bands = 1e9; }"),
    "files": _pixel('return [require("fs").readFileSync("/etc/passwd").length];'),
    "syntax": _pixel("return [1;"),
    "deep": _pixel("return [1];", more="(" * 20_000),
    "long": _pixel("return [1];", more="//" + "x" * 2_000_000),
}
