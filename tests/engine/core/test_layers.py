"""ORBIT and TILE: one sample for each day, or scene, of every pixel, against GDAL and numpy."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import rasterio.warp
import shapely
from affine import Affine
from rasterio.vrt import WarpedVRT

from engine.catalog.collection import Collection, MosaicRule
from engine.catalog.scene import Scene
from engine.catalog.search import SceneOrder
from engine.errors import TooLarge
from engine.geo.crs import Crs
from engine.geo.geometry import Geometry
from engine.geo.window import Window
from engine.plan.explain import explain
from engine.plan.limits import Limits
from engine.samples import Pixels
from engine.trace import tracing
from tests.builders.engines import SENSED, Bench, ask, grid, open_bench, stored_numbers

UTM = "EPSG:32632"
LEFT, TOP, SIZE = 600_000.0, 5_100_000.0, 200
AFFINE = Affine.translation(LEFT, TOP) * Affine.scale(10, -10)
OWN = (LEFT, TOP - SIZE * 10, LEFT + SIZE * 10, TOP)
BOX = grid(UTM, OWN, SIZE, SIZE)
DAY = timedelta(days=1)


def series(mosaicking: str, *hooks: str, kind: str = "UINT16") -> str:
    """Return a script that hands through every sample and what it knows of it."""
    field = "date" if mosaicking == "TILE" else "dateFrom"
    return f"""//VERSION=3
function setup() {{
  return {{
    input: [{{bands: ["B04", "dataMask"], units: "DN"}}],
    output: [
      {{id: "default", bands: 1, sampleType: "{kind}"}},
      {{id: "mask", bands: 1, sampleType: "UINT8"}},
      {{id: "count", bands: 1, sampleType: "UINT8"}}
    ],
    mosaicking: "{mosaicking}"
  }};
}}
function updateOutput(outputs, collections) {{
  outputs.default.bands = Math.max(1, collections.scenes.length);
  outputs.mask.bands = Math.max(1, collections.scenes.length);
}}
function evaluatePixel(samples, scenes) {{
  const filled = samples.length ? samples : [{{B04: 0, dataMask: 0}}];
  return {{
    default: filled.map(s => s.B04), mask: filled.map(s => s.dataMask), count: [samples.length]
  }};
}}
function updateOutputMetadata(scenes, inputMetadata, outputMetadata) {{
  const all = scenes.tiles || scenes.orbits || [];
  outputMetadata.userData = all.map(s => s.{field});
}}
{chr(10).join(hooks)}
"""


def numbers(seed: int, size: int = SIZE) -> np.ndarray:
    """Return numbers of which a fifth is no data."""
    random = np.random.default_rng(seed)
    values = random.integers(1, 10_000, (size, size), dtype=np.uint16)
    return np.where(random.random((size, size)) < 0.2, 0, values).astype(np.uint16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A collection of scenes over the same area, newest last."""

    collection: Collection
    scenes: tuple[Scene, ...]
    values: tuple[np.ndarray, ...]


def add_series(
    bench: Bench, times: Sequence[timedelta], *, cloud: Sequence[float] = (), **fields: Any
) -> Series:
    collection = bench.collect("B04", **fields)
    values = tuple(numbers(seed) for seed in range(len(times)))
    scenes = tuple(
        bench.add(
            collection,
            f"scene {index}",
            {"B04": values[index]},
            crs=UTM,
            affines=AFFINE,
            sensed=SENSED + time,
            cloud_cover=cloud[index] if cloud else None,
        )
        for index, time in enumerate(times)
    )
    return Series(collection=collection, scenes=scenes, values=values)


def stack(pixels: Pixels) -> np.ndarray:
    """Return (layer, row, col), and 0 where the mask says so."""
    np.testing.assert_array_equal(pixels.outputs["mask"] == 0, pixels.outputs["default"] == 0)
    return pixels.outputs["default"]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (SceneOrder.MOST_RECENT, [2, 1, 0]),
        (SceneOrder.LEAST_RECENT, [0, 1, 2]),
        (SceneOrder.LEAST_CLOUDY, [1, 2, 0]),
    ],
)
def test_tile_has_every_scene_in_the_requests_order(
    bench: Bench, order: SceneOrder, expected: list[int]
) -> None:
    made = add_series(bench, [0 * DAY, DAY, DAY * 1.1], cloud=[90, 5, 40])

    pixels = bench.ask(made.collection, BOX, series("TILE"), order=order)

    np.testing.assert_array_equal(stack(pixels), [made.values[index] for index in expected])
    assert pixels.user_data == [
        made.scenes[index].sensed.strftime("%Y-%m-%dT%H:%M:%SZ") for index in expected
    ]
    assert (pixels.outputs["count"] == 3).all()


