"""Scripts that mean harm: each its clear end, nothing leaks out, the next client is served."""

import json

import pytest

from tests.attack.asking import assert_clean, colors, draw, is_served, make_body, post, script
from tests.builders.apis import Served

PIXEL = "[0, 0, 0]"


def once(statement: str) -> str:
    return colors(PIXEL, more=statement)


ENDING = {
    "endless": colors("(() => { for (;;) {} })()"),
    "endless top level": once("for (;;) {}"),
    "endless setup": "//VERSION=3\nfunction setup() { for (;;) {} }\nfunction evaluatePixel() {}",
    "allocating": colors("(() => { const a = []; for (;;) a.push(new Array(1e6).fill(1)); })()"),
    "buffers": colors("(() => { const a = []; for (;;) a.push(new ArrayBuffer(1e9)); })()"),
    "huge array": colors("[new Array(1e9)].map((a) => [a, a])"),
    "endless getter": colors("({ get default() { for (;;) {} } })"),
    "throwing getter": colors("({ get default() { throw 7; } })"),
    "endless proxy": colors("new Proxy([1, 2, 3], { get() { for (;;) {} } })"),
    "constructor escape": colors('this.constructor.constructor("return process")().env'),
    "function escape": colors('(() => {}).constructor("return require")()("fs")'),
    "import": once('import("fs");\nimport fs from "fs";'),
    "long message": colors('(() => { throw new Error("x".repeat(1e8)); })()'),
    "headers in a message": colors('(() => { throw new Error("\\r\\nSet-Cookie: a=b"); })()'),
    "forged stack": once('throw Object.assign(new Error("x"), {stack: "/etc/passwd:1"});'),
    "thrown proxy": once("throw new Proxy({}, { get() { throw 1; } });"),
    "regular expression": colors('(() => /(a+)+$/.test("a".repeat(50) + "b") ? [1,1,1] : 1)()'),
    "a thousand outputs": script(
        "({})", *(f'{{ id: "o{i}", bands: 4000, sampleType: "FLOAT32" }}' for i in range(1000))
    ),
    "ten megabytes": once(f"// {'x' * 10_000_000}"),
    "deep": once("(" * 100_000),
}


@pytest.mark.parametrize("name", ENDING)
def test_a_hostile_script_ends_and_leaves_the_server_as_it_was(served: Served, name: str) -> None:
    response = post(served, draw(ENDING[name]))

    assert_clean(response)
    assert response.json()["error"]["message"].startswith("Failed to evaluate script!")
    assert len(response.content) < 64_000
    assert "set-cookie" not in response.headers
    assert is_served(served)


@pytest.mark.parametrize(
    "returned", ["new Array(1e9)", "(() => { const a = [1]; a.length = 4294967295; return a; })()"]
)
def test_what_is_too_long_is_cut_before_anybody_counts_it(served: Served, returned: str) -> None:
    response = post(served, draw(colors(returned)))

    assert_clean(response, errors=False)
    assert response.status_code == 200


POLLUTION = """
Object.prototype.bands = 1; Object.prototype.default = [9]; Array.prototype[0] = 9;
Math.min = () => 9; JSON.stringify = () => "9"; JSON.parse = () => 9;
Array.isArray = () => true; Object.keys = () => ["x"]; globalThis.setup = () => 9;
Float64Array.prototype.set = () => { throw 9; };
"""


def test_what_a_script_poisons_dies_with_it(served: Served) -> None:
    before = post(served, make_body()).content
    poisoned = post(served, make_body(evalscript=make_body()["evalscript"] + POLLUTION))
    after = post(served, make_body()).content

    assert_clean(poisoned, errors=False)
    assert after == before


def test_a_flooded_console_is_cut_to_what_a_header_carries(served: Served) -> None:
    flood = 'for (let i = 0; i < 100000; i++) console.log("é\\r\\nX-Evil: 1" + "x".repeat(1000));'
    response = post(served, draw(once(flood)))
    debug = response.headers["x-cogmill-debug"]

    assert response.status_code == 200
    assert (debug.isascii(), len(debug) <= 4096) == (True, True)
    assert json.loads(debug)["cut"] is True
    assert "x-evil" not in response.headers


USER_DATA = """
function updateOutputMetadata(scenes, inputMetadata, outputMetadata) {
  outputMetadata.userData = %s;
}
"""


@pytest.mark.parametrize(
    "value",
    ['"x".repeat(1e8)', "new Array(1e8).fill(0)", "(() => { const a = {}; a.a = a; return a; })()"],
)
def test_user_data_beyond_all_bounds_is_refused(served: Served, value: str) -> None:
    body = draw(once(USER_DATA % value))
    body["output"]["responses"] = [{"identifier": "userdata"}]

    assert_clean(post(served, body))
    assert is_served(served)


def test_user_data_stays_a_body_whatever_it_says(served: Served) -> None:
    value = '"\\r\\nSet-Cookie: a=b\\r\\n\\r\\n<script>alert(1)</script>\\ud800"'
    body = draw(once(USER_DATA % value))
    body["output"]["responses"] = [{"identifier": "userdata"}]
    response = post(served, body)

    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.json().startswith("\r\nSet-Cookie")


@pytest.mark.parametrize("name", ["../../etc/x", "a/b", "a\r\nb", "\x00", "a" * 91, "con\u202e"])
def test_files_of_an_archive_are_not_named_by_strangers(served: Served, name: str) -> None:
    text = script("({})", f"{{ id: {json.dumps(name)}, bands: 1 }}")
    body = draw(text)
    body["output"]["responses"] = [{"identifier": name}, {"identifier": "userdata"}]

    assert_clean(post(served, body))
