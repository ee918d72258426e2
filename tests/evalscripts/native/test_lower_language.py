"""Constructs of the language, lowered: the kernel must give V8's bits."""

import pytest

from evalscripts import V8Pool
from tests.builders.lowered import outcomes, script

CONSTRUCTS = {
    "early returns": "if (s.B04 > s.B08) return [1, 2, 3]; if (!s.dataMask) return [s.B04, 0, 0]; "
    "return [0, s.B08, -0];",
    "nested returns": "if (s.B04 > 0.2) { if (s.B08 > 0.3) { return [1, 1, 1]; } s.B04 += 1; } "
    "else if (s.B08 < 0.1) return [2, 2, s.B04]; return [s.B04, s.B08, 3];",
    "conditional values": "const v = s.B04 > s.B08 ? s.B04 : s.B08 > 1 ? null : true; "
    "return [v, v + 1, -v];",
    "operands of logic": "return [s.B04 && s.B08, s.B04 || s.B08, !(s.B04 && s.dataMask)];",
    "unset variables": "let a, b = null; if (s.B04 > 0.1) a = s.B08; if (s.B08 > 0.1) b = s.B04; "
    "return [a === undefined ? 5 : a, b == null, a == b];",
    "null in arithmetic": "let x = null; if (s.B04 > 0.3) x = s.B04; "
    "return [x + 1, x < 0.5, x >= 0];",
    "undefined in arithmetic": "let x; if (s.B04 > 0.3) x = s.B04; return [x + 1, x < 0.5, x "
    ">= 0];",
    "kinds mixed": 'let x = "a"; if (s.B04 > 0.3) x = s.B04; else if (s.B08 > 0.2) x = true; '
    "return [typeof x === 'string', x == 1, x === true];",
    "tags": "let tag = 'low'; if (s.B04 > 0.2) tag = 'mid'; if (s.B04 > 0.4) tag = 'high'; "
    "switch (tag) { case 'low': return [1, 0, 0]; case 'mid': return [0, 1, s.B04]; "
    "default: return [0, 0, 1]; }",
    "switch falling through": "let n = 0; switch (Math.floor(s.B04 * 10)) { case 1: n += 1; "
    "case 2: n += 2; break; case 3: case 4: n += 4; default: n += 8; case 7: n += 16; } "
    "return [n, s.B04, 0];",
    "labels": "let n = 0; outer: for (let i = 0; i < 4; i++) { for (let j = 0; j < 4; j++) { "
    "if (i * j > s.B04 * 10) break outer; if (j > s.B08 * 5) continue outer; n += i + j; } } "
    "return [n, 0, 0];",
    "labeled block": "let n = 1; done: { if (s.B04 > 0.2) break done; n = 2; } return [n, 0, 0];",
    "unrolled while": "const stops = [0.1, 0.2, 0.4, 0.8]; let i = 0; "
    "while (i < stops.length && s.B04 > stops[i]) i++; return [i, stops[i], 0];",
    "while of unknown length": "let x = Math.abs(s.B04) + 1, n = 0; "
    "if (!(x < 1e6)) return [0, 0, 0]; while (x < 1e6) { x *= 1.5; n++; } return [n, x, 0];",
    "do while": "let x = 1, n = 0; do { x *= 2; n++; } while (x < s.B04 * 100 && n < 50); "
    "return [n, x, 0];",
    "long loop": "let sum = 0; for (let i = 0; i < 700; i++) { if (i === 650) continue; "
    "sum += i * s.B04; } return [sum, 0, 0];",
    "return out of a long loop": "for (let i = 0; i < 700; i++) { if (i * 0.003 > s.B04) "
    "return [i, s.B04, 0]; } return [-1, 0, 0];",
    "closures": "const scale = 3, f = (x) => x * scale, g = function (x) { return f(x) + s.B08; }; "
    "return [f(s.B04), g(s.B04), 0];",
    "closures of a loop": "const all = []; for (let i = 0; i < 3; i++) all.push(() => i * s.B04); "
    "return all.map((f) => f());",
    "defaults and rest": "const f = (a, b = a * 2, ...rest) => a + b + rest.length; "
    "return [f(s.B04), f(s.B04, 1), f(s.B04, undefined, 1, 2)];",
    "destructuring": "const { B04: red, B08, other = 7, ...rest } = s; const [a, , b = 4] = "
    "[red, 1]; "
    "let p, q; [p, q] = [B08, a]; return [p - q, other + b, rest.dataMask];",
    "spreads": "const o = { ...s, x: 1 }; const a = [...[s.B04, 2], 3]; "
    "return [Math.max(...a), o.x + o.B04, { ...a }[1]];",
    "arguments": "function f() { return arguments.length + arguments[1]; } "
    "return [f(1, s.B04), f(s.B04, 2, 3), 0];",
    "hoisting": "x = 3; var x; return [f(s.B04) + x, 0, 0]; function f(v) { return v + (y || 1); } "
    "var y = 5;",
    "functions of blocks": "if (s.B04 > 0.2) { function f() { return 1; } } "
    "return [typeof f === 'function' ? 1 : 0, 0, 0];",
    "comma and void": "let a = (s.B04, s.B08); return [a, void 0, typeof void a === 'undefined'];",
    "counting": "let i = s.B04, o = { n: 1 }; const j = i++ + ++i; o.n--; o['n'] += i; "
    "return [i, j, o.n];",
    "assignments by logic": "let a = s.B04, b = null, c = 0; a &&= 2; b ??= s.B08; c ||= 3; "
    "return [a, b, c];",
    "optional chains": "const o = s.B04 > 0.2 ? { x: s.B08 } : null; "
    "return [o?.x ?? -1, o?.['x'] || 2, 0];",
    "arrays as numbers": "return [s.B04 / [s.B08], +[], [1, 2] * s.B04];",
    "arrays compared": "return [[s.B04] > 0.2, [s.B04, 1] < 5, [s.B08] == s.B08];",
    "bits": "const v = s.B04 * 5000; return [v & 12 | 3, ~v ^ (v << 5), (v >>> 3) + (-v >> 2)];",
    "remainders and powers": "return [s.B04 % 0.3, -s.B04 % s.B08, s.B04 ** 2];",
    "objects of one shape": "let o = { a: 1, b: [0, 0] }; if (s.B04 > 0.2) o = { a: s.B08, b: "
    "[1, s.B04] }; "
    "return [o.a, o.b[1], o.b.length];",
    "aliases": "const a = [s.B04, 1], b = a; b[0] += 2; let c = a; if (s.B08 > 0.2) c = [9, 9]; "
    "c[1] = 5; return [a[0], a[1], c[0]];",
    "objects that become one": "const a = { v: 1 }, b = { v: 2 }; let best = a; "
    "if (s.B04 > 0.2) best = b; best.v = s.B08; return [a.v, b.v, best.v];",
    "deleted and asked for": "const o = { a: s.B04, b: 2 }; delete o.a; "
    "return ['a' in o, 'b' in o, o.a === undefined];",
    "keys in order": "const o = { b: 1, 2: 5, a: s.B04, 1: 7 }; let t = ''; "
    "for (const k in o) t += k; return [t === '12ba', o[2], Object.values(o)[0]];",
    "lookup by class": "const colors = { 1: [1, 0, 0], 3: [0, s.B04, 0] }; "
    "const c = colors[Math.floor(s.B04 * 10)]; return c ? c : [0, 0, 9];",
}


