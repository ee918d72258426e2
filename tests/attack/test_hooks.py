"""Hooks that mean harm: scenes, bands and user data made up; each refused, the next is served."""

from typing import Any

import pytest

from tests.attack.asking import assert_clean, draw, is_served, post
from tests.builders.apis import Served


def scripted(hook: str, *, mosaicking: str = "ORBIT", returned: str = "[s.length]") -> str:
    return f"""//VERSION=3
function setup() {{
  return {{ input: ["B04", "dataMask"], output: {{ bands: 1 }}, mosaicking: "{mosaicking}" }};
}}
function evaluatePixel(s, scenes) {{ return {returned}; }}
{hook}
"""


def pre_process(body: str) -> str:
    return f"function preProcessScenes(c) {{ {body} }}"


def filtering(body: str) -> str:
    return f"function filterScenes(list) {{ {body} }}"


def bands(body: str) -> str:
    return f"function updateOutput(o, c) {{ {body} }}"


REFUSED = {
    "endless": pre_process("for (;;) {}"),
    "endless filter": filtering("for (;;) {}"),
    "endless bands": bands("for (;;) {}"),
    "a million scenes": pre_process("c.scenes.orbits = new Array(1e6).fill(1); return c;"),
    "a billion scenes": pre_process("c.scenes.orbits = new Array(4294967295); return c;"),
    "a proxy": pre_process("return new Proxy({}, { get() { for (;;) {} } });"),
    "a list that is a proxy": filtering(
        "return new Proxy(list, { get: (t, k) => k === 'length' ? 99999 : ({ __idx: 7 }) });"
    ),
    "a getter": pre_process("return { get scenes() { throw 7; } };"),
    "an endless getter": pre_process("return { get scenes() { for (;;) {} } };"),
    "an index that is a getter": filtering("return [{ get __idx() { for (;;) {} } }];"),
    "made-up scenes": filtering('return [{ shId: "x", date: new Date() }];'),
    "another input's": filtering("return [{ __idx: 1 }];"),
    "a number": filtering("return 7;"),
    "a promise": pre_process("return Promise.resolve(c);"),
    "a cyclic collection": pre_process("c.scenes.orbits = c; return c;"),
    "heap": pre_process("const a = []; for (;;) a.push(new Array(1e5).fill(1));"),
    "recursion": pre_process("const f = () => f() + 1; return f();"),
    "a huge count": bands("o.default.bands = 1e9;"),
    "a negative count": bands("o.default.bands = -1;"),
    "a fraction": bands("o.default.bands = 1.5;"),
    "a cyclic count": bands("o.default.bands = o;"),
    "a bigint": bands("o.default.bands = 10n;"),
    "a long count": bands('o.default.bands = "9".repeat(1e8);'),
    "a thrown count": bands("Object.defineProperty(o.default, 'bands', { get() { throw 1; } });"),
    "an endless count": bands("o.default = { get bands() { for (;;) {} } };"),
    "a count told by JSON": bands("o.default.bands = { toJSON() { for (;;) {} } };"),
    "no outputs": bands("delete o.default;"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_hook_is_refused(served: Served, name: str) -> None:
    response = post(served, draw(scripted(REFUSED[name])))

    assert_clean(response)
    assert response.json()["error"]["message"].startswith("Failed to evaluate script!")
    assert len(response.content) < 64_000
    assert is_served(served)


ALLOWED = {
    "the same scene a thousand times": filtering("return new Array(1000).fill(list[0]);"),
    "no scenes": filtering("return [];"),
    "poisoned maps": pre_process(
        "Map.prototype.get = Map.prototype.set = () => 7; JSON.parse = () => 7;"
        " Array.isArray = () => false; Number.isInteger = () => true; return c;"
    ),
    "frozen": pre_process("Object.freeze(c.scenes); Object.freeze(Object.prototype); return c;"),
    "setters on every object": bands(
        "Object.defineProperty(Object.prototype, 'bands', { set() { throw 1; }, get: () => 9 });"
    ),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_a_strange_hook_gets_its_picture(served: Served, name: str) -> None:
    response = post(served, draw(scripted(ALLOWED[name])))

    assert_clean(response, errors=False)
    assert response.status_code == 200
    assert is_served(served)


CHANGING = {
    "scenes": filtering("return Math.random() < 2 && Date.now() % 2 ? list : [];"),
    "bands": bands("o.default.bands = 1 + Date.now() % 2;"),
}


@pytest.mark.parametrize("name", CHANGING)
def test_the_clock_of_both_runs_is_the_same(served: Served, name: str) -> None:
    answers = [
        post(served, draw(scripted(CHANGING[name], returned="[1, 1]") + f"// {i}"))
        for i in range(4)
    ]

    for answer in answers:
        assert_clean(answer, errors=False)
        assert answer.status_code == 200 or "PNG" in answer.json()["error"]["message"]


END = "function updateOutputMetadata(scenes, inputMetadata, out) { %s }"
LEFT_BEHIND = {
    "deep": "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; out.userData = a;",
    "less deep": "let a = []; for (let i = 0; i < 3000; i++) a = [a]; out.userData = a;",
    "cyclic": "out.userData = out;",
    "many": "out.userData = new Array(1e7).fill(1);",
    "getter": "Object.defineProperty(out, 'userData', { get() { for (;;) {} } });",
    "toJSON": "out.userData = { toJSON() { for (;;) {} } };",
    "bigint": "out.userData = 10n;",
    "endless": "for (;;) {}",
    "revoked": "const p = Proxy.revocable({}, {}); p.revoke(); out.userData = p.proxy;",
}


@pytest.mark.parametrize("name", LEFT_BEHIND)
def test_user_data_that_nobody_can_carry_is_refused(served: Served, name: str) -> None:
    response = post(served, draw(scripted(END % LEFT_BEHIND[name])))

    assert_clean(response)
    assert is_served(served)


def fused(hook: str) -> dict[str, Any]:
    text = f"""//VERSION=3
function setup() {{
  return {{
    input: [
      {{ datasource: "a", bands: ["B04"], mosaicking: "ORBIT" }},
      {{ datasource: "b", bands: ["B08"], mosaicking: "TILE" }},
    ],
    output: {{ bands: 1 }},
  }};
}}
function evaluatePixel(s) {{ return [s.a.length + s.b.length]; }}
{hook}
"""
    body = draw(text)
    [one] = body["input"]["data"]
    body["input"]["data"] = [{**one, "id": "a"}, {**one, "id": "b"}]
    return body


MIXED = {
    "swapped": pre_process("[c.a.scenes, c.b.scenes] = [c.b.scenes, c.a.scenes]; return c;"),
    "the other's scenes": pre_process("c.a.scenes.orbits = c.b.scenes.tiles.slice(); return c;"),
    "missing": pre_process("delete c.b; return c;"),
    "a third": pre_process("return { c: 1 };"),
}


@pytest.mark.parametrize("name", MIXED)
def test_scenes_of_one_input_are_not_given_to_another(served: Served, name: str) -> None:
    response = post(served, fused(MIXED[name]))

    # An entry that tells an index of its own is taken for the scene of that index in its input.
    assert_clean(response, errors=name != "the other's scenes")
    assert is_served(served)


TILE = "/tiles/sentinel-2-l2a/13/4437/2942.png"
FORMS = {
    "V1": "//VERSION=1\nfunction evaluatePixel(s) { for (;;) {} }",
    "V1 bands": "//VERSION=1\nfunction setup(ds) { setInputComponents(new Proxy(ds, {})); }\n"
    "function evaluatePixel(s) { return [1]; }",
    "V2": "//VERSION=2\nfunction setup() { return { get components() { throw 7; } }; }\n"
    "function evaluatePixel(s) { for (;;) {} }",
}


@pytest.mark.parametrize("name", FORMS)
def test_hostile_scripts_of_every_form_end_at_the_tiles_too(served: Served, name: str) -> None:
    response = served.client.get(TILE, params={"evalscript": FORMS[name]})

    assert_clean(response)
    assert is_served(served)
