"""What setup() may return, in every spelling, and what it may not."""

import math
from typing import Any

import pytest

from evalscripts import (
    Mosaicking,
    SampleType,
    Setup,
    SetupError,
    SetupInput,
    SetupOutput,
    V8Pool,
    compile_script,
)
from evalscripts.normalize import normalize_setup
from tests.builders.scripts import SECONDS, Refused, Run

PIXEL = "\nfunction evaluatePixel(s) { return [1]; }"


def setup_of(pool: V8Pool, returned: str) -> Setup:
    text = f"//VERSION=3\nfunction setup() {{ return {returned}; }}{PIXEL}"
    return compile_script(text, pool=pool, seconds=SECONDS).setup


def plain_input(*bands: str, **given: Any) -> SetupInput:
    return SetupInput(bands=bands, **{"units": (None,) * len(bands), **given})


ONE = "output: {bands: 1}"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('["B04", "B08"]', plain_input("B04", "B08")),
        ('"B04"', plain_input("B04")),
        ('{bands: ["B04"]}', plain_input("B04")),
        ('[{bands: "B04"}]', plain_input("B04")),
        ('[{bands: ["B04", "B08", "B04", "dataMask"]}]', plain_input("B04", "B08", "dataMask")),
        ('[{bands: ["B04", "dataMask"], units: "DN"}]',
         plain_input("B04", "dataMask", units=("DN", None))),
        ('[{bands: ["B04"], unit: "reflectance"}]', plain_input("B04", units=("reflectance",))),
        ('[{bands: ["B04", "B08"], units: ["DN", "REFLECTANCE"]}]',
         plain_input("B04", "B08", units=("DN", "REFLECTANCE"))),
        ('[{bands: ["B04", "B08"], units: ["DN"]}]', plain_input("B04", "B08", units=("DN", "DN"))),
        ('[{bands: ["B04", "B04", "B08"], units: ["DN", "X", "REFLECTANCE"]}]',
         plain_input("B04", "B08", units=("DN", "REFLECTANCE"))),
        ('[{bands: ["B04"], datasource: "s2", metadata: ["Bounds"], other: 1}]',
         plain_input("B04", datasource="s2", metadata=("bounds",))),
        ('[{bands: ["B04"], mosaicking: "Simple"}]', plain_input("B04")),
    ],
)  # fmt: skip
def test_inputs_are_read_in_every_spelling(
    pool: V8Pool, written: str, expected: SetupInput
) -> None:
    setup = setup_of(pool, f"{{input: {written}, {ONE}, sampleType: 'IGNORED'}}")

    assert setup.inputs == (expected,)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{bands: 3}", SetupOutput(id="default", bands=3, sample_type=SampleType.AUTO)),
        ("[{bands: 3.0}]", SetupOutput(id="default", bands=3, sample_type=SampleType.AUTO)),
        ('{id: "a-b.c_1", bands: 1, sampleType: "Auto"}',
         SetupOutput(id="a-b.c_1", bands=1, sample_type=SampleType.AUTO)),
        ("{bands: 1, sampleType: SampleType.UINT16, nodataValue: -1.5}",
         SetupOutput(id="default", bands=1, sample_type=SampleType.UINT16, nodata=-1.5)),
        ("{bands: 1, sampleType: 'float32', nodataValue: -Infinity}",
         SetupOutput(id="default", bands=1, sample_type=SampleType.FLOAT32, nodata=-math.inf)),
        ('{bands: ["red", "green"], sampleType: "INT8"}',
         SetupOutput(id="default", bands=2, sample_type=SampleType.INT8,
                     band_names=("red", "green"))),
    ],
)  # fmt: skip
def test_outputs_are_read_in_every_spelling(
    pool: V8Pool, written: str, expected: SetupOutput
) -> None:
    setup = setup_of(pool, f'{{input: ["B04"], output: {written}}}')

    assert setup.outputs == (expected,)


def test_a_no_data_value_may_be_no_number(pool: V8Pool) -> None:
    setup = setup_of(pool, '{input: ["B04"], output: {bands: 1, nodataValue: NaN}}')

    assert setup.outputs[0].nodata is not None
    assert math.isnan(setup.outputs[0].nodata)


def test_several_outputs_keep_their_order(pool: V8Pool) -> None:
    setup = setup_of(pool, '{input: ["B04"], output: [{id: "b", bands: 1}, {bands: 2}]}')

    assert [(output.id, output.bands) for output in setup.outputs] == [("b", 1), ("default", 2)]


