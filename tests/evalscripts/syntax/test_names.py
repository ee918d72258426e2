"""Which names are free, declared and written: V8 itself is asked where it can tell."""

import json
import shutil
import subprocess

import pytest

from evalscripts.syntax import parse, tree
from evalscripts.syntax.names import Names, find_names

NODE = shutil.which("node")

# Every mention of a name that is not declared goes through `has` of the proxy.
WATCH = """
const texts = JSON.parse(require('fs').readFileSync(0, 'utf8'));
console.log(JSON.stringify(texts.map(text => {
  const asked = new Set();
  const watch = new Proxy({}, {
    has: (_, name) => typeof name === 'string' && !['body', 'eval'].includes(name)
      && (asked.add(name), true),
    get: (_, name) => typeof name === 'string' ? anything : undefined,
    set: () => true,
  });
  const anything = new Proxy(function () {}, {
    get: (target, key) => key === Symbol.toPrimitive ? () => 1
      : key === Symbol.iterator ? function* () { yield anything; yield anything } : anything,
    apply: () => anything, construct: () => anything, set: () => true, deleteProperty: () => true,
  });
  new Function('watch', 'body', 'with (watch) { return eval(body) }')
    (watch, '(function () {' + text + '})()');
  return [...asked].sort();
})));
"""

BODIES = [
    "a + b * c(d, ...e)",
    "var a = b; let c = a; const d = c; e = d; f++; g += 1; [h, i.j] = k; ({l: m, n} = o)",
    "var {a, b: c, [d]: e = f, ...g} = h, [i, j = k, ...l] = m; a; c; e; g; i; j; l",
    "function f(a, b = c, {d = e} = {}) { return a + b + d + f2() } f(1); g(h)",
    "(a => a + b)(c); ((d, e = d) => { var h = 1; return h + d + e + i })(1)",
    "x = function named(n) { return n ? named(n - 1) : m }; x; (function () { named2 })()",
    "for (var i = 0, n = a; i < 1; i++) { b } i; n; for (let j = 0; j < 1; j++) c; for (k of l) m",
    "for (const k of a) k + b; for (var q of c) q; q; for (const [r, {s}] of d) r + s",
    "{ let a = 1; a; { var v = a; const b = 2; b } } v; c",
    "try { a; throw 1 } catch (e) { e; b; var v } finally { c } v",
    "try { throw {x: 1} } catch ({x, y = z}) { x + y }",
    "switch (a) { case b: let c = 1; c; default: d; c }",
    "class A extends B { m(p) { return p + q } static s = t } new A().m(1); class C {} C",
    "var K = class Inner { m() { return Inner } }; new K().m(); L",
    "lbl: for (;;) { break lbl } typeof a; delete b.c; `x${d}y`; e?.[f]; new g.h(i)",
    "{ function inner() { return a } inner() } inner()",
    "f1(); function f1() { return arguments.length + (() => arguments[0])() + b }",
    "o = {a, b: c, [d]: e, f() { return g }, get h() { return i }, ...j}; o.f; o.h",
    "undefined; NaN; this; null; a.b.c['d'][e]",
    "if (a) var b = c; else d; while (e) { f; break } do { g } while (!h); b",
]


# V8 looks only for the names by which it comes.
UNREACHED = {
    BODIES[2]: {"f", "k"},
    BODIES[5]: {"m"},
    BODIES[12]: {"q"},
    BODIES[17]: {"g", "i"},
    BODIES[19]: {"d"},
}


@pytest.mark.skipif(NODE is None, reason="Node is not installed: no oracle")
def test_free_names_are_those_that_v8_looks_for_outside() -> None:
    done = subprocess.run(
        ["node", "-e", WATCH], input=json.dumps(BODIES), capture_output=True, check=True, text=True
    )
    looked_for = [set(names) for names in json.loads(done.stdout)]

    for text, names in zip(BODIES, looked_for, strict=True):
        assert find_names(parse(text)).free == names | UNREACHED.get(text, set()), text


def program(text: str) -> Names:
    return find_names(parse(text))


def test_a_program_declares_its_own_names_and_var_of_its_blocks() -> None:
    names = program(
        "var a; let b; const c = 1; function d() { var no } class E {} { var f; let no2 }"
        "for (var g of x) ; var [h, {i}] = y"
    )

    assert names.declared == {
        "a": "var",
        "b": "let",
        "c": "const",
        "d": "function",
        "E": "class",
        "f": "var",
        "g": "var",
        "h": "var",
        "i": "var",
    }


def test_a_function_declares_its_parameters_and_variables() -> None:
    block = parse("function f(a, {b}, ...c) { var d; let e; return arguments }")
    (statement,) = block.body
    assert isinstance(statement, tree.FunctionDeclaration)

    names = find_names(statement.function)

    assert set(names.declared) == {"a", "b", "c", "d", "e"}
    assert names.declared["a"] == "parameter"
    assert names.free == frozenset()


def test_written_names_are_those_assigned_after_their_declaration() -> None:
    names = program(
        "var a = 1, b = 2, c, d, e; a = 2; b++; [c] = x; for (d of y) ;"
        "function f() { e = 1; g = 2 } function h(a2) { a2 = 1; var b2; b2 = 2 }"
    )

    assert names.written == {"a", "b", "c", "d", "e", "g"}
    assert names.inner_written == {"e", "g"}


def test_inner_names_are_those_that_functions_mention() -> None:
    names = program("var a, b, c; a; const f = () => b; class K { m() { return c + f } } x")

    assert names.inner == {"b", "c", "f"}


@pytest.mark.parametrize("text", ["eval('a')", "with (a) b", "function f() { eval(x) }"])
def test_eval_and_with_may_mention_anything(text: str) -> None:
    assert program(text).is_dynamic
    assert not program("a.eval('b')").is_dynamic
