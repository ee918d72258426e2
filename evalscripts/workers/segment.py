"""Memory that the server and one worker share: one anonymous file, mapped by both."""

import fcntl
import mmap
import os
import threading
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from evalscripts.workers.wire import Hangup

_PAGE = mmap.PAGESIZE


class Segment:
    """A shared stretch of bytes that only grows."""

    def __init__(self) -> None:
        self.descriptor = os.memfd_create("evalscript", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        # A worker that made it shorter would turn our next access into a bus error.
        fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
        self.size = 0
        self._lock = threading.Lock()
        self._map: mmap.mmap | None = None

    def reserve(self, size: int) -> None:
        """Make at least ``size`` bytes available.

        Raises:
            Hangup: the segment is closed, because its worker has ended.
        """
        with self._lock:
            if self.descriptor < 0:
                raise Hangup
            if size <= self.size:
                return
            rounded = -(-size // _PAGE) * _PAGE
            os.ftruncate(self.descriptor, rounded)
            self._map = mmap.mmap(self.descriptor, rounded)
            self.size = rounded

    def view(self, *, offset: int, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Return an array over the shared bytes, valid until the next `reserve`.

        Raises:
            Hangup: the segment is closed, because its worker has ended.
        """
        shared = self._map
        if shared is None:
            raise Hangup
        return np.ndarray(shape, dtype, buffer=shared, offset=offset)

    def close(self) -> None:
        """Give the memory back as soon as no array lies over it."""
        with self._lock:
            self._map = None
            os.close(self.descriptor)
            self.descriptor = -1
