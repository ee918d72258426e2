"""The snapshot holds what V8 holds, and nothing that could answer differently the next time."""

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalscripts import V8Pool
from evalscripts.snapshot import (
    UNDEFINED,
    Held,
    HeldArray,
    HeldDate,
    HeldFunction,
    HeldMap,
    HeldNumbers,
    HeldObject,
    HeldSet,
    Opaque,
)
from tests.builders.snapshots import Shooter


@pytest.fixture
def shoot(pool: V8Pool) -> Shooter:
    return Shooter(pool)


@pytest.mark.parametrize("kind", ["var", "let", "const", ""])
def test_all_kinds_of_globals_are_found(shoot: Shooter, kind: str) -> None:
    shot = shoot(
        f"{kind} a = 1.5; {kind} b = 'é😀'; {kind} c = true; {kind} d = null;", "a b c d e"
    )

    assert shot.snapshot.globals == {"a": 1.5, "b": "é😀", "c": True, "d": None}


def test_numbers_keep_their_sign_and_their_bits(shoot: Shooter) -> None:
    shot = shoot(
        "var a = -0, b = 0.1 + 0.2, c = 5e-324, d = NaN, e = 1 / 0, f = -1 / 0, g = 2 ** 53, h;",
        "a b c d e f g h",
    )

    assert math.copysign(1, shot["a"]) == -1
    assert [shot[name] for name in "bcefg"] == [0.1 + 0.2, 5e-324, math.inf, -math.inf, 2.0**53]
    assert math.isnan(shot["d"])
    assert shot["h"] is UNDEFINED


def test_what_setup_leaves_behind_is_held(shoot: Shooter) -> None:
    shot = shoot(
        "var a = 1; const wrapped = () => { a = 2; }; var b = (() => { wrapped() })();", "a"
    )

    assert shot["a"] == 2


def test_what_is_shared_stays_shared_and_circles_end(shoot: Shooter) -> None:
    shot = shoot("const a = [1], b = {a, c: {}}; b.c.b = b; const d = [a, a, b];", "a b d")
    a, b = shot.snapshot.globals["a"], shot.snapshot.globals["b"]

    assert shot["d"] == HeldArray(items=(a, a, b))
    assert shot["b"].fields["a"] == a
    assert shot.follow(shot["b"].fields["c"]).fields["b"] == b


def test_keys_come_in_the_order_of_javascript(shoot: Shooter) -> None:
    shot = shoot("const a = {z: 1, 2: 2, y: 3, 1: 4};", "a")

    assert list(shot["a"].fields) == ["1", "2", "z", "y"]


def test_collections_dates_and_typed_arrays_are_copied(shoot: Shooter) -> None:
    shot = shoot(
        "const s = new Set([1, 'a']), m = new Map([['k', 2]]), d = new Date(86400000),"
        "t = new Float32Array([1.5, NaN]), u = new Uint8ClampedArray([300]);",
        "s m d t u",
    )

    assert shot["s"] == HeldSet(items=(1.0, "a"))
    assert shot["m"] == HeldMap(items=(("k", 2.0),))
    assert shot["d"] == HeldDate(milliseconds=86400000.0)
    assert shot["t"].kind == "Float32Array"
    assert shot["t"].items[0] == 1.5
    assert shot["u"] == HeldNumbers(items=(255.0,), kind="Uint8ClampedArray")


def test_functions_come_with_their_text(shoot: Shooter) -> None:
    shot = shoot(
        "function f(a) { return a /* é */; } const g = x => x, h = {m() { return 1 }};"
        "class K { m() { return 1 } static s() {} get g() { return 2 } }",
        "f g h K",
    )

    assert shot["f"] == HeldFunction(text="function f(a) { return a /* é */; }")
    assert shot["g"] == HeldFunction(text="x => x")
    assert shot.follow(shot["h"].fields["m"]) == HeldFunction(text="m() { return 1 }")
    assert shot["K"].text == "class K { m() { return 1 } static s() {} get g() { return 2 } }"


@pytest.mark.parametrize(
    "name",
    [
        "index",
        "isNaN",
        "parseInt",
        "Math.max",
        "Math.random",
        "Array",
        "Array.prototype.map",
        "Date",
        "Date.UTC",
        "Number",
        "Number.isFinite",
        "String.prototype.split",
        "colorBlend",
        "ColorRampVisualizer",
        "Object.keys",
        "JSON.stringify",
    ],
)
def test_the_language_s_own_functions_come_by_name(shoot: Shooter, name: str) -> None:
    shot = shoot(f"const alias = {name};", "alias")

    assert shot["alias"] == HeldFunction(text="", helper=name)


@pytest.mark.parametrize("name", ["Math", "JSON", "console", "globalThis"])
def test_namespaces_come_by_name(shoot: Shooter, name: str) -> None:
    assert shoot("", name)[name] == HeldObject(fields={}, helper=name, is_frozen=True)


@pytest.mark.parametrize("name", ["index", "Math", "isNaN", "ColorRampVisualizer"])
def test_a_name_that_the_script_took_is_the_script_s(shoot: Shooter, name: str) -> None:
    assert shoot(f"{name} = 5;", name)[name] == 5


