"""The doors that look into scripts: one pixel seen from inside, and the check."""

import json
import time
from typing import Any

import httpx
import pytest

from tests.attack.asking import LEAKS, assert_clean, colors, draw, is_served
from tests.builders.apis import Served

DEBUG = "/api/v1/process/debug"
CHECK = "/api/v1/scripts/check"
LARGEST = 2 << 20
"""Bytes that no report of a small request needs."""


def look(served: Served, text: str, **more: Any) -> httpx.Response:
    body = {**draw(text), "pixel": {"col": 1, "row": 1}, **more}
    return served.client.post(DEBUG, json=body)


def check(served: Served, text: str, **more: Any) -> httpx.Response:
    return served.client.post(CHECK, json={"evalscript": text, **more})


def assert_bounded(response: httpx.Response) -> None:
    assert_clean(response, errors=False)
    assert len(response.content) < LARGEST
    assert [leak for leak in LEAKS if leak in response.text] == []


FAILING = {
    "endless": colors("(() => { for (;;) {} })()"),
    "endless getter": colors("({ get default() { for (;;) {} } })"),
    "endless proxy": colors("new Proxy([1, 2, 3], { get() { for (;;) {} } })"),
    "heap": colors("(() => { const a = []; for (;;) a.push(new Array(1e6).fill(1)); })()"),
    "recursion": colors("(function f() { return f() + 1; })()"),
    "long throw": colors('(() => { throw new Error("x".repeat(1e8)); })()'),
    "thrown proxy": colors("(() => { throw new Proxy({}, { get() { throw 1; } }); })()"),
    "files": colors('require("fs")'),
    "process": colors('this.constructor.constructor("return process")().env'),
    "fetch": colors('fetch("http://127.0.0.1")'),
    "syntax": colors("["),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_hostile_script_fails_inside_its_report(served: Served, name: str) -> None:
    response = look(served, FAILING[name])

    assert_bounded(response)
    assert response.status_code == 200
    assert response.json()["error"]["message"]
    assert is_served(served)


SHOWN = {
    "cyclic": colors("(() => { const a = [1, 2, 3]; a[3] = a; return a; })()"),
    "wide": colors("(() => { const a = [1, 2, 3]; a.length = 4294967295; return a; })()"),
    "keys": colors(
        "Object.assign([1, 2, 3], ...[...Array(1e4).keys()].map((i) => ({ ['k' + i]: i })))"
    ),
    "deep": colors(
        "(() => { let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return [1, 2, 3, a]; })()"
    ),
    "markup": colors('[1, 2, 3, "</script><script>alert(1)</script>\\ud800"]'),
    "flood": colors(
        '(() => { for (let i = 0; i < 1e5; i++) console.log("x".repeat(1e4));'
        " return [1, 2, 3]; })()"
    ),
    "poisoned": colors("[1, 2, 3]", more="Object.keys = JSON.stringify = String = () => 7;"),
}


@pytest.mark.parametrize("name", SHOWN)
def test_what_a_pixel_returns_is_shown_within_bounds(served: Served, name: str) -> None:
    response = look(served, SHOWN[name])

    assert_bounded(response)
    assert (response.status_code, response.json()["error"]) == (200, None)
    assert response.headers["content-type"] == "application/json"
    assert is_served(served)


ASKED = {
    "far": {"pixel": {"col": 10**30, "row": 0}},
    "before": {"pixel": {"col": -1, "row": 0}},
    "text": {"pixel": "x"},
    "nowhere": {"pixel": None},
    "both": {"point": [0, 0]},
    "infinite": {"pixel": None, "point": [1e400, 0]},
    "outside": {"pixel": None, "point": [1e300, -1e300]},
}


@pytest.mark.parametrize("name", ASKED)
def test_pixels_that_are_none_are_refused(served: Served, name: str) -> None:
    body = {**draw(colors("[1, 1, 1]")), "pixel": {"col": 1, "row": 1}, **ASKED[name]}
    text = json.dumps(body)
    response = served.client.post(DEBUG, content=text, headers={"content-type": "application/json"})

    assert_clean(response)


@pytest.mark.parametrize("door", [DEBUG, CHECK])
def test_the_doors_are_shut_to_strangers(closed: Served, door: str) -> None:
    response = closed.client.post(door, json={**draw("x"), "evalscript": "x"})

    assert_clean(response)
    assert response.status_code == 401


MANY = {
    "lists": "const a = [" + "[1]," * 100_000 + "];",
    "names": ";".join(f"x{i} = {i}" for i in range(20_000)),
    "members": "const f = (s) => [" + ",".join(f"s.Q{i}" for i in range(20_000)) + "];",
    "branches": "".join(f"if (x == {i}) y = NaN == {i};\n" for i in range(10_000)),
    "sum": "const a = " + "+".join(["1"] * 50_000) + ";",
    "blocks": "{" * 5_000 + "}" * 5_000,
    "unclosed": "`${" * 20_000,
    "comment": "/*" * 100_000,
    "expressions": "/(" * 50_000,
    "one line": "x=1;" * 30_000 + f"function f(s) {{ return [{'s[0].B04,' * 5_000}]; }}",
}


@pytest.mark.parametrize("name", MANY)
@pytest.mark.parametrize("form", ["inside", "bare"])
def test_a_long_text_is_checked_soon_and_said_briefly(served: Served, name: str, form: str) -> None:
    text = {
        "inside": colors(f"(() => {{ {MANY[name]} }})() || [s.B04, 1, 1]"),
        "bare": f"{MANY[name]}\nreturn [1, 1, 1];",
    }[form]
    started = time.monotonic()
    response = check(served, text, collections=["sentinel-2-l2a"])
    took = time.monotonic() - started

    assert_bounded(response)
    assert took < 10
    assert response.status_code in {200, 400}


CHECKED = {
    "endless": "for (;;) {}",
    "heap": "const a = []; for (;;) a.push(new Array(1e6).fill(1));",
    "getters": "const a = { get x() { for (;;) {} } };",
    "cycle": "const a = []; a.push(a, a);",
    "long text": 'const a = "x".repeat(1e8);',
}


@pytest.mark.parametrize("name", CHECKED)
def test_the_top_level_of_a_checked_script_is_bounded(served: Served, name: str) -> None:
    response = check(served, colors("[a ? 1 : 0, 0, 0]", more=CHECKED[name]))

    assert_bounded(response)
    assert is_served(served)


def test_a_collection_that_is_none_is_refused(served: Served) -> None:
    assert_clean(check(served, "return [1]", collections=["../../etc"]))
    assert_clean(
        check(served, "return [1]", collections=["sentinel-2-l2a"] * 100_000), errors=False
    )
