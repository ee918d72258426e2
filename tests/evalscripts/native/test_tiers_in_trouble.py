"""What goes wrong in the native tier is V8's to answer, or to say: never anybody's surprise."""

import gc
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from evalscripts import (
    NativeCompiler,
    ScriptLimitExceeded,
    ScriptRuntimeError,
    V8Pool,
    open_compiler,
)
from evalscripts.tiers.program import TieredProgram
from tests.builders.scripts import SECONDS, make_context, make_input, pixel_script
from tests.builders.tiers import (
    NDVI,
    Tiered,
    answer,
    assert_all_free,
    noise,
    staged_program,
    untiered,
)

ROWS, COLUMNS = 96, 131
DATA = {"s2": noise(rows=ROWS, columns=COLUMNS)}

THROWING = pixel_script(
    "if (sample.B04 === 77) throw new Error('no ' + sample.B04);\n  return [sample.B04];",
    output="{ bands: 1, sampleType: 'UINT8' }",
)


def test_an_error_has_the_line_and_pixel_that_v8_gives_it(native: Tiered) -> None:
    values = np.zeros((90, 1000), np.uint8)
    values[80, 5] = values[85, 6] = 77
    program = native(THROWING)
    session = program.open(make_context())
    parts = [
        {"s2": make_input({"B04": values[:40]})},
        {"s2": make_input({"B04": values[40:]})},
    ]
    session.evaluate(parts[0])

    with pytest.raises(ScriptRuntimeError, match="no 77") as caught:
        session.evaluate(parts[1])
    assert "(at pixel row 80, column 5)" in caught.value.message
    assert caught.value.line == 5


def test_what_is_rare_costs_v8_only_its_rows(native: Tiered, own_pool: V8Pool) -> None:
    text = pixel_script("var a = [0, 0]; a[sample.B04 * 4] = 1; return [a.length / 51];")
    values = np.zeros((400, 500), np.uint8)
    values[3, 7] = values[399, 499] = 1
    program = native(text)
    for _ in range(10):
        pixels, _ = answer(program, {"s2": make_input({"B04": values})}, rows=300)
        expected = np.where(values == 1, 25, 10)
        np.testing.assert_array_equal(pixels["default"][0], expected)

    assert program.tier == "native"
    assert_all_free(own_pool)


def test_a_script_that_always_needs_v8_stays_there(
    native: Tiered, caplog: pytest.LogCaptureFixture
) -> None:
    text = pixel_script("var a = [0, 0]; a[sample.B04 * 4] = 1; return [a.length / 51];")
    trapping = {"s2": make_input({"B04": np.ones((30, 40), np.uint8)})}
    program = native(text)
    with caplog.at_level(logging.WARNING, "cogmill.native"):
        for _ in range(4):
            assert program.tier == "native"
            assert answer(program, trapping)[0]["default"].tolist() == [[[25] * 40] * 30]

    assert program.tier == "v8"
    assert program.reason.startswith("in 4 of its last 8 requests")
    assert "goes back to V8" in caplog.text
    assert answer(program, trapping)[0]["default"].tolist() == [[[25] * 40] * 30]


def test_a_wrong_compile_is_harmless_and_loud(
    own_pool: V8Pool, compiler: NativeCompiler, caplog: pytest.LogCaptureFixture
) -> None:
    text = pixel_script("return [sample.B04 > limit ? 1 : 0];") + "var limit = 10;"
    v8, staged, snapshot = staged_program(text, pool=own_pool)
    wrong = replace(snapshot, globals={**snapshot.globals, "limit": 11.0})
    program = TieredProgram(v8, staged, wrong, pool=own_pool, compiler=compiler)
    assert program.settled(seconds=SECONDS)
    assert program.tier == "native"
    values = np.zeros((50, 60), np.uint8)
    values[7, 9] = 11

    with caplog.at_level(logging.ERROR, "cogmill.native"):
        pixels, _ = answer(program, {"s2": make_input({"B04": values})})

    assert pixels["default"].tolist() == [((values > 10) * 255).tolist()]
    assert (program.tier, program.reason) == ("v8", "its machine code gave another answer than V8")
    assert "native and V8 differ" in caplog.text


def test_code_that_is_evicted_runs_to_its_end(native: Tiered, compiler: NativeCompiler) -> None:
    program = native(NDVI)
    expected = answer(program, DATA)[0]["default"]
    session = program.open(make_context())
    first = session.evaluate(DATA)["default"]
    del program
    compiler.forget()
    gc.collect()

    np.testing.assert_array_equal(first, expected)
    np.testing.assert_array_equal(session.evaluate(DATA)["default"], expected)
    session.finish()


def test_many_sessions_of_one_program_share_its_code(native: Tiered) -> None:
    data = {"s2": noise(rows=200, columns=400)}
    program = native(NDVI.replace("0.2)", "0.21)"))
    with ThreadPoolExecutor(2) as compute, ThreadPoolExecutor(8) as callers:

        def spread(job: Callable[[int], None], count: int) -> None:
            for future in [compute.submit(job, i) for i in range(count)]:
                future.result()

        def ask(_: int) -> bytes:
            session = program.open(replace(make_context(), spread=spread))
            pixels = session.evaluate(data)["default"]
            session.finish()
            return pixels.tobytes()

        answers = set(callers.map(ask, range(60)))

    assert len(answers) == 1


ENDLESS = pixel_script(
    "var x = sample.B04; var i = 0;"
    "while (x > 0) { x = x + Math.sin(i); if (x < 1) x = 1; i = i + 1; } return [i];"
)
ONES = {"s2": make_input({"B04": np.ones((300, 400), np.uint8)})}


def test_an_endless_script_ends_at_its_time(native: Tiered) -> None:
    program = native(ENDLESS)
    session = program.open(make_context(seconds=0.5))

    with pytest.raises(ScriptLimitExceeded, match=r"longer than 0\.5 s"):
        session.evaluate(ONES)


def test_a_session_is_stopped_from_another_thread(native: Tiered) -> None:
    session = native(ENDLESS).open(make_context())
    stopper = threading.Timer(0.3, session.abort)
    stopper.start()

    with pytest.raises(ScriptLimitExceeded, match="stopped before it ended"):
        session.evaluate(ONES)
    stopper.join()
    with pytest.raises(ScriptLimitExceeded, match="stopped before it ended"):
        session.evaluate(ONES)


def test_without_a_compiler_at_work_v8_answers(own_pool: V8Pool) -> None:
    closed = open_compiler()
    closed.close()
    program = untiered(NDVI, pool=own_pool, compiler=closed)
    pixels, _ = answer(program, DATA)

    assert (program.tier, program.reason) == ("v8", "the compiler is shut down")
    assert pixels["default"].shape == (4, ROWS, COLUMNS)
