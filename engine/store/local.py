"""`LocalStore`: files of this machine, below the folders that the settings allow."""

import asyncio
import errno
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

import numpy as np

from engine.errors import (
    Forbidden,
    NotFound,
    SourceChanged,
    SourceCorrupt,
    SourceDenied,
    SourceUnavailable,
    TooLarge,
)
from engine.store.bounds import check_ranges
from engine.store.descriptors import Descriptors, OpenFile
from engine.store.pattern import compile_pattern, fixed_prefix, is_pattern, parts_after
from engine.store.protocol import ByteRange, Listed, ObjectInfo, Opened
from engine.trace import count

T = TypeVar("T")

_FEW_BYTES = 256 << 10
"""What is copied from memory sooner than a thread is woken."""
_LOCALHOSTS = ("", "localhost")
_NAMES_NOTHING = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP)
_NO_PERMISSION = (errno.EACCES, errno.EPERM)


class LocalStore:
    """Files by absolute path or ``file:`` address; is a `ByteStore` and an `ObjectLister`.

    An address counts as inside a root only after every link in it was followed. Reading happens
    in threads of the store's own, so that a slow disk holds up no computation.
    """

    def __init__(
        self,
        roots: Sequence[str | Path],
        *,
        threads: int = 4,
        descriptors: int = 256,
        seconds: float = 30.0,
    ) -> None:
        """Allow what lies below ``roots``; none allow nothing. One call lasts ``seconds``."""
        self._roots = tuple(os.path.realpath(root) for root in roots)
        self._seconds = seconds
        self._descriptors = Descriptors(self._locate, limit=descriptors)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="cogmill-disk")

    async def open(self, address: str, *, first: int) -> Opened:
        """Return the first ``first`` bytes, the size, and time and size as identity."""
        opened = _translated(lambda: self._open_now(address, first))
        if opened is None:
            opened = await self._run(lambda: self._open(address, first))
        count("requests")
        count("bytes", len(opened.start))
        return opened

    async def read(
        self, address: str, ranges: Sequence[ByteRange], *, info: ObjectInfo
    ) -> Sequence[bytes | memoryview]:
        """Return the bytes of each range, all read in one thread, or at once if they are few."""
        if sum(wanted.size for wanted in ranges) <= _FEW_BYTES:
            instant = self.read_now(address, ranges, info=info)
            if instant is not None:
                return instant
        check_ranges(ranges, info)
        contents = await self._run(lambda: self._read(address, ranges, info))
        _count_read(ranges)
        return contents

    def read_now(
        self, address: str, ranges: Sequence[ByteRange], *, info: ObjectInfo
    ) -> Sequence[memoryview] | None:
        """Return the bytes of each range if the file is open and they are in memory; else None.

        Never waits for the disk, so that any thread may call it.
        """
        if not ranges:
            return () if self._descriptors.has_instant(_path_of(address)) else None
        check_ranges(ranges, info)
        contents = _translated(lambda: self._read_now(address, ranges, info))
        if contents is not None:
            _count_read(ranges)
        return contents

    async def list(self, address: str, *, limit: int) -> Sequence[Listed]:
        """Return the files at and below ``address``; links that leave the roots are left out."""
        return await self._run(lambda: self._list(address, limit))

    async def close(self) -> None:
        """Close the files; a read that is stuck on the disk is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._descriptors.close()

    async def _run(self, work: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._seconds):
                return await loop.run_in_executor(self._threads, _translated, work)
        except TimeoutError:
            message = f"the local disk did not answer within {self._seconds:g} s"
            raise SourceUnavailable(message) from None

    def _locate(self, address: str) -> str:
        """Return the real path of ``address``. Raises `Forbidden` outside the roots."""
        path = os.path.realpath(_path_of(address))
        if not self._allows(path):
            message = "the address lies outside the local folders that the settings allow"
            raise Forbidden(message)
        return path

    def _allows(self, path: str) -> bool:
        return any(path == root or path.startswith(root.rstrip("/") + "/") for root in self._roots)

    def _open(self, address: str, first: int) -> Opened:
        file = self._descriptors.take(_path_of(address))
        try:
            info = _info(file.descriptor)
            start = _pread(file.descriptor, ByteRange(0, min(first, info.size)))
            _check_same(file.descriptor, info)
            return Opened(info=info, start=start)
        finally:
            self._descriptors.give_back(file)

    def _open_now(self, address: str, first: int) -> Opened | None:
        file = self._descriptors.take_instant(_path_of(address))
        if file is None:
            return None
        try:
            info = _info(file.descriptor)
            start = _pread_now(file, ByteRange(0, min(first, info.size)))
            _check_same(file.descriptor, info)
            return None if start is None else Opened(info=info, start=bytes(start))
        finally:
            self._descriptors.give_back(file)

    def _read(self, address: str, ranges: Sequence[ByteRange], info: ObjectInfo) -> Sequence[bytes]:
        file = self._descriptors.take(_path_of(address))
        try:
            contents = [_pread(file.descriptor, wanted) for wanted in ranges]
            # After the bytes were read: a writer who came before or in between shows here.
            _check_same(file.descriptor, info)
        finally:
            self._descriptors.give_back(file)
        for wanted, content in zip(ranges, contents, strict=True):
            if len(content) != wanted.size:
                message = f"the disk gave {len(content)} bytes instead of {wanted.size}"
                raise SourceCorrupt(message)
        return contents

    def _read_now(
        self, address: str, ranges: Sequence[ByteRange], info: ObjectInfo
    ) -> Sequence[memoryview] | None:
        file = self._descriptors.take_instant(_path_of(address))
        if file is None:
            return None
        contents: list[memoryview] = []
        try:
            for wanted in ranges:
                content = _pread_now(file, wanted)
                if content is None:
                    break
                contents.append(content)
            # After the bytes were read, as above.
            _check_same(file.descriptor, info)
        finally:
            self._descriptors.give_back(file)
        return contents if len(contents) == len(ranges) else None

    def _list(self, address: str, limit: int) -> Sequence[Listed]:
        path = _path_of(address)
        if not is_pattern(path) or os.path.lexists(path):
            self._locate(path)
            names = iter([path]) if Path(path).is_file() else _files_below(path, depth=None)
        else:
            folder = fixed_prefix(path).rpartition("/")[0] or "/"
            self._locate(folder)
            matches = compile_pattern(path).fullmatch
            names = filter(matches, _files_below(folder, depth=parts_after(path, folder)))
        found: list[Listed] = []
        for name in names:
            if not self._allows(os.path.realpath(name)):
                continue
            found.append(Listed(address=name, size=Path(name).stat().st_size))
            if len(found) > limit:
                message = f"there are more than {limit} files; name a narrower folder or pattern"
                raise TooLarge(message, found=len(found), limit=limit)
        return sorted(found, key=lambda one: one.address)


def _path_of(address: str) -> str:
    """Return the absolute path that a ``file:`` address or a plain path names."""
    path = address
    if address.startswith("file:"):
        parts = urlsplit(address)
        if parts.netloc not in _LOCALHOSTS:
            message = "a file: address names a file of this machine, not of another host"
            raise Forbidden(message)
        path = unquote(parts.path)
    if not path.startswith("/") or "\0" in path:
        message = "a local address is an absolute path or file:// and an absolute path"
        raise Forbidden(message)
    return path


def _files_below(folder: str, *, depth: int | None) -> Iterator[str]:
    """Yield the files below ``folder``, at most ``depth`` folders down; no link is descended."""

    def fail(error: OSError) -> None:
        # A folder that may not be read must not look like an empty one.
        if error.errno not in _NAMES_NOTHING:
            raise error

    for place, folders, files in os.walk(folder, onerror=fail):
        folders.sort()
        if depth is not None and _depth_of(place) - _depth_of(folder) + 1 >= depth:
            folders.clear()
        for name in sorted(files):
            path = f"{place.rstrip('/')}/{name}"
            if Path(path).is_file():
                yield path


def _depth_of(folder: str) -> int:
    return len([part for part in folder.split("/") if part])


def _pread(descriptor: int, wanted: ByteRange) -> bytes:
    """Return the bytes of ``wanted``, fewer only where the file ends."""
    content = os.pread(descriptor, wanted.size, wanted.start)
    if len(content) == wanted.size:
        return content
    # The kernel may give less than asked for, without the file being at its end.
    pieces = [content]
    position = wanted.start + len(content)
    while position < wanted.stop and pieces[-1]:
        pieces.append(os.pread(descriptor, wanted.stop - position, position))
        position += len(pieces[-1])
    return b"".join(pieces)


def _pread_now(file: OpenFile, wanted: ByteRange) -> memoryview | None:
    """Return the bytes of ``wanted``; None where some of them would have to be waited for."""
    # Not zeroed, as a bytearray would be.
    content = np.empty(wanted.size, np.uint8).data
    try:
        size = os.preadv(file.descriptor, [content], wanted.start, os.RWF_NOWAIT)
    except BlockingIOError:
        return None
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
            raise
        file.instant = False
        return None
    return content if size == wanted.size else None


def _info(descriptor: int) -> ObjectInfo:
    status = os.fstat(descriptor)
    return ObjectInfo(size=status.st_size, identity=f"{status.st_mtime_ns}-{status.st_size}")


def _check_same(descriptor: int, info: ObjectInfo) -> None:
    if _info(descriptor) != info:
        message = "the file was changed since it was opened"
        raise SourceChanged(message)


def _count_read(ranges: Sequence[ByteRange]) -> None:
    count("requests", sum(1 for wanted in ranges if wanted.size))
    count("bytes", sum(wanted.size for wanted in ranges))


def _translated(work: Callable[[], T]) -> T:
    """Return what ``work`` returns, with the system's errors told without the path they name."""
    try:
        return work()
    except OSError as error:
        if error.errno in _NAMES_NOTHING:
            message = "there is no such file"
            raise NotFound(message) from None
        if error.errno in _NO_PERMISSION:
            message = "the file may not be read by this server"
            raise SourceDenied(message) from None
        message = f"the local disk failed: {os.strerror(error.errno or 0)}"
        raise SourceUnavailable(message) from None
