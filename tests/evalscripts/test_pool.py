"""Workers: held, killed, replaced, and gone with their parent."""

import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from evalscripts import (
    PoolOptions,
    Program,
    ScriptError,
    ScriptLimitExceeded,
    ScriptRuntimeError,
    ScriptTierUnavailable,
    Session,
    V8Pool,
    compile_script,
    open_pool,
)
from tests.builders.scripts import SECONDS, make_context, make_input, pixel_script

DATA = {"s2": make_input({"B04": np.arange(6).reshape(2, 3)})}
SCRIPT = pixel_script("return sample.B04;", output="{bands: 1, sampleType: 'UINT8'}")
ENDLESS = pixel_script("for (;;);")


@pytest.fixture(scope="module")
def own_pool() -> Iterator[V8Pool]:
    with open_pool(PoolOptions(workers=2, spares=1, wait_seconds=60)) as opened:
        yield opened


@pytest.fixture(scope="module")
def program(own_pool: V8Pool) -> Program:
    return compile_script(SCRIPT, pool=own_pool, seconds=SECONDS)


@pytest.fixture(scope="module")
def endless(own_pool: V8Pool) -> Program:
    return compile_script(ENDLESS, pool=own_pool, seconds=SECONDS)


def holder(session: Session) -> int:
    """Return the process id of the worker that a session holds."""
    return session._conversation._worker.pid  # type: ignore[attr-defined, no-any-return]


def finishes(program: Program) -> bool:
    session = program.open(make_context())
    pixels = session.evaluate(DATA)
    session.finish()
    return pixels["default"].ravel().tolist() == [0, 1, 2, 3, 4, 5]


