"""What a worker may do that its script has taken over: nothing to others."""

import json
import subprocess
import sys
from pathlib import Path

INSIDE = """
import ctypes, fcntl, json, os, resource, socket, sys
from evalscripts.workers.seccomp import refuse_system_calls
ours, theirs = socket.socketpair()
# What the parent has already: the test must not harm it where a call is let through.
processors = os.sched_getaffinity(os.getppid())
limits = resource.prlimit(os.getppid(), resource.RLIMIT_CORE)
ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
assert refuse_system_calls()
parent = os.getppid()
owner = parent.to_bytes(4, "little")
acts = {
    "signals by a socket": lambda: fcntl.fcntl(ours, 8, parent),
    "signals to a thread": lambda: fcntl.fcntl(ours, 15, bytes(4) + owner),
    "another signal than that": lambda: fcntl.fcntl(ours, 10, 0),
    "signals by ioctl": lambda: fcntl.ioctl(ours, 0x8901, owner),
    "signals by another ioctl": lambda: fcntl.ioctl(ours, 0x8902, owner),
    "slowing down others": lambda: os.setpriority(os.PRIO_PROCESS, parent, 0),
    "taking processors from others": lambda: os.sched_setaffinity(parent, processors),
    "making others idle": lambda: os.sched_setscheduler(
        parent, os.SCHED_OTHER, os.sched_param(0)
    ),
    "limits of others": lambda: resource.prlimit(parent, resource.RLIMIT_CORE, limits),
    "times of files": lambda: os.utime(sys.argv[1], (1, 1)),
    "attributes of files": lambda: os.setxattr(sys.argv[1], "user.a", b"b"),
    "modes of files": lambda: os.chmod(sys.argv[1], 0o777),
    "links": lambda: os.link(sys.argv[1], sys.argv[1] + "2"),
    "listing folders": lambda: os.listdir("/etc"),
}
allowed = {
    "waiting for a socket": lambda: ours.settimeout(1.0),
    "asking for a socket's flags": lambda: fcntl.fcntl(ours, fcntl.F_GETFL),
    "talking": lambda: (ours.send(b"a"), theirs.recv(1)),
}
def is_allowed(act):
    try:
        act()
    except PermissionError:
        return False
    return True
refused = [name for name, act in acts.items() if not is_allowed(act)]
print(json.dumps([refused, [n for n, act in allowed.items() if is_allowed(act)], [*acts]]))
"""


def test_a_worker_that_was_taken_over_does_nothing_to_others(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", INSIDE, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    refused, allowed, acts = json.loads(ended.stdout)

    assert refused == acts
    assert len(allowed) == 3


WITHOUT_CODE = """
import ctypes, json, mmap
from evalscripts.workers.seccomp import refuse_system_calls
page = mmap.mmap(-1, 4096)
address = ctypes.addressof(ctypes.c_char.from_buffer(page))
protect = ctypes.CDLL(None).mprotect
protect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
assert refuse_system_calls(runs_new_code=False)
made = []
for flags in (mmap.PROT_READ, mmap.PROT_READ | mmap.PROT_WRITE, mmap.PROT_READ | mmap.PROT_EXEC):
    try:
        mmap.mmap(-1, 4096, prot=flags)
    except PermissionError:
        continue
    made.append(flags)
print(json.dumps([made, protect(address, 4096, 1), protect(address, 4096, 5)]))
"""


def test_a_worker_that_runs_no_new_code_cannot_make_memory_executable() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT_CODE],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert json.loads(ended.stdout) == [[1, 3], 0, -1]
