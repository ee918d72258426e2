"""`open_store`: every place that an engine may read from, as one store."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.errors import Forbidden
from engine.net.client import HttpClient, Timeouts
from engine.net.guard import OutboundPolicy
from engine.store.coalesce import Coalescing
from engine.store.http import HttpStore
from engine.store.local import LocalStore
from engine.store.protocol import (
    ByteRange,
    ByteStore,
    Listed,
    ObjectInfo,
    ObjectLister,
    Opened,
)
from engine.store.retry import Retrying, RetryOptions
from engine.store.s3_objects import S3Store
from engine.store.s3_options import S3Options


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOptions:
    """Which places may be read, and how: frozen, comparable and picklable."""

    roots: tuple[str, ...] = ()
    """Local folders whose files may be read; none: no local files."""
    policy: OutboundPolicy = field(default_factory=OutboundPolicy)
    """Hosts that may be asked over http, https and S3; none: no host."""
    s3: tuple[S3Options, ...] = (S3Options(),)
    """How buckets are reached; the first that matches the bucket's name counts."""
    timeouts: Timeouts = field(default_factory=Timeouts)
    """How long one request may take."""
    retry: RetryOptions = field(default_factory=RetryOptions)
    """How often requests that failed are tried again."""
    requests_per_host: int = 96
    """Requests under way at once to one host: 3 bands of 30 dates wait for one round trip."""
    max_gap: int = 64 << 10
    """Unwanted bytes that are read rather than asking twice: a request costs about as much CPU as
    this many bytes."""
    max_span: int = 8 << 20
    """Longest range that merging makes, in bytes; larger ones would not come in parallel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStore:
    """What `open_store` gives; is a `ByteStore` and an `ObjectLister`."""

    reads: ByteStore
    """Answers `open` and `read`."""
    lists: ObjectLister
    """Answers `list`."""

    async def open(self, address: str, *, first: int) -> Opened:
        """Return the start of the object."""
        return await self.reads.open(address, first=first)

    async def read(
        self, address: str, ranges: Sequence[ByteRange], *, info: ObjectInfo
    ) -> Sequence[bytes | memoryview]:
        """Return the bytes of each range."""
        return await self.reads.read(address, ranges, info=info)

    def read_now(
        self, address: str, ranges: Sequence[ByteRange], *, info: ObjectInfo
    ) -> Sequence[bytes | memoryview] | None:
        """Return the bytes of each range if they are at hand."""
        return self.reads.read_now(address, ranges, info=info)

    async def list(self, address: str, *, limit: int) -> Sequence[Listed]:
        """Return the objects at and below ``address``."""
        return await self.lists.list(address, limit=limit)

    async def close(self) -> None:
        """Close connections and files."""
        await self.reads.close()


def open_store(options: StoreOptions) -> OpenStore:
    """Return the store of everything that ``options`` allow; it connects only when it is asked.

    Merging stands above retrying, so that a span that fails is read again alone, and both above
    the ends, which know nothing of either.
    """
    policy, timeouts = options.policy, options.timeouts
    local = LocalStore(options.roots)
    http = HttpStore(HttpClient(policy, timeouts=timeouts, per_host=options.requests_per_host))
    s3 = S3Store(options.s3, policy=policy, timeouts=timeouts, per_host=options.requests_per_host)
    remote: dict[str, ByteStore] = {"http": http, "https": http, "s3": s3}
    route = RoutingStore(
        {"file": local, **{name: remote[name] for name in remote if name in policy.schemes}},
        {"file": local, "s3": s3} if "s3" in policy.schemes else {"file": local},
    )
    reads = Coalescing(
        Retrying(route, options.retry), max_gap=options.max_gap, max_span=options.max_span
    )
    return OpenStore(reads=reads, lists=route)


def scheme_of(address: str) -> str:
    """Return the scheme of ``address`` in lower case; ``file`` for a plain path."""
    scheme, colon, _ = address.partition(":")
    is_path = address.startswith("/") or not colon
    return "file" if is_path else scheme.lower()


class RoutingStore:
    """A store that hands each address to the store of its scheme."""

    def __init__(
        self, stores: Mapping[str, ByteStore], listers: Mapping[str, ObjectLister]
    ) -> None:
        """Route by scheme; ``file`` also takes plain paths."""
        self._stores = stores
        self._listers = listers

    async def open(self, address: str, *, first: int) -> Opened:
        """Return the start of the object, from the store of its scheme."""
        return await self._store(address).open(address, first=first)

    async def read(
        self, address: str, ranges: Sequence[ByteRange], *, info: ObjectInfo
    ) -> Sequence[bytes | memoryview]:
        """Return the bytes of each range, from the store of its scheme."""
        return await self._store(address).read(address, ranges, info=info)

    def read_now(
        self, address: str, ranges: Sequence[ByteRange], *, info: ObjectInfo
    ) -> Sequence[bytes | memoryview] | None:
        """Return what the store of its scheme has at hand."""
        return self._store(address).read_now(address, ranges, info=info)

    async def list(self, address: str, *, limit: int) -> Sequence[Listed]:
        """Return the objects at and below ``address``, which is local or of S3."""
        lister = self._listers.get(scheme_of(address))
        if lister is None:
            kinds = ", ".join(sorted(self._listers))
            message = f"objects are listed only at addresses of the kinds {kinds}"
            raise Forbidden(message)
        return await lister.list(address, limit=limit)

    async def close(self) -> None:
        """Close every store, whatever closing another one raises."""
        # http and https are one store.
        stores = {id(store): store for store in self._stores.values()}.values()
        results = await asyncio.gather(*(store.close() for store in stores), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    def _store(self, address: str) -> ByteStore:
        store = self._stores.get(scheme_of(address))
        if store is None:
            kinds = ", ".join(sorted(self._stores))
            message = f"addresses of that kind are not read; allowed: {kinds}"
            raise Forbidden(message)
        return store
