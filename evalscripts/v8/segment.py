"""Memory that the server and one worker share: one anonymous file, mapped by both."""

import fcntl
import mmap
import os
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

_PAGE = mmap.PAGESIZE


class Segment:
    """A shared stretch of bytes that only grows."""

    def __init__(self) -> None:
        self.descriptor = os.memfd_create("evalscript", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        # A worker that made it shorter would turn our next access into a bus error.
        fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
        self.size = 0
        self._map: mmap.mmap | None = None

    def reserve(self, size: int) -> None:
        """Make at least ``size`` bytes available."""
        if size <= self.size:
            return
        rounded = -(-size // _PAGE) * _PAGE
        os.ftruncate(self.descriptor, rounded)
        self._map = mmap.mmap(self.descriptor, rounded)
        self.size = rounded

    def view(self, *, offset: int, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Return an array over the shared bytes, valid until the next `reserve`."""
        if self._map is None:
            raise ValueError("the segment is empty")
        return np.ndarray(shape, dtype, buffer=self._map, offset=offset)

    def close(self) -> None:
        """Give the memory back."""
        self._map = None
        os.close(self.descriptor)
