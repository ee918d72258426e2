"""What a server's processes hold in memory, as Linux counts it."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def tree(pid: int) -> list[int]:
    """Return a process and all below it; those that have just ended are left out."""
    found = [pid]
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        below = [int(text) for task in tasks for text in (task / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return found
    for child in below:
        found += tree(child)
    return found


def resident(pids: Iterable[int]) -> int:
    """Return the bytes that processes hold together (PSS: shared pages are counted once)."""
    return sum(_field(f"/proc/{pid}/smaps_rollup", "Pss") for pid in pids)


def peak(pid: int) -> int:
    """Return the most bytes that a process has held since the last `forget_peak` (VmHWM)."""
    return _field(f"/proc/{pid}/status", "VmHWM")


def forget_peak(pid: int) -> None:
    """Make a process's peak what it holds now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def open_files(pids: Iterable[int]) -> int:
    """Return how many files, sockets and pipes processes hold open together."""
    total = 0
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            total += sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    return total


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the CPU time that processes took so far, of all their threads."""
    ticks = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / 100


def _field(path: str, name: str) -> int:
    """Return a field of a file of /proc in bytes; 0 where its process has just ended."""
    try:
        lines = Path(path).read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith(f"{name}:")), 0)
