"""`HttpStore`: objects on web servers that answer range requests."""

from collections.abc import Sequence

from yarl import URL

from engine.errors import Forbidden
from engine.net.client import HttpClient
from engine.store.bounds import check_ranges
from engine.store.cache import BoundedCache
from engine.store.protocol import ByteRange, ObjectInfo, Opened
from engine.store.ranged import Target, open_object, read_each, read_object, refusal

_TARGETS = 4096
"""Addresses whose way is remembered."""


class HttpStore:
    """Objects by ``http:`` and ``https:`` address; one request per range."""

    def __init__(self, client: HttpClient) -> None:
        """Ask through ``client``, which is closed with the store."""
        self._client = client
        self._targets: BoundedCache[str, Target] = BoundedCache(_TARGETS, weigh=lambda _: 1)

    async def open(self, address: str, *, first: int) -> Opened:
        """Return the first ``first`` bytes, the size and the identity, by one request."""
        return await open_object(self._client, self._target(address), first=first)

    async def read(
        self, address: str, ranges: Sequence[ByteRange], *, info: ObjectInfo
    ) -> Sequence[bytes | memoryview]:
        """Return the bytes of each range, all asked for at once."""
        check_ranges(ranges, info)
        target = self._target(address)
        return await read_each(
            ranges, lambda wanted: read_object(self._client, target, wanted, info=info)
        )

    def read_now(self, address: str, ranges: Sequence[ByteRange], *, info: ObjectInfo) -> None:
        """Return None: what is far away has to be waited for."""
        del address, ranges, info

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _target(self, address: str) -> Target:
        """Return where ``address`` leads, from before if it is known."""
        target = self._targets.get(address)
        if target is None:
            target = Target(route=self._client.route(_url(address)), refusal=refusal)
            self._targets.put(address, target)
        return target


def _url(address: str) -> URL:
    try:
        # Encoded already: left alone, for a signature covers every character. Else made fit.
        is_encoded = address.isascii() and not any(char in address for char in ' "<>\\^`{|}')
        return URL(address, encoded=is_encoded).with_fragment(None)
    except ValueError:
        message = "the address is not a URL"
        raise Forbidden(message) from None
