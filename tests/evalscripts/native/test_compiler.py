"""The compiler: bounded in every direction, and none the worse for what it is given."""

import gc
import os
import re
import signal
from concurrent.futures import Future, wait
from pathlib import Path

import pytest

from evalscripts import CompilerOptions, NativeCompiler, open_compiler
from evalscripts.native.outcome import Compiled, Outcome, Refused
from evalscripts.setup import SampleType, Setup, SetupInput, SetupOutput
from evalscripts.snapshot import HeldFunction, Ref, Snapshot
from evalscripts.source import read_source

SECONDS = 60
SETUP = Setup(
    inputs=(SetupInput(bands=("B04",), units=(None,)),),
    outputs=(SetupOutput(id="default", bands=1, sample_type=SampleType.FLOAT32),),
)


def pixel(body: str) -> str:
    return f"function evaluatePixel(s) {{\n  {body}\n}}"


def outcome(compiler: NativeCompiler, body: str) -> Outcome:
    return submit(compiler, body).result(SECONDS)


def submit(compiler: NativeCompiler, body: str) -> "Future[Outcome]":
    text = pixel(body)
    snapshot = Snapshot(
        globals={"evaluatePixel": Ref(0)},
        heap=(HeldFunction(text=text),),
        hooks=frozenset(),
        tampered=None,
    )
    return compiler.submit(read_source(text), snapshot=snapshot, setup=SETUP)


def resident_bytes() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def test_a_script_becomes_machine_code(compiler: NativeCompiler) -> None:
    assert isinstance(outcome(compiler, "return [s.B04 * 2];"), Compiled)


def test_a_refusal_points_at_the_construct(compiler: NativeCompiler) -> None:
    refused = outcome(compiler, "return [eval('s.B04')];")

    assert isinstance(refused, Refused)
    assert (refused.line, refused.is_final) == (2, True)
    assert refused.column in range(3, 20)


def test_the_same_script_is_compiled_once(compiler: NativeCompiler) -> None:
    assert submit(compiler, "return [s.B04 / 3];") is submit(compiler, "return [s.B04 / 3];")


def test_constants_are_part_of_the_script(compiler: NativeCompiler) -> None:
    text = pixel("return [s.B04 + k];")
    futures = [
        compiler.submit(
            read_source(text),
            snapshot=Snapshot(
                globals={"evaluatePixel": Ref(0), "k": k},
                heap=(HeldFunction(text=text),),
                hooks=frozenset(),
                tampered=None,
            ),
            setup=SETUP,
        )
        for k in (1.0, 2.0)
    ]

    first, second = (future.result(SECONDS) for future in futures)
    assert isinstance(first, Compiled)
    assert isinstance(second, Compiled)
    assert first.loaded.address != second.loaded.address


def test_a_compilation_that_takes_too_long_ends_with_its_worker() -> None:
    with open_compiler(CompilerOptions(seconds=0.0005)) as hasty:
        outcomes = [outcome(hasty, f"return [{i}];") for i in range(3)]

    # Had a worker lived on, its late answer would have been taken for the next script's.
    expected = Refused(reason="compiling it takes longer than 0.0005 s")
    assert outcomes == [expected] * 3


def test_a_killed_worker_is_replaced_and_its_script_compiled_all_the_same() -> None:
    with open_compiler() as own:
        outcome(own, "return [1];")
        (victim,) = own.pids()
        future = submit(own, "return [Math.sqrt(s.B04)];")
        os.kill(victim, signal.SIGKILL)

        assert isinstance(future.result(SECONDS), Compiled)
        assert isinstance(outcome(own, "return [5];"), Compiled)
        assert own.pids() != (victim,)


def test_a_script_that_takes_too_much_memory_is_refused_and_no_other() -> None:
    with open_compiler(CompilerOptions(data_bytes=24 * 2**20)) as tight:
        terms = " + ".join(f"Math.sqrt(s.B04 + {i})" for i in range(4000))
        refused = outcome(tight, f"return [{terms}];")

        assert isinstance(refused, Refused)
        assert refused.is_final
        assert isinstance(outcome(tight, "return [s.B04 * 2];"), Compiled)


@pytest.mark.parametrize(
    "body",
    [
        "return [" + "(" * 20_000 + "1" + ")" * 20_000 + "];",
        "return [" + "-" * 20_000 + "1];",
        "return [" + " + ".join(["s.B04"] * 30_000) + "];",
        "if (s.B04) {" * 3000 + "}" * 3000,
        "return [" + "s.B04 ? 1 : " * 3000 + "0];",
    ],
    ids=["parentheses", "signs", "sum", "blocks", "conditions"],
)
def test_deep_and_long_scripts_end_in_an_outcome(compiler: NativeCompiler, body: str) -> None:
    outcome(compiler, body)

    assert isinstance(outcome(compiler, "return [s.B04 * 2];"), Compiled)


def test_a_flood_of_scripts_is_refused_beyond_the_queue_and_may_come_again() -> None:
    with open_compiler(CompilerOptions(waiting=3)) as narrow:
        futures = [submit(narrow, f"return [s.B04 + {i}];") for i in range(40)]
        wait(futures, SECONDS)
        outcomes = [future.result() for future in futures]
        turned_away = [
            i for i, one in enumerate(outcomes) if isinstance(one, Refused) and not one.is_final
        ]

        assert len(turned_away) >= 30
        assert isinstance(outcome(narrow, f"return [s.B04 + {turned_away[0]}];"), Compiled)


def test_many_different_scripts_leave_memory_and_cache_bounded() -> None:
    with open_compiler(CompilerOptions(entries=8, compilations=40)) as small:
        sizes = []
        for i in range(120):
            assert isinstance(outcome(small, f"return [s.B04 * {i} + Math.sqrt({i})];"), Compiled)
            if i % 40 == 39:
                gc.collect()
                sizes.append(resident_bytes())

        assert len(small) == 8
        assert sizes[-1] - sizes[0] < 8 * 2**20


def test_closing_answers_whoever_waits() -> None:
    own = open_compiler()
    futures = [submit(own, f"return [s.B04 - {i}];") for i in range(30)]
    own.close()

    assert all(future.done() for future in futures)
    assert isinstance(outcome(own, "return [1];"), Refused)


def test_a_worker_may_not_open_anything(compiler: NativeCompiler) -> None:
    outcome(compiler, "return [1];")
    (pid,) = compiler.pids()
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    limits = Path(f"/proc/{pid}/limits").read_text(encoding="ascii")

    assert re.search(r"^NoNewPrivs:\t1$", status, re.MULTILINE)
    assert re.search(r"^Seccomp:\t2$", status, re.MULTILINE)
    assert re.search(r"^Max file size +0 ", limits, re.MULTILINE)
    assert re.search(r"^Max core file size +0 ", limits, re.MULTILINE)