def test_visualizers_are_known_with_their_tables(shoot: Shooter) -> None:
    shot = shoot(
        "const r = new ColorRampVisualizer([[0, 0xff0000], [2, 0x0000ff]]),"
        "m = new ColorMapVisualizer([[0, [0.5, 0, 1]]]), i = new Identity();",
        "r m i",
    )

    assert (shot["r"].helper, shot["m"].helper, shot["i"].helper) == (
        "ColorRampVisualizer",
        "ColorMapVisualizer",
        "Identity",
    )
    assert shot.follow(shot["r"].fields["positions"]).items == (0.0, 2.0)
    assert shot.follow(shot["r"].fields["channels"]).items == (255.0, 0.0, 0.0, 0.0, 0.0, 255.0)
    assert shot.follow(shot["m"].fields["channels"]).items == (127.5, 0.0, 255.0)


def test_stretches_are_settled(shoot: Shooter) -> None:
    shot = shoot(
        "const v = new HighlightCompressVisualizer(0, 0.4); let gainOverride = 3;"
        "const gammaOverride = null, rangeOverrides = [[0, 1]];",
        "v",
    )
    ranges = shot.follow(shot["v"].fields["ranges"])

    assert shot["v"].fields["gain"] == 3
    assert shot["v"].fields["gamma"] == 1
    assert shot.follow(ranges.items[0]).items == (0.0, 1.0)


def test_instances_of_the_script_s_classes_say_so(shoot: Shooter) -> None:
    shot = shoot(
        "class A { constructor() { this.x = 1; } } class B extends A {}"
        "function F() { this.y = 2; }"
        "const a = new A(), b = new B(), f = new F(); const hidden = new (class {})();",
        "A B F a b f hidden",
    )

    assert shot["a"] == HeldObject(fields={"x": 1.0}, constructor="A")
    assert shot["b"] == HeldObject(fields={"x": 1.0}, constructor="B")
    assert shot["f"] == HeldObject(fields={"y": 2.0}, constructor="F")
    assert isinstance(shot["hidden"], Opaque)


def test_what_is_frozen_says_so(shoot: Shooter) -> None:
    shot = shoot(
        "const a = Object.freeze([1]), b = Object.seal({c: 1}), d = [1], e = {};", "a b d e"
    )

    assert [shot[name].is_frozen for name in "abde"] == [True, True, False, False]


@pytest.mark.parametrize(
    "value",
    [
        "{get a() { throw 1; }}",
        "Object.defineProperty([1], 0, {get() { throw 1; }})",
        "[1, , 2]",
        "Object.assign([1], {x: 1})",
        "new Array(3)",
        "Object.create(null)",
        "Object.create({a: 1})",
        "{[Symbol.iterator]: 1}",
        "Object.defineProperty({}, 'a', {value: 1})",
        "{['__proto__']: 1}",
        "/a/g",
        "Symbol('a')",
        "10n",
        "new Error('x')",
        "Promise.resolve(1)",
        "new WeakMap()",
        "new Number(5)",
        "new (class extends Array {})()",
        "new (class extends Map {})()",
        "Object.assign(new Set(), {a: 1})",
        "Object.assign(new Date(0), {a: 1})",
        "Object.assign(new Float64Array(2), {a: 1})",
        "new BigInt64Array(1)",
        "new DataView(new ArrayBuffer(8))",
        "Object.setPrototypeOf({}, Date.prototype)",
        "Object.setPrototypeOf([], null)",
        "Object.assign(() => 1, {a: 1})",
        "Object.assign(function () {}, {prototype: {m() {}}})",
        "(() => 1).bind(null)",
        "(() => { class A { m() {} } A.prototype.m = () => 2; return A; })()",
        "(() => { function F() {} F.prototype.m = function () {}; return F; })()",
        "(() => { class A { static t = [1]; } return A; })()",
        "Object.assign(new ColorRampVisualizer([[0, 0], [1, 1]]), {process: () => [1]})",
        "(() => { const v = new DefaultVisualizer(); delete v.gain; return v; })()",
    ],
)
def test_what_cannot_be_told_whole_is_opaque(shoot: Shooter, value: str) -> None:
    assert isinstance(shoot(f"const a = {value};", "a")["a"], Opaque)


def test_a_global_accessor_is_not_called(shoot: Shooter) -> None:
    text = (
        "var called = 0; Object.defineProperty(globalThis, 'a', {get() { called++; return 1; }});"
    )
    shot = shoot(text, "a called")

    assert isinstance(shot["a"], Opaque)
    assert shot["called"] == 0


def test_what_is_too_much_is_not_copied(shoot: Shooter) -> None:
    shot = shoot(
        "const many = new Array(300000).fill(0), later = [1], long = 'x'.repeat(9e6);",
        "many later long",
    )

    assert shot["later"] == Opaque(word="more than can be copied")


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text("abcé", min_size=1, max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(value=VALUES)
@settings(derandomize=True, max_examples=40, deadline=None)
def test_any_json_value_comes_back(pool: V8Pool, value: Any) -> None:
    shot = Shooter(pool)(f"const a = {json.dumps(value)};", "a")

    def plain(held: Held) -> Any:
        found = shot.follow(held)
        if isinstance(found, HeldArray):
            return [plain(item) for item in found.items]
        if isinstance(found, HeldObject):
            return {key: plain(item) for key, item in found.fields.items()}
        return found

    assert plain(shot.snapshot.globals["a"]) == value
