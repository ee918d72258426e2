"""`Inflating`: a deflate stream that is decompressed only as far as it is needed, and goes on.

libdeflate (`engine.cog.codecs`) is up to a third faster, but knows only whole streams. ISA-L stops
where it is told to, and needs 87 KB of state and what is left of the compressed bytes to go on.
"""

from typing import cast

from isal import isal_zlib

from engine.cog.codecs import Bytes
from engine.errors import SourceCorrupt

_DAMAGE = cast("type[Exception]", isal_zlib.error)
"""isal's stubs take the class for an instance."""
_STATE_BYTES = 88 << 10
"""What one decompressor takes: ISA-L's tables and its window of the last 32 KB, twice."""


class Inflating:
    """The bytes of one zlib stream, in order; one thread at a time.

    Bytes that were taken are proven to decompress, no more: the checksum stands at the end of the
    stream, so only `finish` can compare it.
    """

    __slots__ = ("_data", "_stream", "_taken")

    def __init__(self, data: Bytes) -> None:
        """Decompress nothing yet; ``data`` is held until the first `take`."""
        self._stream = isal_zlib.decompressobj()
        self._data: Bytes = data
        self._taken = 0

    @property
    def nbytes(self) -> int:
        """Bytes of memory held to go on."""
        return len(self._data) + _STATE_BYTES

    def take(self, size: int) -> bytes:
        """Return the next ``size`` bytes, at least 1.

        Raises `SourceCorrupt`, without the block's place, where the stream is damaged or ends
        before; it is not used again then.
        """
        taken = self._inflate(size)
        if len(taken) < size:
            self._raise_short(self._taken, self._taken + size - len(taken))
        return taken

    def finish(self, *, padding: int) -> None:
        """Check that the stream ends here, or after so many bytes of ``padding``, as it should.

        Raises `SourceCorrupt` where it does not, or where its checksum is not that of its bytes.
        """
        expected = self._taken
        surplus = len(self._inflate(padding + 1))
        if surplus not in (0, padding):
            message = f"decompresses to {self._taken} bytes or more, expected {expected}"
            raise SourceCorrupt(message)
        if not self._stream.eof:
            raise SourceCorrupt("does not decompress as deflate: the stream is cut off")
        self._data = b""

    def _inflate(self, size: int) -> bytes:
        try:
            taken = self._stream.decompress(self._data, size)
        except _DAMAGE as error:
            raise SourceCorrupt(f"does not decompress as deflate: {error}") from error
        # A copy of what is left: the answers of a store may be views into longer ones.
        self._data = self._stream.unconsumed_tail
        self._taken += len(taken)
        return taken

    def _raise_short(self, found: int, expected: int) -> None:
        if self._stream.eof:
            raise SourceCorrupt(f"decompresses to {found} bytes, expected {expected}")
        raise SourceCorrupt("does not decompress as deflate: the stream is cut off")
