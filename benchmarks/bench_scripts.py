"""Evalscripts in both tiers, beside the same arithmetic written by hand in numba and numpy.

    python -m benchmarks.bench_scripts [--pixels 512] [--rounds 7] [--write]

One core for everything: this process and the workers that it starts are bound to it. Bands are
smooth fields with noise, as imagery is: stored uint16, a hundredth not valid; mean and median read
12 scenes. *first*: ms from a text that was never seen to its pixels, with spare isolates and a warm
compile worker ready, V8's stage and the compilation included; of numba from a kernel that was
never compiled. The others are ns a pixel of later stripes: native and V8 are all that the engine
waits for (copies, messages, rounding), *inside* is V8 alone. Each figure is the least of all
rounds, as the machine is shared.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import describe_facts, put
from benchmarks.script_kernels import NUMBA
from benchmarks.script_rivals import RIVALS, Rival
from evalscripts import (
    BandData,
    InputData,
    PoolOptions,
    RunContext,
    V8Pool,
    compile_script,
    open_pool,
)
from evalscripts.native.compiler import NativeCompiler
from evalscripts.native.lane import CompilerOptions
from evalscripts.program import OrbitFacts, Program, Session
from evalscripts.tiers.program import TieredProgram

MARKS = "bench_scripts"
FOLDER = Path(__file__).parent / "scripts"
TITLES = {
    "ndvi-branches": "NDVI with branches",
    "thirty-branches": "100 lines, 30 branches",
    "ramp": "five-stop color ramp",
    "ramp-spread": "the same, `[...color, dataMask]`",
    "browser-layer": "browser layer, four outputs",
    "exponents": "seven exp, log and pow",
    "mean": "mean of 12 scenes",
    "median": "median of 12 scenes",
}
BANDS = ("B02", "B03", "B04", "B08")
SCENES = 12
_PAUSE_SECONDS = 0.15
"""Before each new text: in it, the worker makes anew the spare isolates that the last one took."""
_NEVER = float("inf")


@dataclass(slots=True, kw_only=True)
class Times:
    """Seconds; of pixels for the whole picture."""

    first: float = _NEVER
    whole: float = _NEVER
    inside: float = _NEVER


def smooth(random: np.random.Generator, size: int) -> NDArray[np.uint16]:
    """Return a field that varies over a few dozen pixels, with noise."""
    coarse = random.uniform(200, 6000, (size // 32 + 2, size // 32 + 2))
    at = np.arange(size) / 32
    low = at.astype(int)
    part = at - low
    rows = coarse[low] * (1 - part[:, None]) + coarse[low + 1] * part[:, None]
    field = rows[:, low] * (1 - part) + rows[:, low + 1] * part
    return np.asarray(field + random.normal(0, 40, field.shape), np.uint16)


def make_data(size: int, scenes: int) -> InputData:
    """Return the four bands."""
    random = np.random.default_rng(scenes)
    return InputData(
        bands={
            name: BandData(
                values=np.stack([smooth(random, size) for _ in range(scenes)]), scale=0.0001
            )
            for name in BANDS
        },
        valid=random.random((scenes, size, size)) > 0.01,
    )


def make_context(scenes: int) -> RunContext:
    """Return a request with so many days."""
    days = [f"2024-{1 + i:02}-05" for i in reversed(range(scenes))]
    orbits = [
        OrbitFacts(date_from=f"{day}T00:00:00Z", date_to=f"{day}T23:59:59Z", tiles=())
        for day in days
    ]
    return RunContext(
        input_ids=("s2",),
        scenes={"s2": ()},
        orbits={"s2": orbits} if scenes > 1 else {},
        normalization_factor=0.0001,
        service_version="",
        seconds=60.0,
    )


def time_tier(
    open_program: Callable[[str], Program], text: str, data: InputData, *, rounds: int
) -> tuple[Times, Mapping[str, NDArray[Any]]]:
    """Return the times of one tier and its pixels; ``open_program`` compiles a text."""
    context = make_context(len(data.valid))
    best = Times()
    pixels: Mapping[str, NDArray[Any]] = {}
    for turn in range(rounds):
        time.sleep(_PAUSE_SECONDS)
        started = time.perf_counter()
        program = open_program(f"{text}\n// {turn}")
        session = program.open(context)
        pixels = session.evaluate({"s2": data})
        best.first = min(best.first, time.perf_counter() - started)
        if isinstance(program, TieredProgram):
            program.settled(seconds=60.0)
            session.evaluate({"s2": data})
            if program.tier != "native":
                raise SystemExit(f"a script is not native: {program.reason}")
        for _ in range(5):
            inside = _inside(session)
            started = time.perf_counter()
            session.evaluate({"s2": data})
            best.whole = min(best.whole, time.perf_counter() - started)
            best.inside = min(best.inside, _inside(session) - inside or _NEVER)
        session.finish()
    return best, pixels


def _inside(session: Session) -> float:
    return getattr(session, "inside_seconds", 0.0)


def time_rival(rival: Rival, data: InputData, *, rounds: int) -> tuple[Times, NDArray[Any]]:
    """Return the times of a function written by hand, its first call apart, and its pixels."""
    bands = {name: np.asarray(band.values) for name, band in data.bands.items()}
    best = Times()
    started = time.perf_counter()
    pixels = rival(bands, data.valid)
    best.first = time.perf_counter() - started
    for _ in range(rounds):
        started = time.perf_counter()
        rival(bands, data.valid)
        best.whole = min(best.whole, time.perf_counter() - started)
    return best, pixels


def measure(name: str, pool: V8Pool, compiler: NativeCompiler, *, pixels: int, rounds: int) -> str:
    """Return the row of one script."""
    text = (FOLDER / f"{name}.js").read_text(encoding="utf-8")
    data = make_data(pixels, SCENES if name in ("mean", "median") else 1)

    def in_v8(text: str) -> Program:
        return compile_script(text, pool=pool, seconds=60.0)

    def natively(text: str) -> Program:
        return compile_script(text, pool=pool, seconds=60.0, compiler=compiler)

    v8, expected = time_tier(in_v8, text, data, rounds=rounds)
    native, found = time_tier(natively, text, data, rounds=rounds)
    for id_, pixels_of in expected.items():
        if not np.array_equal(found[id_], pixels_of, equal_nan=pixels_of.dtype.kind == "f"):
            raise SystemExit(f"{name}: native and V8 differ")
    rivals = []
    for rival in (NUMBA.get(name), RIVALS.get(name)):
        if rival is None:
            rivals.append(Times())
            continue
        with np.errstate(all="ignore"):
            times, by_hand = time_rival(rival, data, rounds=rounds)
        check(name, by_hand, expected["default"])
        rivals.append(times)
    numba, numpy = rivals
    firsts = [_milliseconds(times.first) for times in (native, v8, numba)]
    laters = [native.whole, v8.whole, v8.inside, numba.whole, numpy.whole]
    shown = (_nanoseconds(seconds / pixels**2) for seconds in laters)
    ratio = f"{v8.whole / native.whole:.0f} ×"
    return f"| {' | '.join((TITLES[name], *firsts, *shown, ratio))} |"


def check(name: str, found: NDArray[Any], expected: NDArray[Any]) -> None:
    """Raise where a rival made another picture: only bytes and last bits may be off by one."""
    near = {"rtol": 1e-6, "atol": 0.0} if expected.dtype.kind == "f" else {"rtol": 0, "atol": 1}
    ours, theirs = expected.astype(np.float64), found.astype(np.float64)
    if not np.allclose(ours, theirs, equal_nan=True, **near):
        raise SystemExit(f"{name}: what was written by hand computes something else")


def _milliseconds(seconds: float) -> str:
    return "–" if seconds == _NEVER else f"{seconds * 1e3:.1f}"


def _nanoseconds(seconds: float) -> str:
    return "–" if seconds == _NEVER else f"{seconds * 1e9:.{1 if seconds < 2e-8 else 0}f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pixels", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--write", action="store_true", help="put the table into README.md")
    given = parser.parse_args(arguments)
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    load = os.getloadavg()[0]
    lines = [
        (
            "| script | first: native | V8 | numba "
            "| native | V8 | inside | numba | numpy | V8 : native |"
        ),
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    print("\n".join(lines), flush=True)
    with (
        open_pool(PoolOptions(workers=1, wait_seconds=60.0)) as pool,
        NativeCompiler(CompilerOptions()) as compiler,
    ):
        pool.release(pool.acquire())
        while not compiler.pids():
            time.sleep(0.01)
        for name in TITLES:
            row = measure(name, pool, compiler, pixels=given.pixels, rounds=given.rounds)
            lines.append(row)
            print(row, flush=True)
    command = f"python -m benchmarks.bench_scripts {' '.join(sys.argv[1:])}".strip()
    head = describe_facts(
        ("mini-racer", "llvmlite", "numba", "numpy"), command=command, load_before=load
    )
    if given.write:
        put("\n".join((head, "", *lines)), marks=MARKS)


if __name__ == "__main__":
    main()
