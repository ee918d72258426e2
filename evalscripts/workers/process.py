"""One worker process, from the server's side."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from evalscripts.workers.segment import Segment
from evalscripts.workers.wire import receive, send

# The package itself is replaced by an empty one: its __init__ imports the server's side, numpy
# included, which would double the time that a worker takes to start. `site` stays out for the
# same reason; the server's own search path is handed over instead.
_BOOT = """
import json, sys, types
options = json.loads(sys.argv[1])
sys.path[:] = options["path"]
house = types.ModuleType("evalscripts")
house.__path__ = [options["root"]]
sys.modules["evalscripts"] = house
import importlib
importlib.import_module(options["module"]).main(options)
"""
_ROOT = str(Path(__file__).parent.parent)


class WorkerProcess:
    """A started worker. Used by one thread at a time, but for `kill`."""

    def __init__(self, module: str, **given: Any) -> None:
        """Start ``module.main`` in a process; its first message says that it is ready.

        ``given`` are further options that ``main`` finds beside ``connection``, ``parent`` and
        ``segment``; they must be JSON.

        Must be called by a thread that outlives the worker: the kernel ends the worker when the
        thread that started it ends.
        """
        ours, theirs = socket.socketpair()
        self.connection = ours
        self.segment = Segment()
        self._talking = threading.Lock()
        options = {
            "parent": os.getpid(),
            "connection": theirs.fileno(),
            "segment": self.segment.descriptor,
            "module": module,
            **given,
            "path": [str(Path(entry).absolute()) for entry in sys.path],
            "root": _ROOT,
        }
        arguments = [sys.executable, "-I", "-S", "-c", _BOOT, json.dumps(options)]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own text
                arguments,
                env={"TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                pass_fds=(theirs.fileno(), self.segment.descriptor),
                # Ctrl-C in the terminal is for the server, which ends its workers itself.
                process_group=0,
            )
        except BaseException:
            ours.close()
            self.segment.close()
            raise
        finally:
            theirs.close()

    @property
    def pid(self) -> int:
        """The process id, for tests and logs."""
        return self._process.pid

    def ask(self, message: dict[str, Any], *, deadline: float) -> dict[str, Any]:
        """Send a message and return the answer.

        Raises:
            Hangup: the process has ended, or was killed by `kill`.
            Late: there was no answer before ``deadline``, a reading of `time.monotonic`.
        """
        with self._talking:
            self.connection.settimeout(max(deadline - time.monotonic(), 0.001))
            send(self.connection, message)
            return receive(self.connection, deadline=deadline)

    def exit_code(self, *, seconds: float) -> int | None:
        """Return how the process ended, negative for a signal; None if it runs on."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def kill(self) -> None:
        """End the process at once, whatever it does. Callable from any thread."""
        self._process.kill()

    def bury(self) -> int:
        """Kill, wait for the end, free everything; return the exit code, negative for a signal."""
        self._process.kill()
        code = self._process.wait()
        # Whoever waits for an answer finds the other end closed, and lets go; closing under its
        # feet could give it another file's descriptor.
        with self._talking:
            self.connection.close()
        self.segment.close()
        return code
