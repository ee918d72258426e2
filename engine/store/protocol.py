"""`ByteStore`: the seam between planning and waiting."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, order=True)
class ByteRange:
    """Bytes with ``start <= position < stop`` of one object."""

    start: int
    stop: int

    @property
    def size(self) -> int:
        """Bytes in the range."""
        return self.stop - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectInfo:
    """What is known of an object before its content is."""

    size: int
    """Bytes in all."""
    identity: str
    """Changes when the content does: the ETag, or modification time and length. Never empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The start of an object together with its identity, had in one request."""

    info: ObjectInfo
    start: bytes
    """The first bytes, as many as were asked for or as the object has."""


class ByteStore(Protocol):
    """Objects by address (``/path``, ``file:``, ``http(s):``, ``s3:``).

    Every method raises `SourceUnavailable`, `SourceDenied`, `SourceCorrupt` (a short or wrong
    answer), `NotFound`, or `Forbidden` (an address outside what the settings allow).
    """

    async def open(self, address: str, *, first: int) -> Opened:
        """Return the first ``first`` bytes, the size and the identity, by one request."""
        ...

    async def read(
        self, address: str, ranges: Sequence[ByteRange], *, info: ObjectInfo
    ) -> Sequence[bytes | memoryview]:
        """Return the bytes of each range, in the order asked for.

        Raises `SourceChanged` where the object is no longer the one that ``info`` describes.
        """
        ...

    def read_now(
        self, address: str, ranges: Sequence[ByteRange], *, info: ObjectInfo
    ) -> Sequence[bytes | memoryview] | None:
        """Return what `read` would, if that needs no waiting; else None, and nothing was counted.

        From any thread. Only a local file that was opened before and is in the page cache can be
        had like that: whoever gets None awaits `read`. Of no ranges it says whether it is worth
        asking, and looks at no file.
        """
        ...

    async def close(self) -> None:
        """Free connections; the store is not used again."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One object found by listing."""

    address: str
    """Where it can be opened."""
    size: int
    """Bytes in all."""


class ObjectLister(Protocol):
    """Finds objects below a place, for ingestion."""

    async def list(self, address: str, *, limit: int) -> Sequence[Listed]:
        """Return the objects at and below ``address``, sorted by address.

        ``address`` is a file, a folder, a prefix or a pattern (``*``, ``?``, ``[…]``, and ``**``
        for any depth). Raises `TooLarge` where there are more than ``limit``, and what a
        `ByteStore` raises; nothing there is an empty answer, not an error.
        """
        ...
