"""Collections of one's own."""

import re

import pytest
from affine import Affine

from engine.catalog.collection import MosaicRule
from engine.catalog.user import (
    coarsest_meters,
    derive_max_meters_per_pixel,
    make_user_band,
    make_user_collection,
)
from engine.errors import RequestError, UnknownUnit
from engine.geo.crs import WGS84
from tests.builders.scenes import make_image


def test_a_user_collection_is_called_by_a_uuid_and_counts_covers() -> None:
    made = make_user_collection(" Drone ", bands=[make_user_band("red", sample_type="uint8")])

    assert re.fullmatch(r"byoc-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made.id)
    assert (made.title, made.rule) == ("Drone", MosaicRule.TOP_COVER)
    assert made.band("red").unit("dn").scale == 1.0
    with pytest.raises(UnknownUnit):
        made.band("red").unit("REFLECTANCE")


@pytest.mark.parametrize(
    "names",
    [["1band"], ["a-b"], [""], ["dataMask"], ["x", "x"], [f"b{n}" for n in range(101)]],
    ids=["digit", "dash", "empty", "reserved", "twice", "too many"],
)
def test_bands_that_a_script_cannot_say_are_refused(names: list[str]) -> None:
    with pytest.raises(RequestError):
        make_user_collection("x", bands=[make_user_band(name) for name in names])


@pytest.mark.parametrize(
    ("coarsest", "expected"),
    [([], 500.0), ([20.0], 500.0), ([160.0], 800.0), ([10.0, 160.0, 320.0], 800.0)],
)
def test_the_limit_is_five_times_the_median_and_at_least_500_m(
    coarsest: list[float], expected: float
) -> None:
    assert derive_max_meters_per_pixel(coarsest) == expected


def test_the_coarsest_resolution_is_in_meters() -> None:
    degrees = make_image(affine=Affine(0.001, 0, 10, 0, -0.001, 50), crs=WGS84)

    assert coarsest_meters(make_image()) == 20.0
    assert coarsest_meters(degrees) == pytest.approx(2 * 111.319491, rel=1e-6)
    assert coarsest_meters(make_image(crs=None)) is None
