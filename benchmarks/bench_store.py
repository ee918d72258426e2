"""Range reads through our stores against bare clients, from one nginx on this machine.

    python -m benchmarks.bench_store [--rounds 5] [--write]

Every client reads the same random ranges of the same file in the same run, in turns; S3 requests
are signed (nginx does not look). Shown is the CPU of this process for each request, all threads
counted (nginx runs in another process), and requests a second, of the best round. The same cores
decode, so CPU is what counts. Goal: a third of aiobotocore's CPU, or less, in every line.
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import obstore
from aiobotocore.session import get_session
from obstore.store import HTTPStore, S3Store

from benchmarks.report import describe_facts, put
from engine.net.guard import OutboundPolicy
from engine.run.allocation import keep_memory
from engine.store.protocol import ByteRange
from engine.store.route import StoreOptions, open_store
from engine.store.s3_options import S3Options
from tests.builders.servers import Nginx, running_nginx

FILE_BYTES = 256 << 20
CASES = [(size << 10, callers) for size in (64, 256, 512) for callers in (1, 8, 32)]
KEY = "bench"
GOAL = 3.0
HTTP, S3 = "our http", "our s3"
RIVALS = {HTTP: ("aiohttp", "obstore http"), S3: ("aiobotocore", "obstore s3")}
MARKS = "bench_store"
PACKAGES = ("aiohttp", "aiobotocore", "obstore")

Read = Callable[[ByteRange], Awaitable[int]]
"""Reads one range; returns how many bytes came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a number of requests took, in seconds for each."""

    clock: float = float("inf")
    cpu: float = float("inf")
    """Of this process, all threads."""

    def least(self, other: "Spent") -> "Spent":
        """Return the lesser of each."""
        return Spent(clock=min(self.clock, other.clock), cpu=min(self.cpu, other.cpu))

    def write(self) -> str:
        """Return it for people."""
        return f"{1e3 * self.cpu:.2f} ms, {1 / self.clock:.0f}/s"


def sample_ranges(rng: random.Random, *, size: int, count: int) -> list[ByteRange]:
    starts = [rng.randrange(0, FILE_BYTES - size) for _ in range(count)]
    return [ByteRange(start, start + size) for start in starts]


@asynccontextmanager
async def clients(nginx: Nginx) -> AsyncIterator[dict[str, Read]]:
    """Give every client, by name."""
    async with AsyncExitStack() as stack:
        yield {**await _bare(nginx, stack), **_obstore(nginx), **await _ours(nginx, stack)}


async def _bare(nginx: Nginx, stack: AsyncExitStack) -> dict[str, Read]:
    session = await stack.enter_async_context(aiohttp.ClientSession())
    botocore = await stack.enter_async_context(
        get_session().create_client(
            "s3",
            region_name="us-east-1",
            endpoint_url=nginx.url,
            aws_access_key_id=KEY,
            aws_secret_access_key=KEY,
        )
    )

    async def http(wanted: ByteRange) -> int:
        headers = {"Range": f"bytes={wanted.start}-{wanted.stop - 1}"}
        async with session.get(f"{nginx.url}/bucket/large.bin", headers=headers) as answer:
            return len(await answer.read())

    async def s3(wanted: ByteRange) -> int:
        answer = await botocore.get_object(
            Bucket="bucket", Key="large.bin", Range=f"bytes={wanted.start}-{wanted.stop - 1}"
        )
        async with answer["Body"] as body:
            return len(await body.read())

    return {"aiohttp": http, "aiobotocore": s3}


def _obstore(nginx: Nginx) -> dict[str, Read]:
    web = HTTPStore.from_url(nginx.url, client_options={"allow_http": True})
    bucket = S3Store(
        "bucket",
        endpoint=nginx.url,
        region="us-east-1",
        access_key_id=KEY,
        secret_access_key=KEY,
        client_options={"allow_http": True},
    )

    async def http(wanted: ByteRange) -> int:
        path = "bucket/large.bin"
        return len(await obstore.get_range_async(web, path, start=wanted.start, end=wanted.stop))

    async def s3(wanted: ByteRange) -> int:
        return len(
            await obstore.get_range_async(bucket, "large.bin", start=wanted.start, end=wanted.stop)
        )

    return {"obstore http": http, "obstore s3": s3}


async def _ours(nginx: Nginx, stack: AsyncExitStack) -> dict[str, Read]:
    s3 = S3Options(endpoint_url=nginx.url, access_key=KEY, secret_key=KEY)
    options = StoreOptions(policy=OutboundPolicy(hosts=(nginx.authority,)), s3=(s3,))
    store = open_store(options)
    stack.push_async_callback(store.close)

    async def reader(address: str) -> Read:
        info = (await store.open(address, first=16)).info

        async def read(wanted: ByteRange) -> int:
            (content,) = await store.read(address, [wanted], info=info)
            return len(content)

        return read

    return {
        HTTP: await reader(f"{nginx.url}/bucket/large.bin"),
        S3: await reader("s3://bucket/large.bin"),
    }


async def measure(read: Read, ranges: Sequence[ByteRange], *, callers: int) -> Spent:
    """Return what each of ``ranges`` took."""
    waiting = iter(ranges)

    async def call() -> None:
        for wanted in waiting:
            if await read(wanted) != wanted.size:
                message = "a range came short"
                raise RuntimeError(message)

    clock, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(call() for _ in range(callers)))
    count = len(ranges)
    return Spent(
        clock=(time.perf_counter() - clock) / count, cpu=(time.process_time() - cpu) / count
    )


async def race(readers: Mapping[str, Read], rng: random.Random, *, rounds: int) -> list[str]:
    """Return the table's rows, each printed when it is there."""
    rows = []
    for size, callers in CASES:
        count = (64 << 20) // size // 4 if size > 64 << 10 else 400
        best = dict.fromkeys(readers, Spent())
        for _ in range(rounds):
            ranges = sample_ranges(rng, size=size, count=count)
            for name in rng.sample(list(readers), len(readers)):
                spent = await measure(readers[name], ranges, callers=callers)
                best[name] = best[name].least(spent)
        cells = [f"{size >> 10} KB, {callers}"]
        for ours, rivals in RIVALS.items():
            cells += [best[name].write() for name in (*rivals, ours)]
            cells += [f"**{best[name].cpu / best[ours].cpu:.1f} ×**" for name in rivals]
        rows.append(f"| {' | '.join(cells)} |")
        print(rows[-1], flush=True)
    return rows