@pytest.mark.parametrize("rule", list(MosaicRule))
@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (SceneOrder.MOST_RECENT, [(3, 2), (1, 0)]),
        (SceneOrder.LEAST_RECENT, [(0, 1), (2, 3)]),
        (SceneOrder.LEAST_CLOUDY, [(2, 3), (1, 0)]),
    ],
)
def test_orbit_has_one_mosaic_for_each_day(
    bench: Bench, rule: MosaicRule, order: SceneOrder, expected: list[tuple[int, int]]
) -> None:
    # 13:59:59 after 10:00 is the last second of the day.
    late = timedelta(hours=13, minutes=59, seconds=59)
    times = [timedelta(), late, 3 * DAY, 3 * DAY + late]
    made = add_series(bench, times, cloud=[60, 50, 10, 80], rule=rule)

    pixels = bench.ask(made.collection, BOX, series("ORBIT"), order=order)

    mosaics = []
    for top, below in expected:
        first, second = made.values[top], made.values[below]
        is_done = rule is MosaicRule.TOP_COVER
        mosaics.append(first if is_done else np.where(first > 0, first, second))
    np.testing.assert_array_equal(stack(pixels), mosaics)
    days = {(3, 2): 4, (2, 3): 4, (1, 0): 1, (0, 1): 1}
    assert pixels.user_data == [f"2024-06-0{days[pair]}T00:00:00Z" for pair in expected]


def test_a_day_of_two_utm_zones_is_one_sample(bench: Bench) -> None:
    collection = bench.collect("B04")
    west, east = numbers(1), numbers(2)
    [x], [y] = rasterio.warp.transform("EPSG:4326", "EPSG:32633", [10.3], [46.05])
    other = Affine.translation(round(x, -1), round(y, -1)) * Affine.scale(10, -10)
    left, _, _, top = rasterio.warp.transform_bounds(
        "EPSG:32633", UTM, other.c, other.f - SIZE * 10, other.c + SIZE * 10, other.f
    )
    near = Affine.translation(round(left, -1) - 1000, round(top, -1)) * Affine.scale(10, -10)
    a = bench.add(collection, "west", {"B04": west}, crs=UTM, affines=near)
    bench.add(
        collection,
        "east",
        {"B04": east},
        crs="EPSG:32633",
        affines=other,
        sensed=SENSED - timedelta(hours=1),
    )
    box = grid(UTM, (near.c, near.f - 2000, near.c + 3000, near.f), 300, 200)

    pixels = bench.ask(collection, box, series("ORBIT"))

    warped = gdal_nearest(east, "EPSG:32633", other, box.affine, (box.height, box.width))
    expected = np.zeros((200, 300), np.uint16)
    expected[:, :200] = west
    expected = np.where(expected > 0, expected, warped)
    assert a.assets["B04"].image.crs == Crs(UTM)
    assert pixels.outputs["default"].shape == (1, 200, 300)
    assert np.count_nonzero(warped) > 10_000
    assert np.mean(stack(pixels)[0] == expected) >= 0.999


def gdal_nearest(
    values: np.ndarray, crs: str, affine: Affine, target: Affine, shape: tuple[int, int]
) -> np.ndarray:
    with rasterio.MemoryFile() as memory:
        profile = {"driver": "GTiff", "count": 1, "dtype": values.dtype, "nodata": 0}
        height, width = values.shape
        with memory.open(
            **profile, height=height, width=width, crs=crs, transform=affine
        ) as dataset:
            dataset.write(values, 1)
        with (
            memory.open() as dataset,
            WarpedVRT(
                dataset,
                crs=UTM,
                transform=target,
                width=shape[1],
                height=shape[0],
                tolerance=0.001,
            ) as warped,
        ):
            return warped.read(1)


def test_without_scenes_there_is_no_sample(bench: Bench) -> None:
    collection = bench.collect("B04")
    for mosaicking in ("TILE", "ORBIT"):
        pixels = bench.ask(collection, BOX, series(mosaicking))

        assert not pixels.outputs["count"].any()
        assert not pixels.valid.any()
        assert pixels.user_data == []


