"""`S3Store`: objects in buckets of AWS and of everything that speaks its language.

aiobotocore finds credentials, endpoints and signatures, and lists; the bytes themselves come
through the same client and the same checks as those of any web server. A URL that was signed
serves all ranges of its object for some minutes: aiobotocore's own GET costs several times the
CPU of the plain one (see benchmarks/bench_store.py).
"""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from aiohttp.abc import AbstractResolver
from botocore import UNSIGNED
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from yarl import URL

from engine.errors import (
    Forbidden,
    NotFound,
    SourceDenied,
    SourceUnavailable,
    TooLarge,
)
from engine.net.client import HttpClient, Timeouts
from engine.net.connection import Answer
from engine.net.guard import GuardedResolver, OutboundPolicy, check_url
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
from engine.trace import count

T = TypeVar("T")

SIGNED_SECONDS = 900
"""How long a signed URL is valid; the shortest life of what signs it is 10 minutes."""
REUSE_SECONDS = 300.0
"""How long it is used."""
MAX_LISTED = 1_000_000
"""Keys looked at by one listing, whether they match or not."""
CREDENTIALS_SECONDS = 10.0
"""How long finding or renewing credentials may take."""

_REGION = re.compile(r"[a-z0-9-]{2,32}")
_ASKS_OTHERS = ("container-role", "iam-role")
"""Sources of credentials that ask the metadata service of the machine."""


@dataclass(frozen=True, slots=True)
class _Signed:
    target: Target
    until: float
    """Monotonic time after which it is signed anew."""


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
        self._stack = AsyncExitStack()
        self._clients: dict[tuple[S3Options, str | None], Any] = {}
        self._making = asyncio.Lock()
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
        async with aclosing(self._keys(bucket, fixed_prefix(place))) as keys:
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
        await self._stack.aclose()

    async def _ask(self, address: str, ask: Callable[[Target], Coroutine[Any, Any, T]]) -> T:
        """Return what ``ask`` makes of the object's signed URL, in the region it lives in."""
        bucket, key = split_address(address)
        if not names_object(key):
            message = "the address names no object of the bucket"
            raise Forbidden(message)
        try:
            return await ask(await self._target(bucket, key))
        except _OtherRegionError as told:
            self._regions.put(bucket, told.region)
            self._signed.discard(address)
        except SourceDenied:
            # Credentials may have been replaced since: the next caller signs anew.
            self._signed.discard(address)
            raise
        try:
            return await ask(await self._target(bucket, key))
        except _OtherRegionError:
            message = f"the region of the bucket {bucket!r} could not be found; set it"
            raise SourceDenied(message) from None

    async def _target(self, bucket: str, key: str) -> Target:
        """Return the signed URL of an object, from before if it is fresh."""
        address = f"s3://{bucket}/{key}"
        signed = self._signed.get(address)
        if signed is not None and time.monotonic() < signed.until:
            return signed.target
        options = options_for(bucket, self._options)
        url = await self._sign(options, bucket, "get_object", {"Key": key})
        headers = {"x-amz-request-payer": "requester"} if options.requester_pays else {}
        target = Target(route=self._http.route(url, headers=headers), refusal=_refusal)
        self._signed.put(address, _Signed(target, time.monotonic() + REUSE_SECONDS))
        return target

    async def _sign(
        self, options: S3Options, bucket: str, method: str, parameters: dict[str, str]
    ) -> URL:
        """Return the URL that does ``method`` on ``bucket``, valid for `SIGNED_SECONDS`."""
        client = await self._client(options, bucket)
        async with _credentials(bucket):
            url = await client.generate_presigned_url(
                method,
                Params={"Bucket": bucket, **parameters, **_payer(options)},
                ExpiresIn=SIGNED_SECONDS,
            )
        return URL(url, encoded=True)

    async def _keys(self, bucket: str, prefix: str) -> AsyncGenerator[tuple[str, int], None]:
        """Yield key and size of what starts with ``prefix``, page by page."""
        options = options_for(bucket, self._options)
        # aiobotocore sends this one itself: ask first whether the host may be asked.
        check_url(self._policy, await self._sign(options, bucket, "list_objects_v2", {}))
        client = await self._client(options, bucket)
        pages = client.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=prefix, **_payer(options)
        )
        with _answers(bucket):
            async for page in pages:
                count("requests")
                for one in page.get("Contents", ()):
                    yield one["Key"], one["Size"]

    async def _client(self, options: S3Options, bucket: str) -> Any:
        """Return the botocore client for ``bucket``, made at its first use."""
        region = self._regions.get(bucket) or options.region
        async with self._making:
            client = self._clients.get((options, region))
            if client is None:
                async with _credentials(bucket):
                    client = await self._stack.enter_async_context(
                        _new_client(options, region, self._policy, self._timeouts)
                    )
                self._clients[options, region] = client
        return client


def _new_client(
    options: S3Options, region: str | None, policy: OutboundPolicy, timeouts: Timeouts
) -> Any:
    """Return a botocore client, still to be entered, that asks nobody for credentials unbidden."""
    session = AioSession(profile=options.profile)
    credentials = session.get_component("credential_provider")
    if options.anonymous:
        credentials.providers.clear()
    elif not options.instance_role:
        for name in _ASKS_OTHERS:
            credentials.remove(name)
    addressing = options.addressing or ("path" if options.endpoint_url else "virtual")
    # aiobotocore insists on a name that ours, which looks the same, does not have.
    AbstractResolver.register(GuardedResolver)
    config = AioConfig(
        signature_version=UNSIGNED if options.anonymous else "s3v4",
        s3={"addressing_style": addressing},
        connect_timeout=timeouts.connect,
        read_timeout=timeouts.silence,
        retries={"mode": "standard", "total_max_attempts": 2},
        connector_args={"resolver": GuardedResolver(policy)},
        # Reading the service's description takes a quarter of a second: not on the loop.
        warm_up_loader_caches=True,
    )
    return session.create_client(
        "s3",
        region_name=region or session.get_config_variable("region") or "us-east-1",
        endpoint_url=options.endpoint_url,
        aws_access_key_id=options.access_key,
        aws_secret_access_key=options.secret_key,
        aws_session_token=options.session_token,
        config=config,
    )


def _payer(options: S3Options) -> dict[str, str]:
    return {"RequestPayer": "requester"} if options.requester_pays else {}


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


@asynccontextmanager
async def _credentials(bucket: str) -> AsyncIterator[None]:
    """Bound the time that finding credentials takes, and tell failures without machine paths."""
    try:
        async with asyncio.timeout(CREDENTIALS_SECONDS):
            yield
    except ParamValidationError:
        raise NotFound(f"there can be no such object in the bucket {bucket!r}") from None
    except (BotoCoreError, TimeoutError):
        message = (
            f"there are no usable credentials for the bucket {bucket!r}: set them, "
            "or set that it is read anonymously"
        )
        raise SourceDenied(message) from None


@contextmanager
def _answers(bucket: str) -> Iterator[None]:
    """Raise the failures of listing ``bucket`` as the engine's errors."""
    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
        if status == 404:
            raise NotFound(f"there is no bucket {bucket!r}") from None
        if status < 500 and status != 429:
            message = f"the bucket {bucket!r} may not be listed (status {status})"
            raise SourceDenied(message) from None
        message = f"the store of the bucket {bucket!r} answered with status {status}"
        raise SourceUnavailable(message) from None
    except (BotoCoreError, TimeoutError, OSError):
        message = f"the store of the bucket {bucket!r} did not answer"
        raise SourceUnavailable(message) from None
