"""What hostile scripts could have too much of in the server itself: time, memory, the queue."""

import gc
import tracemalloc
from concurrent.futures import wait

import numpy as np
import pytest

from evalscripts import (
    CompilerOptions,
    NativeCompiler,
    ScriptCache,
    ScriptLimitExceeded,
    V8Pool,
    compile_script,
    open_compiler,
)
from evalscripts.native.outcome import Refused
from evalscripts.setup import SampleType, Setup, SetupInput, SetupOutput
from evalscripts.snapshot import HeldFunction, Ref, Snapshot
from evalscripts.source import read_source
from tests.builders.scripts import SECONDS, make_context, make_input, pixel_script
from tests.builders.tiers import Tiered, answer, assert_all_free

FLOAT = "{bands: 1, sampleType: 'FLOAT32'}"
RARE = pixel_script(
    "var a = [0, 0]; a[sample.B04 * 4] = 1; var n = 0;\n"
    "if (a.length > 3) for (var i = 0; i < 1e8; i++) n = n + i % 3;\nreturn [n + a.length];",
    output=FLOAT,
)
"""Machine code leaves a pixel of 1 to V8, which needs a tenth of a second for it."""


def test_time_counts_over_all_stripes_whichever_tier_makes_them(
    native: Tiered, own_pool: V8Pool
) -> None:
    program = native(RARE)
    values = np.zeros((100, 200), np.uint8)
    values[0, 0] = 1
    stripe = {"s2": make_input({"B04": values})}
    session = program.open(make_context(seconds=1.0))

    with pytest.raises(ScriptLimitExceeded) as caught:
        list(map(session.evaluate, [stripe] * 60))
    assert caught.value.message == "the script took longer than 1 s"
    assert_all_free(own_pool)


@pytest.mark.parametrize("hook", ["", "function updateOutput(output) {}"])
def test_what_scripts_hold_is_not_kept_with_them(
    own_pool: V8Pool, compiler: NativeCompiler, hook: str
) -> None:
    table = "var d = []; for (var i = 0; i < 1500; i++) d.push([i, i + 0.5]);" + hook
    cache = ScriptCache(own_pool, compiler=compiler)
    tracemalloc.start()
    try:
        for number in range(6):
            text = pixel_script(f"return [d.length + {number}];", output=FLOAT) + table
            program = cache.get(text, seconds=SECONDS)
            assert program.settled(seconds=SECONDS)
            if number == 1:
                gc.collect()
                before, _ = tracemalloc.get_traced_memory()
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    # Each snapshot takes half a megabyte.
    assert (after - before) // 4 < 100_000
    assert len(cache) == 6


@pytest.mark.parametrize("letter", ["\\u0001", "é", "\\\\", "\\ud800", '"', "😀"])
def test_long_texts_of_unusual_letters_are_no_ones_fault(
    own_pool: V8Pool, compiler: NativeCompiler, letter: str
) -> None:
    text = pixel_script("return [t.length];", output=FLOAT) + f"var t = '{letter}'.repeat(4e6);"
    program = compile_script(text, pool=own_pool, seconds=SECONDS, compiler=compiler)
    pixels, _ = answer(program, {"s2": make_input({"B04": 1.0})})

    assert pixels["default"].item() == 4_000_000 * (2 if letter == "😀" else 1)


def test_scripts_that_wait_for_the_compiler_take_little_memory_together() -> None:
    text = "function evaluatePixel(s) { return [s.B04]; }"
    setup = Setup(
        inputs=(SetupInput(bands=("B04",), units=(None,)),),
        outputs=(SetupOutput(id="default", bands=1, sample_type=SampleType.FLOAT32),),
    )
    with open_compiler(CompilerOptions(waiting_bytes=100_000)) as narrow:
        futures = [
            narrow.submit(
                read_source(text),
                snapshot=Snapshot(
                    globals={"evaluatePixel": Ref(0), "n": f"{number}" + "x" * 30_000},
                    heap=(HeldFunction(text=text),),
                    hooks=frozenset(),
                    tampered=None,
                ),
                setup=setup,
            )
            for number in range(40)
        ]
        wait(futures, SECONDS)
        outcomes = [future.result() for future in futures]

    turned_away = [one for one in outcomes if isinstance(one, Refused)]
    assert {one.is_final for one in turned_away} == {False}
    assert len(turned_away) >= 30