@pytest.mark.parametrize("body", CONSTRUCTS.values(), ids=CONSTRUCTS.keys())
def test_a_construct_gives_the_bits_of_v8(pool: V8Pool, body: str) -> None:
    assert outcomes(script(body), pool=pool) == {"same"}


TOPS = {
    "constants": (
        "const TABLE = [0.5, 1, 2, 4, 8, 16]; const NAMES = { low: 0.1, high: 0.3 };",
        "return [TABLE[Math.floor(s.B04 * 10)], s.B04 > NAMES.low, TABLE[s.B08 > 0.2 ? 1 : 5]];",
    ),
    "functions": (
        "const half = (x) => x / 2; function twice(x) { return half(x) * 4; }",
        "return [half(s.B04), twice(s.B08), [1, 2].map(twice)[1]];",
    ),
    "classes": (
        (
            "class Base { constructor(k) { this.k = k; } scaled(x) { return x * this.k; } } "
            "class More extends Base { n = 2; constructor(k) { super(k); this.m = k + this.n; } "
            "scaled(x) { return super.scaled(x) + this.m; } static make() { return new More(3); } }"
        ),
        "const a = new More(s.B04), b = More.make(); return [a.scaled(2), b.scaled(s.B08), a.m];",
    ),
    "a constructor function": (
        (
            "const Tree = function () { const left = (x) => x - 1; "
            "this.predict = function (x) { return x > 0.2 ? left(x) : 1; }; };"
        ),
        "const tree = new Tree(); return [tree.predict(s.B04), 0, 0];",
    ),
    "forgotten declarations": (
        "",
        "total = 0; for (i = 0; i < 3; i++) total += s.B04 * i; return [total, i, 0];",
    ),
    "globals used as locals": (
        "let a = 5; var b;",
        "a = s.B04; if (a > 0.2) { b = 1; } else { b = 2; } return [a, b, 0];",
    ),
    "shadowed helpers": (
        "function index(a, b) { return a * b; }",
        "const Math2 = index(s.B04, s.B08); let colorBlend = Math2; return [colorBlend, 0, 0];",
    ),
}


@pytest.mark.parametrize(("top", "body"), TOPS.values(), ids=TOPS.keys())
def test_the_top_level_gives_the_bits_of_v8(pool: V8Pool, top: str, body: str) -> None:
    assert outcomes(script(body, top=top), pool=pool) == {"same"}
