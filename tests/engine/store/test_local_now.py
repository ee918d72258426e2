"""Known local files, read from the page cache without waiting for a disk."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import EngineError, NotFound, SourceChanged
from engine.store.local import LocalStore
from engine.store.protocol import ByteRange, ObjectInfo
from tests.engine.store.contract import CONTENT


def read_now_after(change: Callable[[Path], object], folder: Path) -> list[bytes] | None:
    """Return what is had without waiting of a known file, ``change`` having been done to it."""
    path = folder / "known.bin"
    path.write_bytes(CONTENT)
    os.utime(path, ns=(1_700_000_000_000_000_000, 1_700_000_000_000_000_000))

    async def main() -> list[bytes] | None:
        store = LocalStore([folder])
        try:
            info = (await store.open(str(path), first=1)).info
            change(path)
            answers = store.read_now(
                str(path), [ByteRange(5, 9), ByteRange(400, 40_000)], info=info
            )
            return None if answers is None else [bytes(one) for one in answers]
        finally:
            await store.close()

    return asyncio.run(main())


def knows_what_would_wait(folder: Path) -> bool:
    """Return whether the file system of ``folder`` reads without waiting (RWF_NOWAIT)."""
    path = folder / "probe.bin"
    path.write_bytes(b"probe")
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.preadv(descriptor, [bytearray(5)], 0, os.RWF_NOWAIT) == 5
    except OSError:
        return False
    finally:
        os.close(descriptor)


def test_a_known_file_is_read_without_waiting(tmp_path: Path) -> None:
    if not knows_what_would_wait(tmp_path):
        pytest.skip("the file system of the test's folder cannot tell what would wait")

    answers = read_now_after(lambda _: None, tmp_path)

    assert answers == [CONTENT[5:9], CONTENT[400:40_000]]


def test_a_file_that_was_not_opened_is_not_read_without_waiting(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(CONTENT)
    info = ObjectInfo(size=len(CONTENT), identity="unknown")

    answers = LocalStore([tmp_path]).read_now(str(tmp_path / "a.bin"), [ByteRange(0, 9)], info=info)

    assert answers is None


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


CHANGES: dict[str, tuple[Callable[[Path], object], type[EngineError]]] = {
    "deleted": (Path.unlink, NotFound),
    "grown": (grow, SourceChanged),
    "cut": (lambda path: os.truncate(path, 1000), SourceChanged),
    "written over": (lambda path: path.write_bytes(CONTENT[::-1]), SourceChanged),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_known_file_that_changed_is_not_read_as_if_it_had_not(tmp_path: Path, name: str) -> None:
    if not knows_what_would_wait(tmp_path):
        pytest.skip("the file system of the test's folder cannot tell what would wait")
    change, error = CHANGES[name]

    with pytest.raises(error):
        read_now_after(change, tmp_path)


def test_a_known_file_that_was_replaced_by_another_is_opened_anew(tmp_path: Path) -> None:
    def replace(path: Path) -> None:
        (tmp_path / "other.bin").write_bytes(CONTENT)
        (tmp_path / "other.bin").rename(path)

    assert read_now_after(replace, tmp_path) is None