def head() -> str:
    """Return the table's head."""
    names = ["range, callers"]
    for ours, rivals in RIVALS.items():
        names += [*rivals, ours, *(f"{rival} : ours, CPU" for rival in rivals)]
    return f"| {' | '.join(names)} |\n|---|{'--:|' * (len(names) - 1)}"


async def run(*, rounds: int) -> str:
    """Return the table."""
    # As in our servers; it serves every client of this process.
    keep_memory()
    rng = random.Random(20)  # noqa: S311 - a seed, no secret
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        (root / "bucket").mkdir(parents=True)
        with (root / "bucket" / "large.bin").open("wb") as file:
            for _ in range(FILE_BYTES >> 20):
                file.write(rng.randbytes(1 << 20))
        with running_nginx(root, Path(folder) / "prefix") as nginx:
            async with clients(nginx) as readers:
                print(head(), flush=True)
                return "\n".join([head(), *await race(readers, rng, rounds=rounds)])


def main() -> None:
    """Race, print, and write if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="put the table into README.md")
    given = parser.parse_args()
    load = os.getloadavg()[0]
    table = asyncio.run(run(rounds=given.rounds))
    command = f"python -m benchmarks.bench_store {' '.join(sys.argv[1:])}".strip()
    text = f"{describe_facts(PACKAGES, command=command, load_before=load)}\n\n{table}"
    print(f"\n{text}")
    if given.write:
        put(text, marks=MARKS)


if __name__ == "__main__":
    main()
