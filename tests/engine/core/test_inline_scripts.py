"""A script's later requests, run by machine code without a session, give V8's pixels."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import shapely
from affine import Affine

from engine.catalog.collection import Collection
from engine.geo.crs import Crs
from engine.geo.geometry import Geometry
from engine.plan.limits import Limits
from tests.builders.engines import Bench, grid, open_bench

UTM = "EPSG:32632"
SIZE = 300
BOX = (600_000.0, 5_097_000.0, 603_000.0, 5_100_000.0)
AFFINE = Affine.translation(BOX[0], BOX[3]) * Affine.scale(10, -10)
CLIP = Geometry(shape=shapely.Point(601_500.0, 5_098_500.0).buffer(1_200.0), crs=Crs(UTM))
SCRIPT = """//VERSION=3
function setup() {
  return {
    input: [{bands: ["B04"], units: "DN"}],
    output: [
      {id: "default", bands: 2, sampleType: "FLOAT32"},
      {id: "unwanted", bands: 1, sampleType: "UINT8"}
    ]
  };
}
function evaluatePixel(sample) {
  var list = [0, 0];
  list[sample.B04] = 1;
  return {default: [list.length + sample.B04 / 3, sample.B04], unwanted: [1]};
}
"""
"""Where the list grows beyond what was foreseen, machine code leaves the pixel to V8."""


def add_scene(bench: Bench) -> Collection:
    collection = bench.collect("B04")
    values = np.ones((SIZE, SIZE), dtype=np.uint16)
    values[17, 5], values[203, 250] = 9, 12
    values[250:260, 40:50] = 0
    bench.add(collection, "a", {"B04": values}, crs=UTM, affines=AFFINE)
    return collection


@pytest.fixture
def tight(tmp_path: Path) -> Iterator[Bench]:
    """Requests are cut into several stripes."""
    limits = Limits(stripe_bytes=60 * SIZE * 7, block_row_bytes=0)
    with open_bench(tmp_path, limits=limits) as bench:
        yield bench


def test_pixels_are_v8s_whoever_makes_them(tight: Bench, tmp_path: Path) -> None:
    collection = add_scene(tight)
    request = {"script": SCRIPT, "outputs": ("default",), "clip": CLIP}
    whole = grid(UTM, BOX, SIZE, SIZE)
    answers = [tight.trace(collection, whole, **request) for _ in range(3)]
    (tmp_path / "v8").mkdir()
    with open_bench(tmp_path / "v8", native=None) as other:
        expected = other.ask(add_scene(other), whole, **request)

    assert answers[-1][0].facts["tier"] == "native"
    assert 0 < answers[-1][1].counts["rows_by_v8"] < SIZE
    for answer, _ in answers:
        assert list(answer.outputs) == ["default"]
        np.testing.assert_array_equal(answer.outputs["default"], expected.outputs["default"])
        np.testing.assert_array_equal(answer.valid, expected.valid)
