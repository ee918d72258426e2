"""A worker process: one session at a time, each in an isolate of its own.

Started by the pool with an empty environment. Asked by messages, each answered by one:

    load {text, clock}            run the top level in a new isolate  → {}
    setup {}                      run setup()                         → {reply: JSON}
    start {facts}                 metadata, updateOutput()            → {reply: JSON or ""}
    adopt {outputs}               band counts as checked              → {}
    run {run, size, inputs, …}    pixels of some rows                 → {}
    finish {}                     updateOutputMetadata()              → {reply, console, cut}
    end {}                        drop the isolate                    → {ready: true}

or by {failure, report, pixel, console}. Between sessions it tops up its spare isolates.
"""

import asyncio
import mmap
import os
import select
import socket
from contextlib import suppress
from typing import Any

from py_mini_racer import init_mini_racer

from evalscripts.v8.fence import die_with_parent, limit_resources
from evalscripts.v8.isolate import Isolate, ScriptFailure, Sources
from evalscripts.v8.wire import Hangup, receive, send

# No wasm: it holds a second way to shared memory and to code that the fence does not expect.
_FLAGS = ("--single-threaded",)


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
        self._isolate: Isolate | None = None

    def fill(self) -> None:
        """Make the spare isolates."""
        while len(self._spares) < self._wanted:
            self._spares.append(self._make())

    def serve(self) -> None:
        """Answer messages until the parent hangs up."""
        send(self._connection, {"ready": True})
        while True:
            while self._isolate is None and len(self._spares) < self._wanted and self._idle():
                self._spares.append(self._make())
            request = receive(self._connection)
            try:
                reply = self._answer(request)
            except ScriptFailure as failure:
                reply = self._excuse(failure)
            send(self._connection, reply)

    def _make(self) -> Isolate:
        return Isolate(self._sources, heap_bytes=self._heap_bytes)

    def _idle(self) -> bool:
        return not select.select([self._connection], [], [], 0)[0]

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        match request["do"]:
            case "load":
                self._isolate = self._spares.pop() if self._spares else self._make()
                self._isolate.load(request["text"], clock=request["clock"])
                return {}
            case "end":
                if self._isolate is not None:
                    self._isolate.close()
                    self._isolate = None
                return {"ready": True}
        isolate = self._isolate
        if isolate is None:
            raise Hangup
        match request["do"]:
            case "setup":
                isolate.call("setup")
                return {"reply": isolate.reply()}
            case "start":
                isolate.call("start", request["facts"])
                return {"reply": isolate.reply()}
            case "adopt":
                isolate.call("adopt", request["outputs"])
                return {}
            case "run":
                self._run(isolate, request)
                return {}
            case "finish":
                isolate.call("finish")
                reply = isolate.reply()
                console, cut = isolate.console()
                return {"reply": reply, "console": console, "cut": cut}
        raise Hangup

    def _run(self, isolate: Isolate, request: dict[str, Any]) -> None:
        size, inputs = request["size"], request["inputs"]
        if len(self._map) < request["segment"]:
            self._map = memoryview(mmap.mmap(self._segment, request["segment"]))
        if len(isolate.arena) < size:
            isolate.reserve(size)
        isolate.arena[:inputs] = self._map[:inputs]
        isolate.call("run", request["run"])
        self._map[inputs:size] = isolate.arena[inputs:size]

    def _excuse(self, failure: ScriptFailure) -> dict[str, Any]:
        """Return the failure with what the script had printed before it."""
        excuse = {"failure": failure.kind, "report": failure.report, "pixel": failure.pixel}
        if failure.kind != "memory" and self._isolate is not None:
            with suppress(ScriptFailure):
                excuse["console"] = self._isolate.console()[0]
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
        limit_resources(data_bytes=given["data_bytes"])
        worker.serve()

    try:
        asyncio.run(inside_loop())
    except Hangup:
        pass
    finally:
        # A stuck isolate's thread would keep an ordinary exit waiting.
        os._exit(0)
