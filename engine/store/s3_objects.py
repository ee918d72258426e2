"""`S3Store`: objects in buckets of AWS and of everything that speaks its language.

aiobotocore finds credentials, endpoints and signatures, and lists (`engine.store.s3`); the bytes
themselves come through the same client and the same checks as those of any web server. A URL that
was signed serves all ranges of its object for some minutes: aiobotocore's own GET costs ten times
the CPU of the plain one (benchmarks/bench_store.py).
"""

import asyncio
import re
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from yarl import URL

from engine.errors import Forbidden, SourceDenied, TooLarge
from engine.net.client import HttpClient, Timeouts
from engine.net.connection import Answer
from engine.net.guard import OutboundPolicy
from engine.store.bounds import check_ranges
from engine.store.cache import BoundedCache
from engine.store.pattern import compile_pattern, fixed_prefix, is_pattern
from engine.store.protocol import ByteRange, Listed, ObjectInfo, Opened
from engine.store.ranged import Target, open_object, read_each, read_object, refusal
from engine.store.s3_options import (
    S3Options,
    names_object,
    options_for,
    split_address,
    with_endpoints,
)
from engine.store.s3_signing import EXAMPLE_KEY, Signer, signer_like

if TYPE_CHECKING:
    from engine.store.s3 import Buckets

T = TypeVar("T")

REUSE_SECONDS = 300.0
"""How long a signed URL is used, a third of the time that it is valid."""
MAX_LISTED = 1_000_000
"""Keys looked at by one listing, whether they match or not."""

_REGION = re.compile(r"[a-z0-9-]{2,32}")


@dataclass(frozen=True, slots=True)
class _Signed:
    target: Target
    until: float
    """Monotonic time after which it is signed anew."""


@dataclass(frozen=True, slots=True)
class _Signing:
    signer: Signer | None
    """None where only botocore can."""
    until: float
    """Monotonic time after which it is made anew."""


class _OtherRegionError(Exception):
    """AWS told that the bucket lives elsewhere."""

    def __init__(self, region: str) -> None:
        super().__init__(region)
        self.region = region


