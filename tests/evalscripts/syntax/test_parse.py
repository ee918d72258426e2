"""What the tree says of places, of what it has no word for, and of texts that are too much."""

import json
import shutil
import subprocess
import threading
import time

import pytest

from evalscripts.syntax import TooDeep, Unparsed, parse, tree
from evalscripts.syntax.walk import descend

NODE = shutil.which("node")

FUNCTIONS = """// é 日本 😀: more bytes than characters
function plain(a, b) { return '😀' }  // a comment behind it
async function later() {}
function* several() { }
const arrow = x => x + 1, block = (a, {b}) => { return a }, named = function inner() {};
class Shape extends Object { m() {} static s(a) {} get g() { return 1 } async a() {} x = () => 2 }
const held = { m() {}, get g() { return 1 }, async a() {}, f: function () {}, ['c']() {} };
const getter = (o, k) => Object.getOwnPropertyDescriptor(o, k).get;
const all = [plain, later, several, arrow, block, named, Shape, Shape.prototype.m, Shape.s,
  getter(Shape.prototype, 'g'), Shape.prototype.a, new Shape().x,
  held.m, getter(held, 'g'), held.a, held.f, held.c];
console.log(JSON.stringify(all.map(String)));
"""


@pytest.mark.skipif(NODE is None, reason="Node is not installed: no oracle")
def test_a_function_is_where_its_text_is() -> None:
    done = subprocess.run(
        ["node", "-e", FUNCTIONS], capture_output=True, check=True, encoding="utf-8"
    )
    texts = {
        FUNCTIONS[node.start : node.end]
        for node in descend(parse(FUNCTIONS))
        if isinstance(node, tree.Function | tree.Class)
    }

    assert set(json.loads(done.stdout)) <= texts


@pytest.mark.parametrize("text", ["ab = 'x' + cd", "é = '日本' + 𝒳 // 😀", "'😀', x"])
def test_a_node_starts_and_ends_where_its_characters_do(text: str) -> None:
    for node in descend(parse(text)):
        if isinstance(node, tree.Name):
            assert text[node.start : node.end] == node.name
        elif isinstance(node, tree.String):
            assert text[node.start : node.end] == f"'{node.value}'"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("x = /a+/g", "regular expression"),
        ("x = 10n", "big integer"),
        ("f`a${b}`", "tagged template"),
        ("async () => await x", "await expression"),
        ("function* f() { yield 1 }", "yield expression"),
        ("with (a) b", "with statement"),
        ("import x from 'y'", "import statement"),
        ("import('x')", "import"),
        ("function f() { return new.target }", "meta property"),
        ("class A { static { f() } }", "class static block"),
        ("class A { #p = 1 }", "private name"),
        ("class A { f(o) { return #p in o } }", "private name"),
        ("(a?.b).c", "optional chain in parentheses"),
        ("(a?.b.c)()", "optional chain in parentheses"),
        ("x = {__proto__: y}", "object with a prototype"),
        # Where the grammar reads on and JavaScript ends the statement or sees a block:
        ("a = () => {}\n[b]", "missing semicolon"),
        ("a = () => {}\n(b)", "missing semicolon"),
        ("a => {}\n/b/g", "missing semicolon"),
        ("a++\n[b]", "missing semicolon"),
        ("a--\n(b)", "missing semicolon"),
        ("if (a) return\n[b]", "return with its value on the next line"),
        ("{a: 1}", "object as a statement"),
        ("let\nx", "let as a name"),
        ("class A { get\nx() { return 1 } }", "modifier as a name"),
        ("class A { static\nx = 1 }", "modifier as a name"),
    ],
)
def test_what_the_tree_has_no_word_for_is_other(text: str, word: str) -> None:
    words = [node.word for node in descend(parse(text)) if isinstance(node, tree.Other)]

    assert word in words


@pytest.mark.parametrize("text", ["a = ", "f(", "var 1", "a b", "}", "x = <b>", "'a", "a <!-- b"])
def test_what_is_no_javascript_or_may_not_be_is_unparsed(text: str) -> None:
    with pytest.raises(Unparsed):
        parse(text)


def test_an_error_says_where_it_is() -> None:
    with pytest.raises(Unparsed) as caught:
        parse("var é = '😀';\nvar b = = 2;")

    assert caught.value.offset in range(12, 25)


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 5000 + "]" * 5000,
        "f(" * 5000 + ")" * 5000,
        "{" * 5000 + "}" * 5000,
        "-" + " -" * 5000 + "1",
        "a => " * 5000 + "1",
        "x = " + "a ? b : " * 5000 + "c",
    ],
)
def test_nesting_without_measure_is_an_error_of_our_own(text: str) -> None:
    with pytest.raises(TooDeep):
        parse(text)


@pytest.mark.parametrize("piece", ["(a,", "({a,", "async (a, ", "{([", "a<b>(c,", "[[a,"])
def test_texts_made_to_be_slow_are_given_up_in_time(piece: str) -> None:
    text = piece * (250_000 // len(piece))
    started = time.process_time()

    with pytest.raises(Unparsed):
        parse(text)

    assert time.process_time() - started < 2


def test_a_text_of_too_many_parts_is_not_walked() -> None:
    with pytest.raises(Unparsed, match="it has more than 100,000 parts"):
        parse("a;" * 60_000)


def test_other_threads_run_while_a_text_is_read() -> None:
    text, ticks = "a = [b, c(d)];\n" * 5000, []
    done = threading.Event()

    def tick() -> None:
        while not done.wait(0.001):
            ticks.append(time.monotonic())

    ticker = threading.Thread(target=tick)
    ticker.start()
    with pytest.raises(Unparsed):
        parse(text * 2)
    done.set()
    ticker.join()

    assert len(ticks) > 5


def test_long_sums_and_long_chains_of_branches_are_not_deep() -> None:
    terms, branches = 5000, 3000
    text = "x = " + " + ".join(["a"] * terms) + "\n" + "if (a) b;\nelse " * branches + "c"
    nodes = list(descend(parse(text)))

    assert sum(isinstance(node, tree.Binary) for node in nodes) == terms - 1
    assert sum(isinstance(node, tree.If) for node in nodes) == branches


def test_parentheses_have_no_depth() -> None:
    (statement,) = parse("(" * 10000 + "a" + ")" * 10000).body

    assert isinstance(statement, tree.Evaluate)
    assert isinstance(statement.value, tree.Name)
