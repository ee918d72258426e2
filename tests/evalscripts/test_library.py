"""The ready scripts: each runs, says truly what it reads, and colors as its legend says."""

import re

import numpy as np
import pytest

from evalscripts import SampleType, V8Pool, compile_script
from evalscripts.library import LibraryScript, get_script, list_scripts
from tests.builders.scripts import SECONDS, Run

SCRIPTS = {script.id: script for script in list_scripts()}
INDICES = {
    "ndvi": ("B08", "B04"),
    "ndwi": ("B03", "B08"),
    "moisture": ("B8A", "B11"),
    "snow": ("B03", "B11"),
    "burn": ("B08", "B12"),
}


def rgb(color: str) -> list[int]:
    return [int(color[i : i + 2], 16) for i in (1, 3, 5)]


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=lambda script: script.id)
def test_a_ready_script_paints_red_green_blue_and_alpha(
    pool: V8Pool, script: LibraryScript
) -> None:
    setup = compile_script(script.text, pool=pool, seconds=SECONDS).setup

    (output,) = setup.outputs
    assert (output.id, output.bands, output.sample_type) == ("default", 4, SampleType.AUTO)
    assert setup.inputs[0].bands[-1] == "dataMask"
    assert set(setup.inputs[0].bands) == {*script.bands, "dataMask"}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=lambda script: script.id)
def test_a_ready_script_is_transparent_where_nothing_is_valid(
    run: Run, script: LibraryScript
) -> None:
    bands = {name: np.full((1, 2), 0.25) for name in script.bands}

    pixels = run(script.text, bands, valid=[[True, False]]).outputs["default"]

    assert pixels[3].tolist() == [[255, 0]]


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=lambda script: script.id)
def test_a_ready_script_is_described(script: LibraryScript) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", script.id)
    assert script.collection == "sentinel-2-l2a"
    assert script.title
    assert script.description.endswith(".")
    assert script.text.startswith("//VERSION=3\n// ")
    for entry in script.legend or ():
        assert re.fullmatch("#[0-9a-f]{6}", entry.color)
        assert entry.label


@pytest.mark.parametrize("name", INDICES)
def test_an_index_has_the_colors_of_its_legend(run: Run, name: str) -> None:
    script = SCRIPTS[name]
    assert script.legend is not None
    values = [entry.value for entry in script.legend if entry.value is not None]
    high, low = INDICES[name]
    # (high − low) / (high + low) is exactly the value at these reflectances.
    bands = {
        high: np.array([[0.5 + value / 2 for value in values]]),
        low: np.array([[0.5 - value / 2 for value in values]]),
    }

    pixels = run(script.text, bands).outputs["default"]

    expected = np.array([rgb(entry.color) for entry in script.legend]).T
    np.testing.assert_allclose(pixels[:3, 0], expected, atol=1)


def test_the_enhanced_index_has_the_colors_of_its_legend(run: Run) -> None:
    script = SCRIPTS["evi"]
    assert script.legend is not None
    values = np.array([[entry.value for entry in script.legend]], np.float64)
    # Without red and blue the formula is 2.5 n / (n + 1).
    bands = {"B08": values / (2.5 - values), "B04": values * 0, "B02": values * 0}

    pixels = run(script.text, bands).outputs["default"]

    expected = np.array([rgb(entry.color) for entry in script.legend]).T
    np.testing.assert_allclose(pixels[:3, 0], expected, atol=1)


def test_every_class_has_its_standard_color(run: Run) -> None:
    script = SCRIPTS["scl"]
    assert script.legend is not None

    pixels = run(script.text, {"SCL": np.arange(12, dtype=np.uint8)[None]}).outputs["default"]

    assert [entry.value for entry in script.legend] == list(range(12))
    assert pixels[:3, 0].T.tolist() == [rgb(entry.color) for entry in script.legend]


def test_clouds_and_their_shadows_are_left_out(run: Run) -> None:
    classes = np.arange(12, dtype=np.uint8)[None]
    bands = {"SCL": classes, **dict.fromkeys(("B02", "B03", "B04"), classes * 0.1)}

    pixels = run(SCRIPTS["cloudless"].text, bands).outputs["default"]

    assert np.flatnonzero(pixels[3] == 0).tolist() == [3, 8, 9, 10]


def test_scripts_are_found_by_their_id() -> None:
    assert get_script("ndvi") is SCRIPTS["ndvi"]
    assert get_script("never") is None
    assert list(SCRIPTS)[:4] == ["true-color", "false-color", "ndvi", "scl"]
