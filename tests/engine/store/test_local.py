import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import (
    Forbidden,
    NotFound,
    SourceCorrupt,
    SourceDenied,
    SourceUnavailable,
    TooLarge,
)
from engine.store.local import LocalStore
from engine.store.protocol import ByteRange, ByteStore
from tests.engine.store.contract import CONTENT, ByteStoreContract, Place


class TestLocalStore(ByteStoreContract):
    @pytest.fixture
    def make_store(self, tmp_path: Path) -> Callable[[], ByteStore]:
        return lambda: LocalStore([tmp_path])

    @pytest.fixture
    def place(self, tmp_path: Path) -> Place:
        def write(name: str, content: bytes) -> str:
            path = tmp_path / name
            path.unlink(missing_ok=True)
            path.write_bytes(content)
            # Two writes within one tick of the file system's clock would look like one.
            moment = path.stat().st_mtime_ns + (1_000_000_000 if content != CONTENT else 0)
            os.utime(path, ns=(moment, moment))
            return str(path)

        return write


class TestLocalStoreByFileAddress(TestLocalStore):
    @pytest.fixture
    def place(self, tmp_path: Path) -> Place:
        folder = tmp_path / "with space % and ü"
        folder.mkdir()

        def write(name: str, content: bytes) -> str:
            path = folder / name
            path.write_bytes(content)
            moment = path.stat().st_mtime_ns + (1_000_000_000 if content != CONTENT else 0)
            os.utime(path, ns=(moment, moment))
            return path.as_uri()

        return write


def opening(store: LocalStore, address: str) -> bytes:
    async def main() -> bytes:
        try:
            return (await store.open(address, first=100)).start
        finally:
            await store.close()

    return asyncio.run(main())


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    inside = tmp_path / "inside"
    outside = tmp_path / "inside-not"
    inside.mkdir()
    outside.mkdir()
    (inside / "a.bin").write_bytes(b"allowed")
    (outside / "b.bin").write_bytes(b"secret")
    return inside, outside


ESCAPES: dict[str, Callable[[Path, Path], str]] = {
    "a folder beside": lambda _, outside: str(outside / "b.bin"),
    "dots": lambda inside, outside: f"{inside}/../{outside.name}/b.bin",
    "encoded dots": lambda inside, outside: f"file://{inside}/%2e%2e/{outside.name}/b.bin",
    "a link to a file": lambda inside, _: str(inside / "link.bin"),
    "a link to a folder": lambda inside, _: str(inside / "linked" / "b.bin"),
    "a link to a link": lambda inside, _: str(inside / "twice" / "b.bin"),
    "what is not there": lambda _, outside: str(outside / "nothing.bin"),
    "another host": lambda inside, _: f"file://host{inside}/a.bin",
    "a relative path": lambda *_: "inside/a.bin",
    "a zero byte": lambda inside, _: f"{inside}/a.bin\0",
}


@pytest.mark.parametrize("way", ESCAPES)
def test_no_way_leads_out_of_the_roots(folders: tuple[Path, Path], way: str) -> None:
    inside, outside = folders
    (inside / "link.bin").symlink_to(outside / "b.bin")
    (inside / "linked").symlink_to(outside)
    (inside / "twice").symlink_to(inside / "linked")

    with pytest.raises(Forbidden) as error:
        opening(LocalStore([inside]), ESCAPES[way](inside, outside))

    assert str(inside) not in error.value.message
    assert outside.name not in error.value.message


def test_a_link_that_stays_inside_is_followed(folders: tuple[Path, Path]) -> None:
    inside, _ = folders
    (inside / "link.bin").symlink_to(inside / "a.bin")

    assert opening(LocalStore([inside]), str(inside / "link.bin")) == b"allowed"


def test_a_root_may_itself_be_a_link(folders: tuple[Path, Path], tmp_path: Path) -> None:
    inside, _ = folders
    (tmp_path / "root").symlink_to(inside)

    assert opening(LocalStore([tmp_path / "root"]), str(tmp_path / "root" / "a.bin")) == b"allowed"


def test_no_roots_allow_nothing(folders: tuple[Path, Path]) -> None:
    inside, _ = folders

    with pytest.raises(Forbidden):
        opening(LocalStore([]), str(inside / "a.bin"))


def test_a_folder_is_not_an_image(folders: tuple[Path, Path]) -> None:
    inside, _ = folders

    with pytest.raises(SourceCorrupt, match="regular file"):
        opening(LocalStore([inside]), str(inside))


