"""`Descriptors`: files kept open between reads, so that a block costs one pread."""

import os
import stat
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from engine.errors import SourceCorrupt

CHECKED_SECONDS = 1.0
"""How long the way to a file counts as followed. A link that is bent shows at once all the same,
for then the path names another file; only a file that moves out of the roots, while a link to it
stays, is read that much longer."""


@dataclass(slots=True, eq=False)
class OpenFile:
    """One open descriptor, on loan from `Descriptors`."""

    descriptor: int
    """Valid until it is given back."""
    instant: bool
    """Whether its file system can say that a read would have to wait."""
    file: tuple[int, int]
    """Device and inode: which file it is, whatever its name."""
    until: float
    """Monotonic time up to which the way to it counts as followed."""
    users: int = 0
    retired: bool = False
    """True once it is out of the table; its last user closes it."""


class Descriptors:
    """At most ``limit`` idle descriptors by path; safe from any thread."""

    def __init__(self, locate: Callable[[str], str], *, limit: int) -> None:
        """Keep up to ``limit`` files open; those in use may exceed it for a moment.

        ``locate`` follows every link of a path, and raises where it leads to no allowed place.
        """
        self._locate = locate
        self._limit = limit
        self._open: OrderedDict[str, OpenFile] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, path: str) -> OpenFile:
        """Return the file that ``path`` names now, open until it is given back.

        Raises OSError as opening does, and `SourceCorrupt` where it is not a regular file.
        """
        return self._known(path, instant=False) or self._add(path)

    def take_instant(self, path: str) -> OpenFile | None:
        """Return the same where it is open already and may be read instantly; else None."""
        return self._known(path, instant=True)

    def has_instant(self, path: str) -> bool:
        """Return whether `take_instant` may find the file; no call of the system is made."""
        with self._lock:
            entry = self._open.get(path)
        return entry is not None and entry.instant

    def give_back(self, entry: OpenFile) -> None:
        """End the use of ``entry``."""
        with self._lock:
            entry.users -= 1
            if entry.retired and entry.users == 0:
                os.close(entry.descriptor)

    def close(self) -> None:
        """Close every descriptor that is not in use; those in use close as they are given back."""
        with self._lock:
            for entry in self._open.values():
                self._retire(entry)
            self._open.clear()

    def _known(self, path: str, *, instant: bool) -> OpenFile | None:
        with self._lock:
            entry = self._open.get(path)
            if entry is None or (instant and not entry.instant):
                return None
            self._open.move_to_end(path)
            entry.users += 1
        try:
            now = time.monotonic()
            if now > entry.until:
                self._locate(path)
                entry.until = now + CHECKED_SECONDS
            # A file that was replaced keeps its name but not its inode: ask each time.
            status = os.stat(path)  # noqa: PTH116 - a Path takes as long as the call
        except BaseException:
            self.give_back(entry)
            raise
        if entry.file == (status.st_dev, status.st_ino):
            return entry
        self.give_back(entry)
        return None

    def _add(self, path: str) -> OpenFile:
        now = time.monotonic()
        place = self._locate(path)
        _check_regular(os.stat(place))  # noqa: PTH116 - as above
        # Not to hang on a pipe that took the file's place between stat and open.
        descriptor = os.open(place, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            status = os.fstat(descriptor)
            _check_regular(status)
        except BaseException:
            os.close(descriptor)
            raise
        entry = OpenFile(
            descriptor,
            instant=hasattr(os, "RWF_NOWAIT"),
            file=(status.st_dev, status.st_ino),
            until=now + CHECKED_SECONDS,
            users=1,
        )
        with self._lock:
            replaced = self._open.pop(path, None)
            if replaced is not None:
                self._retire(replaced)
            self._open[path] = entry
            while len(self._open) > self._limit:
                _, oldest = self._open.popitem(last=False)
                self._retire(oldest)
        return entry

    def _retire(self, entry: OpenFile) -> None:
        entry.retired = True
        if entry.users == 0:
            os.close(entry.descriptor)


def _check_regular(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        message = "not a regular file"
        raise SourceCorrupt(message)
