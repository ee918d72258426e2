"""Stripes follow rows of blocks, so that a block is decoded once where the budget allows it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from affine import Affine

from engine.catalog.collection import Collection
from engine.plan.limits import Limits
from engine.plan.plan import Plan
from tests.builders.engines import SENSED, Bench, ask, grid, open_bench

UTM = "EPSG:32632"
LEFT, TOP, SIZE, BLOCK, SCENES = 600_000.0, 5_100_000.0, 512, 128, 6
AFFINE = Affine.translation(LEFT, TOP) * Affine.scale(10, -10)
ROW_BYTES = SIZE * (SCENES * 3 + SCENES * 3 * 2) + SCENES * SIZE * 2
"""At work: six scenes of two bytes and a mask before and after resampling, and the samples of two
stripes."""
SCRIPT = """//VERSION=3
function setup() {
  return {
    input: [{bands: ["B04"], units: "DN"}],
    output: {bands: 6, sampleType: "UINT16"},
    mosaicking: "TILE"
  };
}
function evaluatePixel(samples) { return samples.map(s => s.B04); }
"""


def numbers(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(1, 10_000, (SIZE, SIZE), dtype=np.uint16)


def add_scenes(bench: Bench) -> Collection:
    collection = bench.collect("B04")
    for seed in range(SCENES):
        sensed = SENSED - timedelta(days=seed)
        bench.add(
            collection,
            str(seed),
            {"B04": numbers(seed)},
            crs=UTM,
            affines=AFFINE,
            block=BLOCK,
            sensed=sensed,
        )
    return collection


@pytest.fixture(params=["fits", "does not fit"])
def tight(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    """A budget of 40 rows, and one for a row of blocks or none; no block is kept decoded."""
    most = 130 * ROW_BYTES if request.param == "fits" else 0
    limits = Limits(stripe_bytes=40 * ROW_BYTES, block_row_bytes=most)
    with open_bench(tmp_path, limits=limits, block_cache_bytes=1) as bench:
        yield bench


def heights(plan: Plan) -> list[int]:
    return [stripe.height for stripe in plan.stripes]


def test_blocks_are_decoded_once_where_a_row_of_them_fits(
    tight: Bench, request: pytest.FixtureRequest
) -> None:
    fits = "not" not in request.node.callspec.id
    collection = add_scenes(tight)
    # From the middle of a row of blocks on.
    box = grid(UTM, (LEFT, TOP - SIZE * 10, LEFT + SIZE * 10, TOP - 480), SIZE, SIZE - 48)

    plan = tight.runner.run(tight.engine.plan(ask(collection, box, SCRIPT)))
    pixels, trace = tight.trace(collection, box, SCRIPT)

    np.testing.assert_array_equal(
        pixels.outputs["default"], [numbers(seed)[48:] for seed in range(SCENES)]
    )
    distinct = SCENES * (SIZE // BLOCK) ** 2
    if fits:
        assert heights(plan) == [80, 128, 128, 128]
        assert trace.counts["blocks"] == distinct
    else:
        # Even parts of what is left of each row of blocks.
        assert heights(plan) == [40, 40, *[32] * 12]
        assert trace.counts["blocks"] == distinct // 4 * (2 + 3 * 4)


def test_rows_without_scenes_need_no_stripes_of_their_own(tight: Bench) -> None:
    collection = tight.collect("B04")
    box = grid(UTM, (LEFT, TOP - SIZE * 10, LEFT + SIZE * 10, TOP), SIZE, SIZE)

    plan = tight.runner.run(tight.engine.plan(ask(collection, box, SCRIPT)))

    assert (heights(plan), plan.cost.memory_bytes) == ([SIZE], 0)
