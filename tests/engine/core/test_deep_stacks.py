"""Places with more scenes than are looked at first."""

from datetime import timedelta

import numpy as np
import pytest
from affine import Affine

from engine.catalog.collection import Collection, MosaicRule
from engine.core.prepare import LOOK
from tests.builders.engines import SENSED, Bench, ask, grid, stored_numbers

UTM = "EPSG:32632"
LEFT, TOP, SIZE = 600_000.0, 5_100_000.0, 60
AFFINE = Affine.translation(LEFT, TOP) * Affine.scale(10, -10)
OWN = grid(UTM, (LEFT, TOP - SIZE * 10, LEFT + SIZE * 10, TOP), SIZE, SIZE)
WIDER = grid(UTM, (LEFT - 300, TOP - SIZE * 10, LEFT + SIZE * 10, TOP), SIZE + 30, SIZE)
SCRIPT = stored_numbers("B04")
DEPTH = LOOK + 3


def stack(bench: Bench, values: list[np.ndarray], rule: MosaicRule) -> Collection:
    """Return a collection with scenes on top of each other, the first one on top."""
    collection = bench.collect("B04", rule=rule)
    for index, band in enumerate(values):
        bench.add(
            collection,
            str(index),
            {"B04": band},
            crs=UTM,
            affines=AFFINE,
            sensed=SENSED - timedelta(days=index),
        )
    return collection


def flats() -> list[np.ndarray]:
    return [np.full((SIZE, SIZE), index + 1, dtype=np.uint16) for index in range(DEPTH)]


@pytest.mark.parametrize("rule", MosaicRule)
def test_of_full_scenes_only_some_are_planned_and_the_topmost_shows(
    bench: Bench, rule: MosaicRule
) -> None:
    collection = stack(bench, flats(), rule)
    prepared = bench.runner.run(bench.engine.prepare(ask(collection, OWN, SCRIPT)))
    plan = bench.runner.run(bench.engine.plan(ask(collection, OWN, SCRIPT)))
    pixels, trace = bench.trace(collection, OWN, SCRIPT)

    assert prepared.plan.cost.candidates == LOOK
    assert plan.cost.candidates == DEPTH
    assert np.unique(pixels.outputs["default"]).tolist() == [1]
    assert trace.counts["requests"] == 1


def test_pixels_that_stay_open_are_filled_from_below_those_looked_at_first(bench: Bench) -> None:
    values = flats()
    for band in values[: DEPTH - 1]:
        band[20:25, 30:40] = 0
    collection = stack(bench, values, MosaicRule.FIRST_DATA)

    pixels = bench.ask(collection, OWN, SCRIPT)

    expected = np.where(values[0] > 0, 1, DEPTH)
    np.testing.assert_array_equal(pixels.outputs["default"][0], expected)
    assert len(pixels.facts["scenes"]["0"]) == 2


def test_an_area_beyond_the_covers_has_all_scenes_in_its_plan(bench: Bench) -> None:
    collection = stack(bench, flats(), MosaicRule.FIRST_DATA)
    prepared = bench.runner.run(bench.engine.prepare(ask(collection, WIDER, SCRIPT)))
    pixels = bench.ask(collection, WIDER, SCRIPT)

    assert prepared.plan.cost.candidates == DEPTH
    assert pixels.valid[:, :30].sum() == 0
    assert pixels.valid[:, 30:].all()
