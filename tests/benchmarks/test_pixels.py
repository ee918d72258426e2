"""The pixels that scripts are tried on: plausible or nasty, the same every time."""

import numpy as np
import pytest

from evalscripts.program import Selection
from evalscripts.setup import Mosaicking, SampleType, Setup, SetupInput, SetupOutput
from tests.builders.pixels import adversarial_inputs, kept_inputs, look_of

BANDS = ("B04", "SCL", "VV", "dataMask")
OUTPUT = SetupOutput(id="default", bands=1, sample_type=SampleType.FLOAT32)


def setup_of(*mosaickings: Mosaicking) -> Setup:
    inputs = tuple(
        SetupInput(bands=BANDS, units=(None,) * len(BANDS), mosaicking=mosaicking)
        for mosaicking in mosaickings
    )
    return Setup(inputs=inputs, outputs=(OUTPUT,))


def test_the_same_arguments_give_the_same_pixels() -> None:
    setup = setup_of(Mosaicking.ORBIT)
    first, context = adversarial_inputs(setup, pixels=50, scenes=3, seed=7, nasty=True)
    again, same = adversarial_inputs(setup, pixels=50, scenes=3, seed=7, nasty=True)

    for band in ("B04", "SCL", "VV"):
        assert np.array_equal(
            first["0"].bands[band].values, again["0"].bands[band].values, equal_nan=True
        )
    assert np.array_equal(first["0"].valid, again["0"].valid)
    assert context == same


def test_there_are_at_least_as_many_pixels_as_asked_for() -> None:
    inputs, _ = adversarial_inputs(setup_of(Mosaicking.SIMPLE), pixels=210)

    assert inputs["0"].valid.size >= 210


@pytest.mark.parametrize("scenes", [0, 1, 2, 30])
@pytest.mark.parametrize("mosaicking", [Mosaicking.ORBIT, Mosaicking.TILE])
def test_lists_have_as_many_samples_as_scenes(mosaicking: Mosaicking, scenes: int) -> None:
    inputs, context = adversarial_inputs(setup_of(mosaicking), scenes=scenes)
    days = context.orbits if mosaicking is Mosaicking.ORBIT else context.scenes

    assert len(inputs["0"].valid) == len(days["0"]) == scenes


def test_a_simple_input_has_one_scene_and_in_a_fusion_it_may_have_none() -> None:
    alone, _ = adversarial_inputs(setup_of(Mosaicking.SIMPLE), scenes=0)
    fused, _ = adversarial_inputs(setup_of(Mosaicking.SIMPLE, Mosaicking.ORBIT), scenes=0)

    assert len(alone["0"].valid) == 1
    assert len(fused["0"].valid) == 0


def test_days_go_from_the_latest_back_and_some_are_those_named() -> None:
    setup = setup_of(Mosaicking.ORBIT)
    _, context = adversarial_inputs(setup, scenes=6, near=("2018-03-04", "2019-07-01"))
    days = [orbit.date_from[:10] for orbit in context.orbits["0"]]

    assert days == sorted(days, reverse=True)
    assert {"2018-03-04", "2019-07-01"} <= set(days)


def test_usual_values_are_plausible_for_the_names_of_bands() -> None:
    inputs, _ = adversarial_inputs(setup_of(Mosaicking.SIMPLE), pixels=2000)
    bands = inputs["0"].bands

    assert set(np.unique(bands["SCL"].values)) == set(range(12))
    assert bands["B04"].values.dtype == np.uint16
    assert bands["B04"].scale == 0.0001
    assert np.isfinite(bands["VV"].values).all()


def test_nasty_values_hold_every_edge_and_the_scripts_own_numbers() -> None:
    inputs, _ = adversarial_inputs(
        setup_of(Mosaicking.SIMPLE), pixels=20_000, nasty=True, numbers=(0.15, 7.0)
    )
    values = np.concatenate(
        [band.values.astype(float).ravel() for band in inputs["0"].bands.values()]
    )
    wanted = [0.15, np.nextafter(0.15, 1), 7.0, np.inf, -np.inf, 5e-324, 2147483648.0]

    assert np.isnan(values).any()
    assert (np.signbit(values) & (values == 0)).any()
    assert set(wanted) <= set(values[~np.isnan(values)])


def test_no_data_occurs_for_single_samples_and_for_whole_pixels() -> None:
    inputs, _ = adversarial_inputs(setup_of(Mosaicking.TILE), pixels=500, scenes=4)
    valid = inputs["0"].valid

    assert (~valid).all(axis=0).any()
    assert (valid.any(axis=0) & ~valid.all(axis=0)).any()


def test_units_say_more_than_names() -> None:
    assert look_of("B04", "DN").scale == 1.0
    assert look_of("B10", "reflectance").scale == 0.0001


def test_kept_samples_come_in_the_order_of_the_selection() -> None:
    inputs, _ = adversarial_inputs(setup_of(Mosaicking.TILE), scenes=5)
    kept = kept_inputs(inputs, Selection(kept={"0": (3, 1)}, outputs=(OUTPUT,)))

    assert np.array_equal(kept["0"].valid, inputs["0"].valid[[3, 1]])
    assert np.array_equal(kept["0"].bands["VV"].values, inputs["0"].bands["VV"].values[[3, 1]])
