"""`NativeCompiler`: scripts in, machine code out, in the background.

What was compiled is kept by what it was made of: text, setup and snapshot. Prelude, compiler and
processor are no part of the key since nothing outlives the process. There is no cache on disk: a
script compiles in some 10 ms while V8 answers, which is not worth a folder whose files this
process would trust as machine code.
"""

import base64
import hashlib
import logging
import pickle
import threading
from collections import OrderedDict, deque
from concurrent.futures import Future
from typing import Any, Self

from evalscripts.native.emit.object import Object
from evalscripts.native.lane import CompilerOptions, Job, Lane
from evalscripts.native.load import library, load
from evalscripts.native.outcome import Compiled, Outcome, Refused
from evalscripts.native.watch import Watch
from evalscripts.setup import Setup
from evalscripts.snapshot import Snapshot
from evalscripts.source import Source

_LOG = logging.getLogger("cogmill.native")
_MAX_BYTES = 4 * 1024 * 1024
_PAUSE_SECONDS = 0.05
"""How long nothing is asked before a lane's thread makes what the next script will need."""
_CLOSED = Refused(reason="the compiler is shut down", is_final=False)


class NativeCompiler:
    """Compile workers with their queue and their results. Thread-safe; close it when done."""

    def __init__(self, options: CompilerOptions) -> None:
        """Return at once; the workers start in the background."""
        self.options = options
        self.watch = Watch()
        """Ends the runs of the code that is compiled here, when their time is up."""
        self._changed = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._free = 0
        self._kept: OrderedDict[bytes, Future[Outcome]] = OrderedDict()
        self._closed = False
        self._lanes = tuple(
            Lane(options, warm=library, take=self._take, read=self._read)
            for _ in range(options.workers)
        )

    def submit(self, source: Source, *, snapshot: Snapshot, setup: Setup) -> "Future[Outcome]":
        """Return the outcome to come of a script, never an exception.

        Returns at once; the same script is compiled once. Where too many wait, the outcome is
        a `Refused` that is not final.
        """
        # Pickle goes one way only, from us to the worker: JSON has neither −0 nor NaN.
        script = (source.text, source.shift, snapshot, setup)
        body = pickle.dumps(script, protocol=pickle.HIGHEST_PROTOCOL)
        key = hashlib.sha256(body).digest()
        with self._changed:
            known = self._kept.get(key)
            if known is not None:
                self._kept.move_to_end(key)
                return known
            job = Job({"do": "compile", "script": base64.b64encode(body).decode("ascii")})
            if (refused := self._refused(len(body))) is not None:
                job.outcome.set_result(refused)
                return job.outcome
            self._kept[key] = job.outcome
            while len(self._kept) > self.options.entries:
                self._kept.popitem(last=False)
            if len(self._waiting) < self._free:
                # A lane's thread takes it in a moment; who looks before that must not miss it.
                job.outcome.set_running_or_notify_cancel()
            self._waiting.append(job)
            self._changed.notify()
        job.outcome.add_done_callback(lambda outcome: self._settle(key, outcome))
        return job.outcome

    def _refused(self, size: int) -> Refused | None:
        """Return why a script of this size is not even taken on. The lock is held."""
        if self._closed:
            return _CLOSED
        if size > _MAX_BYTES:
            return Refused(reason="its text and constants are too large to be compiled")
        held = sum(len(job.request["script"]) for job in self._waiting)
        if len(self._waiting) >= self.options.waiting or held > self.options.waiting_bytes:
            return Refused(reason="too many scripts wait for the compiler", is_final=False)
        return None

    def forget(self) -> None:
        """Let go of all outcomes; code that no program holds is freed."""
        with self._changed:
            self._kept.clear()

    def pids(self) -> tuple[int, ...]:
        """Return the process ids of the workers, for tests and logs."""
        return tuple(pid for lane in self._lanes if (pid := lane.pid) is not None)

    def __len__(self) -> int:
        return len(self._kept)

    def close(self) -> None:
        """End the workers; whoever waits for an outcome gets a `Refused`."""
        with self._changed:
            self._closed = True
            dropped = list(self._waiting)
            self._waiting.clear()
            self._changed.notify_all()
        for job in dropped:
            job.outcome.set_result(_CLOSED)
        for lane in self._lanes:
            lane.close()
        self.watch.close()
        self.forget()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _take(self) -> Job | None:
        """Wait for the next job, the oldest first; None when closed."""
        with self._changed:
            self._free += 1
        pause: float | None = _PAUSE_SECONDS
        while (job := self._taken(seconds=pause)) is None and not self._closed:
            library().stock()
            pause = None
        with self._changed:
            self._free -= 1
        if job is not None and not job.outcome.running():
            job.outcome.set_running_or_notify_cancel()
        return job

    def _taken(self, *, seconds: float | None) -> Job | None:
        """Return the oldest job; None where there is none within the time, or at all."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed, timeout=seconds)
            return self._waiting.popleft() if self._waiting else None

    def _settle(self, key: bytes, outcome: "Future[Outcome]") -> None:
        """Drop an outcome that says nothing about the script."""
        result = outcome.result()
        if isinstance(result, Refused) and not result.is_final:
            with self._changed:
                if self._kept.get(key) is outcome:
                    del self._kept[key]

    def _read(self, answer: dict[str, Any]) -> Outcome:
        if "refused" in answer:
            return Refused(
                reason=answer["refused"], line=answer.get("line"), column=answer.get("column")
            )
        if "failed" in answer:
            _LOG.error("a script could not be compiled: %s", answer["failed"])
            return Refused(reason="the compiler failed")
        return Compiled(loaded=load(Object.from_wire(answer["object"])))


def open_compiler(options: CompilerOptions | None = None) -> NativeCompiler:
    """Return a compiler whose workers start in the background."""
    return NativeCompiler(options or CompilerOptions())
