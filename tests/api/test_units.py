import pytest

from api.units import processing_units
from evalscripts.setup import SampleType

FOUR = ("B02", "B03", "B04", "B08")
PNG = ("image/png", SampleType.AUTO)
FLOAT_TIFF = ("image/tiff", SampleType.FLOAT32)


def test_sentinel_hubs_worked_example_of_a_radar_time_series() -> None:
    units = processing_units(
        pixels=1024 * 1024, inputs=[(FOUR, 2)], formats=[FLOAT_TIFF], correction=2
    )

    assert units == pytest.approx(42.667, abs=5e-4)


def test_sentinel_hubs_worked_example_of_a_parcel() -> None:
    # NDVI of 4 ha at 10 m: 400 pixels, two bands; the least area counts.
    units = processing_units(pixels=400, inputs=[(("B04", "B08"), 1)], formats=[PNG])

    assert units == pytest.approx(0.0067, abs=5e-5)


@pytest.mark.parametrize(
    ("bands", "formats", "expected"),
    [
        (("B02", "B03", "B04"), [PNG], 1.0),
        (("B02", "B03", "B04", "dataMask"), [PNG], 1.0),
        (("dataMask",), [PNG], 0.3333),
        (("B02", "B03", "B04"), [PNG, FLOAT_TIFF], 2.0),
        (("B02", "B03", "B04"), [("application/octet-stream", SampleType.UINT16)], 1.4),
        (("B02", "B03", "B04"), [("image/tiff", SampleType.UINT16)], 1.0),
        (("B02", "B03", "B04"), [], 1.0),
    ],
)
def test_the_factors_of_512_by_512_pixels(
    bands: tuple[str, ...], formats: list[tuple[str, SampleType]], expected: float
) -> None:
    units = processing_units(pixels=512 * 512, inputs=[(bands, 1)], formats=formats)

    assert units == pytest.approx(expected, abs=5e-5)


def test_no_request_is_cheaper_than_the_least() -> None:
    assert processing_units(pixels=1, inputs=[(("B02",), 1)], formats=[PNG]) == 0.005


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ([(("B02", "B03", "B04"), 12)], 12.0),
        # A fusion is the sum of what its inputs cost, each with its own samples.
        ([(("VV", "VH", "dataMask"), 4), (("B02", "B03", "B04"), 1)], 8 / 3 + 1),
        # Nothing found costs as much as one sample.
        ([(("B02", "B03", "B04"), 0)], 1.0),
    ],
)
def test_every_sample_of_every_input_counts(
    inputs: list[tuple[tuple[str, ...], int]], expected: float
) -> None:
    units = processing_units(pixels=512 * 512, inputs=inputs, formats=[PNG])

    assert units == pytest.approx(expected, abs=5e-5)
