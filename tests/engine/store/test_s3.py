import asyncio
import pickle
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from engine.errors import (
    EngineError,
    Forbidden,
    NotFound,
    SourceDenied,
    SourceUnavailable,
    TooLarge,
)
from engine.net.client import Timeouts
from engine.net.guard import OutboundPolicy
from engine.store.protocol import ByteRange, ByteStore
from engine.store.s3_objects import S3Store
from engine.store.s3_options import S3Options
from engine.trace import tracing
from tests.builders.servers import MotoS3
from tests.builders.servers_fault import FaultServer, Reply, refuses, serves
from tests.engine.store.contract import CONTENT, ByteStoreContract, Place

T = TypeVar("T")

TIMEOUTS = Timeouts(connect=5, silence=5, total=10)


@pytest.fixture(autouse=True)
def _no_credentials_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")


def s3_store(*options: S3Options, hosts: tuple[str, ...] = ()) -> S3Store:
    return S3Store(options, policy=OutboundPolicy(hosts=hosts), timeouts=TIMEOUTS, per_host=8)


def keys_for(endpoint: str, *, bucket: str = "*") -> S3Options:
    return S3Options(
        bucket=bucket,
        endpoint_url=endpoint,
        region="eu-central-1",
        access_key="testing",
        secret_key="hidden-testing",  # noqa: S106 - moto takes any
    )


class TestS3Store(ByteStoreContract):
    @pytest.fixture
    def make_store(self, moto_s3: MotoS3) -> Callable[[], ByteStore]:
        return lambda: s3_store(keys_for(moto_s3.endpoint))

    @pytest.fixture
    def place(self, moto_s3: MotoS3) -> Place:
        moto_s3.make_bucket("contract")
        return lambda name, content: moto_s3.put("contract", f"below/{name}", content)


class TestS3StoreAnonymous(TestS3Store):
    @pytest.fixture
    def make_store(self, moto_s3: MotoS3) -> Callable[[], ByteStore]:
        options = S3Options(endpoint_url=moto_s3.endpoint, anonymous=True, requester_pays=True)
        return lambda: s3_store(options)

    @pytest.fixture
    def place(self, moto_s3: MotoS3) -> Place:
        moto_s3.make_bucket("contract")
        return lambda name, content: moto_s3.put("contract", f"a b/+%/{name}", content, public=True)


def using(store: S3Store, use: Callable[[S3Store], Awaitable[T]]) -> T:
    async def main() -> T:
        try:
            return await use(store)
        finally:
            await store.close()

    return asyncio.run(main())


def opening(store: S3Store, address: str) -> bytes:
    return using(store, lambda one: one.open(address, first=100)).start


def test_a_private_object_is_denied_to_who_asks_without_credentials(moto_s3: MotoS3) -> None:
    moto_s3.make_bucket("private")
    address = moto_s3.put("private", "secret-name.tif", CONTENT)
    store = s3_store(S3Options(endpoint_url=moto_s3.endpoint, anonymous=True))

    with pytest.raises(SourceDenied) as error:
        opening(store, address)

    assert "secret" not in error.value.message
    assert "403" in error.value.message


def test_missing_credentials_are_told_at_once_and_nobody_is_asked_for_them(
    moto_s3: MotoS3,
) -> None:
    store = s3_store(S3Options(endpoint_url=moto_s3.endpoint, region="eu-central-1"))
    start = time.monotonic()

    with tracing() as trace, pytest.raises(SourceDenied, match="no usable credentials"):
        opening(store, "s3://contract/a.tif")

    assert time.monotonic() - start < 3
    assert trace.counts["requests"] == 0


def test_half_credentials_and_unknown_profiles_are_told_as_missing(moto_s3: MotoS3) -> None:
    for options in (
        S3Options(endpoint_url=moto_s3.endpoint, access_key="only-half"),
        S3Options(endpoint_url=moto_s3.endpoint, profile="nobody"),
    ):
        with pytest.raises(SourceDenied, match="no usable credentials") as error:
            opening(s3_store(options), "s3://contract/a.tif")

        assert "nonexistent" not in error.value.message


def test_the_first_options_that_match_the_bucket_count(moto_s3: MotoS3) -> None:
    moto_s3.make_bucket("sentinel-s2")
    address = moto_s3.put("sentinel-s2", "a.tif", CONTENT)
    elsewhere = S3Options(bucket="*-s2", endpoint_url="http://127.0.0.1:9", anonymous=True)

    chosen = opening(s3_store(keys_for(moto_s3.endpoint, bucket="sentinel-*"), elsewhere), address)

    assert chosen == CONTENT[:100]


def test_a_bucket_that_no_options_match_is_forbidden(moto_s3: MotoS3) -> None:
    with pytest.raises(Forbidden, match="'other'"):
        opening(s3_store(keys_for(moto_s3.endpoint, bucket="ours")), "s3://other/a.tif")


