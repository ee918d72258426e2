"""A script's later requests, run by machine code without a session, give V8's pixels."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
from affine import Affine

from engine.catalog.collection import Collection
from engine.geo.crs import Crs
from engine.geo.geometry import Geometry
from engine.plan.limits import Limits
from engine.samples import Pixels
from engine.trace import tracing
from tests.builders.engines import Bench, ask, grid, open_bench

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

ENDLESS = SCRIPT.replace(
    "  return {default", "  var i = 0; while (sample.B04 === 9 && i < 1e12) i++;\n  return {default"
)
"""Where the stored number is 9, V8 must make a pixel that takes an hour."""
BESIDE = (BOX[0] + 1_000.0, BOX[1], BOX[2], BOX[3])
"""Without the pixel of number 9, with that of number 12."""


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


def test_a_client_takes_one_turn_whatever_is_left_to_v8(tight: Bench) -> None:
    collection = add_scene(tight)
    request = replace(ask(collection, grid(UTM, BOX, SIZE, SIZE), SCRIPT), principal="client")

    async def main() -> list[Pixels]:
        async with asyncio.timeout(20):
            return [await tight.engine.pixels(request) for _ in range(6)]

    answers = tight.runner.run(main())

    assert len({answer.outputs["default"].tobytes() for answer in answers}) == 1


def test_what_v8_makes_for_a_client_who_has_gone_ends(tight: Bench) -> None:
    collection = add_scene(tight)
    quick = replace(ask(collection, grid(UTM, BESIDE, 200, SIZE), ENDLESS), principal="client")
    endless = replace(quick, geobox=grid(UTM, BOX, SIZE, SIZE))

    async def main() -> None:
        async with asyncio.timeout(20):
            with tracing() as trace:
                while "rows_by_v8" not in trace.counts:
                    await tight.engine.pixels(quick)
            with tracing() as trace:
                gone = asyncio.create_task(tight.engine.pixels(endless))
                while "rows_by_v8" not in trace.counts:  # noqa: ASYNC110 - it wakes nobody
                    await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        # There is one script worker, and V8 has rows to make here as well.
        async with asyncio.timeout(10):
            await tight.engine.pixels(quick)

    tight.runner.run(main())