def gone(pid: int) -> bool:
    """Return whether a process has ended within ten seconds."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    ended = select.select([descriptor], [], [], 10)[0]
    os.close(descriptor)
    return bool(ended)


def test_sessions_run_side_by_side_in_workers_of_their_own(program: Program) -> None:
    first, second = program.open(make_context()), program.open(make_context())

    assert holder(first) != holder(second)
    for session in (first, second):
        session.evaluate(DATA)
        session.finish()


def test_many_threads_share_few_workers(program: Program) -> None:
    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(lambda _: finishes(program), range(40)))

    assert all(results)


def test_where_no_worker_is_free_the_wait_is_bounded() -> None:
    with open_pool(PoolOptions(workers=1, spares=0, wait_seconds=SECONDS)) as pool:
        program = compile_script(SCRIPT, pool=pool, seconds=SECONDS)
        held = program.open(make_context())

        with pytest.raises(ScriptTierUnavailable, match=r"no script worker was free within 0\.1 s"):
            pool.acquire(seconds=0.1)

        held.finish()
        assert finishes(program)


def test_a_worker_is_free_soon_from_its_release_until_it_is_taken() -> None:
    with open_pool(PoolOptions(workers=1, spares=1, wait_seconds=60)) as small:
        worker = small.acquire()
        seen = [small.is_free_soon()]
        small.release(worker)
        seen.append(small.is_free_soon())
        worker = small.acquire()
        seen.append(small.is_free_soon())
        small.discard(worker)
        # One that starts anew is not as good as free.
        seen.append(small.is_free_soon())

    assert seen == [False, True, False, False]


def test_workers_that_cannot_start_are_told_from_busy_ones() -> None:
    with (
        open_pool(PoolOptions(workers=1, start_seconds=0.0)) as pool,
        pytest.raises(ScriptTierUnavailable, match="there are 1, they fail to start"),
    ):
        pool.acquire(seconds=0.3)


def test_a_worker_that_is_killed_from_outside_fails_its_session_only(program: Program) -> None:
    session = program.open(make_context())
    os.kill(holder(session), signal.SIGKILL)

    with pytest.raises(ScriptRuntimeError, match="was killed from outside"):
        session.evaluate(DATA)

    assert finishes(program)


def test_a_worker_that_crashes_fails_its_session_only(program: Program) -> None:
    session = program.open(make_context())
    os.kill(holder(session), signal.SIGABRT)

    with pytest.raises(ScriptLimitExceeded, match="brought its JavaScript engine down"):
        session.evaluate(DATA)

    assert finishes(program)


def test_an_idle_worker_that_is_killed_is_replaced(own_pool: V8Pool, program: Program) -> None:
    for pid in own_pool.pids():
        os.kill(pid, signal.SIGKILL)

    assert finishes(program)


def test_abort_ends_a_running_session_at_once(endless: Program) -> None:
    session = endless.open(make_context(seconds=60))
    pid = holder(session)
    failures: list[ScriptError] = []

    def evaluate() -> None:
        try:
            session.evaluate(DATA)
        except ScriptError as error:
            failures.append(error)

    running = threading.Thread(target=evaluate)
    running.start()
    started = time.monotonic()
    session.abort()
    running.join(10)

    assert time.monotonic() - started < 5
    assert [type(error) for error in failures] == [ScriptLimitExceeded]
    assert failures[0].message == "the script was stopped before it ended"
    assert gone(pid)


def test_an_aborted_session_stays_ended(program: Program) -> None:
    session = program.open(make_context())
    session.abort()
    session.abort()

    with pytest.raises(ScriptLimitExceeded, match="was stopped before it ended"):
        session.evaluate(DATA)
    with pytest.raises(ScriptLimitExceeded, match="was stopped before it ended"):
        session.finish()
    assert finishes(program)


def test_abort_after_the_end_leaves_the_worker_to_its_next_session() -> None:
    with open_pool(PoolOptions(workers=1, wait_seconds=SECONDS)) as pool:
        program = compile_script(SCRIPT, pool=pool, seconds=SECONDS)
        first = program.open(make_context())
        first.finish()
        second = program.open(make_context())

        first.abort()

        assert second.evaluate(DATA)["default"].shape == (1, 2, 3)
        second.finish()
        with pytest.raises(ScriptRuntimeError, match="has ended already"):
            first.evaluate(DATA)


def test_a_session_that_is_forgotten_gives_its_worker_back() -> None:
    with open_pool(PoolOptions(workers=1, wait_seconds=SECONDS)) as pool:
        program = compile_script(SCRIPT, pool=pool, seconds=SECONDS)
        session = program.open(make_context())
        session.evaluate(DATA)
        del session

        assert finishes(program)


def test_data_that_does_not_fit_gives_the_worker_back() -> None:
    with open_pool(PoolOptions(workers=1, wait_seconds=SECONDS)) as pool:
        program = compile_script(SCRIPT, pool=pool, seconds=SECONDS)

        with pytest.raises(ValueError, match="band B04 is complex128"):
            program.open(make_context()).evaluate({"s2": make_input({"B04": 1j})})

        assert finishes(program)


def test_a_worker_is_replaced_after_its_share_of_sessions() -> None:
    with open_pool(PoolOptions(workers=1, sessions=3, wait_seconds=SECONDS)) as pool:
        program = compile_script(SCRIPT, pool=pool, seconds=SECONDS)
        pids = set()
        for _ in range(6):
            pids |= set(pool.pids())
            assert finishes(program)

    assert len(pids) >= 2


def test_closing_ends_all_workers_and_whoever_holds_one() -> None:
    pool = open_pool(PoolOptions(workers=2, wait_seconds=SECONDS))
    program = compile_script(SCRIPT, pool=pool, seconds=SECONDS)
    session = program.open(make_context())
    pids = pool.pids()

    pool.close()
    pool.close()

    assert all(gone(pid) for pid in pids)
    with pytest.raises(ScriptError):
        session.evaluate(DATA)
    session.abort()
    with pytest.raises(ScriptTierUnavailable, match="shut down"):
        program.open(make_context())


def test_a_pool_may_be_closed_before_it_has_started() -> None:
    pool = open_pool(PoolOptions(workers=2))

    pool.close()

    assert pool.pids() == ()


PARENT = """
import sys
from evalscripts import PoolOptions, open_pool
pool = open_pool(PoolOptions(workers=2, spares=1))
held = [pool.acquire(seconds=60) for _ in range(2)]
print(*pool.pids(), flush=True)
sys.stdin.read()
"""


def test_workers_are_gone_when_their_parent_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        parent.kill()

    assert len(pids) == 2
    assert all(gone(pid) for pid in pids)


def test_a_process_that_never_closes_its_pool_still_exits() -> None:
    program = "from evalscripts import open_pool\nopen_pool().acquire(seconds=60)"

    ended = subprocess.run([sys.executable, "-c", program], check=False, timeout=60)

    assert ended.returncode == 0


def status_of(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def test_workers_are_fenced_in(own_pool: V8Pool, program: Program) -> None:
    assert finishes(program)

    for pid in own_pool.pids():
        limits = resource_limits(pid)
        assert status_of(pid)["NoNewPrivs"] == "1"
        assert status_of(pid)["Seccomp"] == "2"
        assert (limits["file size"], limits["core file size"], limits["open files"]) == (0, 0, 64)
        assert limits["data size"] < 2**31


def resource_limits(pid: int) -> dict[str, int]:
    """Return the hard limits of a process that are set."""
    lines = re.findall(r"Max (.+?)  +\S+ +(\d+) ", Path(f"/proc/{pid}/limits").read_text())
    return {name: int(hard) for name, hard in lines}


INSIDE = """
import json, sys
from evalscripts.workers.seccomp import refuse_system_calls
import ctypes, os, signal, socket, threading
ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
assert refuse_system_calls()
refused = []
def attempt(name, act):
    try:
        act()
    except PermissionError:
        refused.append(name)
attempt("open", lambda: open("/etc/passwd"))
attempt("create", lambda: open("/tmp/never", "w"))
attempt("socket", socket.socket)
attempt("fork", os.fork)
attempt("exec", lambda: os.execv("/bin/true", ["true"]))
attempt("kill", lambda: os.kill(os.getppid(), 0))
attempt("remove", lambda: os.unlink("/tmp/never"))
attempt("rename", lambda: os.rename("/tmp/never", "/tmp/ever"))
attempt("make", lambda: os.mkdir("/tmp/never"))
attempt("memory", lambda: os.memfd_create("x"))
thread = threading.Thread(target=attempt, args=("open in a thread", lambda: open("/etc/passwd")))
thread.start()
thread.join()
print(*refused, sep=",")
"""


def test_the_filter_refuses_files_network_and_processes_but_not_threads() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", INSIDE], capture_output=True, text=True, check=False, timeout=60
    )

    assert ended.stdout.strip() == (
        "open,create,socket,fork,exec,kill,remove,rename,make,memory,open in a thread"
    )
