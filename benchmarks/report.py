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

README = Path(__file__).parent / "README.md"
PACKAGES = (
    "rio-tiler",
    "terracotta",
    "odc-stac",
    "async-geotiff",
    "titiler.core",
    "rasterio",
    "numpy",
    "numba",
)


def describe(table: str, *, command: str, load_before: float) -> str:
    """Return the table with its command, machine, versions, date and load."""
    gdal = f"GDAL {rasterio.__gdal_version__}"
    head = describe_facts(PACKAGES, command=command, load_before=load_before)
    return f"{head}, {gdal}\n\n{table}"


def describe_facts(packages: Sequence[str], *, command: str, load_before: float) -> str:
    """Return command, date, commit, machine, load and versions."""
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    load = f"{load_before:.1f} before, {os.getloadavg()[0]:.1f} after"
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    facts = (
        f"`{command}`  ",
        f"{when}, commit {_commit()}; {_processor()}, {os.cpu_count()} cores, load {load}  ",
        f"Python {sys.version.split()[0]}, {versions}",
    )
    return "\n".join(facts)


def put(text: str, *, marks: str) -> None:
    """Replace what stands between these marks in README.md."""
    start, end = f"<!-- {marks}: start -->", f"<!-- {marks}: end -->"
    before, _, rest = README.read_text(encoding="utf-8").partition(start)
    _, mark, after = rest.partition(end)
    if not mark:
        raise SystemExit(f"{README.name} has lost its marks {start} and {end}")
    README.write_text(f"{before}{start}\n\n{text}\n\n{end}{after}", encoding="utf-8")


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