@pytest.mark.parametrize(
    "address",
    [
        "s3://",
        "s3://b/k",
        "s3://contract",
        "s3://contract/",
        "s3://contract/folder/",
        "s3://contract/a/../b",
        "s3://contract//a",
        "s3://con tract/a",
        "s3:contract/a",
    ],
)
def test_an_address_that_names_no_object_is_forbidden(moto_s3: MotoS3, address: str) -> None:
    with pytest.raises(Forbidden):
        opening(s3_store(keys_for(moto_s3.endpoint)), address)


def test_a_host_of_aws_is_asked_only_where_the_policy_allows_it() -> None:
    options = S3Options(region="eu-central-1", anonymous=True)

    with pytest.raises(Forbidden, match=r"open-data\.s3\.eu-central-1\.amazonaws\.com"):
        opening(s3_store(options, hosts=("data.example.org",)), "s3://open-data/secret/a.tif")


def test_an_endpoint_is_trusted_for_its_own_host_and_port_only(
    moto_s3: MotoS3, fault_server: FaultServer
) -> None:
    fault_server.script("/elsewhere", serves(CONTENT))
    hop = {"Location": f"{fault_server.url}/elsewhere", "Content-Length": "0"}
    fault_server.script("/bucket/hop.tif", refuses(307, hop, b" "))

    with pytest.raises(EngineError) as error:
        opening(s3_store(keys_for(fault_server.url)), "s3://bucket/hop.tif")

    assert not isinstance(error.value, NotFound)
    assert fault_server.asked("/elsewhere") == []
    assert moto_s3.authority not in error.value.message


def test_one_signature_serves_all_ranges_of_an_object(fault_server: FaultServer) -> None:
    fault_server.script("/bucket/signed.tif", serves(CONTENT))

    async def use(store: S3Store) -> None:
        info = (await store.open("s3://bucket/signed.tif", first=100)).info
        for i in range(5):
            await store.read("s3://bucket/signed.tif", [ByteRange(i, i + 9)], info=info)

    using(s3_store(keys_for(fault_server.url)), use)
    asked = fault_server.asked("/bucket/signed.tif")

    assert len(asked) == 6
    assert len({one.path for one in asked}) == 1
    assert "X-Amz-Signature=" in asked[0].path
    assert {one.headers.get("if-match") for one in asked[1:]} == {'"one"'}


def test_credentials_that_were_refused_are_not_used_from_memory(fault_server: FaultServer) -> None:
    fault_server.script("/bucket/turned.tif", refuses(403), serves(CONTENT))

    async def use(store: S3Store) -> bytes:
        with pytest.raises(SourceDenied):
            await store.open("s3://bucket/turned.tif", first=100)
        assert store._signed.stats().items == 0
        return (await store.open("s3://bucket/turned.tif", first=100)).start

    assert using(s3_store(keys_for(fault_server.url)), use) == CONTENT[:100]


def test_who_agrees_to_pay_says_so_in_each_request(fault_server: FaultServer) -> None:
    fault_server.script("/bucket/paid.tif", serves(CONTENT))
    options = S3Options(
        endpoint_url=fault_server.url,
        access_key="testing",
        secret_key="hidden",  # noqa: S106 - a test's
        requester_pays=True,
    )

    opening(s3_store(options), "s3://bucket/paid.tif")
    (asked,) = fault_server.asked("/bucket/paid.tif")

    assert asked.headers["x-amz-request-payer"] == "requester"
    assert "x-amz-request-payer" in asked.path


def test_the_region_that_the_store_tells_is_used_from_then_on(fault_server: FaultServer) -> None:
    told = refuses(400, {"x-amz-bucket-region": "us-west-2"})
    fault_server.script("/moved/a.tif", told, serves(CONTENT))
    fault_server.script("/moved/b.tif", serves(CONTENT))

    async def use(store: S3Store) -> None:
        await store.open("s3://moved/a.tif", first=100)
        await store.open("s3://moved/b.tif", first=100)

    using(s3_store(keys_for(fault_server.url)), use)
    first, second = fault_server.asked("/moved/a.tif")
    (third,) = fault_server.asked("/moved/b.tif")

    assert "eu-central-1" in first.path
    assert "us-west-2" in second.path
    assert "us-west-2" in third.path


def test_a_store_that_keeps_telling_another_region_is_given_up(fault_server: FaultServer) -> None:
    fault_server.script("/lost/a.tif", refuses(301, {"x-amz-bucket-region": "us-west-2"}))

    with pytest.raises(SourceDenied, match="region"):
        opening(s3_store(keys_for(fault_server.url)), "s3://lost/a.tif")

    assert len(fault_server.asked("/lost/a.tif")) == 2


def test_options_are_picklable_and_do_not_print_secrets() -> None:
    options = keys_for("http://127.0.0.1:1")

    assert pickle.loads(pickle.dumps(options)) == options  # noqa: S301 - our own
    assert "hidden" not in repr(options)