def test_parts_of_a_request_equal_the_whole_bit_for_bit(bench: Bench) -> None:
    made = add_series(bench, [DAY * index for index in range(4)])
    left, bottom, _, _ = rasterio.warp.transform_bounds(UTM, "EPSG:3857", *OWN)
    side = 256 * 13.0
    whole = grid("EPSG:3857", (left, bottom, left + side, bottom + side), 256, 256)
    script = series("TILE")
    large = bench.ask(made.collection, whole, script)
    for top, below, left_col, right_col in ((0, 256, 0, 100), (0, 256, 100, 256), (30, 31, 7, 200)):
        window = Window(row_start=top, row_stop=below, col_start=left_col, col_stop=right_col)
        small = bench.ask(made.collection, whole.crop(window), script)

        expected = large.outputs["default"][:, top:below, left_col:right_col]
        np.testing.assert_array_equal(small.outputs["default"], expected)


def test_every_scene_takes_one_request_and_a_dropped_one_none(bench: Bench) -> None:
    made = add_series(bench, [DAY * index for index in range(5)])
    drop = """
function preProcessScenes(collections) {
  collections.scenes.tiles = collections.scenes.tiles.filter((t, i) => i % 2 == 1).reverse();
  return collections;
}"""
    few, little = bench.trace(made.collection, BOX, series("TILE", drop))
    every, much = bench.trace(made.collection, BOX, series("TILE"))

    np.testing.assert_array_equal(stack(every), made.values[::-1])
    np.testing.assert_array_equal(stack(few), [made.values[1], made.values[3]])
    assert few.user_data == [every.user_data[3], every.user_data[1]]
    assert (little.counts["requests"], much.counts["requests"]) == (2, 3)
    assert little.counts["bytes"] < much.counts["bytes"]


def test_scenes_beside_the_area_are_no_samples(bench: Bench) -> None:
    collection = bench.collect("B04")
    for number, shift in enumerate((0, SIZE * 10, -3 * SIZE * 10)):
        affine = Affine.translation(LEFT + shift, TOP) * Affine.scale(10, -10)
        bench.add(collection, str(number), {"B04": numbers(number)}, crs=UTM, affines=affine)
    # The northwestern half of the area, from which the scene in the east lies apart.
    west, south, east, north = OWN
    clip = shapely.Polygon([(west, south), (west, north), (east, north)])
    two = grid(UTM, (west, south, east + SIZE * 10, north), 2 * SIZE, SIZE)

    own = bench.ask(collection, BOX, series("TILE"))
    both = bench.ask(collection, two, series("TILE"))
    clipped = bench.ask(
        collection, two, series("TILE"), clip=Geometry(shape=clip.buffer(-15), crs=Crs(UTM))
    )

    assert [p.facts["layers"] for p in (own, both, clipped)] == [{"0": 1}, {"0": 2}, {"0": 1}]


def test_a_plan_tells_its_layers_days_and_counts(bench: Bench) -> None:
    late = timedelta(hours=13)
    made = add_series(bench, [timedelta(), late, 2 * DAY])
    drop = """
function preProcessScenes(collections) {
  collections.scenes.orbits = collections.scenes.orbits.slice(1);
  return collections;
}"""
    request = ask(made.collection, BOX, series("ORBIT", drop))

    prepared = bench.runner.run(bench.engine.prepare(request))
    told = explain(prepared.plan, prepared.program)

    [one] = told["inputs"]
    assert (one["mosaicking"], one["layers"], one["days"]) == ("ORBIT", 1, ["2024-06-01"])
    assert [scene["name"] for scene in one["scenes"]] == ["scene 1", "scene 0"]
    assert one["scenes"][0]["read"] == "at once: its cover adds to the scenes above"
    assert one["scenes"][1]["read"] == "only where pixels stay open below the scenes above"
    assert told["cost"]["layers"] == 1
    assert [out["bands"] for out in told["script"]["outputs"]] == [1, 1, 1]
    assert json.loads(json.dumps(told)) == told


def test_more_scenes_than_allowed_are_refused_before_anything_is_read(tmp_path: Path) -> None:
    with open_bench(tmp_path, limits=Limits(scenes=2)) as bench:
        made = add_series(bench, [DAY * index for index in range(3)])
        with tracing() as trace, pytest.raises(TooLarge) as caught:
            bench.ask(made.collection, BOX, series("TILE"))
        simple = bench.ask(made.collection, BOX, stored_numbers("B04"))

    assert (caught.value.found, caught.value.limit) == (3, 2)
    assert caught.value.where == "input->data[0]->dataFilter->timeRange"
    assert "requests" not in trace.counts
    assert simple.facts["layers"] == {"0": 1}
