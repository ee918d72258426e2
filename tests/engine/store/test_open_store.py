"""The composition that the engine uses, against real servers."""

import asyncio
import pickle
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from engine.errors import Forbidden, SourceUnavailable
from engine.net.client import Timeouts
from engine.net.guard import OutboundPolicy
from engine.store.protocol import ByteRange, ByteStore
from engine.store.retry import RetryOptions
from engine.store.route import OpenStore, StoreOptions, open_store
from engine.store.s3_options import S3Options
from tests.builders.servers import MotoS3, Nginx
from tests.builders.servers_fault import FaultServer, never_answers, refuses, serves
from tests.engine.store.contract import CONTENT, ByteStoreContract, Place
from tests.engine.store.test_http import write_below

T = TypeVar("T")


def options_of(
    *,
    roots: tuple[Path, ...] = (),
    hosts: tuple[str, ...] = (),
    s3: str = "http://127.0.0.1:9",
    schemes: frozenset[str] = frozenset({"http", "https", "s3"}),
    connect: float = 5.0,
) -> StoreOptions:
    return StoreOptions(
        roots=tuple(map(str, roots)),
        policy=OutboundPolicy(hosts=hosts, schemes=schemes),
        s3=(
            S3Options(
                endpoint_url=s3,
                access_key="testing",
                secret_key="testing",  # noqa: S106 - moto takes any
            ),
        ),
        timeouts=Timeouts(connect=connect, silence=5, total=10),
        retry=RetryOptions(first_pause=0.001, longest_pause=0.01),
    )


def using(options: StoreOptions, use: Callable[[OpenStore], Awaitable[T]]) -> T:
    async def main() -> T:
        store = open_store(options)
        try:
            return await use(store)
        finally:
            await store.close()

    return asyncio.run(main())


class TestOpenStoreOnFiles(ByteStoreContract):
    @pytest.fixture
    def make_store(self, tmp_path: Path) -> Callable[[], ByteStore]:
        return lambda: open_store(options_of(roots=(tmp_path,)))

    @pytest.fixture
    def place(self, tmp_path: Path) -> Place:
        write = write_below(tmp_path, "")
        return lambda name, content: f"{tmp_path}{write(name, content)}"


class TestOpenStoreOnHttp(ByteStoreContract):
    @pytest.fixture
    def make_store(self, nginx: Nginx) -> Callable[[], ByteStore]:
        return lambda: open_store(options_of(hosts=(nginx.authority,)))

    @pytest.fixture
    def place(self, nginx: Nginx) -> Place:
        return write_below(nginx.root, nginx.url)


class TestOpenStoreOnS3(ByteStoreContract):
    @pytest.fixture
    def make_store(self, moto_s3: MotoS3) -> Callable[[], ByteStore]:
        return lambda: open_store(options_of(s3=moto_s3.endpoint))

    @pytest.fixture
    def place(self, moto_s3: MotoS3) -> Place:
        moto_s3.make_bucket("composed")
        return lambda name, content: moto_s3.put("composed", name, content)


def test_neighboring_ranges_are_one_request_and_far_ones_two(nginx: Nginx) -> None:
    (nginx.root / "far.bin").write_bytes(bytes(400_000))

    async def use(store: OpenStore) -> list[int]:
        info = (await store.open(f"{nginx.url}/far.bin", first=16_384)).info
        nginx.accesses()
        ranges = [
            ByteRange(20_000, 30_000),
            ByteRange(30_008, 40_000),
            ByteRange(300_000, 310_000),
        ]
        answers = await store.read(f"{nginx.url}/far.bin", ranges, info=info)
        return [len(one) for one in answers]

    lengths = using(options_of(hosts=(nginx.authority,)), use)

    assert lengths == [10_000, 9_992, 10_000]
    assert sorted(one.range for one in nginx.accesses()) == [
        "bytes=20000-39999",
        "bytes=300000-309999",
    ]


def test_a_hundred_openers_at_once_are_one_request(nginx: Nginx) -> None:
    (nginx.root / "shared.bin").write_bytes(CONTENT)
    nginx.accesses()

    async def use(store: OpenStore) -> int:
        opened = await asyncio.gather(
            *(store.open(f"{nginx.url}/shared.bin", first=100) for _ in range(100))
        )
        return len(opened)

    using(options_of(hosts=(nginx.authority,)), use)

    assert len(nginx.accesses()) == 1


