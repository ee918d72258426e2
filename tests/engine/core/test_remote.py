"""The whole path over real sockets: the same pixels, counted requests, honest failures."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from affine import Affine

from engine.catalog.collection import Collection
from engine.core import Engine
from engine.errors import (
    SourceCorrupt,
    SourceDenied,
    SourceError,
    SourceUnavailable,
)
from engine.geo.window import Window
from engine.net.client import Timeouts
from engine.net.guard import OutboundPolicy
from engine.store.retry import RetryOptions
from engine.store.route import StoreOptions
from engine.store.s3_options import S3Options
from engine.trace import tracing
from tests.builders.engines import (
    SENSED,
    ask,
    grid,
    make_collection,
    make_options,
    register,
    run,
    stored_numbers,
    write_cog,
)
from tests.builders.servers import MotoS3, Nginx
from tests.builders.servers_fault import (
    FaultServer,
    Reply,
    breaks_after,
    closes,
    never_answers,
    refuses,
    sends,
    serves,
)

UTM = "EPSG:32632"
LEFT, TOP, SIZE = 600_000.0, 5_100_000.0, 400
AFFINE = Affine.translation(LEFT, TOP) * Affine.scale(10, -10)
OWN = grid(UTM, (LEFT, TOP - SIZE * 10, LEFT + SIZE * 10, TOP), SIZE, SIZE)
SCRIPT = stored_numbers("B04")
QUICK = RetryOptions(tries=2, first_pause=0.01, deadline=3.0)
SECONDS = 5.0
"""No failing request may take longer than this."""


def numbers(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(1, 10_000, (SIZE, SIZE), dtype=np.uint16)


def cog(path: Path, seed: int, **options: Any) -> Path:
    return write_cog(path, numbers(seed), crs=UTM, affine=AFFINE, **options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a file is put, and which store reads it there."""

    address: str
    store: StoreOptions


def on_disk(path: Path, _: Nginx, __: MotoS3) -> Place:
    return Place(address=str(path), store=StoreOptions(roots=(str(path.parent),)))


def over_http(path: Path, nginx: Nginx, _: MotoS3) -> Place:
    name = f"{uuid4()}.tif"
    (nginx.root / name).write_bytes(path.read_bytes())
    policy = OutboundPolicy(hosts=(nginx.authority,))
    return Place(address=f"{nginx.url}/{name}", store=StoreOptions(policy=policy))


def over_s3(path: Path, _: Nginx, moto: MotoS3) -> Place:
    moto.make_bucket("scenes")
    address = moto.put("scenes", f"{uuid4()}.tif", path.read_bytes())
    options = S3Options(
        endpoint_url=moto.endpoint,
        region="us-east-1",
        access_key="testing",
        secret_key="testing",  # noqa: S106 - moto takes any
    )
    return Place(address=address, store=StoreOptions(s3=(options,)))


PLACES = [on_disk, over_http, over_s3]


async def opened(engine: Engine, address: str, name: str = "a") -> Collection:
    collection = make_collection("B04")
    await engine.catalog.add_collection(collection)
    await register(engine, collection, name, {"B04": address})
    return collection


@pytest.mark.parametrize("put", PLACES)
def test_a_file_gives_the_same_pixels_and_takes_one_request_wherever_it_lies(
    tmp_path: Path, nginx: Nginx, moto_s3: MotoS3, put: Callable[..., Place]
) -> None:
    place = put(cog(tmp_path / "a.tif", 1), nginx, moto_s3)
    corner = Window(row_start=5, row_stop=35, col_start=7, col_stop=57)

    async def work() -> tuple[Any, ...]:
        async with Engine(make_options(tmp_path, tmp_path, store=place.store)) as engine:
            collection = await opened(engine, place.address)
            with tracing() as first:
                small = await engine.pixels(ask(collection, OWN.crop(corner), SCRIPT))
            plan = await engine.plan(ask(collection, OWN.crop(corner), SCRIPT))
            with tracing() as second:
                whole = await engine.pixels(ask(collection, OWN, SCRIPT))
            with tracing() as third:
                again = await engine.pixels(ask(collection, OWN, SCRIPT))
            return small, plan, whole, again, first.counts, second.counts, third.counts

    small, plan, whole, again, first, second, third = run(work())

    np.testing.assert_array_equal(small.outputs["default"][0], numbers(1)[5:35, 7:57])
    np.testing.assert_array_equal(whole.outputs["default"][0], numbers(1))
    np.testing.assert_array_equal(again.outputs["default"][0], numbers(1))
    # The header comes from the catalog; one block and its bytes, and no byte more.
    assert (first["requests"], first["blocks"]) == (1, 1)
    assert first["bytes"] == plan.cost.source_bytes
    # The other fifteen blocks of level 0 lie behind it, in one contiguous run.
    assert (second["requests"], second["blocks"], second["block_hits"]) == (1, 15, 1)
    assert (third["requests"], third["block_hits"]) == (0, 16)


