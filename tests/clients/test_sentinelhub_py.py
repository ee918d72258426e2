"""sentinelhub-py, unmodified, over a real socket; what it gets against GDAL's reading of the files.

The box of most requests lies on the scene's own pixels, so that every number must be the file's.
"""

import io
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from PIL import Image
from rasterio.crs import CRS
from rasterio.features import geometry_mask
from rasterio.transform import from_bounds
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from engine.sample import SampleScene
from tests.builders.running import Running
from tests.clients.conftest import Landscape
from tests.clients.environments import client_python

pytestmark = pytest.mark.client

HERE = Path(__file__).parent
COLUMN, ROW, WIDTH, HEIGHT = 50, 40, 256, 200
WINDOW = Window(COLUMN, ROW, WIDTH, HEIGHT)
BADLY_CLOUDED, CLEAR, WITH_EDGE = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What the client got."""

    facts: dict[str, Any]
    folder: Path
    scenes: tuple[SampleScene, ...]
    plan: dict[str, Any]

    def array(self, name: str) -> NDArray[Any]:
        return np.asarray(np.load(self.folder / f"{name}.npy"))

    def stored(self, day: int, band: str) -> NDArray[np.uint16]:
        """Return the file's numbers in the box, by GDAL."""
        with rasterio.open(self.scenes[day].files[band]) as dataset:
            return np.asarray(dataset.read(1, window=WINDOW))

    def harmonized(self, day: int, *bands: str) -> NDArray[np.int64]:
        """Return (row, col, band) without the offset that the scene's own metadata names."""
        stacked = []
        for band in bands:
            described = json.loads(self.scenes[day].item.read_text())["assets"][band]
            offset = round(described["raster:bands"][0]["offset"] * 10_000)
            stored = self.stored(day, band).astype(np.int64)
            stacked.append(np.where(stored == 0, 0, np.maximum(stored + offset, 0)))
        return np.stack(stacked, axis=-1)

    def true_color(self, day: int) -> NDArray[np.uint8]:
        """Return (row, col, RGBA) as the script's formula and 8-bit rounding give it."""
        values = 2.5 * self.harmonized(day, "B04", "B03", "B02") * 0.0001
        colors = np.floor(255 * np.clip(values, 0, 1) + 0.5)
        alpha = 255.0 * (self.stored(day, "B04") > 0)
        return np.dstack([colors, alpha]).astype(np.uint8)


