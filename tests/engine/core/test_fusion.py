"""Data fusion: several inputs of one script, each read as it asks for."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from affine import Affine

from engine.catalog.collection import Collection
from engine.errors import RequestError, UnknownBand
from engine.request import Input, PixelRequest
from engine.samples import Pixels
from engine.warp.resampling import Resampling
from tests.builders.engines import SENSED, Bench, grid

UTM = "EPSG:32632"
LEFT, TOP, SIZE = 600_000.0, 5_100_000.0, 120
AFFINE = Affine.translation(LEFT, TOP) * Affine.scale(10, -10)
COARSE = Affine.translation(LEFT, TOP) * Affine.scale(40, -40)
BOX = grid(UTM, (LEFT, TOP - SIZE * 10, LEFT + SIZE * 10, TOP), SIZE, SIZE)


def numbers(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(1, 10_000, (SIZE, SIZE), dtype=np.uint16)


def add(bench: Bench, band: str, values: list[np.ndarray], affine: Affine = AFFINE) -> Collection:
    """Return a collection of scenes of consecutive days, newest last."""
    collection = bench.collect(band)
    for index, one in enumerate(values):
        sensed = SENSED + timedelta(days=index)
        bench.add(collection, str(index), {band: one}, crs=UTM, affines=affine, sensed=sensed)
    return collection


def fusion(
    returned: str, *inputs: str, bands: int = 1, more: str = "", kind: str = "FLOAT32"
) -> str:
    return f"""//VERSION=3
function setup() {{
  return {{
    input: [{", ".join(inputs)}],
    output: {{bands: {bands}, sampleType: "{kind}"}}
  }};
}}
function evaluatePixel(samples, scenes, inputMetadata) {{ return {returned}; }}
{more}"""


def ask(bench: Bench, script: str, *sources: Input) -> Pixels:
    request = PixelRequest(geobox=BOX, inputs=sources, script=script)
    return bench.runner.run(bench.engine.pixels(request))


@pytest.mark.parametrize("is_named", [True, False])
def test_each_input_has_its_own_collection_units_and_resampling(
    bench: Bench, *, is_named: bool
) -> None:
    fine = numbers(1)
    # A plane, which bilinear interpolation gives back.
    row, col = np.mgrid[: SIZE // 4, : SIZE // 4]
    coarse = (100 + 40 * col + 8 * row).astype(np.uint16)
    a, b = add(bench, "B04", [fine]), add(bench, "VV", [coarse], COARSE)
    names = ("s2", "s1") if is_named else ("0", "1")
    units = ("REFLECTANCE", "DN")
    inputs = [
        f'{{bands: ["{band}"], units: "{unit}"' + (f', datasource: "{name}"}}' if is_named else "}")
        for band, unit, name in zip(("B04", "VV"), units, names, strict=True)
    ]
    first, second = names
    script = fusion(f"[samples['{first}'][0].B04, samples['{second}'][0].VV]", *inputs, bands=2)

    pixels = ask(
        bench,
        script,
        Input(id=first, collection=a.id),
        Input(id=second, collection=b.id, upsampling=Resampling.BILINEAR),
    )

    default = pixels.outputs["default"]
    np.testing.assert_array_equal(default[0], (fine * 0.0001).astype(np.float32))
    row, col = (np.mgrid[:SIZE, :SIZE] + 0.5) / 4 - 0.5
    inner = np.s_[2:-2, 2:-2]
    np.testing.assert_allclose(default[1][inner], (100 + 40 * col + 8 * row)[inner], rtol=1e-6)
    assert pixels.facts["layers"] == {first: 1, second: 1}


def test_inputs_have_mosaickings_of_their_own(bench: Bench) -> None:
    days, tops = [numbers(seed) for seed in range(3)], [numbers(9), numbers(10)]
    a, b = add(bench, "B04", days), add(bench, "VV", tops)
    script = fusion(
        "samples.many.map(s => s.B04).concat(samples.one.map(s => s.VV))",
        '{bands: ["B04"], units: "DN", datasource: "many", mosaicking: "ORBIT"}',
        '{bands: ["VV"], units: "DN", datasource: "one"}',
        bands=4,
        kind="UINT16",
    )

    pixels = ask(bench, script, Input(id="one", collection=b.id), Input(id="many", collection=a.id))

    np.testing.assert_array_equal(pixels.outputs["default"], [*days[::-1], tops[1]])
    assert pixels.facts["layers"] == {"one": 1, "many": 3}


def test_a_simple_input_has_no_sample_only_where_no_scene_was_found(bench: Bench) -> None:
    holes = np.where(numbers(3) < 3000, 0, numbers(3)).astype(np.uint16)
    full, empty = add(bench, "B04", [holes]), bench.collect("VV")
    script = fusion(
        "[samples.a.length, samples.b.length, samples.a[0].dataMask]",
        '{bands: ["B04", "dataMask"], datasource: "a"}',
        '{bands: ["VV"], datasource: "b"}',
        bands=3,
    )

    pixels = ask(
        bench, script, Input(id="a", collection=full.id), Input(id="b", collection=empty.id)
    )

    np.testing.assert_array_equal(pixels.outputs["default"][0], 1)
    np.testing.assert_array_equal(pixels.outputs["default"][1], 0)
    np.testing.assert_array_equal(pixels.outputs["default"][2], holes > 0)
    np.testing.assert_array_equal(pixels.valid, holes > 0)


def test_the_normalization_factor_is_that_of_the_first_data_source(bench: Bench) -> None:
    a = bench.collect("B04", normalization_factor=0.5)
    b = bench.collect("VV", normalization_factor=0.25)
    script = fusion(
        "[inputMetadata.normalizationFactor]",
        '{bands: ["B04"], datasource: "a"}',
        '{bands: ["VV"], datasource: "b"}',
    )

    first = ask(bench, script, Input(id="a", collection=a.id), Input(id="b", collection=b.id))
    second = ask(bench, script, Input(id="b", collection=b.id), Input(id="a", collection=a.id))

    assert first.outputs["default"][0, 0, 0] == 0.5
    assert second.outputs["default"][0, 0, 0] == 0.25


@pytest.mark.parametrize(
    ("ids", "kind", "message"),
    [
        (("a", "c"), RequestError, "input[1] of the script reads datasource 'b'"),
        (("a",), RequestError, "the request has 1 data source (a)"),
        (("a", "b", "c"), RequestError, "the request has 3 data sources (a, b, c)"),
        (("b", "a"), UnknownBand, "has no band"),
    ],
)
def test_what_does_not_match_is_refused(
    bench: Bench, ids: tuple[str, ...], kind: type[RequestError], message: str
) -> None:
    collections: list[Any] = [bench.collect("B04"), bench.collect("VV"), bench.collect("B01")]
    script = fusion("[1]", '{bands: ["B04"], datasource: "a"}', '{bands: ["VV"], datasource: "b"}')
    sources = [
        Input(id=name, collection=one.id) for name, one in zip(ids, collections, strict=False)
    ]

    with pytest.raises(kind) as caught:
        ask(bench, script, *sources)

    assert message in caught.value.message
