"""Several inputs: what the script calls them, and what it finds."""

from typing import Any

import numpy as np
import pytest

from evalscripts import InputData, RunContext, ScriptError, SetupError, V8Pool
from tests.builders.mosaics import compile_v8, context, days, run_v8, stack, tile

S2, S1 = stack({"B04": [0.25]}), stack({"VV": [1, 2, 3]}, valid=[1, 0, 1])
DATA = {"a": S2, "b": S1}
ABOUT = context(
    ids=("a", "b"),
    scenes={"a": [tile("2024-05-09", "A")]},
    orbits={"b": days(3)},
    time={"b": ("2024-05-01T00:00:00Z", "2024-05-03T23:59:59Z")},
)


def script(body: str, *, first: str = "", second: str = "", more: str = "") -> str:
    """Return a fusion of a SIMPLE and an ORBIT input."""
    return (
        "//VERSION=3\n"
        f'function setup() {{ return {{input: [{{bands: ["B04"]{first}}},\n'
        f'  {{bands: ["VV", "dataMask"], mosaicking: "ORBIT"{second}}}],\n'
        "  output: {bands: 1, sampleType: 'FLOAT32'}}; }\n"
        f"function evaluatePixel(samples, scenes, info, custom, o) {{ {body} }}\n{more}"
    )


NAMED = {"first": ', datasource: "a"', "second": ', datasource: "b"'}
VV = [{"VV": 1, "dataMask": 1}, {"VV": 0, "dataMask": 0}, {"VV": 3, "dataMask": 1}]


def left(pool: V8Pool, text: str, about: RunContext = ABOUT, data: Any = None) -> Any:
    return run_v8(text, pool, about, data or DATA).finished.user_data


def test_named_inputs_come_by_their_datasource_always_as_lists(pool: V8Pool) -> None:
    found = left(pool, script("o.userData = samples; return [0];", **NAMED))

    assert found == {"a": [{"B04": 0.25}], "b": VV}


def test_unnamed_inputs_come_by_their_place(pool: V8Pool) -> None:
    found = left(pool, script("o.userData = samples; return [0];"))

    assert found == {"0": [{"B04": 0.25}], "1": VV}


def test_names_and_not_positions_count_where_there_are_names(pool: V8Pool) -> None:
    text = (
        "function setup() { return {input: [\n"
        '  {bands: ["VV"], datasource: "b", mosaicking: "ORBIT"},\n'
        '  {bands: ["B04"], datasource: "a"}], output: {bands: 1}}; }\n'
        "function evaluatePixel(s, c, i, d, o) { o.userData = s; return [0]; }"
    )

    assert left(pool, text) == {"b": [{"VV": 1}, {"VV": 0}, {"VV": 3}], "a": [{"B04": 0.25}]}


def test_a_simple_input_without_data_is_an_empty_list(pool: V8Pool) -> None:
    text = script("return [samples.a.length + 10 * samples.b.length];", **NAMED)
    nothing = stack({"B04": np.zeros((0, 1, 1), np.uint8)})

    ran = run_v8(text, pool, ABOUT, {"a": nothing, "b": S1})

    assert ran.outputs["default"].item() == 30


def test_scenes_come_by_input_too(pool: V8Pool) -> None:
    body = (
        "o.userData = [scenes, scenes.b.scenes.length, scenes.b.orbits === scenes.b.scenes.orbits];"
    )

    found = left(pool, script(f"{body} return [0];", **NAMED))

    orbits = found[0]["b"]["scenes"]["orbits"]
    assert found[0]["a"] == {"scenes": {}}
    assert [orbit["dateFrom"][:10] for orbit in orbits] == [
        "2024-05-03",
        "2024-05-02",
        "2024-05-01",
    ]
    assert found[1:] == [3, True]


def test_the_last_hook_learns_which_scenes_a_simple_input_used(pool: V8Pool) -> None:
    text = script(
        "return [0];",
        **NAMED,
        more="function updateOutputMetadata(scenes, i, o) { o.userData = scenes.a.scenes.tiles; }",
    )

    [found] = left(pool, text)

    assert found["shId"] == "A"


