"""One pixel seen from inside has the very samples that the whole request gives it."""

from datetime import timedelta

import numpy as np
import pytest
import rasterio.warp
import shapely
from affine import Affine

from engine.catalog.collection import Collection
from engine.core import DebuggedPixel, pixel_at
from engine.errors import RequestError
from engine.geo.crs import Crs
from engine.geo.geometry import Geometry
from engine.warp.resampling import Resampling
from tests.builders.engines import SENSED, Bench, ask, grid

UTM = "EPSG:32632"
LEFT, TOP, SIZE = 600_000.0, 5_100_000.0, 300
AFFINE = Affine.translation(LEFT, TOP) * Affine.scale(10, -10)
OWN = (LEFT, TOP - SIZE * 10, LEFT + SIZE * 10, TOP)
BOX = grid(UTM, OWN, SIZE, SIZE)


def script(mosaicking: str, body: str) -> str:
    return f"""//VERSION=3
function setup() {{
  return {{
    input: [{{bands: ["B04", "dataMask"], units: "DN"}}],
    output: {{bands: 3, sampleType: "FLOAT32"}},
    mosaicking: "{mosaicking}"
  }};
}}
function evaluatePixel(samples, scenes) {{
{body}
}}
"""


THREE = "return samples.map(s => s.dataMask ? s.B04 : -1);"


@pytest.fixture(scope="module")
def days(bench: Bench) -> Collection:
    """Three days of smooth numbers with holes."""
    collection = bench.collect("B04")
    row, col = np.mgrid[:SIZE, :SIZE]
    for day in range(3):
        values = (1000 * (day + 1) + 3 * col + 2 * row).astype(np.uint16)
        values[np.random.default_rng(day).random(values.shape) < 0.05] = 0
        sensed = SENSED + timedelta(days=day)
        bench.add(collection, f"day {day}", {"B04": values}, crs=UTM, affines=AFFINE, sensed=sensed)
    return collection


def look(bench: Bench, collection: Collection, text: str, *, col: int, row: int) -> DebuggedPixel:
    return bench.runner.run(bench.engine.debug(ask(collection, BOX, text), col=col, row=row))


def test_the_pixels_of_a_warped_request_are_the_same_one_by_one(
    bench: Bench, days: Collection
) -> None:
    box = rasterio.warp.transform_bounds(UTM, "EPSG:3857", *OWN)
    # Coarser than the files by 2 and a bit: the first overview, bilinear.
    geobox = grid("EPSG:3857", box, 130, 110)
    request = ask(days, geobox, script("TILE", THREE), downsampling=Resampling.BILINEAR)
    whole = bench.runner.run(bench.engine.pixels(request)).outputs["default"]
    random = np.random.default_rng(0)
    for _ in range(12):
        col, row = int(random.integers(geobox.width)), int(random.integers(geobox.height))
        seen = bench.runner.run(bench.engine.debug(request, col=col, row=row))

        assert seen.report.error is None
        assert seen.report.outputs is not None
        assert seen.report.outputs["default"] == tuple(whole[:, row, col].tolist())
        assert pixel_at(geobox, x=seen.x, y=seen.y) == (col, row)


def test_a_report_names_scenes_samples_console_and_what_was_returned(
    bench: Bench, days: Collection
) -> None:
    body = "console.log(samples.length, scenes.tiles[0].date); " + THREE
    request = ask(days, BOX, script("TILE", body))
    whole = bench.runner.run(bench.engine.pixels(request)).outputs["default"]
    [row, *_], [col, *_] = np.nonzero((whole > 0).sum(axis=0) == 2)

    seen = look(bench, days, script("TILE", body), col=int(col), row=int(row))

    values = whole[:, row, col].tolist()
    filled = [f"day {2 - index}" for index, value in enumerate(values) if value > 0]
    assert (seen.col, seen.row, seen.is_inside) == (col, row, True)
    assert sorted(seen.used["0"]) == sorted(filled)
    assert seen.report.returned == values
    assert [one["dataMask"] for one in seen.report.samples] == [int(v > 0) for v in values]
    assert len(seen.report.console) == 1
    assert "2024-06-03" in seen.report.console[0]


def test_a_scripts_error_is_in_the_report(bench: Bench, days: Collection) -> None:
    seen = look(
        bench, days, script("ORBIT", "throw new Error('x' + samples[0].B04);"), col=5, row=7
    )

    assert seen.report.error is not None
    assert "x30" in seen.report.error.message
    assert len(seen.report.samples) == 3


def test_a_pixel_outside_the_geometry_is_told_so(bench: Bench, days: Collection) -> None:
    clip = Geometry(shape=shapely.box(LEFT, TOP - 500, LEFT + 500, TOP), crs=Crs(UTM))
    request = ask(days, BOX, script("TILE", THREE), clip=clip)

    inside = bench.runner.run(bench.engine.debug(request, col=49, row=49))
    outside = bench.runner.run(bench.engine.debug(request, col=50, row=49))

    assert (inside.is_inside, outside.is_inside) == (True, False)
    assert outside.report.outputs == {"default": (-1.0, -1.0, -1.0)}


@pytest.mark.parametrize(("col", "row"), [(-1, 0), (SIZE, 0), (0, SIZE)])
def test_pixels_that_the_request_does_not_have_are_refused(
    bench: Bench, days: Collection, col: int, row: int
) -> None:
    with pytest.raises(RequestError, match="columns run from 0 to 299, rows from 0 to 299"):
        look(bench, days, script("TILE", THREE), col=col, row=row)


def test_points_find_their_pixel_or_are_refused() -> None:
    assert pixel_at(BOX, x=LEFT, y=TOP) == (0, 0)
    assert pixel_at(BOX, x=LEFT + 19.99, y=TOP - 10) == (1, 1)
    assert pixel_at(BOX, x=OWN[2], y=OWN[1]) == (SIZE - 1, SIZE - 1)
    with pytest.raises(RequestError, match="lies outside"):
        pixel_at(BOX, x=LEFT - 0.01, y=TOP)
