"""A worker process: one session at a time, each in an isolate of its own.

Started by the pool with an empty environment. Asked by messages, each answered by one:

    stage {text, given}           top level, setup(), snapshot        → {reply: JSON}
    start {text, given}           top level, setup(), hooks           → {reply: JSON}
    run {run, size, inputs, …}    pixels of some rows                 → {seconds, trace}
    finish {}                     updateOutputMetadata()              → {reply, console, cut}
    end {}                        drop the isolate                    → {ready: true}

or by {failure, report, running, pixel, console, trace}. `stage` and `start` take a new isolate.
Between sessions it tops up its spare ones.
"""

import asyncio
import mmap
import os
import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from py_mini_racer import init_mini_racer

from evalscripts.v8.isolate import Isolate, ScriptFailure, Sources
from evalscripts.workers.fence import die_with_parent, limit_resources
from evalscripts.workers.seccomp import refuse_system_calls
from evalscripts.workers.wire import Hangup, receive, send

# When functions are optimized is left to V8: earlier gains nothing over 512 × 512 pixels, and long
# functions take longer to optimize than it saves there (`benchmarks/bench_scripts.py`).
_FLAGS = ("--single-threaded",)
# A session often follows on another's heels, a script's first request on its compilation: making
# a spare isolate must not keep it waiting.
_PAUSE_SECONDS = 0.02


class Worker:
    """The state of the process between messages."""

    def __init__(
        self, connection: socket.socket, segment: int, *, spares: int, heap_bytes: int
    ) -> None:
        self._connection = connection
        self._segment = segment
        self._map = memoryview(bytearray())
        self._wanted = spares
        self._heap_bytes = heap_bytes
        self._sources = Sources()
        self._spares: list[Isolate] = []
        self._current: Isolate | None = None

    def fill(self) -> None:
        """Make the spare isolates."""
        while len(self._spares) < self._wanted:
            self._spares.append(self._make())

    def serve(self) -> None:
        """Answer messages until the parent hangs up."""
        send(self._connection, {"ready": True})
        while True:
            while self._current is None and len(self._spares) < self._wanted and self._idle():
                self._spares.append(self._make())
            request = receive(self._connection)
            try:
                reply = self._answer(request)
            except ScriptFailure as failure:
                reply = self._excuse(failure, request)
            send(self._connection, reply)

    def _make(self) -> Isolate:
        return Isolate(self._sources, heap_bytes=self._heap_bytes)

    def _idle(self) -> bool:
        return not select.select([self._connection], [], [], _PAUSE_SECONDS)[0]

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        answers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "stage": self._begin,
            "start": self._begin,
            "run": self._run,
            "finish": self._finish,
            "end": self._end,
        }
        return answers[request["do"]](request)

    @property
    def _isolate(self) -> Isolate:
        if self._current is None:
            raise Hangup
        return self._current

    def _begin(self, request: dict[str, Any]) -> dict[str, Any]:
        self._current = self._spares.pop() if self._spares else self._make()
        self._current.load(request["text"], request["given"])
        self._current.call(request["do"])
        self._current.call("hold")
        return {"reply": self._current.reply()}

    def _run(self, request: dict[str, Any]) -> dict[str, Any]:
        isolate, size, inputs = self._isolate, request["size"], request["inputs"]
        if len(self._map) < request["segment"]:
            self._map = memoryview(mmap.mmap(self._segment, request["segment"]))
        if len(isolate.arena) < size:
            isolate.reserve(size)
        isolate.arena[:inputs] = self._map[:inputs]
        started = time.perf_counter()
        isolate.call("run", request["run"])
        seconds = time.perf_counter() - started
        self._map[inputs:size] = isolate.arena[inputs:size]
        if request["run"]["watch"]:
            return {"seconds": seconds, "trace": isolate.trace()}
        return {"seconds": seconds}

    def _finish(self, _: dict[str, Any]) -> dict[str, Any]:
        self._isolate.call("finish")
        reply = self._isolate.reply()
        console, cut = self._isolate.console()
        return {"reply": reply, "console": console, "cut": cut}

    def _end(self, _: dict[str, Any]) -> dict[str, Any]:
        if self._current is not None:
            self._current.close()
            self._current = None
        return {"ready": True}

    def _excuse(self, failure: ScriptFailure, request: dict[str, Any]) -> dict[str, Any]:
        """Return the failure with what the script had printed before it."""
        excuse = {
            "failure": failure.kind,
            "report": failure.report,
            "running": failure.running,
            "pixel": failure.pixel,
        }
        if failure.kind != "memory" and self._current is not None:
            with suppress(ScriptFailure):
                excuse["console"] = self._current.console()[0]
                if request.get("run", {}).get("watch"):
                    excuse["trace"] = self._current.trace()
        return excuse


def main(given: dict[str, Any]) -> None:
    """Run a worker; never returns. ``given`` is what `WorkerProcess` wrote."""
    die_with_parent(parent=given["parent"], connection=given["connection"])
    connection = socket.socket(fileno=given["connection"])
    init_mini_racer(flags=_FLAGS)

    async def inside_loop() -> None:
        # Isolates belong to the running loop; it never gets to run anything else.
        worker = Worker(
            connection,
            given["segment"],
            spares=given["spares"],
            heap_bytes=given["heap_bytes"],
        )
        worker.fill()
        limit_resources(data_bytes=given["heap_bytes"] + given["data_bytes"])
        refuse_system_calls()
        worker.serve()

    try:
        asyncio.run(inside_loop())
    except Hangup:
        pass
    finally:
        # A stuck isolate's thread would keep an ordinary exit waiting.
        os._exit(0)
