"""`Inflating`: a deflate stream that is decompressed only as far as it is needed, and goes on.

libdeflate (`engine.cog.codecs`) is up to a third faster, but knows only whole streams. ISA-L stops
where it is told to, and needs 87 KB of state and what is left of the compressed bytes to go on.
"""

from typing import cast

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from engine.cog.codecs import Bytes
from engine.errors import SourceCorrupt

_DAMAGE = cast("type[Exception]", isal_zlib.error)
"""isal's stubs take the class for an instance."""
_STATE_BYTES = 88 << 10
"""What one decompressor takes: ISA-L's tables and its window of the last 32 KB, twice."""

_LEAST_FEED_BYTES = 8 << 10
_MORE = 1.1
"""How much more than its share of the compressed bytes is shown for a part of the rows: rows are
not alike, and a second try costs more than a copy."""
_MOSTLY = 0.6
"""A view that holds less than this part of what it looks into is copied, to be kept."""
_CUT_OFF = "does not decompress as deflate: the stream is cut off"


class Inflating:
    """The bytes of one zlib stream, in order; one thread at a time.

    Bytes that were taken are proven to decompress, no more: the checksum stands at the end of the
    stream, so only `finish` can compare it.
    """

    __slots__ = ("_data", "_fed", "_left", "_stream", "_taken")

    def __init__(self, data: Bytes, *, size: int) -> None:
        """Decompress nothing yet; ``data`` should hold ``size`` bytes and is kept until then."""
        self._stream = isal_zlib.decompressobj()
        self._data = memoryview(data)
        self._fed = 0
        self._taken = 0
        self._left = size

    @property
    def nbytes(self) -> int:
        """Bytes of memory held to go on."""
        held = memoryview(self._data.obj).nbytes + len(self._stream.unconsumed_tail)
        return held + _STATE_BYTES

    def take(self, size: int) -> NDArray[np.uint8]:
        """Return the next ``size`` bytes, which may be read-only.

        Raises `SourceCorrupt`, without the block's place, where the stream is damaged or ends
        before; it is not used again then.
        """
        pieces: list[bytes] = []
        wanted = size
        while wanted:
            piece = self._inflate(wanted)
            if not piece:
                self._raise_short(self._taken + wanted)
            pieces.append(piece)
            wanted -= len(piece)
            self._taken += len(piece)
            self._left -= len(piece)
        return np.frombuffer(pieces[0] if len(pieces) == 1 else b"".join(pieces), dtype=np.uint8)

    def finish(self, *, padding: int) -> None:
        """Check that the stream ends here, or after so many bytes of ``padding``, as it should.

        Raises `SourceCorrupt` where it does not, or where its checksum is not that of its bytes.
        """
        surplus = 0
        while surplus <= padding and (piece := self._inflate(padding + 1 - surplus)):
            surplus += len(piece)
        if surplus not in (0, padding):
            message = f"decompresses to more than {self._taken} bytes, expected {self._taken}"
            raise SourceCorrupt(message)
        if not self._stream.eof:
            raise SourceCorrupt(_CUT_OFF)
        self._data = memoryview(b"")

    def settle(self) -> None:
        """Let go of what is not needed to go on, so that the rest may be kept for long."""
        left = self._data[self._fed :]
        holder = left.obj
        # The answers of a store may be views into longer ones, which would be kept with them.
        if len(left) < memoryview(holder).nbytes * _MOSTLY:
            left = memoryview(bytes(left))
        self._data, self._fed = left, 0

    def _inflate(self, most: int) -> bytes:
        """Return at least one byte and up to ``most``, or none where there are no more."""
        while not self._stream.eof:
            feed: Bytes = self._stream.unconsumed_tail
            if not feed:
                feed = self._data[self._fed : self._fed + self._feed_for(most)]
                self._fed += len(feed)
            is_last = not feed
            try:
                piece: bytes = self._stream.decompress(feed, most)
            except _DAMAGE as error:
                raise SourceCorrupt(f"does not decompress as deflate: {error}") from error
            if piece or is_last:
                return piece
        return b""

    def _feed_for(self, size: int) -> int:
        """Return about how many compressed bytes hold the next ``size``, rather more than less.

        ISA-L copies what it was shown and did not consume.
        """
        share = _MORE * size / max(self._left, size)
        return int((len(self._data) - self._fed) * share) + _LEAST_FEED_BYTES

    def _raise_short(self, expected: int) -> None:
        if self._stream.eof:
            raise SourceCorrupt(f"decompresses to {self._taken} bytes, expected {expected}")
        raise SourceCorrupt(_CUT_OFF)