@pytest.fixture
def listed_bucket(moto_s3: MotoS3) -> str:
    moto_s3.make_bucket("listed")
    for name in ["a.tif", "b.jp2", "x/", "x/c.tif", "x/y/d e+.tif", "xx.tif"]:
        moto_s3.put("listed", name, name.encode())
    return "s3://listed"


@pytest.mark.parametrize(
    ("below", "names"),
    [
        ("", ["a.tif", "b.jp2", "x/c.tif", "x/y/d e+.tif", "xx.tif"]),
        ("/", ["a.tif", "b.jp2", "x/c.tif", "x/y/d e+.tif", "xx.tif"]),
        ("/x", ["x/c.tif", "x/y/d e+.tif"]),
        ("/x/", ["x/c.tif", "x/y/d e+.tif"]),
        ("/a.tif", ["a.tif"]),
        ("/*.tif", ["a.tif", "xx.tif"]),
        ("/x/**/*.tif", ["x/c.tif", "x/y/d e+.tif"]),
        ("/nothing/", []),
    ],
)
def test_listing_finds_what_the_prefix_or_pattern_names(
    moto_s3: MotoS3, listed_bucket: str, below: str, names: list[str]
) -> None:
    found = using(
        s3_store(keys_for(moto_s3.endpoint)),
        lambda store: store.list(f"{listed_bucket}{below}", limit=100),
    )

    assert [(one.address, one.size) for one in found] == [
        (f"s3://listed/{name}", len(name)) for name in names
    ]


def test_what_is_listed_can_be_opened(moto_s3: MotoS3, listed_bucket: str) -> None:
    async def use(store: S3Store) -> list[bytes]:
        found = await store.list(listed_bucket, limit=100)
        return [(await store.open(one.address, first=100)).start for one in found]

    starts = using(s3_store(keys_for(moto_s3.endpoint)), use)

    assert starts == [b"a.tif", b"b.jp2", b"x/c.tif", b"x/y/d e+.tif", b"xx.tif"]


def page(keys: list[str], *, more: str = "") -> Reply:
    """Answer as ListObjectsV2 does."""
    contents = "".join(f"<Contents><Key>{key}</Key><Size>7</Size></Contents>" for key in keys)
    token = f"<NextContinuationToken>{more}</NextContinuationToken>" if more else ""
    body = (
        f"<ListBucketResult><IsTruncated>{str(bool(more)).lower()}</IsTruncated>"
        f"{token}{contents}</ListBucketResult>"
    )
    return refuses(200, {"Content-Type": "application/xml"}, body.encode())


def test_listing_goes_on_over_pages_and_stops_at_the_limit(fault_server: FaultServer) -> None:
    pages = [page(["b", "a"], more="1"), page(["c"], more="2"), page(["d"])]
    fault_server.script("/pages", *pages)

    with tracing() as trace:
        found = using(
            s3_store(keys_for(fault_server.url)), lambda store: store.list("s3://pages", limit=4)
        )
    fault_server.script("/pages", *pages)
    with tracing() as limited, pytest.raises(TooLarge):
        using(s3_store(keys_for(fault_server.url)), lambda store: store.list("s3://pages", limit=2))

    assert [one.address[-1] for one in found] == ["a", "b", "c", "d"]
    assert trace.counts["requests"] == 3
    assert limited.counts["requests"] == 2


def test_listing_more_than_the_limit_is_refused_not_cut(
    moto_s3: MotoS3, listed_bucket: str
) -> None:
    with pytest.raises(TooLarge) as error:
        using(
            s3_store(keys_for(moto_s3.endpoint)), lambda store: store.list(listed_bucket, limit=2)
        )

    assert error.value.limit == 2


def test_listing_a_bucket_that_is_not_there_is_not_found(moto_s3: MotoS3) -> None:
    with pytest.raises(NotFound, match="no-such-bucket"):
        using(
            s3_store(keys_for(moto_s3.endpoint)),
            lambda store: store.list("s3://no-such-bucket", limit=2),
        )


@pytest.mark.parametrize(
    ("status", "error"), [(403, SourceDenied), (404, NotFound), (500, SourceUnavailable)]
)
def test_a_listing_that_the_store_refuses_is_told(
    fault_server: FaultServer, status: int, error: type[EngineError]
) -> None:
    fault_server.script("/refused", refuses(status))

    with pytest.raises(error) as told:
        using(
            s3_store(keys_for(fault_server.url)), lambda store: store.list("s3://refused", limit=2)
        )

    assert "secret" not in told.value.message


def test_listing_at_a_host_that_is_not_allowed_is_forbidden() -> None:
    options = S3Options(region="eu-central-1", anonymous=True)

    with pytest.raises(Forbidden, match="amazonaws"):
        using(s3_store(options), lambda store: store.list("s3://open-data", limit=2))