def test_only_the_span_that_failed_is_asked_for_again(fault_server: FaultServer) -> None:
    content = bytes(400_000)
    address = fault_server.script("/spans", serves(content), refuses(500), serves(content))

    async def use(store: OpenStore) -> None:
        info = (await store.open(address, first=9)).info
        await store.read(address, [ByteRange(0, 9), ByteRange(300_000, 300_009)], info=info)

    using(options_of(hosts=(fault_server.authority,)), use)

    assert len(fault_server.asked("/spans")) == 4


def test_a_cancelled_reader_hangs_up_on_the_server(fault_server: FaultServer) -> None:
    address = fault_server.script("/hang-up", never_answers())

    async def use(store: OpenStore) -> float:
        reader = asyncio.create_task(store.open(address, first=9))
        while not fault_server.asked("/hang-up"):  # noqa: ASYNC110 - the server is a thread
            await asyncio.sleep(0.01)
        start = asyncio.get_running_loop().time()
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
        return asyncio.get_running_loop().time() - start

    assert using(options_of(hosts=(fault_server.authority,)), use) < 0.5


@pytest.mark.parametrize(
    "address",
    [
        "ftp://127.0.0.1/a",
        "gs://bucket/a",
        "/vsicurl/http://127.0.0.1/a",
        "/etc/passwd",
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "data.tif",
        "",
        "http:///a",
        "http://[::1",
        "http://169.254.169.254/latest/meta-data/",
        "http://example.org/a",
        "https://127.0.0.1/a",
        "s3://other..\\/a",
        "HTTP://127.0.0.1:22/",
    ],
)
def test_what_the_settings_do_not_allow_is_forbidden(tmp_path: Path, address: str) -> None:
    options = options_of(roots=(tmp_path,), hosts=("data.example.net", "*.example.net"))

    with pytest.raises(Forbidden):
        using(options, lambda store: store.open(address, first=9))


def test_a_scheme_that_the_settings_leave_out_is_forbidden(nginx: Nginx) -> None:
    options = options_of(hosts=(nginx.authority,), schemes=frozenset({"https"}))

    with pytest.raises(Forbidden):
        using(options, lambda store: store.open(f"{nginx.url}/a", first=9))
    with pytest.raises(Forbidden):
        using(options, lambda store: store.open("s3://bucket/a", first=9))


def test_files_and_buckets_are_listed_and_web_servers_are_not(
    tmp_path: Path, moto_s3: MotoS3
) -> None:
    (tmp_path / "a.tif").write_bytes(b"local")
    moto_s3.make_bucket("listed-too")
    moto_s3.put("listed-too", "a.tif", b"remote")
    options = options_of(roots=(tmp_path,), s3=moto_s3.endpoint)

    async def use(store: OpenStore) -> list[tuple[str, int]]:
        found = [
            *await store.list(str(tmp_path), limit=10),
            *await store.list("s3://listed-too", limit=10),
        ]
        return [(one.address, one.size) for one in found]

    assert using(options, use) == [(f"{tmp_path}/a.tif", 5), ("s3://listed-too/a.tif", 6)]
    with pytest.raises(Forbidden, match="kinds file, s3"):
        using(options, lambda store: store.list("http://127.0.0.1/", limit=10))


def test_a_store_that_was_never_used_closes() -> None:
    async def use(store: OpenStore) -> OpenStore:
        return store

    assert isinstance(using(options_of(), use), OpenStore)


def test_options_survive_the_way_to_another_process() -> None:
    options = options_of(hosts=("a.example",))

    assert pickle.loads(pickle.dumps(options)) == options  # noqa: S301 - our own


def test_a_server_that_never_accepts_is_given_up_in_time() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        # The one place in the queue is taken, so that the next connection is never made.
        with socket.create_connection(("127.0.0.1", port)):
            options = options_of(hosts=(f"127.0.0.1:{port}",), connect=0.3)
            with pytest.raises(SourceUnavailable, match="in time"):
                using(options, lambda store: store.open(f"http://127.0.0.1:{port}/", first=9))