def play(name: str, *arguments: str | Path) -> Any:
    python = client_python("sentinelhub-py", "sentinelhub==3.12.0")
    done = subprocess.run(
        [python, HERE / f"{name}.py", *arguments],
        # oauthlib refuses token addresses without TLS unless it is told otherwise.
        env={"PATH": os.environ["PATH"], "OAUTHLIB_INSECURE_TRANSPORT": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def ring(*corners: tuple[int, int]) -> list[tuple[float, float]]:
    """Return a closed ring of corners given in columns and rows of the box."""
    return [(*corner,) for corner in (*corners, corners[0])]


@pytest.fixture(scope="module")
def visit(landscape: Landscape, tmp_path_factory: pytest.TempPathFactory) -> Visit:
    folder = tmp_path_factory.mktemp("visit")
    with rasterio.open(landscape.scenes[0].files["B04"]) as dataset:
        affine = dataset.window_transform(WINDOW)
        epsg = dataset.crs.to_epsg()
    left, top = affine * (0, 0)
    right, bottom = affine * (WIDTH, HEIGHT)
    outer = ((0, 0), (WIDTH, 20), (WIDTH, HEIGHT), (30, HEIGHT))
    hole = ((100, 80), (150, 95), (150, 135), (100, 120))
    with (
        rasterio.open(landscape.scenes[CLEAR].files["B04"]) as dataset,
        WarpedVRT(dataset, crs="EPSG:4326") as warped,
    ):
        west, south, east, north = warped.bounds
    middle, width, height = (west + east) / 2, east - west, north - south
    plan = {
        "url": landscape.server.url,
        "client_id": landscape.server.client_id,
        "client_secret": landscape.server.client_secret,
        "box": [left, bottom, right, top],
        "epsg": epsg,
        "degrees": [
            middle - 0.2 * width,
            south + 0.3 * height,
            middle + 0.2 * width,
            north - 0.3 * height,
        ],
        "rings": [[affine * corner for corner in ring(*corners)] for corners in (outer, hole)],
        "days": [scene.sensed.date().isoformat() for scene in landscape.scenes],
    }
    (folder / "plan.json").write_text(json.dumps(plan))
    facts = play("sentinelhub_py_scenario", folder / "plan.json", folder)
    return Visit(facts=facts, folder=folder, scenes=landscape.scenes, plan=plan)


@pytest.mark.parametrize(("name", "day"), [("png", CLEAR), ("png_with_edge", WITH_EDGE)])
def test_a_png_has_the_colors_of_the_files_and_their_mask_as_alpha(
    visit: Visit, name: str, day: int
) -> None:
    image, expected = visit.array(name), visit.true_color(day)

    assert (image.shape, image.dtype) == ((HEIGHT, WIDTH, 4), np.uint8)
    assert np.array_equal(image, expected)


def test_a_float_tiff_holds_the_harmonized_numbers(visit: Visit) -> None:
    floats = visit.array("floats")

    assert floats.dtype == np.float32
    assert np.array_equal(floats, visit.harmonized(CLEAR, "B04", "B08"))


@pytest.mark.parametrize("name", ["integers", "by_resolution", "generated", "by_token"])
def test_the_same_numbers_come_by_every_way_of_asking(visit: Visit, name: str) -> None:
    assert np.array_equal(visit.array(name), visit.harmonized(CLEAR, "B04", "B08"))


def test_without_harmonizing_the_numbers_are_the_stored_ones(visit: Visit) -> None:
    expected = np.dstack([visit.stored(CLEAR, "B04"), visit.stored(CLEAR, "B08")])

    assert np.array_equal(visit.array("raw"), expected)


def test_the_latest_scene_lies_on_top_and_shows_the_one_below_where_it_ends(visit: Visit) -> None:
    on_top, below = (visit.harmonized(day, "B04", "B08") for day in (WITH_EDGE, CLEAR))
    has_data = visit.stored(WITH_EDGE, "B04")[..., np.newaxis] > 0

    assert np.array_equal(visit.array("latest"), np.where(has_data, on_top, below))


def test_several_responses_come_under_their_names(visit: Visit) -> None:
    red, infrared = np.moveaxis(visit.harmonized(WITH_EDGE, "B04", "B08"), -1, 0)
    total = (red + infrared).astype(np.float64)
    ndvi = np.divide(infrared - red, total, out=np.zeros_like(total), where=total > 0)
    facts = visit.facts["numbers"]

    assert facts["names"] == ["default.tif", "mask.tif", "userdata.json"]
    assert facts["userdata"] == {"norm_factor": 0.0001, "seen": WIDTH * HEIGHT}
    assert np.array_equal(visit.array("mask"), visit.stored(WITH_EDGE, "B04") > 0)
    np.testing.assert_allclose(visit.array("ndvi"), ndvi, atol=1e-6)


def test_tiffs_need_no_codecs_beyond_the_clients_own(visit: Visit) -> None:
    assert visit.facts["numbers"]["has_imagecodecs"] is False


def test_a_script_of_the_clients_own_making_tells_the_factor(visit: Visit) -> None:
    # It asks for stored numbers, whose factor is 1.
    assert visit.facts["numbers"]["generated"] == {"norm_factor": 1}


def test_a_geometry_with_a_hole_cuts_the_picture(visit: Visit) -> None:
    shape = {"type": "Polygon", "coordinates": visit.plan["rings"]}
    left, bottom, right, top = visit.plan["box"]
    affine = from_bounds(left, bottom, right, top, WIDTH, HEIGHT)
    inside = geometry_mask([shape], (HEIGHT, WIDTH), affine, invert=True)
    expected = visit.true_color(CLEAR) * inside[..., np.newaxis]

    assert np.array_equal(visit.array("clipped_in_box"), expected)
    assert np.array_equal(visit.array("clipped"), expected)


def test_a_box_in_degrees_is_warped_as_gdal_does(visit: Visit) -> None:
    west, south, east, north = visit.plan["degrees"]
    expected = []
    for band in ("B04", "B08"):
        with (
            rasterio.open(visit.scenes[CLEAR].files[band]) as dataset,
            WarpedVRT(
                dataset,
                crs=CRS.from_epsg(4326),
                transform=from_bounds(west, south, east, north, WIDTH, HEIGHT),
                width=WIDTH,
                height=HEIGHT,
                tolerance=0.001,
            ) as warped,
        ):
            expected.append(np.maximum(warped.read(1).astype(np.int64) - 1000, 0))
    same = visit.array("degrees") == np.dstack(expected)

    assert same.mean() >= 0.999


def test_a_jpeg_looks_like_the_png(visit: Visit) -> None:
    image, expected = visit.array("jpeg"), visit.true_color(CLEAR)[..., :3]

    assert image.shape == expected.shape
    assert np.abs(image.astype(int) - expected).mean() < 4


def test_where_there_is_nothing_the_picture_is_empty(visit: Visit) -> None:
    assert not visit.array("empty").any()


def test_thirty_requests_on_ten_threads_are_answered_each_with_its_own(visit: Visit) -> None:
    images = visit.array("together")
    expected = [visit.harmonized(day, "B04", "B08") for day in range(3)]

    assert all(np.array_equal(image, expected[i % 3]) for i, image in enumerate(images))


def test_scenes_are_chosen_as_the_client_says(visit: Visit) -> None:
    first, second, third = (scene.sensed.strftime("%Y-%m-%dT%H:%M:%SZ") for scene in visit.scenes)
    choices = visit.facts["choices"]
    clearest = choices.pop("least clouds")

    assert clearest in (second, third)
    assert choices == {
        "most recent": [third, second],
        "least recent": [first, second],
        "at most 20 % clouds": [third, second],
        "first day": [first],
        "first two days": [second],
        "one instant": [second],
        "before the first": [],
    }


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("wrong secret", ["InvalidClientError", "invalid_client"]),
        ("bad script", ["DownloadFailedException", "evalscript.js:6: TypeError", "400"]),
        ("unknown band", ["DownloadFailedException", "B99", "sentinel-2-l2a"]),
        ("unknown collection", ["DownloadFailedException", "sentinel-9"]),
        ("unknown output", ["DownloadFailedException", "ndvi", "default"]),
        ("too large", ["DownloadFailedException", "2600", "2500"]),
        ("too fine", ["DownloadFailedException", "5120", "resx", "2500"]),
        ("crossing", ["DownloadFailedException", "Self-intersection"]),
    ],
)
def test_what_is_wrong_is_told_in_the_clients_own_error(
    visit: Visit, name: str, parts: list[str]
) -> None:
    message = visit.facts["failures"][name]

    assert [part for part in parts if part not in message] == [], message


def test_tokens_are_read_as_the_client_reads_them(visit: Visit) -> None:
    expected = {"azp": visit.plan["client_id"], "expires_in": 3600}

    assert visit.facts["session"] == expected


def test_the_same_request_by_hand_as_multipart_gives_the_same_picture(visit: Visit) -> None:
    image = Image.open(io.BytesIO((visit.folder / "multipart.png").read_bytes()))

    assert visit.facts["plain"] == {"status": 200, "type": "image/png", "units": "0.1953"}
    assert np.array_equal(np.asarray(image), visit.array("png"))


def test_the_client_waits_as_long_as_it_is_told_and_no_longer(narrow_server: Running) -> None:
    answered = play(
        "sentinelhub_py_waiting_scenario",
        narrow_server.url,
        narrow_server.client_id,
        narrow_server.client_secret,
    )

    assert answered == 14
