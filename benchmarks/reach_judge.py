"""One script on trial: does V8 run it, does the native tier, and do they agree to the last bit.

    python -m benchmarks.reach_judge FOLDER ROUNDS < files

reads file names, and answers each with one line of JSON, a `Verdict`.
"""

import json
import re
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.reach_extract import essence
from benchmarks.reach_native import Native, Refusal, Taken, compile_natively
from engine.catalog.definitions import builtin_collections
from evalscripts import PoolOptions, Program, V8Pool, compile_script, open_pool
from evalscripts.errors import ScriptError
from evalscripts.setup import Mosaicking, Setup
from tests.builders.pixels import ANYTHING, adversarial_inputs, kept_inputs, look_of

PIXELS = 1001  # more than one block of the native tier, and no multiple of its lanes
SECONDS = 20.0
_LONGEST_CAUSE = 200
_DATE = re.compile(r"\b((?:19|20)\d\d)(?:-|/| ?, ?)([01]?\d)(?:-|/| ?, ?)([0-3]?\d)\b")
_NUMBER = re.compile(r"(?<![\w.])(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])")
_YEAR = re.compile(r"\b20[12]\d\b")

Pixels = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a script is run on."""

    scenes: int
    nasty: bool
    seed: int

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.scenes} scenes, {'nasty' if self.nasty else 'usual'}, {self.seed}"


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What came out."""

    file: str
    setup: str = ""
    """Mosaicking of each input, in short."""
    v8: str = ""
    """``runs``, or the error of the first trial where every trial of usual values ends in one."""
    v8_line: int | None = None
    """Of the first error."""
    runs: int = 0
    """Trials of usual values that V8 got through."""
    throws: dict[str, str] = field(default_factory=dict)
    """Trial → the error that it ends in, in V8."""
    tier: str = "v8"
    """``native`` where machine code equals V8 in every trial that it did not give up, and came
    through one of usual values."""
    reason: str = ""
    """Why it is not native."""
    line: int | None = None
    native_runs: int = 0
    """Trials of usual values that native code came through, with V8's bits."""
    traps: dict[str, str] = field(default_factory=dict)
    """Trial → why native code gave up."""
    mismatches: list[str] = field(default_factory=list)
    milliseconds: float = 0.0
    """From the text to both tiers' programs."""


def trials(setup: Setup, *, rounds: int = 1) -> tuple[Trial, ...]:
    """Return the trials for a script's kind of inputs, ``rounds`` times with other values."""
    plain = all(entry.mosaicking is Mosaicking.SIMPLE for entry in setup.inputs)
    # Some scripts write a band for each scene, in a number that they know beforehand.
    most = max(output.bands for output in setup.outputs)
    counts = (
        ((1, 0) if setup.is_fusion else (1,))
        if plain
        else tuple(dict.fromkeys((11, 1, 0, 2, 30, min(most, 60))))
    )
    return tuple(
        Trial(scenes=count, nasty=nasty, seed=100 * turn + i)
        for turn in range(rounds)
        for i, count in enumerate(counts)
        for nasty in (False, True)
    )


def dates_in(text: str) -> tuple[str, ...]:
    """Return the days that a script names, so that some scenes can be of them or close to them."""
    code = essence(text)
    named = {f"{y}-{int(m):02}-{int(d):02}" for y, m, d in _DATE.findall(code)}
    return tuple(sorted(named or {f"{year}-07-01" for year in _YEAR.findall(code)}))


def numbers_in(text: str) -> tuple[float, ...]:
    """Return the numbers that a script names: its branches part there."""
    found = {float(number) for number in _NUMBER.findall(essence(text))}
    return tuple(sorted(found))[:400]


def judge(file: str, text: str, *, pool: V8Pool, rounds: int = 1) -> Verdict:
    """Return the verdict on one script."""
    verdict = Verdict(file=file)
    started = time.perf_counter()
    try:
        program, native = _compiled(text, pool=pool)
    except ScriptError as error:
        verdict.v8, verdict.v8_line = _cause(error), error.line
        return verdict
    verdict.setup = "+".join(entry.mosaicking.value for entry in program.setup.inputs)
    verdict.milliseconds = round((time.perf_counter() - started) * 1e3, 1)
    for trial in trials(program.setup, rounds=rounds):
        _try(verdict, program, native, text, trial)
    verdict.v8 = "runs" if verdict.runs else next(iter(verdict.throws.values()))
    if isinstance(native, Refusal):
        verdict.reason, verdict.line = native.reason, native.line
    elif verdict.mismatches:
        verdict.reason = "another answer than V8's"
    elif verdict.native_runs:
        verdict.tier = "native"
    else:
        verdict.reason = f"no trial without a trap: {next(iter(verdict.traps.values()), 'none')}"
    return verdict


