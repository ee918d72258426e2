"""What the commands that measure servers have in common: their options, and how they end."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import describe_facts, put
from benchmarks.scenes import benchmark_files


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command that was called, and when."""

    module: str
    marks: str
    """Between which its table stands in README.md."""
    given: argparse.Namespace
    load: float
    """The machine's load before."""
    started: float

    @property
    def folder(self) -> Path:
        """The folder of B02.tif, B03.tif, B04.tif and B08.tif; made where it is not there."""
        if self.given.scene is not None:
            return Path(self.given.scene).absolute()
        return benchmark_files(self.given.pixels)["B04"].parent

    def finish(self, table: str, packages: Sequence[str]) -> None:
        """Print a table with what makes its figures readable; put it into README.md if asked."""
        asked = " ".join(sys.argv[1:])
        facts = describe_facts(
            packages,
            command=f"python -m benchmarks.{self.module} {asked}".strip(),
            load_before=self.load,
        )
        text = f"{facts}\n\n{table}"
        print(f"\n{text}\n\n{time.perf_counter() - self.started:.0f} s in all", flush=True)
        if self.given.write:
            put(text, marks=self.marks)


def read_command(
    module: str, about: str | None, options: dict[str, int] | None = None, *, marks: str = ""
) -> Command:
    """Return the command of this process; ``options`` are numbers by name, with their defaults."""
    parser = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pixels", type=int, default=10_980, help="of the scene, along a side")
    parser.add_argument("--scene", help="a folder with B02.tif, B03.tif, B04.tif, B08.tif instead")
    parser.add_argument("--write", action="store_true", help="put the table into README.md")
    for name, default in (options or {}).items():
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    # Told to stop, it leaves through its context managers, which stop the servers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    return Command(
        module=module,
        marks=marks or module,
        given=given,
        load=os.getloadavg()[0],
        started=time.perf_counter(),
    )
