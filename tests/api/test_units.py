import pytest

from api.units import processing_units
from evalscripts.setup import SampleType, Setup, SetupInput, SetupOutput


def make_setup(*bands: str, sample_type: SampleType = SampleType.AUTO) -> Setup:
    return Setup(
        inputs=(SetupInput(bands=bands, units=(None,) * len(bands)),),
        outputs=(SetupOutput(id="default", bands=3, sample_type=sample_type),),
    )


FOUR = make_setup("B02", "B03", "B04", "B08")
PNG = ("image/png", SampleType.AUTO)
FLOAT_TIFF = ("image/tiff", SampleType.FLOAT32)


def test_sentinel_hubs_worked_example_of_a_radar_time_series() -> None:
    units = processing_units(
        pixels=1024 * 1024, setup=FOUR, formats=[FLOAT_TIFF], samples=2, correction=2
    )

    assert units == pytest.approx(42.667, abs=5e-4)


def test_sentinel_hubs_worked_example_of_a_parcel() -> None:
    # NDVI of 4 ha at 10 m: 400 pixels, two bands; the least area counts.
    units = processing_units(pixels=400, setup=make_setup("B04", "B08"), formats=[PNG])

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
    units = processing_units(pixels=512 * 512, setup=make_setup(*bands), formats=formats)

    assert units == pytest.approx(expected, abs=5e-5)


def test_no_request_is_cheaper_than_the_least() -> None:
    assert processing_units(pixels=1, setup=make_setup("B02"), formats=[PNG]) == 0.005
