"""Where the files are: on disk, behind nginx, or behind a server at a distance."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.delayed import delayed_server
from benchmarks.peers import Paths
from benchmarks.scenes import SceneSet
from benchmarks.workloads import FAR, LOCAL, NEAR, Work
from tests.builders.servers import running_nginx

MILLISECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What went over the wire."""

    requests: int
    """Of any method."""
    bytes: int
    """Of the bodies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Somewhere to read from."""

    name: str
    root: str
    """Folder or URL, without a trailing slash."""
    traffic: Callable[[], Traffic | None]
    """What was asked for since the last call; None where nobody counts."""
    names: Iterator[int]
    """Numbers that make an address a new one."""

    @property
    def is_remote(self) -> bool:
        """True where the files are behind HTTP."""
        return self.root.startswith("http")

    def paths(self, work: Work, scenes: SceneSet) -> Paths:
        """Return band → addresses, newest first; of a server, such as were never used before.

        The peers remember by address what they read, and are asked to know nothing.
        """
        query = f"?n={next(self.names)}" if self.is_remote else ""
        return {
            band: [f"{path}{query}" for path in scenes.paths(self.root, band)]
            for band in work.bands
        }


@contextmanager
def opened_place(name: str, folder: Path) -> Iterator[Place]:
    """Give the place of that name over the files of ``folder``."""
    if name == LOCAL:
        yield Place(name=name, root=str(folder), traffic=lambda: None, names=count())
    elif name == NEAR:
        with TemporaryDirectory() as prefix, running_nginx(folder, Path(prefix)) as nginx:

            def counted() -> Traffic:
                lines = nginx.accesses()
                return Traffic(requests=len(lines), bytes=sum(line.sent for line in lines))

            yield Place(name=name, root=nginx.url, traffic=counted, names=count())
    elif name == FAR:
        with delayed_server(folder, milliseconds=MILLISECONDS) as server:

            def asked() -> Traffic:
                found = server.counts()
                server.reset()
                return Traffic(requests=found.requests, bytes=found.bytes)

            yield Place(name=name, root=server.url, traffic=asked, names=count())
    else:
        raise ValueError(name)
