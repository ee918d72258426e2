"""The table, put between its marks in README.md with everything that makes its figures readable."""

import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import rasterio

from benchmarks.rows import Row, write_rows

README = Path(__file__).parent / "README.md"
START, END = "<!-- against_peers: start -->", "<!-- against_peers: end -->"
PACKAGES = ("rio-tiler", "titiler.core", "rasterio", "numpy", "numba")


def describe(rows: Sequence[Row], *, command: str, load_before: float) -> str:
    """Return the table with its command, machine, versions, date and load."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    load = f"{load_before:.1f} before, {os.getloadavg()[0]:.1f} after"
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    facts = (
        f"`{command}`  ",
        f"{when}, commit {_commit()}; {_processor()}, {os.cpu_count()} cores, load {load}  ",
        f"Python {sys.version.split()[0]}, {versions}, GDAL {rasterio.__gdal_version__}",
    )
    return "\n".join((*facts, "", write_rows(rows)))


def put(text: str) -> None:
    """Replace what stands between the marks in README.md."""
    before, _, rest = README.read_text(encoding="utf-8").partition(START)
    _, mark, after = rest.partition(END)
    if not mark:
        raise SystemExit(f"{README.name} has lost its marks {START} and {END}")
    README.write_text(f"{before}{START}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=README.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
