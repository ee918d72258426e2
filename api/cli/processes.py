"""`run_processes`: several server processes, forked when all is imported and compiled.

Started anew, each would import everything again and load every kernel again: 3.5 s of a core.
Forked, they begin with both, and share the memory that holds them. The parent has no threads and
no event loop, and opens no database.
"""

import logging
import multiprocessing
import os
import signal
import socket
import threading
import time
from contextlib import suppress
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from types import FrameType

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from api.cli.shares import BEAT_SECONDS, FairServer, Shares

log = logging.getLogger("cogmill.processes")

LOOK_SECONDS = 0.5
STOPS = (signal.SIGINT, signal.SIGTERM)


def run_processes(config: uvicorn.Config, listener: socket.socket, *, silence: float) -> None:
    """Serve from ``config.workers`` processes until a signal says stop.

    One that dies is replaced, and one that is not heard of for ``silence`` seconds, too; where one
    cannot start, all end.
    """
    _Processes(config, listener, silence=silence).run()


class _Processes:
    def __init__(self, config: uvicorn.Config, listener: socket.socket, *, silence: float) -> None:
        self._config = config
        self._listener = listener
        self._silence = silence
        self._shares = Shares(config.workers)
        self._should_stop = threading.Event()
        self._parent = os.getpid()

    def run(self) -> None:
        for number in STOPS:
            signal.signal(number, self._stop)
        processes = [self._start(index) for index in range(self._config.workers)]
        while not self._should_stop.is_set():
            wait([process.sentinel for process in processes], timeout=LOOK_SECONDS)
            for index, process in enumerate(processes):
                if not self._should_stop.is_set() and self._has_ended(index, process):
                    processes[index] = self._start(index)
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._should_stop.set()

    def _start(self, index: int) -> ForkProcess:
        self._shares.beat(index)
        process = multiprocessing.get_context("fork").Process(target=self._serve, args=(index,))
        # One told to stop as soon as it is there would do what its parent does then: take note.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
        process.start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
        return process

    def _has_ended(self, index: int, process: ForkProcess) -> bool:
        if process.exitcode is None and self._shares.silence(index) > self._silence:
            log.error("a server process is not heard of any more, and is replaced")
            process.kill()
            process.join()
        if process.exitcode is None:
            return False
        self._shares.leave(index)
        if process.exitcode == STARTUP_FAILURE:
            log.error("a server process cannot start; all end")
            self._should_stop.set()
            return False
        log.warning("a server process has died, and is replaced")
        return True

    def _serve(self, index: int) -> None:
        """Be one of the processes."""
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        threading.Thread(target=self._beat, args=(index,), name="beat", daemon=True).start()
        server = FairServer(self._config, shares=self._shares, index=index)
        # uvicorn raises the signal once more when all is closed.
        with suppress(KeyboardInterrupt):
            signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
            server.run(sockets=[self._listener])

    def _beat(self, index: int) -> None:
        """Show signs of life, and end with the parent, which may have been killed."""
        while os.getppid() == self._parent:
            self._shares.beat(index)
            time.sleep(BEAT_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)
