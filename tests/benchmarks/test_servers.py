"""What the benchmarks of servers count and draw."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.warp
from rasterio.transform import from_origin

from benchmarks.asking import Connection, get, post
from benchmarks.delayed import DelayedServer, delayed_server
from benchmarks.endurance import Moment, Run
from benchmarks.endurance_mix import KINDS, SHARES, Mix
from benchmarks.processes import cpu_seconds, forget_peak, open_files, peak, resident, tree
from benchmarks.spots import lattice, map_tiles, utm_boxes

MEBIBYTE = 1 << 20


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("spots") / "B04.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=2000,
        height=1000,
        count=1,
        dtype="uint8",
        crs="EPSG:32632",
        transform=from_origin(600_000, 5_000_000, 10, 10),
        sparse_ok=True,
    ):
        pass
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DelayedServer]:
    folder = tmp_path_factory.mktemp("files")
    (folder / "large.json").write_bytes(bytes(3 * MEBIBYTE))
    (folder / "small.json").write_text("{}")
    with delayed_server(folder, milliseconds=0) as server:
        yield server


def test_map_tiles_lie_whole_inside_the_image(image: Path) -> None:
    tiles = map_tiles(image, 14)
    with rasterio.open(image) as dataset:
        crs, bounds = dataset.crs, dataset.bounds
    step = 40_075_016.68557849 / 2**14

    assert len(tiles) > 20
    for x, y in tiles:
        left, top = x * step - 20_037_508.342789244, 20_037_508.342789244 - y * step
        box = rasterio.warp.transform_bounds("EPSG:3857", crs, left, top - step, left + step, top)
        assert bounds.left - 30 < box[0] < box[2] < bounds.right + 30
        assert bounds.bottom - 30 < box[1] < box[3] < bounds.top + 30


def test_fewer_pixels_leave_the_map_tiles_of_the_north_west(image: Path) -> None:
    some, every = map_tiles(image, 14, pixels=700), map_tiles(image, 14)

    assert 0 < len(some) < len(every)
    assert set(some) < set(every)


def test_a_lattice_has_one_map_tile_of_each_square(image: Path) -> None:
    few = lattice(map_tiles(image, 16), 3)

    assert len({(x // 3, y // 3) for x, y in few}) == len(few)


def test_boxes_are_whole_pixels_inside_the_square(image: Path) -> None:
    crs, boxes = utm_boxes(image, side=64, count=50, pixels=500, random=np.random.default_rng(3))

    assert crs.endswith("/32632")
    for left, bottom, right, top in boxes:
        assert (right - left, top - bottom) == (640, 640)
        assert left >= 600_000
        assert right <= 605_000
        assert (left - 600_000) % 10 == 0


def test_answers_over_a_kept_connection_come_whole_and_in_order(files: DelayedServer) -> None:
    with Connection(files.url) as connection:
        answers = [connection.ask(get(f"/{name}.json")) for name in ("large", "small", "none")]

    assert [answer.status for answer in answers] == [200, 200, 404]
    assert [len(answer.body) for answer in answers] == [3 * MEBIBYTE, 2, 0]


def test_the_owner_of_a_connection_is_the_process_at_its_other_end(files: DelayedServer) -> None:
    mine = tree(os.getpid())
    with Connection(files.url) as connection:
        connection.ask(get("/small.json"))
        owner = connection.owner(mine)

    assert owner is not None
    assert owner != os.getpid()
    assert "benchmarks.delayed" in Path(f"/proc/{owner}/cmdline").read_text()


def test_a_process_tells_its_memory_its_peak_its_cpu_and_its_files() -> None:
    stays = "import sys; kept = bytearray(60 << 20); print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", stays], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        held, top = resident([process.pid]), peak(process.pid)
        forget_peak(process.pid)
        files, cpu = open_files([process.pid]), cpu_seconds([process.pid])
        is_below = process.pid in tree(os.getpid())

    assert 60 * MEBIBYTE < held < 200 * MEBIBYTE
    assert top >= held
    assert files >= 3
    assert cpu >= 0
    assert is_below
    assert resident([process.pid]) == 0


def mix() -> Mix:
    return Mix(
        collections=("sentinel-2-l2a", "byoc-1"),
        bounds=(11.0, 44.0, 11.1, 44.1),
        days=("2022-04-22", "2022-07-13"),
        token="abc",  # noqa: S106 - of no server
    )


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_requests_of_the_mix_are_http_and_the_same_for_the_same_dice(kind: str) -> None:
    asked = [KINDS[kind](mix(), random.Random(5)) for _ in range(2)]  # noqa: S311 - dice
    head, _, body = asked[0].request.partition(b"\r\n\r\n")

    assert asked[0] == asked[1]
    assert head.split(b" ")[0] in {b"GET", b"POST"}
    assert b"HTTP/1.1" in head.split(b"\r\n")[0]
    if body:
        assert isinstance(json.loads(body), dict)
        assert f"Content-Length: {len(body)}".encode() in head


def test_every_kind_of_the_mix_has_a_share() -> None:
    assert set(SHARES) == set(KINDS)
    assert sum(SHARES.values()) == 100


def run_of(memory: list[int]) -> Run:
    run = Run(left=0)
    run.moments = [
        Moment(answers=n, held={1: one * MEBIBYTE}, files=30, seconds=time.monotonic())
        for n, one in enumerate(memory)
    ]
    return run


def test_memory_that_grows_in_the_second_half_is_complained_of() -> None:
    early = run_of([100, 200, 300, 400, 500, 500, 502, 499, 500, 501])
    late = run_of([100, 200, 300, 400, 500, 500, 510, 520, 530, 540])

    assert early.complaints() == []
    assert late.complaints() == ["memory grew by 8.0% in the second half"]


def test_a_post_says_how_long_its_body_is() -> None:
    request = post("/api/v1/process", {"a": "ü"}, token="t")  # noqa: S106 - of no server

    assert request.endswith(b'\r\n\r\n{"a": "\\u00fc"}')
    assert b"Content-Length: 15\r\n" in request