def test_the_server_sees_what_was_counted(tmp_path: Path, nginx: Nginx, moto_s3: MotoS3) -> None:
    place = over_http(cog(tmp_path / "a.tif", 1), nginx, moto_s3)

    async def work() -> tuple[int, int]:
        async with Engine(make_options(tmp_path, tmp_path, store=place.store)) as engine:
            collection = await opened(engine, place.address)
            nginx.accesses()
            with tracing() as trace:
                await engine.pixels(ask(collection, OWN, SCRIPT))
            return trace.counts["requests"], trace.counts["bytes"]

    counted = run(work())
    seen = nginx.accesses()

    assert (len(seen), sum(one.sent for one in seen)) == counted
    assert [one.status for one in seen] == [206]


@pytest.mark.parametrize("put", PLACES)
def test_files_that_changed_since_they_were_registered_are_opened_anew(
    tmp_path: Path, nginx: Nginx, moto_s3: MotoS3, put: Callable[..., Place]
) -> None:
    """Four scenes at once: each may change, however many there are."""
    places = [put(cog(tmp_path / f"{n}.tif", n), nginx, moto_s3) for n in range(4)]

    async def work() -> tuple[np.ndarray, int]:
        async with Engine(make_options(tmp_path, tmp_path, store=places[0].store)) as engine:
            collection = make_collection("B04")
            await engine.catalog.add_collection(collection)
            for index, place in enumerate(places):
                await register(
                    engine,
                    collection,
                    f"scene {index}",
                    {"B04": place.address},
                    sensed=SENSED - timedelta(days=index),
                )
            for index, place in enumerate(places):
                values = numbers(10 + index)
                values[100 * index + 100 :] = 0
                path = write_cog(
                    tmp_path / "changed.tif", values, crs=UTM, affine=AFFINE, block=256
                )
                if place.address.startswith("http"):
                    target = nginx.root / place.address.rpartition("/")[2]
                    path.replace(target)
                elif place.address.startswith("s3"):
                    moto_s3.put("scenes", place.address.rpartition("/")[2], path.read_bytes())
                else:
                    path.replace(place.address)
            pixels = await engine.pixels(ask(collection, OWN, SCRIPT))
            with tracing() as trace:
                await engine.pixels(ask(collection, OWN, SCRIPT))
            return pixels.outputs["default"][0], trace.counts["requests"]

    values, requests = run(work())

    expected = [numbers(10 + index)[100 * index : 100 * index + 100] for index in range(4)]
    np.testing.assert_array_equal(values, np.concatenate(expected))
    assert requests == 0


