"""Rows of a script in whatever thread: V8's bits, V8's part of them, and their limits."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from evalscripts import InlineRun, InputData, NativeCompiler, ScriptLimitExceeded, V8Pool
from evalscripts.tiers.program import TieredProgram
from evalscripts.v8.program import V8Program
from tests.builders.mosaics import context, days, scenes_script, stack
from tests.builders.scripts import make_context, make_input, pixel_script, stripes
from tests.builders.tiers import NDVI, Tiered, answer, assert_all_free, noise, untiered

InV8 = Callable[[str], V8Program]
Pixels = dict[str, NDArray[Any]]
FLOAT = "{bands: 1, sampleType: 'FLOAT32'}"
RARE = pixel_script(
    "var a = [0, 0]; a[sample.B04 * 4] = 1; return [a.length + sample.B04 / 3];", output=FLOAT
)
"""Machine code leaves a pixel of 1 to V8."""
TWO = pixel_script(
    "return { a: [sample.B04 / 3, 2], b: [sample.B04] };",
    output='[{ id: "a", bands: 2, sampleType: "FLOAT32" }, { id: "b", bands: 1 }]',
)


def inline(program: TieredProgram) -> InlineRun:
    """Return a run of a program that V8 has confirmed before."""
    zeros = np.zeros((2, 9), np.uint8)
    answer(program, {"s2": make_input({"B04": zeros, "B08": zeros})})
    run = program.inline(make_context())
    assert run is not None
    return run


def empty(run: InlineRun, *, rows: int, columns: int) -> Pixels:
    return {
        output.id: np.full((output.bands, rows, columns), 77, output.sample_type.dtype)
        for output in run.outputs
    }


@pytest.mark.parametrize("height", [1, 7, 64])
def test_rows_of_many_threads_are_v8s_bits(native: Tiered, in_v8: InV8, height: int) -> None:
    data = noise(rows=61, columns=37)
    run = inline(native(NDVI))
    made = empty(run, rows=61, columns=37)
    starts = list(range(0, 61, height))

    def make(index: int) -> tuple[slice, ...]:
        rows = slice(starts[index], starts[index] + height)
        part = stripes(data, height)[index]
        return run.make({"s2": part}, {name: one[:, rows] for name, one in made.items()})

    with ThreadPoolExecutor(4) as threads:
        left = list(threads.map(make, reversed(range(len(starts)))))
    run.finish()
    expected, _ = answer(in_v8(NDVI), {"s2": data})

    assert left == [()] * len(starts)
    np.testing.assert_array_equal(made["default"], expected["default"])


def test_arrays_with_gaps_and_few_pixels_are_written_too(native: Tiered, in_v8: InV8) -> None:
    run = inline(native(TWO))
    wide = np.zeros((2, 4, 20), np.float32)
    few = np.zeros((2, 1, 3), np.float32)
    data = make_input({"B04": np.arange(40.0).reshape(4, 10)})
    small = make_input({"B04": [[1.0, 2.0, 5.0]]})
    run.make({"s2": data}, {"a": wide[:, :, 5:15]})
    run.make({"s2": small}, {"a": few})
    expected, _ = answer(in_v8(TWO), {"s2": data})
    expected_few, _ = answer(in_v8(TWO), {"s2": small})

    np.testing.assert_array_equal(wide[:, :, 5:15], expected["a"])
    assert not wide[:, :, :5].any()
    assert not wide[:, :, 15:].any()
    np.testing.assert_array_equal(few, expected_few["a"])


def test_an_array_of_another_dtype_or_shape_is_refused(native: Tiered) -> None:
    run = inline(native(TWO))
    data = {"s2": make_input({"B04": np.zeros((2, 8))})}

    with pytest.raises(ValueError, match=r"is uint8 \(2, 2, 8\); it must be float32 \(2, 2, 8\)"):
        run.make(data, {"a": np.zeros((2, 2, 8), np.uint8)})
    with pytest.raises(ValueError, match=r"is uint8 \(1, 3, 8\); it must be uint8 \(1, 2, 8\)"):
        run.make(data, {"b": np.zeros((1, 3, 8), np.uint8)})
    assert run.make({"s2": make_input({"B04": np.zeros((0, 8))})}, {}) == ()


def test_rows_that_are_left_are_made_by_the_session_of_the_rest(
    native: Tiered, in_v8: InV8, own_pool: V8Pool
) -> None:
    values = np.zeros((900, 30), np.uint8)
    values[500, 3] = 1
    data = make_input({"B04": values})
    run = inline(native(RARE))
    made = empty(run, rows=900, columns=30)
    left = run.make({"s2": data}, made)
    session = run.rest()
    for rows in left:
        part = stripes(data, 900)[0]
        band = part.bands["B04"]
        cut = InputData(
            bands={"B04": replace(band, values=band.values[:, rows])}, valid=part.valid[:, rows]
        )
        made["default"][:, rows] = session.evaluate({"s2": cut})["default"]
    session.finish()
    run.finish()
    expected, _ = answer(in_v8(RARE), {"s2": data})

    assert 0 < sum(rows.stop - rows.start for rows in left) < 300
    np.testing.assert_array_equal(made["default"], expected["default"])
    assert_all_free(own_pool)


def test_a_script_that_leaves_most_pixels_goes_back_to_v8(native: Tiered) -> None:
    text = RARE + "// often"
    program = native(text)
    run = inline(program)
    data = {"s2": make_input({"B04": np.ones((2, 8), np.uint8)})}
    for _ in range(4):
        one = program.inline(make_context())
        assert one is not None
        assert one.make(data, empty(run, rows=2, columns=8)) == (slice(0, 2),)
        one.finish()

    assert program.inline(make_context()) is None
    assert program.tier == "v8"


@pytest.mark.parametrize(
    "more",
    [
        "function updateOutput(o) {}",
        "function updateOutputMetadata(s, i, o) { o.userData = 1; }",
        "console.log('once');",
    ],
)
def test_scripts_that_leave_something_behind_need_a_session(native: Tiered, more: str) -> None:
    program = native(pixel_script("return [sample.B04];") + more)
    about = make_context()
    chosen = replace(about, selection=program.select(about)) if program.selects else about
    session = program.open(chosen)
    session.evaluate({"s2": make_input({"B04": np.ones((2, 8))})})
    session.finish()

    assert program.inline(chosen) is None


def test_code_that_v8_has_not_confirmed_yet_needs_a_session(
    native: Tiered, in_v8: InV8, own_pool: V8Pool, compiler: NativeCompiler
) -> None:
    text = pixel_script("return [sample.B04 + 0.125];")
    fresh = untiered(text, pool=own_pool, compiler=compiler)
    before = [fresh.inline(make_context()), native(text).inline(make_context())]
    run = inline(native(text))

    assert before == [None, None]
    assert in_v8(text).inline(make_context()) is None
    assert [output.id for output in run.outputs] == ["default"]


NESTED = "".join(f"for (var i{n} = 0; i{n} < samples.length; i{n}++) " for n in range(6))
MANY = 100


def slow_run(native: Tiered, *, seconds: float) -> tuple[InlineRun, dict[str, InputData]]:
    """Return a run that takes for ever, and its data."""
    program = native(scenes_script(f"var n = 2; {NESTED} n += samples[i5].B04; return [n];"))
    few = {"s2": stack({"B04": np.ones((1, 2, 9))}, valid=np.ones((1, 2, 9)))}
    session = program.open(context(orbits=days(1)))
    session.evaluate(few)
    session.finish()
    about = context(orbits=tuple(days(1)) * MANY)
    run = program.inline(replace(about, seconds=seconds))
    assert run is not None
    shape = (MANY, 2, 9)
    return run, {"s2": stack({"B04": np.ones(shape)}, valid=np.ones(shape))}


def test_all_threads_together_have_the_requests_time(native: Tiered) -> None:
    run, data = slow_run(native, seconds=0.3)
    started = time.monotonic()

    with ThreadPoolExecutor(2) as threads:
        jobs = [threads.submit(run.make, data, {}) for _ in range(2)]
        for job in jobs:
            with pytest.raises(ScriptLimitExceeded, match=r"longer than 0\.3 s"):
                job.result()
    assert time.monotonic() - started < 5
    with pytest.raises(ScriptLimitExceeded, match=r"longer than 0\.3 s"):
        run.make(data, {})


def test_a_run_is_stopped_at_once(native: Tiered) -> None:
    run, data = slow_run(native, seconds=60)
    stopper = threading.Timer(0.1, run.abort)
    stopper.start()

    with pytest.raises(ScriptLimitExceeded, match="stopped before it ended"):
        run.make(data, {})
    stopper.join()
