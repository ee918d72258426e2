"""`Descriptors`: files kept open between reads, so that a block costs one pread."""

import os
import stat
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.errors import SourceCorrupt


@dataclass(slots=True, eq=False)
class _Open:
    """One open descriptor."""

    descriptor: int
    file: tuple[int, int]
    """Device and inode: which file it is, whatever its name."""
    users: int = 0
    retired: bool = False
    """True once it is out of the table; its last user closes it."""


class Descriptors:
    """At most ``limit`` idle descriptors by real path; safe from any thread."""

    def __init__(self, *, limit: int) -> None:
        """Keep up to ``limit`` files open; those in use may exceed it for a moment."""
        self._limit = limit
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def lease(self, path: str) -> Iterator[int]:
        """Give a descriptor of the file that ``path`` names now, open until the block ends.

        Raises OSError as opening does, and `SourceCorrupt` where it is not a regular file.
        """
        entry = self._take(path)
        try:
            yield entry.descriptor
        finally:
            self._give_back(entry)

    def close(self) -> None:
        """Close every descriptor that is not in use; those in use close as they are returned."""
        with self._lock:
            for entry in self._open.values():
                self._retire(entry)
            self._open.clear()

    def _take(self, path: str) -> _Open:
        # A file that was replaced keeps its name but not its inode: ask each time.
        status = Path(path).stat()
        if not stat.S_ISREG(status.st_mode):
            message = "not a regular file"
            raise SourceCorrupt(message)
        with self._lock:
            entry = self._open.get(path)
            if entry is not None and entry.file == (status.st_dev, status.st_ino):
                self._open.move_to_end(path)
                entry.users += 1
                return entry
        return self._add(path)

    def _add(self, path: str) -> _Open:
        # Not to hang on a pipe that took the file's place between stat and open.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        status = os.fstat(descriptor)
        entry = _Open(descriptor, (status.st_dev, status.st_ino), users=1)
        with self._lock:
            replaced = self._open.pop(path, None)
            if replaced is not None:
                self._retire(replaced)
            self._open[path] = entry
            while len(self._open) > self._limit:
                _, oldest = self._open.popitem(last=False)
                self._retire(oldest)
        return entry

    def _give_back(self, entry: _Open) -> None:
        with self._lock:
            entry.users -= 1
            if entry.retired and entry.users == 0:
                os.close(entry.descriptor)

    def _retire(self, entry: _Open) -> None:
        entry.retired = True
        if entry.users == 0:
            os.close(entry.descriptor)
