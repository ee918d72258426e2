"""Scripts in both tiers, for tests that hold one against the other."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalscripts import InputData, NativeCompiler, V8Pool, compile_script
from evalscripts.forms import normalize_form
from evalscripts.program import Finished, Program
from evalscripts.snapshot import Snapshot
from evalscripts.source import read_source
from evalscripts.tiers.program import TieredProgram
from evalscripts.v8.program import Staged, V8Program, stage
from evalscripts.v8.snapshot import read_snapshot
from tests.builders.scripts import SECONDS, make_context, make_input, stripes

Tiered = Callable[[str], TieredProgram]
"""Text → a program that runs natively."""

NDVI = """//VERSION=3
function setup() {
  return { input: ["B04", "B08", "dataMask"], output: { bands: 4 } };
}
function evaluatePixel(s) {
  const v = (s.B08 - s.B04) / (s.B08 + s.B04);
  if (v < 0) return [0.1, 0.1, 0.5, s.dataMask];
  if (v < 0.2) return [0.8, 0.7, 0.4, s.dataMask];
  if (v < 0.5) return [0.5 - v / 4, 0.6, 0.2, s.dataMask];
  return [0, 0.9 - v / 2, 0, s.dataMask];
}
"""


def tiered(text: str, *, pool: V8Pool, compiler: NativeCompiler) -> TieredProgram:
    """Return a script whose tier is decided."""
    program = untiered(text, pool=pool, compiler=compiler)
    assert program.settled(seconds=SECONDS)
    return program


def untiered(text: str, *, pool: V8Pool, compiler: NativeCompiler) -> TieredProgram:
    """Return a script that the compiler has just been given."""
    program = compile_script(text, pool=pool, seconds=SECONDS, compiler=compiler)
    assert isinstance(program, TieredProgram), program.reason
    return program


def staged_program(text: str, *, pool: V8Pool) -> tuple[V8Program, Staged, Snapshot]:
    """Return what V8 knows of a script."""
    normalized = normalize_form(read_source(text))
    staged = stage(normalized.source, pool=pool, seconds=SECONDS, names=normalized.names)
    program = V8Program(normalized.source, staged.setup, pool=pool, hooks=staged.hooks)
    return program, staged, read_snapshot(staged.held, hooks=staged.hooks)


def answer(
    program: Program, data: Mapping[str, InputData], *, rows: int = 10**6, **about: Any
) -> tuple[dict[str, NDArray[Any]], Finished]:
    """Return what a program makes of stripes of so many rows, and what it leaves behind."""
    session = program.open(make_context(**about))
    cut = {name: stripes(part, rows) for name, part in data.items()}
    made = [
        session.evaluate({name: parts[i] for name, parts in cut.items()})
        for i in range(len(next(iter(cut.values()))))
    ]
    pixels = {name: np.concatenate([one[name] for one in made], axis=1) for name in made[0]}
    return pixels, session.finish()


def noise(*, rows: int, columns: int, seed: int = 7) -> InputData:
    """Return B04, B08 and B11 with zeros, extremes and holes."""
    draw = np.random.default_rng(seed)
    bands = {
        name: draw.integers(0, 12_000, (rows, columns), dtype=np.uint16)
        for name in ("B04", "B08", "B11")
    }
    for values in bands.values():
        values[draw.random((rows, columns)) < 0.05] = 0
        values[draw.random((rows, columns)) < 0.02] = 65_535
    return make_input(bands, valid=draw.random((rows, columns)) < 0.9, scale=0.0001)


def assert_all_free(pool: V8Pool) -> None:
    """Take every worker of the pool, which raises where one stays held."""
    for worker in [pool.acquire(seconds=SECONDS) for _ in range(pool.options.workers)]:
        pool.release(worker)