def _try(
    verdict: Verdict, program: Program, native: Native | Refusal, text: str, trial: Trial
) -> None:
    """Run one trial in both tiers and note what came out."""
    inputs, context = adversarial_inputs(
        program.setup,
        pixels=PIXELS,
        scenes=trial.scenes,
        seed=trial.seed,
        nasty=trial.nasty,
        near=dates_in(text),
        numbers=numbers_in(text),
        seconds=SECONDS,
    )
    expected = None
    try:
        if program.selects:
            selection = program.select(context)
            context = replace(context, selection=selection)
            inputs = kept_inputs(inputs, selection)
    except ScriptError as error:
        # Before any tier is asked for a pixel.
        _note(verdict, trial, error)
        return
    try:
        session = program.open(context)
        expected = session.evaluate(inputs)
        session.finish()
    except (ScriptError, ValueError) as error:
        _note(verdict, trial, error)
    else:
        verdict.runs += not trial.nasty
    if isinstance(native, Refusal):
        return
    if context.selection is not None and context.selection.outputs != program.setup.outputs:
        found: dict[str, NDArray[Any]] | str = "updateOutput() has set other band counts"
    else:
        found = native.run(inputs, context)
    if isinstance(found, str):
        verdict.traps[trial.name] = found
    elif expected is None:
        verdict.mismatches.append(f"{trial.name}: V8 throws {verdict.throws[trial.name]}")
    elif wrong := differences(found, expected):
        verdict.mismatches.append(f"{trial.name}: {wrong}")
    else:
        verdict.native_runs += not trial.nasty


def _note(verdict: Verdict, trial: Trial, error: Exception) -> None:
    verdict.throws[trial.name] = _cause(error)
    verdict.v8_line = verdict.v8_line or getattr(error, "line", None)


def _compiled(text: str, *, pool: V8Pool) -> tuple[Program, Native | Refusal]:
    taken = Taken()
    program = compile_script(
        text, pool=pool, seconds=SECONDS, known_bands=known_bands(text), compiler=taken
    )
    if taken.script is None:
        return program, Refusal(reason=program.reason, line=program.line)
    try:
        return program, compile_natively(taken.script)
    except Exception as error:  # noqa: BLE001 - what the tier falls over is what we count
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        return program, Refusal(reason=f"crash at {where}: {_cause(error)}", line=None)


def differences(ours: Pixels, theirs: Pixels) -> str:
    """Return where two results differ in any bit but NaN's, or nothing."""
    for name, expected in theirs.items():
        actual = ours[name]
        if actual.shape != expected.shape or actual.dtype != expected.dtype:
            return f"{name}: {actual.dtype}{actual.shape}, V8 {expected.dtype}{expected.shape}"
        bits = f"u{expected.itemsize}"
        off = actual.view(bits) != expected.view(bits)
        if expected.dtype.kind == "f":
            off &= ~(np.isnan(actual) & np.isnan(expected))
        if off.any():
            at = tuple(int(i) for i in np.argwhere(off)[0])
            return f"{name}{at}: {actual[at]!r}, V8 {expected[at]!r}; {int(off.sum())} differ"
    return ""


def known_bands(text: str) -> frozenset[str]:
    """Return the bands that a bare script may mean.

    Those of the built-in collections, and words of the script that name bands elsewhere: its
    collection may be somebody's own.
    """
    words = re.findall(r"[A-Za-z_]\w*", text)
    return _builtin_bands() | {word for word in words if look_of(word, None) is not ANYTHING}


@lru_cache(maxsize=1)
def _builtin_bands() -> frozenset[str]:
    collections = builtin_collections()
    return frozenset(band for collection in collections for band in collection.bands)


def _cause(error: Exception) -> str:
    first = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {first[:_LONGEST_CAUSE]}"


def main() -> None:
    """Judge the files named on standard input."""
    folder, rounds = Path(sys.argv[1]), int(sys.argv[2])
    with open_pool(PoolOptions(workers=1, wait_seconds=60.0)) as pool:
        for line in sys.stdin:
            file = line.strip()
            text = (folder / file).read_text(encoding="utf-8")
            print(json.dumps(asdict(judge(file, text, pool=pool, rounds=rounds))), flush=True)


if __name__ == "__main__":
    main()
