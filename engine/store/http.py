"""`HttpStore`: objects on web servers that answer range requests."""

from collections.abc import Sequence

from yarl import URL

from engine.errors import Forbidden
from engine.net.client import HttpClient
from engine.store.bounds import check_ranges
from engine.store.protocol import ByteRange, ObjectInfo, Opened
from engine.store.ranged import Target, open_object, read_each, read_object, refusal


class HttpStore:
    """Objects by ``http:`` and ``https:`` address; one request per range."""

    def __init__(self, client: HttpClient) -> None:
        """Ask through ``client``, which is closed with the store."""
        self._client = client

    async def open(self, address: str, *, first: int) -> Opened:
        """Return the first ``first`` bytes, the size and the identity, by one request."""
        return await open_object(self._client, _target(address), first=first)

    async def read(
        self, address: str, ranges: Sequence[ByteRange], *, info: ObjectInfo
    ) -> Sequence[bytes]:
        """Return the bytes of each range, all asked for at once."""
        check_ranges(ranges, info)
        target = _target(address)
        return await read_each(
            ranges, lambda wanted: read_object(self._client, target, wanted, info=info)
        )

    def read_now(self, address: str, ranges: Sequence[ByteRange], *, info: ObjectInfo) -> None:
        """Return None: what is far away has to be waited for."""
        del address, ranges, info

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def _target(address: str) -> Target:
    try:
        # Encoded already: left alone, for a signature covers every character. Else made fit.
        is_encoded = address.isascii() and not any(char in address for char in ' "<>\\^`{|}')
        url = URL(address, encoded=is_encoded).with_fragment(None)
    except ValueError:
        message = "the address is not a URL"
        raise Forbidden(message) from None
    return Target(url=url, headers={}, refusal=refusal)