def test_several_inputs_are_read_with_their_own_mosaicking() -> None:
    found = {
        "input": [
            {"datasource": "S2", "bands": ["B04"], "mosaicking": "orbit"},
            {"datasource": "S1", "bands": ["VV", "VH"], "units": "DECIBEL"},
        ],
        "output": {"bands": 1},
        "mosaicking": "TILE",
    }

    setup = normalize_setup(found, ValueError)

    assert setup.inputs == (
        plain_input("B04", datasource="S2", mosaicking=Mosaicking.ORBIT),
        plain_input("VV", "VH", datasource="S1", units=("DECIBEL",) * 2,
                    mosaicking=Mosaicking.TILE),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        ("undefined", "setup() must return an object with input and output; found undefined"),
        ("[1]", "setup() must return an object with input and output; found a list of 1"),
        ("{output: {bands: 1}}", "input is missing, found output"),
        ('{input: ["B04"]}', "output is missing, found input"),
        ("{input: [], output: {bands: 1}}", "input must be a list of band names or of objects"),
        ("{input: 5, output: {bands: 1}}", "with bands; found 5"),
        ("{input: [{}], output: {bands: 1}}", "input[0] must be an object with bands"),
        ("{input: [{bands: []}], output: {bands: 1}}", "input[0].bands must be a list of band"),
        ("{input: [{bands: [4]}], output: {bands: 1}}", "input[0].bands[0] must be a band's name"),
        ("{input: ['__proto__'], output: {bands: 1}}", "must be a band's name; found"),
        ("{input: ['B4', 5], output: {bands: 1}}", "input[0] must be an object with bands; found"),
        ("{input: [{bands: ['A', 'B'], units: ['DN', 'DN', 'DN']}], output: {bands: 1}}",
         "input[0].units must have one unit per band (2); found 3"),
        ("{input: [{bands: ['A'], units: 5}], output: {bands: 1}}", "units must be a unit or a"),
        ("{input: ['A'], output: {bands: 1}, mosaicking: 'LATEST'}",
         'mosaicking must be SIMPLE, ORBIT or TILE; found "LATEST"'),
        ("{input: ['A'], output: []}", "output must be an object with bands, or a list of them"),
        ("{input: ['A'], output: {}}", "output must be an object with bands; found an empty"),
        ("{input: ['A'], output: {bands: 0}}",
         "output.bands must be a whole number from 1 to 1000; found 0"),
        ("{input: ['A'], output: {bands: 1.5}}", "found 1.5"),
        ("{input: ['A'], output: {bands: '3'}}", 'found "3"'),
        ("{input: ['A'], output: {bands: NaN}}", "found NaN"),
        ("{input: ['A'], output: {bands: () => 3}}", "found a function"),
        ("{input: ['A'], output: {bands: true}}", "found true"),
        ("{input: ['A'], output: {bands: 1e12}}", "found 1000000000000"),
        ("{input: ['A'], output: {bands: ['r', 'r']}}", "a list of different names"),
        ("{input: ['A'], output: [{bands: 600}, {id: 'b', bands: 600}]}",
         "all outputs together may have 1000 bands; found 1200"),
        ("{input: ['A'], output: {bands: 1, sampleType: 'UINT32'}}",
         'sampleType must be AUTO, UINT8, INT8, UINT16, INT16, FLOAT32; found "UINT32"'),
        ("{input: ['A'], output: {bands: 1, nodataValue: 'x'}}", "nodataValue must be a number"),
        ("{input: ['A'], output: [{bands: 1}, {bands: 1}]}",
         'output[1].id must be unique; "default" is there twice'),
        ("{input: ['A'], output: {id: '../x', bands: 1}}", "letters, digits, _, - and .; found"),
        ("{input: ['A'], output: {id: 7, bands: 1}}", "found 7"),
        ("{input: [{bands: ['A'], datasource: 3}], output: {bands: 1}}", "must be the id of one"),
        ("{input: [{bands: ['A'], datasource: 'x'}, {bands: ['B'], datasource: 'x'}], output: {}}",
         'input[1].datasource must be unique; "x" is there twice'),
        ("(() => { const a = {input: ['A']}; a.a = a; return a; })()", "circular"),
        ("{input: Array.from({length: 1e5}, (_, i) => 'B' + i), output: {bands: 1}}", "too long"),
    ],
)  # fmt: skip
def test_a_wrong_setup_says_what_was_found_and_is_allowed(
    refused: Refused, returned: str, words: str
) -> None:
    error = refused(f"//VERSION=3\nfunction setup() {{ return {returned}; }}{PIXEL}")

    assert type(error) is SetupError
    assert words in error.message
    assert error.line == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("//VERSION=3\nfunction evaluatePixel() {}", "the script has no function setup()"),
        ("//VERSION=3\nfunction setup() { return {}; }", "has no function evaluatePixel()"),
        ("", "neither the functions setup() and evaluatePixel() nor a return of its own"),
        ("//VERSION=3\nvar x = 1;", "neither the functions setup() and evaluatePixel() nor"),
        ("//VERSION=3\nreturn [B04];", "the script has no setup(): its bands are those of its"),
        ("return [B04];", "no collection is known here"),
        ("//VERSION=9\nfunction evaluatePixel() {}", "version 9 is not known; there are versions"),
    ],
)  # fmt: skip
def test_what_has_no_form_is_refused(refused: Refused, text: str, words: str) -> None:
    error = refused(text)

    assert type(error) is SetupError
    assert words in error.message


def test_a_datasource_must_be_an_input_of_the_request(refused: Refused) -> None:
    text = f"function setup() {{ return {{input: [{{bands: ['B04'], datasource: 'x'}}], {ONE}}}; }}"

    error = refused(text + PIXEL)

    assert error.message == 'input[0].datasource is "x"; the request has s2'


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff//VERSION=3\n{}",
        "\n\n  //  VERSION = 3\n{}",
        "// about\n//VERSION=3.1 (auto-converted from 1)\n{}",
        "{}",
        "'use strict';\n{}",
        "var setup, evaluatePixel;\n{}",
    ],
)
def test_version_3_scripts_are_known_by_their_functions(run: Run, text: str) -> None:
    body = f"function setup() {{ return {{input: ['B04'], {ONE}}}; }}{PIXEL}"

    outputs = run(text.format(body)).outputs

    assert outputs["default"].item() == 255


@pytest.mark.parametrize(
    "declared",
    [
        "const setup = () => ({R}), evaluatePixel = s => [1];",
        "let setup = function() { return {R}; }; let evaluatePixel = function(s) { return [1]; };",
        "setup = () => ({R}); evaluatePixel = s => [1];",
        "globalThis.setup = () => ({R}); this.evaluatePixel = s => [1];",
    ],
)
def test_the_functions_may_be_declared_in_any_way(run: Run, declared: str) -> None:
    outputs = run(declared.replace("{R}", f"{{input: ['B04'], {ONE}}}")).outputs

    assert outputs["default"].item() == 255
