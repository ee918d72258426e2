import asyncio
import os
import urllib.parse
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import SourceUnavailable
from engine.net.client import HttpClient, Timeouts
from engine.net.guard import OutboundPolicy
from engine.store.http import HttpStore
from engine.store.protocol import ByteRange, ByteStore
from engine.store.ranged import MAX_WHOLE_BYTES
from tests.builders.servers import Nginx
from tests.builders.servers_fault import FaultServer, serves
from tests.engine.store.contract import CONTENT, ByteStoreContract, Place

TIMEOUTS = Timeouts(connect=5, silence=5, total=10)


def http_store(authority: str, *, timeouts: Timeouts = TIMEOUTS) -> HttpStore:
    policy = OutboundPolicy(hosts=(authority,))
    return HttpStore(HttpClient(policy, timeouts=timeouts, per_host=8))


def write_below(root: Path, url: str) -> Place:
    def write(name: str, content: bytes) -> str:
        path = root / name
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        # The dates of HTTP know whole seconds.
        moment = 1_700_000_000 + (5 if content != CONTENT else 0)
        os.utime(path, (moment, moment))
        return f"{url}/{name}"

    return write


class TestHttpStore(ByteStoreContract):
    @pytest.fixture
    def make_store(self, nginx: Nginx) -> Callable[[], ByteStore]:
        return lambda: http_store(nginx.authority)

    @pytest.fixture
    def place(self, nginx: Nginx) -> Place:
        return write_below(nginx.root, nginx.url)


class TestHttpStoreWithoutEtags(TestHttpStore):
    @pytest.fixture
    def place(self, nginx: Nginx) -> Place:
        return write_below(nginx.root, f"{nginx.url}/without-etag")


def read_again(authority: str, address: str, ranges: list[ByteRange]) -> list[bytes]:
    """Open ``address``, then read ``ranges`` of it."""

    async def main() -> list[bytes]:
        store = http_store(authority)
        try:
            info = (await store.open(address, first=100)).info
            return list(await store.read(address, ranges, info=info))
        finally:
            await store.close()

    return asyncio.run(main())


def test_each_range_is_one_request_for_just_its_bytes(nginx: Nginx) -> None:
    address = write_below(nginx.root, nginx.url)("budget.tif", CONTENT)
    nginx.accesses()

    read_again(nginx.authority, address, [ByteRange(10, 20), ByteRange(3000, 4000)])
    accesses = nginx.accesses()

    assert sorted((one.range, one.status, one.sent) for one in accesses) == [
        ("bytes=0-99", 206, 100),
        ("bytes=10-19", 206, 10),
        ("bytes=3000-3999", 206, 1000),
    ]


def test_a_small_object_of_a_server_without_ranges_is_read_whole(nginx: Nginx) -> None:
    write_below(nginx.root, nginx.url)("whole.tif", CONTENT)

    answers = read_again(
        nginx.authority, f"{nginx.url}/without-ranges/whole.tif", [ByteRange(10, 20)]
    )

    assert answers == [CONTENT[10:20]]


def test_a_large_object_of_a_server_without_ranges_is_refused_unread(nginx: Nginx) -> None:
    (nginx.root / "large.tif").write_bytes(bytes(MAX_WHOLE_BYTES + 1))
    nginx.accesses()

    with pytest.raises(SourceUnavailable, match="does not serve byte ranges"):
        read_again(nginx.authority, f"{nginx.url}/without-ranges/large.tif", [])


@pytest.mark.parametrize("name", ["a b.tif", "ü+%.tif", "100%25.tif", "a#b?c.tif"])
def test_names_that_need_encoding_are_found(nginx: Nginx, name: str) -> None:
    (nginx.root / name).write_bytes(CONTENT)

    answers = read_again(
        nginx.authority, f"{nginx.url}/{urllib.parse.quote(name)}", [ByteRange(0, 9)]
    )

    assert answers == [CONTENT[:9]]


def test_an_address_with_spaces_and_umlauts_is_encoded(nginx: Nginx) -> None:
    (nginx.root / "ä b.tif").write_bytes(CONTENT)

    answers = read_again(nginx.authority, f"{nginx.url}/ä b.tif#part", [ByteRange(0, 9)])

    assert answers == [CONTENT[:9]]


def test_a_signed_query_arrives_as_it_was_given(fault_server: FaultServer) -> None:
    address = fault_server.script("/signed.tif", serves(CONTENT))
    query = "sig=a%2Fb%2B%3D&se=2030-01-01T00%3A00%3A00Z&x=~%7e"

    read_again(fault_server.authority, f"{address}?{query}", [])
    (asked,) = fault_server.asked("/signed.tif")

    assert asked.path == f"/signed.tif?{query}"
    assert "cookie" not in asked.headers
    assert asked.headers["accept-encoding"] == "identity"
