"""Bodies whose length the head does not tell: in chunks (RFC 9112 §7.1), or up to the end.

Rare among servers of ranges, so these are plain rather than quick; `engine.net.connection` reads
what has a length by itself, without a copy.
"""

import re
from typing import Protocol

from engine.net.head import NotHttpError

_MAX_LINE_BYTES = 4096
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?")


class TooLongError(Exception):
    """The body is longer than was allowed."""


class Body(Protocol):
    """A body that grows until it ends."""

    content: bytearray
    """What came of it."""

    def feed(self, piece: bytes) -> bool:
        """Add what arrived. Return whether that was the end of the body, and of what arrived.

        Raises `TooLongError`, and `NotHttpError` where the pieces make no sense.
        """
        ...

    def end(self) -> bool:
        """Return whether the body is whole now that the connection has ended."""
        ...


class ClosedBody:
    """A body that ends with its connection."""

    def __init__(self, limit: int) -> None:
        """Take up to ``limit`` bytes."""
        self.content = bytearray()
        self._limit = limit

    def feed(self, piece: bytes) -> bool:
        """Add ``piece``; it is never known to be the last."""
        self.content += piece
        if len(self.content) > self._limit:
            raise TooLongError
        return False

    def end(self) -> bool:
        """Return True: the end is where the connection ends."""
        return True


class ChunkedBody:
    """A body in chunks, each behind its size; trailers are dropped."""

    def __init__(self, limit: int) -> None:
        """Take up to ``limit`` bytes."""
        self.content = bytearray()
        self._limit = limit
        self._rest = bytearray()
        self._left = 0
        self._in_trailer = False

    def feed(self, piece: bytes) -> bool:
        """Add ``piece``; whatever follows the last chunk's trailer makes no sense."""
        self._rest += piece
        while not self._in_trailer:
            if self._left:
                if not self._take_content():
                    return False
            elif not self._take_size():
                return False
        while (line := self._take_line()) is not None:
            if not line:
                if self._rest:
                    raise NotHttpError
                return True
        return False

    def end(self) -> bool:
        """Return False: the last chunk is still to come."""
        return False

    def _take_content(self) -> bool:
        """Move bytes of the chunk, and once it is whole what ends it; return whether it was."""
        # The chunk's own line end counts among what is left.
        content = min(self._left - 2, len(self._rest))
        if content > 0:
            self.content += self._rest[:content]
            del self._rest[:content]
            self._left -= content
        if len(self._rest) < 2 or self._left > 2:
            return False
        if self._rest[:2] != b"\r\n":
            raise NotHttpError
        del self._rest[:2]
        self._left = 0
        return True

    def _take_size(self) -> bool:
        line = self._take_line()
        if line is None:
            return False
        found = _SIZE_LINE.fullmatch(line)
        if found is None:
            raise NotHttpError
        size = int(found[1], 16)
        if len(self.content) + size > self._limit:
            raise TooLongError
        self._in_trailer = size == 0
        self._left = size + 2 if size else 0
        return True

    def _take_line(self) -> bytes | None:
        end = self._rest.find(b"\r\n", 0, _MAX_LINE_BYTES)
        if end < 0:
            if len(self._rest) >= _MAX_LINE_BYTES:
                raise NotHttpError
            return None
        line = bytes(self._rest[:end])
        del self._rest[: end + 2]
        return line
