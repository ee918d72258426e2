"""The server at a distance speaks HTTP as GDAL, our store and other range clients expect it."""

import http.client
import time
from collections.abc import Iterator

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from benchmarks.delayed import Counts, DelayedServer, delayed_server
from engine.net.guard import OutboundPolicy
from engine.store.protocol import ByteRange
from engine.store.route import StoreOptions, open_store
from tests.builders.waiting import Await, wait

__all__ = ["wait"]
CONTENT = bytes(range(256)) * 40
MILLISECONDS = 30.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DelayedServer]:
    folder = tmp_path_factory.mktemp("delayed")
    (folder / "bytes.bin").write_bytes(CONTENT)
    image = np.arange(64 * 64, dtype="uint16").reshape(64, 64)
    with rasterio.open(
        folder / "image.tif",
        "w",
        driver="GTiff",
        width=64,
        height=64,
        count=1,
        dtype="uint16",
        crs="EPSG:32632",
        transform=from_origin(600_000, 5_000_000, 10, 10),
    ) as dataset:
        dataset.write(image, 1)
    with delayed_server(folder, milliseconds=MILLISECONDS) as running:
        yield running


def ask(
    server: DelayedServer, target: str, *, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
    connection.request(
        method, target, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )
    answer = connection.getresponse()
    found = answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    connection.close()
    return found


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [("bytes=5-9", 5, 10), ("bytes=10000-", 10_000, 10_240), ("bytes=-7", 10_233, 10_240)],
)
def test_a_range_is_a_part_that_says_which(
    server: DelayedServer, wanted: str, start: int, stop: int
) -> None:
    status, headers, body = ask(server, "/bytes.bin", Range=wanted)

    assert (status, body) == (206, CONTENT[start:stop])
    assert headers["content-range"] == f"bytes {start}-{stop - 1}/{len(CONTENT)}"


def test_head_tells_of_the_file_and_sends_none_of_it(server: DelayedServer) -> None:
    status, headers, body = ask(server, "/bytes.bin", method="HEAD")

    assert (status, body) == (200, b"")
    assert headers["content-length"] == str(len(CONTENT))
    assert headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Range": "bytes=99999-"}, 416),
        ({"If_Match": '"another"'}, 412),
        ({"If_Unmodified_Since": "Sat, 01 Jan 2000 00:00:00 GMT"}, 412),
        ({"Range": "lines=1-2"}, 200),
    ],
)
def test_what_cannot_be_had_is_said(
    server: DelayedServer, headers: dict[str, str], status: int
) -> None:
    assert ask(server, "/bytes.bin", **headers)[0] == status


@pytest.mark.parametrize("target", ["/missing.tif", "/../../etc/passwd", "/"])
def test_what_is_not_in_the_folder_is_not_there(server: DelayedServer, target: str) -> None:
    assert ask(server, target)[0] == 404


def test_requests_and_bytes_are_counted_from_the_last_reset(server: DelayedServer) -> None:
    server.reset()
    ask(server, "/bytes.bin", Range="bytes=0-9")
    ask(server, "/bytes.bin", method="HEAD")
    ask(server, "/@new/bytes.bin?v=2", Range="bytes=0-19")

    assert server.counts() == Counts(requests=3, bytes=30)


def test_the_first_byte_is_as_late_as_it_was_told(server: DelayedServer) -> None:
    start = time.perf_counter()
    ask(server, "/bytes.bin", Range="bytes=0-9")

    assert time.perf_counter() - start >= MILLISECONDS / 1e3


def test_gdal_reads_through_it_what_it_reads_from_disk(server: DelayedServer) -> None:
    with rasterio.open(f"{server.url}/image.tif") as dataset:
        found = dataset.read(1)

    assert np.array_equal(found, np.arange(64 * 64).reshape(64, 64))


def test_our_store_reads_through_it_many_ranges_at_once(server: DelayedServer, wait: Await) -> None:
    async def read() -> list[bytes]:
        policy = OutboundPolicy(hosts=(server.url.removeprefix("http://"),))
        store = open_store(StoreOptions(policy=policy))
        try:
            address = f"{server.url}/bytes.bin"
            opened = await store.open(address, first=16)
            ranges = [ByteRange(start, start + 100) for start in (0, 3000, 9000)]
            return [bytes(part) for part in await store.read(address, ranges, info=opened.info)]
        finally:
            await store.close()

    assert wait(read()) == [CONTENT[start : start + 100] for start in (0, 3000, 9000)]
