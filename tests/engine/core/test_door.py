"""The door for callers without an event loop: notebooks, training loops, other processes."""

import asyncio
import multiprocessing
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio.crs
from affine import Affine

from engine import Engine, PixelRequest, local_engine, make_request
from engine.errors import RequestError, UnknownBand
from tests.builders.engines import (
    Bench,
    ask,
    grid,
    make_collection,
    make_options,
    register,
    run,
    stored_numbers,
    write_cog,
)

UTM = "EPSG:32632"
LEFT, TOP, SIZE = 600_000.0, 5_100_000.0, 100
AFFINE = Affine.translation(LEFT, TOP) * Affine.scale(10, -10)
VALUES = np.random.default_rng(1).integers(1, 10_000, (SIZE, SIZE), dtype=np.uint16)
OWN = (LEFT, TOP - SIZE * 10, LEFT + SIZE * 10, TOP)
SCRIPT = stored_numbers("B04")


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Engine, PixelRequest]:
    """An engine that is not open, and a request that its catalog can answer."""
    folder = tmp_path_factory.mktemp("door")
    options = make_options(folder, folder)
    collection = make_collection("B04")

    async def fill() -> None:
        async with Engine(options) as engine:
            await engine.catalog.add_collection(collection)
            path = write_cog(folder / "a.tif", VALUES, crs=UTM, affine=AFFINE)
            await register(engine, collection, "a", {"B04": path})

    run(fill())
    return Engine(options), ask(collection, grid(UTM, OWN, 64, 80), SCRIPT)


def test_read_equals_pixels_from_any_thread_and_inside_a_loop(
    closed: tuple[Engine, PixelRequest],
) -> None:
    engine, request = closed

    async def awaited() -> np.ndarray:
        async with Engine(engine.options) as own:
            return (await own.pixels(request)).outputs["default"]

    async def notebook() -> np.ndarray:
        return engine.read(request).outputs["default"]

    expected = run(awaited())
    found: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda: found.append(engine.read(request).outputs["default"]))
        for _ in range(3)
    ]
    with engine:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found.append(asyncio.run(notebook()))

    assert len(found) == 4
    for one in found:
        np.testing.assert_array_equal(one, expected)


def test_errors_come_through_the_door_as_they_are(closed: tuple[Engine, PixelRequest]) -> None:
    engine, request = closed
    wrong = ask(make_collection(), request.geobox, stored_numbers("B99"))
    wrong = PixelRequest(geobox=wrong.geobox, inputs=request.inputs, script=wrong.script)

    with engine, pytest.raises(UnknownBand, match="B99"):
        engine.read(wrong)


def test_a_dataset_has_the_values_at_the_centers_of_their_pixels(
    closed: tuple[Engine, PixelRequest],
) -> None:
    engine, request = closed
    box = request.geobox

    with engine:
        pixels = engine.read(request)
        data = engine.dataset(request)

    np.testing.assert_array_equal(data["default"].values, pixels.outputs["default"])
    np.testing.assert_array_equal(data["valid"].values, pixels.valid)
    assert data["default"].dims == ("band", "y", "x")
    assert data["mask"].dims == ("band", "y", "x")
    for col, row in ((0, 0), (63, 79), (31, 7)):
        center = box.affine * (col + 0.5, row + 0.5)
        assert (float(data["x"][col]), float(data["y"][row])) == pytest.approx(center, abs=1e-9)
    assert rasterio.crs.CRS.from_wkt(data["spatial_ref"].attrs["crs_wkt"]).to_epsg() == 32632
    assert data["default"].attrs["grid_mapping"] == "spatial_ref"
    transform = [float(part) for part in data["spatial_ref"].attrs["GeoTransform"].split()]
    assert transform == list(box.affine.to_gdal())


def _read_elsewhere(engine: Engine, request: PixelRequest, answers: Any) -> None:
    with engine:
        answers.put(engine.read(request).outputs["default"])


def test_an_engine_pickles_and_reads_in_a_spawned_process(
    closed: tuple[Engine, PixelRequest],
) -> None:
    engine, request = closed
    context = multiprocessing.get_context("spawn")
    answers = context.SimpleQueue()

    with engine:
        expected = engine.read(request).outputs["default"]
        copy = pickle.loads(pickle.dumps(engine))  # noqa: S301 - our own
        child = context.Process(target=_read_elsewhere, args=(engine, request, answers))
        child.start()
        found = answers.get()
        child.join(30)

    assert copy.options == engine.options
    assert child.exitcode == 0
    np.testing.assert_array_equal(found, expected)


THREE_LINES = """
engine = local_engine({home!r})
request = make_request({collection!r}, {script!r}, bbox={box}, size=(100, 100), crs={crs!r})
print(int(engine.read(request).outputs["default"].sum()))
"""


def test_three_lines_do_and_the_process_ends_by_itself(tmp_path: Path) -> None:
    path = write_cog(tmp_path / "2024-06-01" / "B04.tif", VALUES, crs=UTM, affine=AFFINE)
    with local_engine(tmp_path / "home") as engine:
        collection = engine.create_collection("fields")
        report = engine.ingest(collection, str(path.parent))
    program = "from engine import local_engine, make_request" + THREE_LINES.format(
        home=str(tmp_path / "home"), collection=collection, script=SCRIPT, box=OWN, crs=UTM
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert len(report.scenes) == 1
    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout.strip() == str(int(VALUES.sum()))


def test_a_question_in_one_line_is_the_same_question(bench: Bench) -> None:
    collection = bench.collect("B04")
    bench.add(collection, "a", {"B04": VALUES}, crs=UTM, affines=AFFINE)
    request = make_request(
        collection.id,
        SCRIPT,
        bbox=OWN,
        size=(SIZE, SIZE),
        crs=UTM,
        time=("2024-06-01", "2024-06-02T00:00:00Z"),
    )

    pixels = bench.runner.run(bench.engine.pixels(request))
    ready = make_request(collection.id, "ndvi", bbox=OWN, size=(2, 2), crs=UTM)

    np.testing.assert_array_equal(pixels.outputs["default"][0], VALUES)
    assert "evaluatePixel" in ready.script
    with pytest.raises(RequestError, match="enclose no pixel"):
        make_request("a", SCRIPT, bbox=(2.0, 0.0, 1.0, 1.0), size=(1, 1))
    with pytest.raises(RequestError, match="not ISO 8601"):
        make_request("a", SCRIPT, bbox=OWN, size=(1, 1), time=("yesterday", None))


def test_a_ready_script_of_two_collections_brings_the_other_along() -> None:
    request = make_request(
        "S2L2A", "radar-optical", bbox=OWN, size=(2, 2), crs=UTM, max_cloud_cover=20
    )

    assert [(one.id, one.collection, one.max_cloud_cover) for one in request.inputs] == [
        ("S2", "sentinel-2-l2a", 20),
        ("S1", "sentinel-1-grd", None),
    ]


def test_a_built_in_collection_may_be_called_by_its_older_name() -> None:
    asked = make_request("S2L2A", "ndvi", bbox=OWN, size=(2, 2), crs=UTM)

    assert asked.inputs[0].collection == "sentinel-2-l2a"
