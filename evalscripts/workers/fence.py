"""What a worker process may not do.

Called inside the worker, before any script: resource limits, no new privileges, death with the
parent, and (`evalscripts.workers.seccomp`) a filter of system calls.
"""

import ctypes
import os
import resource
import select
import signal
import threading
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_MAX_DESCRIPTORS = 64


def die_with_parent(*, parent: int, connection: int) -> None:
    """End this process as soon as its parent is gone.

    The kernel's signal comes when the *thread* that started us ends; the hangup of the
    connection covers everything else.
    """
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)
    threading.Thread(target=_exit_on_hangup, args=(connection,), daemon=True).start()


def limit_resources(*, data_bytes: int) -> None:
    """Bound what this process can take from now on, and what it can gain.

    ``data_bytes`` more private writable memory than it has already: RLIMIT_DATA counts array
    buffers, which V8's own heap limit does not know. RLIMIT_AS cannot be used: V8 reserves far
    more addresses than it uses.
    """
    _set(resource.RLIMIT_DATA, _data_bytes() + data_bytes)
    _set(resource.RLIMIT_FSIZE, 0)
    _set(resource.RLIMIT_NOFILE, _MAX_DESCRIPTORS)
    _set(resource.RLIMIT_CORE, 0)
    _prctl(_PR_SET_DUMPABLE, 0)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def _data_bytes() -> int:
    """Return the private writable memory of this process, as RLIMIT_DATA counts it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmData:")[2].split()[0]) * 1024


def _set(limit: int, value: int) -> None:
    resource.setrlimit(limit, (value, value))


def _prctl(option: int, value: int) -> None:
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}) was refused")


def _exit_on_hangup(connection: int) -> None:
    watch = select.poll()
    watch.register(connection, select.POLLRDHUP)
    watch.poll()
    os._exit(0)
