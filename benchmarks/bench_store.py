"""Range reads through our stores against bare clients, from one nginx on this machine.

    python -m benchmarks.bench_store

Every client reads the same random ranges of the same file in the same run, in turns. Shown are
requests per second, the client's own CPU per request (nginx runs in another process) and the
ratio of the speeds to the bare client of the same kind: aiohttp for http, aiobotocore for S3.
"""

import asyncio
import random
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
from aiobotocore.session import get_session

from engine.net.guard import OutboundPolicy
from engine.store.protocol import ByteRange
from engine.store.route import StoreOptions, open_store
from engine.store.s3_options import S3Options
from tests.builders.servers import Nginx, running_nginx

FILE_BYTES = 256 << 20
ROUNDS = 5
CASES = [(size, callers) for size in (64 << 10, 512 << 10) for callers in (1, 8, 32)]

Read = Callable[[ByteRange], Awaitable[int]]
"""Reads one range; returns how many bytes came."""


def sample_ranges(rng: random.Random, *, size: int, count: int) -> list[ByteRange]:
    starts = [rng.randrange(0, FILE_BYTES - size) for _ in range(count)]
    return [ByteRange(start, start + size) for start in starts]


@asynccontextmanager
async def clients(nginx: Nginx) -> AsyncIterator[dict[str, Read]]:
    """Give every client, by name: the bare ones first."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        botocore = await stack.enter_async_context(
            get_session().create_client(
                "s3",
                region_name="us-east-1",
                endpoint_url=nginx.url,
                aws_access_key_id="bench",
                aws_secret_access_key="bench",  # noqa: S106 - nginx does not look
            )
        )
        store = open_store(
            StoreOptions(
                policy=OutboundPolicy(hosts=(nginx.authority,)),
                s3=(
                    S3Options(
                        endpoint_url=nginx.url,
                        access_key="bench",
                        secret_key="bench",  # noqa: S106 - nginx does not look
                    ),
                ),
            )
        )
        stack.push_async_callback(store.close)
        http_info = (await store.open(f"{nginx.url}/bucket/large.bin", first=16)).info
        s3_info = (await store.open("s3://bucket/large.bin", first=16)).info

        async def bare_http(wanted: ByteRange) -> int:
            headers = {"Range": f"bytes={wanted.start}-{wanted.stop - 1}"}
            async with session.get(f"{nginx.url}/bucket/large.bin", headers=headers) as answer:
                return len(await answer.read())

        async def bare_s3(wanted: ByteRange) -> int:
            answer = await botocore.get_object(
                Bucket="bucket", Key="large.bin", Range=f"bytes={wanted.start}-{wanted.stop - 1}"
            )
            async with answer["Body"] as body:
                return len(await body.read())

        async def our_http(wanted: ByteRange) -> int:
            (content,) = await store.read(f"{nginx.url}/bucket/large.bin", [wanted], info=http_info)
            return len(content)

        async def our_s3(wanted: ByteRange) -> int:
            (content,) = await store.read("s3://bucket/large.bin", [wanted], info=s3_info)
            return len(content)

        yield {"aiohttp": bare_http, "http": our_http, "aiobotocore": bare_s3, "s3": our_s3}


async def measure(read: Read, ranges: Sequence[ByteRange], *, callers: int) -> tuple[float, float]:
    """Return seconds of the clock and of this process' CPU for all ``ranges``."""
    waiting = iter(ranges)

    async def call() -> None:
        for wanted in waiting:
            if await read(wanted) != wanted.size:
                message = "a range came short"
                raise RuntimeError(message)

    clock, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(call() for _ in range(callers)))
    return time.perf_counter() - clock, time.process_time() - cpu


async def main() -> None:
    rng = random.Random(20)  # noqa: S311 - a seed, no secret
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        (root / "bucket").mkdir(parents=True)
        with (root / "bucket" / "large.bin").open("wb") as file:
            for _ in range(FILE_BYTES >> 20):
                file.write(rng.randbytes(1 << 20))
        with running_nginx(root, Path(folder) / "prefix") as nginx:
            async with clients(nginx) as readers:
                await report(readers, rng)


async def report(readers: dict[str, Read], rng: random.Random) -> None:
    print("| range, callers | " + " | ".join(readers) + " | http ÷ aiohttp | s3 ÷ aiobotocore |")
    print("|---|" + "---|" * (len(readers) + 2))
    for size, callers in CASES:
        count = 400 if size < 1 << 18 else 150
        best = dict.fromkeys(readers, (float("inf"), float("inf")))
        for _ in range(ROUNDS):
            ranges = sample_ranges(rng, size=size, count=count)
            for name, read in readers.items():
                best[name] = min(best[name], await measure(read, ranges, callers=callers))
        cells = [
            f"{count / clock:.0f}/s, {1e3 * cpu / count:.2f} ms" for clock, cpu in best.values()
        ]
        http = best["aiohttp"][0] / best["http"][0]
        s3 = best["aiobotocore"][0] / best["s3"][0]
        print(
            f"| {size >> 10} KB, {callers} | " + " | ".join(cells) + f" | {http:.2f} | {s3:.2f} |"
        )


if __name__ == "__main__":
    asyncio.run(main())