def test_scenes_are_chosen_input_by_input(pool: V8Pool) -> None:
    more = (
        "let seen;\n"
        "function preProcessScenes(collections) {\n"
        "  const {a, b} = collections;\n"
        "  seen = [Object.keys(collections), b.to, Object.keys(a.scenes)];\n"
        "  collections.b.scenes.orbits = collections.b.scenes.orbits.slice(1).reverse();\n"
        "  return collections;\n"
        "}\n"
        "function updateOutput(outputs, collections) {\n"
        "  outputs.default.bands = collections.b.scenes.length + collections.a.scenes.length;\n"
        "}"
    )
    text = script("o.userData = seen; return [...samples.b.map(s => s.VV), 7];", **NAMED, more=more)
    program = compile_v8(text, pool)

    chosen = program.select(ABOUT)
    ran = run_v8(text, pool, ABOUT, {"a": S2, "b": stack({"VV": [3, 2]})})

    assert program.selects
    assert chosen.kept == {"b": (2, 1)}
    assert [output.bands for output in chosen.outputs] == [3]
    assert ran.outputs["default"].ravel().tolist() == [3, 2, 7]
    assert ran.finished.user_data == [["a", "b"], "2024-05-03T23:59:59.000Z", []]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("__proto__", "__proto__"),
        ("constructor", "constructor"),
        ('S2 L2A "ä"\'\\n', None),
        ("", ""),
    ],
)
def test_any_name_is_a_name(pool: V8Pool, name: str, key: str | None) -> None:
    literal = name.replace("\\", "\\\\").replace('"', '\\"')
    text = script(
        "const own = Object.keys(samples)[1];\n"
        "o.userData = [own, samples[own].length, scenes[own].scenes.orbits.length,"
        " Object.getPrototypeOf(samples) === Object.prototype]; return [0];",
        first=', datasource: "a"',
        second=f', datasource: "{literal}"',
    )
    about = context(ids=("a", name), orbits={name: days(3)})

    found = left(pool, text, about, {"a": S2, name: S1})

    assert found == [name if key is None else key, 3, 3, True]


@pytest.mark.parametrize(
    ("first", "second", "ids", "words"),
    [
        ('"a"', '"c"', ("a", "b"), 'input[1].datasource is "c"; the request has a, b'),
        ('"b"', "null", ("a", "b"), "two of setup()'s inputs read the same one"),
        ("null", "null", ("a",), "setup() has 2 inputs; the request has a"),
    ],
)
def test_an_input_that_the_request_lacks_is_named(
    pool: V8Pool, first: str, second: str, ids: tuple[str, ...], words: str
) -> None:
    text = script("", first=f", datasource: {first}", second=f", datasource: {second}")

    with pytest.raises(ScriptError) as caught:
        compile_v8(text, pool).open(context(ids=ids))

    assert type(caught.value) is SetupError
    assert words in caught.value.message
    assert caught.value.line == 2


def test_inputs_of_different_sizes_are_refused(pool: V8Pool) -> None:
    wide: InputData = stack({"VV": np.zeros((3, 1, 2), np.uint8)})

    with pytest.raises(ValueError, match="the same rows and columns"):
        run_v8(script("return [0];", **NAMED), pool, ABOUT, {"a": S2, "b": wide})


def test_each_input_has_its_own_scale_and_type(pool: V8Pool) -> None:
    a = stack({"B04": np.full((1, 2, 2), 5000, np.uint16)}, scale=0.0001)
    b = stack({"VV": np.full((3, 2, 2), 0.5, np.float32)}, offset=10.0)
    text = script("return [samples.a[0].B04 + samples.b[2].VV];", **NAMED)

    ran = run_v8(text, pool, ABOUT, {"a": a, "b": b})

    assert ran.outputs["default"].ravel().tolist() == [11.0] * 4
