"""The language's own functions, against every number that its documentation gives."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from tests.builders.scripts import Run, pixel_script

Told = Callable[[str], Any]


@pytest.fixture
def told(run: Run) -> Told:
    """Return the value of a JavaScript expression, as the script sees it."""

    def evaluate(expression: str) -> Any:
        script = pixel_script("return [0];") + (
            f"function updateOutputMetadata(s, i, o) {{ o.userData = {expression}; }}"
        )
        return run(script).finished.user_data

    return evaluate


def test_index_is_the_normalized_difference_and_zero_where_the_sum_is(told: Told) -> None:
    found = told("[index(3, 1), index(1, 3), index(2, -2), index(0, 0)]")

    assert found == [0.5, -0.5, 0, 0]


def test_inverse_of_zero_is_the_largest_double(told: Told) -> None:
    found = told("[inverse(4), inverse(0), inverse(-0), JAVA_DOUBLE_MAX_VAL]")

    assert found == [0.25, *(1.7976931348623157e308,) * 3]


@pytest.mark.parametrize(
    ("value", "expected"), [("9", 810), ("-11", -1000), ("11", 1000), ("0", 0), ("2.5", 25)]
)
def test_value_interpolate_is_linear_between_and_clamped_outside(
    told: Told, value: str, expected: float
) -> None:
    found = told(f"valueInterpolate({value}, [-10, -5, 0, 5, 10], [-1000, -50, 0, 50, 1000])")

    assert found == expected


def test_value_interpolate_mixes_colors_channel_by_channel_into_a_fresh_array(told: Told) -> None:
    found = told(
        "(() => { const colors = [[0, 1], [1, 0]];"
        " valueInterpolate(-1, [0, 1], colors).push(5); colorBlend(2, [0, 1], colors).push(5);"
        " return [colorBlend(0.25, [0, 1], colors), colors]; })()"
    )

    assert found == [[0.25, 0.75], [[0, 1], [1, 0]]]


def test_value_map_steps_at_the_upper_end_of_each_interval(told: Told) -> None:
    found = told(
        "[0, 1, 1.5, 3, 3.5, 5, 9].map(v => valueMap(v, [1, 3, 5], [100, 200, 300]))"
        ".concat([valueMap(7), valueMap(7, [1])])"
    )

    assert found == [100, 100, 200, 200, 300, 300, 300, 7, 7]


def test_color_map_takes_the_first_pair_above_the_value(told: Told) -> None:
    found = told("[-1, 0, 0.5, 7].map(v => colorMap(v, [[0, [1]], [0.5, [2]], [1, [3]]]))")

    assert found == [[1], [2], [3], [3]]


def test_colors_convert_both_ways(told: Told) -> None:
    found = told(
        "[combine([1, 0], [0, 1], 0.25), int2rgb(0x123456), rgb2int([0x12, 0x34, 0x56]),"
        " normalizeRGB([255, 51, 0]), hex2rgb('#123456'), rgb2hex([1, 2, 3])]"
    )

    assert found == [[0.25, 0.75], [18, 52, 86], 0x123456, [1, 0.2, 0], [18, 52, 86], "#010203"]


def test_landsat_collection_2_bits_decode_as_documented(told: Told) -> None:
    found = told("decodeL8C2Qa(55052)")

    assert {name for name, bits in found.items() if bits} == {
        "cirrus", "cloud", "cloudConfidence", "cloudShadowConfidence",
        "snowIceConfidence", "cirrusConfidence",
    }  # fmt: skip
    assert (found["cloudConfidence"], found["cirrusConfidence"]) == (3, 3)
    assert (found["cloudShadowConfidence"], found["snowIceConfidence"]) == (1, 1)
    assert len(found) == 12


def test_older_landsat_bits_have_two_bits_for_each_confidence(told: Told) -> None:
    found = told("decodeLs8Qa(0b1_10_11_01_10_1_10_0_1.valueOf())".replace("_", ""))

    assert found == {
        "designatedFill": 1,
        "terrainOcclusion": 0,
        "radiometricSaturation": 2,
        "cloud": 1,
        "cloudConfidence": 2,
        "cloudShadowConfidence": 1,
        "snowIceConfidence": 3,
        "cirrusConfidence": 2,
    }


def test_olci_flags_come_from_the_top_bit_down(told: Told) -> None:
    found = told("[2 ** 31, 2 ** 21, 2 ** 20, 1].map(decodeS3OLCIQualityFlags)")

    assert [[name for name, bit in flags.items() if bit] for flags in found] == [
        ["land"],
        ["dubious"],
        ["saturatedB01"],
        ["saturatedB21"],
    ]
    assert len(found[0]) == 32


def colors(*channels: tuple[float, float, float]) -> list[list[float]]:
    return [[channel / 255 for channel in color] for color in channels]


def test_color_map_visualizer_takes_the_step_below_and_the_first_color_under_all(
    told: Told,
) -> None:
    found = told(
        "(() => { const map = new ColorMapVisualizer([[200, 0xff0000], [300, 0x0000ff]]);"
        " return [199, 200, 250, 299, 300, NaN].map(v => map.process(v)); })()"
    )

    red, blue = [1, 0, 0], [0, 0, 1]
    assert found == [red, red, red, red, blue, red]


def test_color_map_visualizer_takes_shares_as_colors_and_sorts_its_pairs(told: Told) -> None:
    found = told(
        "(() => { const map = new ColorMapVisualizer([[1, [0, 0.5, 1]], [0, [0.25, 0, 0]]]);"
        " return map.processList([0.5, 1]); })()"
    )

    assert found == [[0.25, 0, 0], [0, 0.5, 1]]


def test_default_color_map_has_the_documented_steps(told: Told) -> None:
    found = told(
        "[-2, -0.2, 0.05, 0.1, 0.35, 0.65, 5].map("
        "v => rgb2int(ColorMapVisualizer.createDefaultColorMap().process(v).map(c => c * 255)))"
    )

    assert [f"{color:06x}" for color in found] == [
        "000000", "ff0000", "660000", "ffff33", "666600", "006666", "006600",
    ]  # fmt: skip


def test_ramp_cuts_its_channels_to_whole_steps(told: Told) -> None:
    found = told(
        "new ColorRampVisualizer([[200, 0xff0000], [300, 0x0000ff]])"
        ".processList([100, 200, 250, 300, 400, NaN])"
    )

    assert found == colors(
        (255, 0, 0), (255, 0, 0), (127, 0, 127), (0, 0, 255), (0, 0, 255), (255, 0, 0)
    )


@pytest.mark.parametrize(
    ("factory", "value", "expected"),
    [
        ("RedTemperature", 0.3, (255, 110, 0)),
        ("RedTemperature", 0.5, (255, 131, 0)),
        ("RedTemperature", 0.8, (255, 204, 147)),
        ("WhiteGreen", 0.5, (85, 153, 0)),
        ("WhiteGreen", 0.8, (191, 217, 127)),
        ("BlueRed", 0.3, (0, 178, 255)),
        ("BlueRed", 0, (0, 0, 128)),
        ("BlueRed", 1, (128, 0, 0)),
        ("OceanColor", 0.2, (0, 10, 255)),
    ],
)
def test_ready_ramps_give_the_documented_colors(
    told: Told, factory: str, value: float, expected: tuple[float, float, float]
) -> None:
    found = told(f"ColorRampVisualizer.create{factory}(0, 1).process({value})")

    assert found == colors(expected)[0]


def test_ready_ramps_stretch_onto_their_range(told: Told) -> None:
    found = told(
        "[ColorRampVisualizer.createBlueRed(-3, 7).process(0),"
        " ColorRampVisualizer.createBlueRed(0, 1).process(0.3)]"
    )

    assert found[0] == found[1]


def test_inverse_reverses_a_ramps_colors(told: Told) -> None:
    found = told(
        "new ColorRampVisualizer([[0, 0x010203], [1, 0x040506]]).inverse().processList([0, 1])"
    )

    assert found == colors((4, 5, 6), (1, 2, 3))


def test_ramp_does_not_cut_shares_to_steps(told: Told) -> None:
    found = told("new ColorRampVisualizer([[0, [0, 0, 0]], [1, [1, 1, 1]]]).process(0.123)")

    assert found == [0.123] * 3


@pytest.mark.parametrize(
    ("factory", "value", "expected"),
    [
        ("RedTemperature", 0.3, (110, 0, 0)),
        ("RedTemperature", 0.5, (183, 12, 0)),
        ("RedTemperature", 0.8, (255, 158, 51)),
        ("WhiteGreen", 0.3, (0, 76, 0)),
        ("WhiteGreen", 0.5, (43, 128, 0)),
        ("WhiteGreen", 0.8, (170, 204, 85)),
        ("BlueRed", 0.3, (0, 179, 255)),
    ],
)
def test_the_deprecated_gradient_runs_backward_and_rounds(
    told: Told, factory: str, value: float, expected: tuple[float, float, float]
) -> None:
    found = told(f"ColorGradientVisualizer.create{factory}(0, 1).process({value})")

    assert found == colors(expected)[0]


@pytest.mark.parametrize(
    ("value", "expected"), [(0.25, 0.5), (0.376, 0.92), (0.4, 0.92593), (0.7, 1), (9, 1), (0, 0)]
)
def test_highlights_are_compressed_above_92_percent(
    told: Told, value: float, expected: float
) -> None:
    found = told(
        f"[new HighlightCompressVisualizer(0.1, 0.4).process({value}),"
        f" new HighlightCompressVisualizerSingle(0.1, 0.4).process({value})[0]]"
    )

    assert found == [pytest.approx(expected, abs=5e-6)] * 2


def test_highlights_stay_linear_where_the_range_reaches_one(told: Told) -> None:
    found = told("new HighlightCompressVisualizer(0, 1).processList([-1, 0.95, 2])")

    assert found == [0, 0.95, 1]


def test_gain_offset_and_gamma_come_before_the_clamp(told: Told) -> None:
    found = told(
        "[new HighlightCompressVisualizer(0, 2, 2, 0.25, 2).process(0.25),"
        " new DefaultVisualizer(0, 2, 2, 0.25, 2).process(2),"
        " new DefaultVisualizer(0, 2).process(5), new DefaultVisualizer(0, 1).process(-1)]"
    )

    assert found == [0.25, 2.25**2, 1, 0]


def test_identity_returns_its_value_in_a_list(told: Told) -> None:
    found = told("[new Identity().process(7), new Identity().processList([1, 2])]")

    assert found == [[7], [[1], [2]]]


def test_eo_browser_overrides_reach_visualizers_even_when_declared_below(run: Run) -> None:
    script = (
        "//VERSION=3\n"
        "const look = new HighlightCompressVisualizer(0, 2);\n"
        "function setup() { return {input: ['B04'], output: {bands: 2, sampleType: 'FLOAT32'}}; }\n"
        "function evaluatePixel(s) { return look.processList([0.5, 0.5]); }\n"
        "const gainOverride = 2, offsetOverride = 0.125, gammaOverride = 1;\n"
        "const rangeOverrides = [[0, 4], null];\n"
    )

    outputs = run(script).outputs

    assert outputs["default"].ravel().tolist() == [0.375, 0.625]


def test_constants_are_their_own_names(told: Told) -> None:
    found = told("[SampleType, Mosaicking]")

    kinds = ("AUTO", "UINT8", "INT8", "UINT16", "INT16", "FLOAT32")
    modes = ("SIMPLE", "ORBIT", "TILE")
    assert found == [{kind: kind for kind in kinds}, {mode: mode for mode in modes}]


@pytest.mark.parametrize(
    "declared",
    [
        "let index = (a, b) => 42;",
        "const index = (a, b) => 42;",
        "var index = (a, b) => 42;",
        "function index(a, b) { return 42; }",
        "index = (a, b) => 42;",
        "class valueInterpolate {}; let index = () => 42;",
    ],
)
def test_a_script_may_declare_a_helpers_name_itself(run: Run, declared: str) -> None:
    script = declared + "\n" + pixel_script("return [index(1, 2) + inverse(1)];")

    outputs = run(script.replace("{bands: 1}", "{bands: 1, sampleType: 'UINT8'}")).outputs

    assert outputs["default"].item() == 43


def test_ramps_survive_a_script_that_redefines_their_helpers(run: Run) -> None:
    script = (
        "function int2rgb() { return [9, 9, 9]; }\nlet floor = 1, isArray = 2, flatten = 3;\n"
        + pixel_script(
            "return ColorRampVisualizer.createBlueRed(0, 1).process(0.3);",
            output="{bands: 3}",
        )
    )

    outputs = run(script).outputs

    assert outputs["default"].ravel().tolist() == [0, 178, 255]


def test_times_are_utc_and_the_clock_stands_still(told: Told) -> None:
    found = told(
        "[new Date('2019/02/01').getTime(), new Date(2019, 1, 1, 5).getHours(),"
        " new Date() - new Date(), Date.now() === new Date().getTime(), typeof Date(),"
        " new Date() instanceof Date, new Date(0).constructor === Date,"
        " new Date().getTimezoneOffset(), Date.UTC(1970, 0, 2), Date.parse('1970-01-02')]"
    )

    day = 86_400_000
    assert found == [
        1548979200000, 5, 0, True, "string", True, True, 0, day, day,
    ]  # fmt: skip


def test_random_numbers_are_the_same_in_every_run(told: Told) -> None:
    drawn = "Array.from({length: 1000}, Math.random)"

    first, second = told(drawn), told(drawn)

    assert first == second
    assert len(set(first)) == 1000
    assert all(0 <= number < 1 for number in first)
    assert math.isclose(sum(first) / 1000, 0.5, abs_tol=0.05)


def test_nothing_that_leads_out_of_the_isolate_is_there(told: Told) -> None:
    found = told(
        "['WebAssembly', 'SharedArrayBuffer', 'Atomics', 'Temporal', 'setTimeout', 'clearTimeout',"
        " 'require', 'process', 'fetch', 'XMLHttpRequest', 'load', 'read', 'quit']"
        ".filter(name => typeof globalThis[name] !== 'undefined')"
    )

    assert found == []
