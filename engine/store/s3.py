"""`Buckets`: what aiobotocore does for the S3 store: credentials, endpoints, examples, listing.

Nothing here reads an object. Imported when the first bucket is asked for, since aiobotocore takes
half a second to import.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from aiohttp.abc import AbstractResolver
from botocore import UNSIGNED
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from yarl import URL

from engine.errors import NotFound, SourceDenied, SourceUnavailable
from engine.net.client import Timeouts
from engine.net.guard import GuardedResolver, OutboundPolicy, check_url
from engine.store.s3_options import S3Options
from engine.trace import count

SIGNED_SECONDS = 900
"""How long a signed URL is valid; the shortest life of what signs it is 10 minutes."""
CREDENTIALS_SECONDS = 10.0
"""How long finding or renewing credentials may take."""

_ASKS_OTHERS = ("container-role", "iam-role")
"""Sources of credentials that ask the metadata service of the machine."""


class Buckets:
    """Clients by options and region, each made at its first use."""

    def __init__(self, *, policy: OutboundPolicy, timeouts: Timeouts) -> None:
        """Ask only hosts of ``policy``."""
        self._policy = policy
        self._timeouts = timeouts
        self._stack = AsyncExitStack()
        self._clients: dict[tuple[S3Options, str | None], tuple[Any, AioSession]] = {}
        self._making = asyncio.Lock()

    async def sign(self, options: S3Options, bucket: str, key: str, *, region: str | None) -> str:
        """Return a URL by which the object ``key`` may be read for `SIGNED_SECONDS`.

        Raises `SourceDenied` where there are no credentials.
        """
        return await self._sign(options, bucket, "get_object", {"Key": key}, region=region)

    async def secret(self, options: S3Options, bucket: str, *, region: str | None) -> str | None:
        """Return the secret that URLs are signed with now; None where nothing is signed."""
        if options.anonymous or options.access_key is not None:
            return options.secret_key
        _, session = await self._client(options, bucket, region)
        async with _credentials(bucket):
            credentials = await session.get_credentials()
            if credentials is None:
                return None
            return str((await credentials.get_frozen_credentials()).secret_key)

    async def keys(
        self, options: S3Options, bucket: str, prefix: str, *, region: str | None
    ) -> AsyncGenerator[tuple[str, int], None]:
        """Yield key and size of what starts with ``prefix``, page by page."""
        # aiobotocore sends this one itself: ask first whether the host may be asked.
        asked = await self._sign(options, bucket, "list_objects_v2", {}, region=region)
        check_url(self._policy, URL(asked, encoded=True))
        client, _ = await self._client(options, bucket, region)
        pages = client.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=prefix, **_payer(options)
        )
        with _answers(bucket):
            async for page in pages:
                count("requests")
                for one in page.get("Contents", ()):
                    yield one["Key"], one["Size"]

    async def close(self) -> None:
        """Close the clients."""
        await self._stack.aclose()

    async def _sign(
        self,
        options: S3Options,
        bucket: str,
        method: str,
        parameters: dict[str, str],
        *,
        region: str | None,
    ) -> str:
        client, _ = await self._client(options, bucket, region)
        async with _credentials(bucket):
            return str(
                await client.generate_presigned_url(
                    method,
                    Params={"Bucket": bucket, **parameters, **_payer(options)},
                    ExpiresIn=SIGNED_SECONDS,
                )
            )

    async def _client(
        self, options: S3Options, bucket: str, region: str | None
    ) -> tuple[Any, AioSession]:
        """Return the botocore client for ``bucket``, and the session that it is of."""
        async with self._making:
            made = self._clients.get((options, region))
            if made is None:
                async with _credentials(bucket):
                    entering, session = _new_client(options, region, self._policy, self._timeouts)
                    made = await self._stack.enter_async_context(entering), session
                self._clients[options, region] = made
        return made


def _new_client(
    options: S3Options, region: str | None, policy: OutboundPolicy, timeouts: Timeouts
) -> tuple[Any, AioSession]:
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
    client = session.create_client(
        "s3",
        region_name=region or session.get_config_variable("region") or "us-east-1",
        endpoint_url=options.endpoint_url,
        aws_access_key_id=options.access_key,
        aws_secret_access_key=options.secret_key,
        aws_session_token=options.session_token,
        config=config,
    )
    return client, session


def _payer(options: S3Options) -> dict[str, str]:
    return {"RequestPayer": "requester"} if options.requester_pays else {}


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
