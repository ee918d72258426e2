"""The ready scripts: each runs, says truly what it reads, and colors as its legend says."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.catalog.definitions import builtin_collections
from evalscripts import (
    BandData,
    InputData,
    OrbitFacts,
    Program,
    RunContext,
    SampleType,
    SceneFacts,
    V8Pool,
    compile_script,
)
from evalscripts.library import LegendKind, LibraryScript, get_script, list_scripts
from tests.builders.scripts import SECONDS

SCRIPTS = {script.id: script for script in list_scripts()}
EVERY = pytest.mark.parametrize("script", SCRIPTS.values(), ids=lambda script: script.id)
CLEAR = 4
"""A class of SCL that is neither cloud nor shadow."""

Bands = Mapping[str, Any]
Value = Callable[[Bands], NDArray[np.float64]]


def _ratio(high: str, low: str) -> Value:
    return lambda b: (b[high] - b[low]) / (b[high] + b[low])


def _evi(b: Bands) -> NDArray[np.float64]:
    return 2.5 * (b["B08"] - b["B04"]) / (b["B08"] + 6 * b["B04"] - 7.5 * b["B02"] + 1)


VALUES: Mapping[str, Value] = {
    "ndvi": _ratio("B08", "B04"),
    "ndwi": _ratio("B03", "B08"),
    "moisture": _ratio("B8A", "B11"),
    "snow": _ratio("B03", "B11"),
    "burn": _ratio("B08", "B12"),
    "evi": _evi,
    "savi": lambda b: 1.5 * (b["B08"] - b["B04"]) / (b["B08"] + b["B04"] + 0.5),
    "gndvi": _ratio("B08", "B03"),
    "ndre": _ratio("B8A", "B05"),
    "chlorophyll": lambda b: b["B07"] / b["B05"] - 1,
    "lai": lambda b: np.maximum(0, 3.618 * _evi(b) - 0.118),
    "mndwi": _ratio("B03", "B11"),
    "built-up": _ratio("B11", "B08"),
    "bare-soil": lambda b: (
        (b["B11"] + b["B04"] - b["B08"] - b["B02"]) / (b["B11"] + b["B04"] + b["B08"] + b["B02"])
    ),
    "senescence": lambda b: (b["B04"] - b["B02"]) / b["B06"],
    "salinity": _ratio("B04", "B08"),
    "landsat-ndvi": _ratio("B05", "B04"),
    "surface-temperature": lambda b: 250 + 100 * b["B10"] - 273.15,
    "elevation": lambda b: b["DEM"] * 3500,
    "radar-plants": lambda b: 4 * b["VH"] / (b["VV"] + b["VH"]),
    "radar-vv": lambda b: 10 * np.log10(b["VV"]),
    "radar-vh": lambda b: 10 * np.log10(b["VH"]),
    "max-ndvi": _ratio("B08", "B04"),
    "mean-ndvi": _ratio("B08", "B04"),
}
"""What each script colors, written a second time; the series of one date have its value."""
SCALES = {"DEM": 3500.0, "B10": 100.0}
"""Bands that are no shares of light are made of numbers in 0..1 by these …"""
OFFSETS = {"B10": 250.0}
"""… and these."""


def paint(
    program: Program,
    script: LibraryScript,
    dates: Sequence[Bands],
    *,
    valid: Sequence[bool] | None = None,
) -> NDArray[Any]:
    """Return (band, pixel) of a row of pixels; ``dates`` are bands → (pixel,), newest first."""
    shape = (1, len(next(iter(dates[0].values())))) if dates else (1, 1)
    mask = np.ones((len(dates), *shape), np.bool_)
    if valid is not None:
        mask[:] = np.asarray(valid)
    names = {"0": script.bands} if script.also is None else {"S2": script.bands}
    if script.also is not None:
        names[script.also.id] = script.also.bands
    inputs = {
        key: InputData(
            bands={
                name: BandData(
                    values=np.array([date[name] for date in dates], np.float64).reshape(mask.shape),
                    scale=SCALES.get(name, 1.0) if script.collection != "sentinel-2-l2a" else 1.0,
                    offset=OFFSETS.get(name, 0.0) if script.collection != "sentinel-2-l2a" else 0.0,
                )
                for name in bands
            },
            valid=mask,
        )
        for key, bands in names.items()
    }
    days = [f"2022-{12 - i:02}-10" for i in range(len(dates))]
    facts = [SceneFacts(date=f"{day}T10:00:00Z", id=day) for day in days]
    context = RunContext(
        input_ids=tuple(names),
        scenes=dict.fromkeys(names, facts if script.mosaicking == "SIMPLE" else ()),
        orbits={}
        if script.mosaicking == "SIMPLE"
        else {
            key: [
                OrbitFacts(date_from=f"{day}T00:00:00Z", date_to=f"{day}T23:59:59Z", tiles=(fact,))
                for day, fact in zip(days, facts, strict=True)
            ]
            for key in names
        },
        normalization_factor=0.0001,
        service_version="1",
        seconds=SECONDS,
    )
    session = program.open(context)
    pixels = session.evaluate(inputs)["default"][:, 0]
    session.finish()
    return np.asarray(pixels)


def compiled(pool: V8Pool, script: LibraryScript) -> Program:
    return compile_script(script.text, pool=pool, seconds=SECONDS)


def some(script: LibraryScript, count: int, *, seed: int) -> dict[str, NDArray[Any]]:
    """Return shares of light, radar power … for each band; SCL is clear, flags are too."""
    rng = np.random.default_rng(seed)
    bands = {
        name: rng.uniform(0.02, 0.6, count)
        for name in (*script.bands, *(script.also.bands if script.also else ()))
    }
    for name, clear in (("SCL", CLEAR), ("BQA", 1 << 6)):
        if name in bands:
            bands[name] = np.full(count, clear)
    return bands


def rgb(color: str) -> list[int]:
    return [int(color[i : i + 2], 16) for i in (1, 3, 5)]


@EVERY
def test_a_ready_script_says_what_it_reads(pool: V8Pool, script: LibraryScript) -> None:
    setup = compiled(pool, script).setup

    (output,) = setup.outputs
    assert (output.id, output.bands, output.sample_type) == ("default", 4, SampleType.AUTO)
    assert {source.mosaicking.value for source in setup.inputs} == {script.mosaicking}
    expected = [(script.source, script.bands)]
    if script.also is not None:
        expected.append((script.also.id, script.also.bands))
    read = [
        (source.datasource, {*source.bands} - {"dataMask"}, source.bands[-1])
        for source in setup.inputs
    ]
    assert read == [(name, {*bands}, "dataMask") for name, bands in expected]


@EVERY
def test_its_bands_exist(script: LibraryScript) -> None:
    known = {one.id: one for one in builtin_collections()}

    assert set(script.bands) <= set(known[script.collection].bands)
    if script.also is not None:
        assert set(script.also.bands) <= set(known[script.also.collection].bands)


@EVERY
def test_a_ready_script_is_transparent_where_nothing_is_valid(
    pool: V8Pool, script: LibraryScript
) -> None:
    dates = [
        some(script, 2, seed=seed) for seed in range(1 if script.mosaicking == "SIMPLE" else 4)
    ]

    pixels = paint(compiled(pool, script), script, dates, valid=[True, False])

    if script.id == "clear-count":
        assert pixels[3].tolist() == [255, 255]
    else:
        assert pixels[3].tolist() == [255, 0]


@EVERY
def test_a_series_without_dates_is_transparent(pool: V8Pool, script: LibraryScript) -> None:
    if script.mosaicking == "SIMPLE":
        return
    pixels = paint(compiled(pool, script), script, [])

    assert pixels[3].tolist() == [0]


@EVERY
def test_a_ready_script_is_described(script: LibraryScript) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", script.id)
    assert script.title
    assert script.description.endswith(".")
    assert script.text.startswith("//VERSION=3\n// ")
    assert len(script.legend) >= 2
    for entry in script.legend:
        assert re.fullmatch("#[0-9a-f]{6}", entry.color)
        assert entry.label
    values = [entry.value for entry in script.legend]
    if script.kind is LegendKind.CHANNELS:
        assert [entry.color for entry in script.legend] == ["#ff0000", "#00ff00", "#0000ff"]
        assert script.value is None
    elif script.kind is LegendKind.RAMP:
        assert script.value is not None
        assert values == sorted(value for value in values if value is not None)
        assert (values[0], values[-1]) == (script.value.low, script.value.high)


@pytest.mark.parametrize("name", VALUES)
def test_a_value_has_the_color_of_its_legend(pool: V8Pool, name: str) -> None:
    script = SCRIPTS[name]
    bands = some(script, 500, seed=len(name))
    value = VALUES[name](bands)

    pixels = paint(compiled(pool, script), script, [bands])

    stops = np.array([entry.value for entry in script.legend], np.float64)
    colors = np.array([rgb(entry.color) for entry in script.legend], np.float64)
    expected = [np.interp(value, stops, channel) for channel in colors.T]
    # Ramps cut channels to whole steps of 8 bits.
    np.testing.assert_allclose(pixels[:3], expected, atol=1.01)
    assert np.unique(pixels[:3], axis=1).shape[1] > 20


def test_every_class_has_its_standard_color(pool: V8Pool) -> None:
    script = SCRIPTS["scl"]

    pixels = paint(compiled(pool, script), script, [{"SCL": np.arange(12)}])

    assert [entry.value for entry in script.legend] == list(range(12))
    assert pixels[:3].T.tolist() == [rgb(entry.color) for entry in script.legend]


def test_clouds_and_their_shadows_are_left_out(pool: V8Pool) -> None:
    script = SCRIPTS["cloudless"]
    classes = np.arange(12)
    bands = {"SCL": classes, **dict.fromkeys(("B02", "B03", "B04"), classes * 0.1)}

    pixels = paint(compiled(pool, script), script, [bands])

    assert np.flatnonzero(pixels[3] == 0).tolist() == [3, 8, 9, 10]


def test_scripts_are_found_by_their_id() -> None:
    assert get_script("ndvi") is SCRIPTS["ndvi"]
    assert get_script("never") is None
    assert len(SCRIPTS) >= 40
    assert next(iter(SCRIPTS)) == "true-color"