Failure = tuple[Callable[[bytes], Reply], type[SourceError]]
FAILURES: dict[str, Failure] = {
    "403": (lambda _: refuses(403), SourceDenied),
    "404": (lambda _: refuses(404), SourceUnavailable),
    "500": (lambda _: refuses(500), SourceUnavailable),
    "silent": (lambda _: never_answers(), SourceUnavailable),
    "half-closed": (lambda content: breaks_after(content, 100), SourceUnavailable),
    "closed": (lambda _: closes(), SourceUnavailable),
    "HTML": (
        lambda _: sends(b"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>"),
        SourceError,
    ),
    "garbage": (
        lambda content: serves(bytes(len(content)), {"ETag": '"one"'}),
        SourceCorrupt,
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_server_that_fails_is_named_in_time_while_others_are_served(
    tmp_path: Path, fault_server: FaultServer, name: str
) -> None:
    reply, expected = FAILURES[name]
    content = cog(tmp_path / "a.tif", 1).read_bytes()
    bad_path, good_path = f"/bad-{uuid4()}.tif", f"/good-{uuid4()}.tif"
    bad = fault_server.script(bad_path, serves(content), reply(content))
    good = fault_server.script(good_path, serves(content))
    store = StoreOptions(
        policy=OutboundPolicy(hosts=(fault_server.authority,)),
        timeouts=Timeouts(connect=1.0, silence=0.5, total=2.0),
        retry=QUICK,
    )

    async def work() -> tuple[Exception, np.ndarray]:
        async with Engine(make_options(tmp_path, tmp_path, store=store)) as engine:
            broken = await opened(engine, bad, "broken scene")
            healthy = await opened(engine, good)
            async with asyncio.timeout(SECONDS):
                error, pixels = await asyncio.gather(
                    engine.pixels(ask(broken, OWN, SCRIPT)),
                    engine.pixels(ask(healthy, OWN, SCRIPT)),
                    return_exceptions=True,
                )
            return error, pixels.outputs["default"][0]

    error, values = run(work())

    assert isinstance(error, expected), error
    assert (error.scene, error.band) == ("broken scene", "B04")
    assert error.message.startswith("scene broken scene, band B04: ")
    assert "secret-body" not in error.message
    np.testing.assert_array_equal(values, numbers(1))


def test_a_file_that_changes_at_every_look_is_unavailable_in_the_end(
    tmp_path: Path, fault_server: FaultServer
) -> None:
    content = cog(tmp_path / "a.tif", 1).read_bytes()
    tags = [serves(content, {"ETag": f'"{n}"'}) for n in range(40)]
    address = fault_server.script(f"/restless-{uuid4()}.tif", *tags)
    store = StoreOptions(policy=OutboundPolicy(hosts=(fault_server.authority,)), retry=QUICK)

    async def work() -> None:
        async with Engine(make_options(tmp_path, tmp_path, store=store)) as engine:
            collection = await opened(engine, address, "restless")
            await engine.pixels(ask(collection, OWN, SCRIPT))

    with pytest.raises(SourceUnavailable, match="restless keeps changing") as caught:
        run(work())

    assert caught.value.retry_after is not None


def test_s3_without_credentials_reads_public_objects_and_is_denied_private_ones(
    tmp_path: Path, nginx: Nginx, moto_s3: MotoS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = cog(tmp_path / "a.tif", 1)
    keyed = over_s3(content, nginx, moto_s3)
    bare = StoreOptions(
        s3=(S3Options(endpoint_url=moto_s3.endpoint, region="us-east-1", anonymous=True),)
    )
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    keyless = StoreOptions(s3=(S3Options(endpoint_url=moto_s3.endpoint, region="us-east-1"),))
    public = moto_s3.put("scenes", "public.tif", content.read_bytes(), public=True)

    async def work() -> np.ndarray:
        async with Engine(make_options(tmp_path, tmp_path, store=bare)) as engine:
            collection = await opened(engine, public)
            pixels = await engine.pixels(ask(collection, OWN, SCRIPT))
            return pixels.outputs["default"][0]

    async def denied(store: StoreOptions) -> None:
        async with Engine(make_options(tmp_path, tmp_path, store=keyed.store)) as engine:
            collection = await opened(engine, keyed.address, "private")
        async with Engine(make_options(tmp_path, tmp_path, store=store)) as engine:
            await engine.pixels(ask(collection, OWN, SCRIPT), seconds=SECONDS)

    np.testing.assert_array_equal(run(work()), numbers(1))
    for store in (bare, keyless):
        with pytest.raises(SourceDenied, match="scene private, band B04"):
            run(denied(store))
