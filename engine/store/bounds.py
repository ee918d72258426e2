"""What a range must satisfy before anything is asked of a disk or a network."""

from collections.abc import Sequence

from engine.errors import SourceCorrupt
from engine.store.protocol import ByteRange, ObjectInfo

MAX_RANGE_BYTES = 1 << 30
"""The most that one range may hold: far above any honest block, below what hurts a server."""


def check_ranges(ranges: Sequence[ByteRange], info: ObjectInfo) -> None:
    """Return if every range lies inside the object that ``info`` describes.

    Raises `SourceCorrupt` else: it was the image's own header that pointed there.
    """
    for wanted in ranges:
        if not 0 <= wanted.start <= wanted.stop <= info.size:
            message = (
                f"the image points at bytes {wanted.start} to {wanted.stop}, "
                f"but has only {info.size}"
            )
            raise SourceCorrupt(message)
        if wanted.size > MAX_RANGE_BYTES:
            message = (
                f"the image keeps {wanted.size} bytes in one piece; at most {MAX_RANGE_BYTES} "
                "are read at once"
            )
            raise SourceCorrupt(message)