def test_a_pipe_is_refused_without_waiting_for_its_other_end(folders: tuple[Path, Path]) -> None:
    inside, _ = folders
    os.mkfifo(inside / "pipe")

    with pytest.raises(SourceCorrupt, match="regular file"):
        opening(LocalStore([inside], seconds=5), str(inside / "pipe"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_denied(folders: tuple[Path, Path]) -> None:
    inside, _ = folders
    (inside / "a.bin").chmod(0)

    with pytest.raises(SourceDenied):
        opening(LocalStore([inside]), str(inside / "a.bin"))


@pytest.mark.parametrize("name", ["a.bin/below", "x" * 300, "loop"])
def test_a_name_that_cannot_exist_is_not_found(folders: tuple[Path, Path], name: str) -> None:
    inside, _ = folders
    (inside / "loop").symlink_to(inside / "loop")

    with pytest.raises(NotFound) as error:
        opening(LocalStore([inside]), f"{inside}/{name}")

    assert name not in error.value.message


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_descriptors_stay_within_their_limit_and_close_with_the_store(tmp_path: Path) -> None:
    for i in range(40):
        (tmp_path / f"{i}.bin").write_bytes(CONTENT)

    async def main() -> tuple[int, int, int]:
        store = LocalStore([tmp_path], descriptors=8)
        before = open_descriptors()
        for _ in range(2):
            infos = [
                (await store.open(str(tmp_path / f"{i}.bin"), first=1)).info for i in range(40)
            ]
            await asyncio.gather(
                *(
                    store.read(str(tmp_path / f"{i}.bin"), [ByteRange(5, 9)], info=infos[i])
                    for i in range(40)
                )
            )
        during = open_descriptors()
        await store.close()
        return before, during, open_descriptors()

    before, during, after = asyncio.run(main())

    assert during - before == 8
    assert after == before


def test_a_file_that_is_deleted_is_not_found_though_its_descriptor_is_still_open(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(CONTENT)

    async def main() -> None:
        store = LocalStore([tmp_path])
        info = (await store.open(str(path), first=1)).info
        path.unlink()
        try:
            await store.read(str(path), [ByteRange(0, 1)], info=info)
        finally:
            await store.close()

    with pytest.raises(NotFound):
        asyncio.run(main())


def test_a_known_file_whose_link_is_bent_out_of_the_roots_is_forbidden(
    folders: tuple[Path, Path],
) -> None:
    inside, outside = folders
    (inside / "link.bin").symlink_to(inside / "a.bin")

    async def main() -> None:
        store = LocalStore([inside])
        try:
            info = (await store.open(str(inside / "link.bin"), first=1)).info
            (inside / "link.bin").unlink()
            (inside / "link.bin").symlink_to(outside / "b.bin")

            assert store.read_now(str(inside / "link.bin"), [ByteRange(0, 1)], info=info) is None
            await store.read(str(inside / "link.bin"), [ByteRange(0, 1)], info=info)
        finally:
            await store.close()

    with pytest.raises(Forbidden):
        asyncio.run(main())


def listing(store: LocalStore, address: str, *, limit: int = 100) -> list[tuple[str, int]]:
    async def main() -> list[tuple[str, int]]:
        try:
            return [(one.address, one.size) for one in await store.list(address, limit=limit)]
        finally:
            await store.close()

    return asyncio.run(main())


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for name in ["a.tif", "b.jp2", "x/c.tif", "x/y/d.tif", "x/y/z/e.tif", "w/[1].tif"]:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return root


@pytest.mark.parametrize(
    ("below", "names"),
    [
        ("", ["a.tif", "b.jp2", "w/[1].tif", "x/c.tif", "x/y/d.tif", "x/y/z/e.tif"]),
        ("/", ["a.tif", "b.jp2", "w/[1].tif", "x/c.tif", "x/y/d.tif", "x/y/z/e.tif"]),
        ("/a.tif", ["a.tif"]),
        ("/x/y", ["x/y/d.tif", "x/y/z/e.tif"]),
        ("/*.tif", ["a.tif"]),
        ("/?.*", ["a.tif", "b.jp2"]),
        ("/[!a].*", ["b.jp2"]),
        ("/x/*", ["x/c.tif"]),
        ("/*/*.tif", ["w/[1].tif", "x/c.tif"]),
        ("/x/**", ["x/c.tif", "x/y/d.tif", "x/y/z/e.tif"]),
        ("/**/*.tif", ["a.tif", "w/[1].tif", "x/c.tif", "x/y/d.tif", "x/y/z/e.tif"]),
        ("/**/y/*.tif", ["x/y/d.tif"]),
        ("/w/[1].tif", ["w/[1].tif"]),
        ("/nothing", []),
        ("/nothing/*.tif", []),
    ],
)
def test_listing_finds_what_the_folder_or_pattern_names(
    tree: Path, below: str, names: list[str]
) -> None:
    found = listing(LocalStore([tree]), f"{tree}{below}")

    assert [(name.replace("//", "/"), size) for name, size in found] == [
        (f"{tree}/{name}", len(name)) for name in names
    ]


def test_listing_more_than_the_limit_is_refused_not_cut(tree: Path) -> None:
    with pytest.raises(TooLarge) as error:
        listing(LocalStore([tree]), str(tree), limit=5)

    assert (error.value.found, error.value.limit) == (6, 5)


def test_listing_leaves_out_links_that_lead_out_of_the_roots(folders: tuple[Path, Path]) -> None:
    inside, outside = folders
    (inside / "link.bin").symlink_to(outside / "b.bin")

    assert listing(LocalStore([inside]), str(inside)) == [(str(inside / "a.bin"), 7)]


@pytest.mark.parametrize("pattern", ["", "/*.bin"])
def test_listing_outside_the_roots_is_forbidden(folders: tuple[Path, Path], pattern: str) -> None:
    inside, outside = folders

    with pytest.raises(Forbidden):
        listing(LocalStore([inside]), f"{outside}{pattern}")


def test_a_disk_that_hangs_is_given_up_in_time(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(CONTENT)
    stuck = threading.Event()

    async def main() -> None:
        store = LocalStore([tmp_path], threads=1, seconds=0.2)
        # The store's only thread waits on something else, as it would on a dead network disk.
        store._threads.submit(stuck.wait, 30)
        try:
            await store.open(str(tmp_path / "a.bin"), first=1)
        finally:
            stuck.set()
            await store.close()

    with pytest.raises(SourceUnavailable, match=r"within 0\.2 s"):
        asyncio.run(main())
