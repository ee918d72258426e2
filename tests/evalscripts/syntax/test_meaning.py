"""The tree means what the text means: V8 runs both the text and the tree printed back."""

import json
import shutil
import subprocess

import pytest

from evalscripts.syntax import parse
from tests.oracle.javascript_printer import print_program

NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(NODE is None, reason="Node is not installed: no oracle")

PROGRAM = """
const texts = JSON.parse(require('fs').readFileSync(0, 'utf8'));
const shown = (_, x) => x === undefined ? '$undefined' : Object.is(x, -0) ? '$-0'
  : typeof x === 'number' && !Number.isFinite(x) ? '$' + x
  : typeof x === 'function' ? '$function' : x;
console.log(JSON.stringify(texts.map(text => {
  try { return JSON.stringify(new Function(text)(), shown); }
  catch (error) { return error.name; }
})));
"""

BODIES = {
    "precedence": "var a = 2, b = 3, c = 5; return [a + b * c, a ** b ** 2, (-a) ** b, -(a ** b),"
    "a - b - c, a / b / c, a % b * c, a << b + c, a < b == true, a & b | c ^ a, a || b && c,"
    "!a in [], typeof a + b, (a, b), a = b = c, a ? b : c ? 1 : 2, - -a, + +b, a - -b, void 0]",
    "assignments": "var a = 1; a += 2; a *= 3; a **= 2; a -= 1; a /= 4; a %= 7; a <<= 3; a >>= 1;"
    "a >>>= 1; a |= 9; a &= 13; a ^= 6; var b = null; b ??= 4; b &&= 5; b ||= 6; return [a, b]",
    "updates": "var i = 5, a = [1, 2]; return [i++ + ++i, i-- - --i, a[0]++, ++a[1], a]",
    "numbers": "return [0x1F, 0XfF, 0b101, 0o17, 017, 08, 09.5, .5, 5., 1e-3, 1_000.5e1_0, 1e400,"
    "0xFFFFFFFFFFFFFFFFFFFF, 9007199254740993, 1..toFixed(2), 5e-324, 0.1 + 0.2, -0]",
    "strings": r"""return ['\07\0\x41\u0042\u{1F600}', "\"\'\\\a\v\b\f\n\r\t", '\ud83d\ude00', "a\
b", '\377\400\8', 'é' + "日本😀", ''.length, '\ud83d'.length]""",
    "line ends in strings": "return ['a\\\r\nb', 'a\\\u2028b', 'a\u2028b', `a\r\nb\rc`]",
    "templates": "var a = 1; return [`x${a}y${`n${a + 1}`}`, `\\n\\u0041\\`$ {}`, `line\n2\\\n3`,"
    "`${a}${a}`, ``]",
    "names": "var \\u0061b = 1, c\\u{62} = 2, ünï = 3, 𝒳 = 4, $ = 5, _ = 6; var o = {\\u0061: 7};"
    "return [ab, cb, ünï, 𝒳, $, _, o.a, o.\\u0061]",
    "words as names": "var get = 1, set = 2, of = 3, async = 4, from = 5, as = 6;"
    "var o = {get, set, of, async, if: 1, class: 2, static: 3};"
    "return [get + set + of + async + from + as, o.if + o.class + o.static, o]",
    "arrays": "return [[1, , 2, ,].length, [, ].length, [...[1, 2], 3, ...'ab'], 1 in [1, , 2]]",
    "objects": "var k = 'z', o = {a: 1, 'b c': 2, 3: 4, 1.5: 5, [k + 1]: 6, f() { return 7 },"
    "get g() { return 8 }, set g(v) { this.h = v }, ...{s: 9}, k, 0x10: 1, 1e3: 2}; o.g = 10;"
    "return [o, o.f(), o.g, o.h, o[1.5], o[1000]]",
    "members": "var o = {a: {b: [1, {c: 2}]}, f(x) { return [this.a.b[0], x] }}; return"
    "[o.a.b[1].c, o['a']['b'][0], o.f(3), o.f(...[4]), (o.f)(5), (0, o.a).b.length]",
    "optional chains": "var n = null, o = {a: {b() { return this.c }, c: 3}}; return [n?.a.b.c,"
    "o?.a?.['c'], o.x?.(1).y.z, o.a.b?.(), n?.[o.q = 1], o.q, o.a?.c, n?.a ?? 7, 1?.5:2]",
    "new": "function F(a) { this.a = a } F.G = function () { this.g = 1 }; var o = {F};"
    "return [new F, new F(1).a, new o.F(2), new F.G, new (class { x = 1 })().x, new F(3)['a']]",
    "classes": "class A { x = 1; static s = 2; 'q r' = 3; constructor(a) { this.a = a }"
    "m() { return this.a } get g() { return 4 } set g(v) { this.v = v } static t() { return 5 }"
    "['c' + 1]() { return 6 } }; class B extends A { constructor() { super(7) }"
    "m() { return super.m() + 1 } }; var b = new B(); b.g = 8;"
    "return [b, b.m(), b.g, A.s, A.t(), b.c1(), b instanceof A, typeof A, class {}.name]",
    "functions": "function f(a, b = a + 1, {c, d = 3} = {}, [e] = [4], ...r) { return [a, b, c, d,"
    "e, r, arguments.length] } var g = function h(n) { return n ? n * h(n - 1) : 1 };"
    "return [f(1), f(1, 2, {c: 5}, [6], 7, 8), g(5), (x => x + 1)(1), (() => ({a: 1}))(),"
    "(() => { })(), ((a, b) => [a, b])(1, 2), (a => b => a + b)(1)(2), (({a}, [b]) => a + b)"
    "({a: 1}, [2]), (function () { return this })() === undefined]",
    "hoisting": "var r = [typeof f, typeof v, f()]; var v = 1; function f() { return 2 }"
    "{ function g() { return 3 } } r.push(g()); return r",
    "destructuring": "var [a, , b = 2, [c], ...d] = [1, 0, undefined, [3], 4, 5], {e, f: g = 6,"
    "['h' + 1]: h, 'i': i, 7: j, ...k} = {e: 8, h1: 9, i: 10, 7: 11, l: 12}, o = {};"
    "[a, b] = [b, a]; ({e: o.x, q: o.y = 13} = {e: 14}); [o.z, o['w']] = [15, 16]; [[a]] = [[17]];"
    "return [a, b, c, d, e, g, h, i, j, k, o]",
    "loops": "var s = []; for (let i = 0, n = 3; i < n; i++) s.push(i); for (const k in {a: 1}) "
    "s.push(k); for (var [x, {y}] of [[1, {y: 2}]]) s.push(x, y); var i = 0; while (i < 2) i++;"
    "do i--; while (i > 0) s.push(i); for (;;) { if (s.length > 9) break; s.push(0) }"
    "for (x of [5, 6]) ; for (s[0] in {q: 1}) ; return [s, x]",
    "labels": "var s = []; a: for (var i = 0; i < 3; i++) b: for (var j = 0; j < 3; j++) {"
    "if (j == 1) continue a; if (i == 2) break a; s.push(i, j) }"
    "c: { break c; s.push(9) } return s",
    "switch": "function f(x) { var s = []; switch (x) { case 1: s.push(1); case (2, 3): s.push(3);"
    "break; default: s.push(0); case 'x': { s.push('x') } } return s }"
    "return [f(1), f(2), f(3), f('x')]",
    "exceptions": "var s = []; try { throw {m: 1} } catch ({m}) { s.push(m) } finally { s.push(2) }"
    "try { null.x } catch { s.push(3) } try { s.push(4) } finally { s.push(5) } return s",
    "if": "function f(x) { if (x > 5) if (x > 8) return 1; else return 2; else if (x > 3) return 3;"
    "if (x) ; else return 4 } return [f(9), f(6), f(4), f(0), f(1)]",
    "comments": "var a/*1*/=/*2*/[/*3*/1/*4*/,/*5*/2/*6*/]/*7*/;/*8*/for(/*9*/let i/*10*/=/*11*/0"
    "/*12*/;/*13*/i<2/*14*/;/*15*/i++/*16*/)/*17*/a/*18*/[/*19*/i/*20*/]/*21*/+=/*22*/1//23\n"
    "return/*24*/a/*25*/./*26*/map/*27*/(/*28*/x/*29*/=>/*30*/x/*31*/?/*32*/x/*33*/*2:/*34*/0)",
    "no semicolons": "var a = 1\nvar b = a\n++b\nlet c = [a, b]\n;[a, b] = [b, a]\nif (a) a = 7"
    "\nelse a = 8\nvar f = function () { return 1 }\nvar d = a\n/ 2 / 1\nvar e = a\n? b\n: c\n"
    "do a++; while (a < 3) var g = f\n()\nreturn [a, b, c, d, e, g]\n",
    "return before a line": "return\n1",
    "blocks": "var a = 1; {} {;} { a = 2; { let a = 3 } } ; ; if (a) {} else {} return a",
    "logic": "return [null ?? 1, 0 ?? 1, 0 || 2, 1 && 3, (null || undefined) ?? 4, !1 || !0]",
    "loose text": "'use strict'; return (function () { return typeof this })()",
    "division": "var a = 8, g = 2, b = {c: 4}; return [a / 2 / g, (a) / g, b.c / g, [a][0] / g]",
    "in and instanceof": "return ['a' in {a: 1}, [] instanceof Array, !('b' in {}), delete {}.a]",
    "not a html comment": "var x = 3, s = 0; while (x --> 0) s++; return s",
}  # fmt: skip


def test_the_printed_tree_gives_what_the_text_gives() -> None:
    texts = [*BODIES.values(), *(print_program(parse(text)) for text in BODIES.values())]
    done = subprocess.run(
        ["node", "-e", PROGRAM], input=json.dumps(texts), capture_output=True, check=True, text=True
    )
    results = json.loads(done.stdout)
    count = len(BODIES)

    assert dict(zip(BODIES, results[count:], strict=True)) == dict(
        zip(BODIES, results[:count], strict=True)
    )
    assert not [name for name, found in zip(BODIES, results, strict=False) if "Error" in found]