class S3Store:
    """Objects by ``s3://bucket/key``; is a `ByteStore` and an `ObjectLister`."""

    def __init__(
        self,
        options: Sequence[S3Options],
        *,
        policy: OutboundPolicy,
        timeouts: Timeouts,
        per_host: int,
    ) -> None:
        """Reach the buckets that match ``options``, and no others, within ``policy``.

        The endpoints of the options need not be hosts of the policy.
        """
        self._options = tuple(options)
        self._policy = with_endpoints(policy, self._options)
        self._timeouts = timeouts
        self._http = HttpClient(self._policy, timeouts=timeouts, per_host=per_host, redirects=0)
        self._buckets: Buckets | None = None
        self._asking = asyncio.Lock()
        self._importing = asyncio.Lock()
        self._signers: BoundedCache[str, _Signing] = BoundedCache(1024, weigh=lambda _: 1)
        self._regions: BoundedCache[str, str] = BoundedCache(1024, weigh=lambda _: 1)
        self._signed: BoundedCache[str, _Signed] = BoundedCache(8192, weigh=lambda _: 1)

    async def open(self, address: str, *, first: int) -> Opened:
        """Return the first ``first`` bytes, the size and the identity, by one request."""
        return await self._ask(address, lambda target: open_object(self._http, target, first=first))

    async def read(
        self, address: str, ranges: Sequence[ByteRange], *, info: ObjectInfo
    ) -> Sequence[bytes | memoryview]:
        """Return the bytes of each range, all asked for at once."""
        check_ranges(ranges, info)
        return await read_each(
            ranges,
            lambda wanted: self._ask(
                address, lambda target: read_object(self._http, target, wanted, info=info)
            ),
        )

    def read_now(self, address: str, ranges: Sequence[ByteRange], *, info: ObjectInfo) -> None:
        """Return None: what is far away has to be waited for."""
        del address, ranges, info

    async def list(self, address: str, *, limit: int) -> Sequence[Listed]:
        """Return the objects at and below ``address``, which may end in a pattern."""
        bucket, place = split_address(address)
        wanted = compile_pattern(place).fullmatch if is_pattern(place) else _below(place)
        found: list[Listed] = []
        looked = 0
        options, buckets = options_for(bucket, self._options), await self._opened()
        region = self._region(options, bucket)
        pages = buckets.keys(options, bucket, fixed_prefix(place), region=region)
        async with aclosing(pages) as keys:
            async for key, size in keys:
                looked += 1
                if wanted(key) and not key.endswith("/"):
                    found.append(Listed(address=f"s3://{bucket}/{key}", size=size))
                if len(found) > limit or looked > MAX_LISTED:
                    message = f"there are more than {limit} objects; name a narrower prefix"
                    raise TooLarge(message, found=max(len(found), looked), limit=limit)
        return sorted(found, key=lambda one: one.address)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()
        if self._buckets is not None:
            await self._buckets.close()

    async def _ask(self, address: str, ask: Callable[[Target], Coroutine[Any, Any, T]]) -> T:
        """Return what ``ask`` makes of the object's signed URL, in the region it lives in."""
        bucket, key = split_address(address)
        if not names_object(key):
            message = "the address names no object of the bucket"
            raise Forbidden(message)
        try:
            return await ask(await self._target(address, bucket, key))
        except _OtherRegionError as told:
            self._regions.put(bucket, told.region)
            self._forget(address, bucket)
        except SourceDenied:
            # Credentials may have been replaced since: the next caller signs anew.
            self._forget(address, bucket)
            raise
        try:
            return await ask(await self._target(address, bucket, key))
        except _OtherRegionError:
            message = f"the region of the bucket {bucket!r} could not be found; set it"
            raise SourceDenied(message) from None

    def _forget(self, address: str, bucket: str) -> None:
        self._signed.discard(address)
        self._signers.discard(bucket)

    async def _target(self, address: str, bucket: str, key: str) -> Target:
        """Return the signed URL of an object, from before if it is fresh."""
        signed = self._signed.get(address)
        if signed is not None and time.monotonic() < signed.until:
            return signed.target
        options = options_for(bucket, self._options)
        signing = await self._signing(options, bucket)
        if signing.signer is None:
            region = self._region(options, bucket)
            url = await (await self._opened()).sign(options, bucket, key, region=region)
        else:
            url = signing.signer.sign(key)
        headers = _headers(options)
        target = Target(
            route=self._http.route(URL(url, encoded=True), headers=headers), refusal=_refusal
        )
        self._signed.put(address, _Signed(target, signing.until))
        return target

    async def _signing(self, options: S3Options, bucket: str) -> _Signing:
        """Return what signs for ``bucket``, from before if it is fresh."""
        async with self._asking:
            signing = self._signers.get(bucket)
            if signing is None or time.monotonic() >= signing.until:
                until = time.monotonic() + REUSE_SECONDS
                region, buckets = self._region(options, bucket), await self._opened()
                example = await buckets.sign(options, bucket, EXAMPLE_KEY, region=region)
                secret = await buckets.secret(options, bucket, region=region)
                signing = _Signing(
                    signer_like(example, secret=secret, headers=_headers(options)), until
                )
                self._signers.put(bucket, signing)
            return signing

    async def _opened(self) -> "Buckets":
        """Return what botocore knows, imported at the first use and not on the loop."""
        # One caller imports for all: whoever comes second finds it made.
        async with self._importing:
            if self._buckets is None:
                made = await asyncio.to_thread(_import_buckets)
                self._buckets = made(policy=self._policy, timeouts=self._timeouts)
            return self._buckets

    def _region(self, options: S3Options, bucket: str) -> str | None:
        return self._regions.get(bucket) or options.region


def _import_buckets() -> "type[Buckets]":
    from engine.store.s3 import Buckets  # noqa: PLC0415 - half a second, that most never need

    return Buckets


def _headers(options: S3Options) -> Mapping[str, str]:
    """Return what is sent with every request, in lower case as it is signed."""
    return {"x-amz-request-payer": "requester"} if options.requester_pays else {}


def _below(place: str) -> Callable[[str], bool]:
    """Return what holds for ``place`` itself and for the keys below it as a folder."""
    folder = f"{place.rstrip('/')}/" if place else ""
    return lambda key: key == place or key.startswith(folder)


def _refusal(answer: Answer) -> Exception:
    """Return the error of an answer, once it does not just tell the bucket's true region."""
    region = answer.headers.get("x-amz-bucket-region", "")
    if answer.status in (301, 307, 400) and _REGION.fullmatch(region):
        return _OtherRegionError(region)
    return refusal(answer)
