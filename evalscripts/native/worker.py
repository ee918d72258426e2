"""A compile worker: text, snapshot and setup in, machine code out.

Everything that a stranger's text can make slow, large or deep happens here, parsing included.
Started by its lane with an empty environment; asked by messages, each answered by one:

    compile {script}    → {object}, {refused, line, column}, or {failed}: our own fault

It has compiled one script before it says that it is ready, so that the first real one finds all
imports done and LLVM warm; then the fence goes up.
"""

import base64
import gc
import os
import pickle
import socket
import sys
import traceback
from typing import Any

from evalscripts.native.emit import Object, emit
from evalscripts.native.hooks import check_hooks
from evalscripts.native.lower import Declined, lower
from evalscripts.native.verify import TooManyOps
from evalscripts.setup import SampleType, Setup, SetupInput, SetupOutput
from evalscripts.snapshot import HeldFunction, Ref, Snapshot
from evalscripts.source import Source
from evalscripts.syntax import Unparsed, parse
from evalscripts.workers.fence import die_with_parent, limit_resources
from evalscripts.workers.seccomp import refuse_system_calls
from evalscripts.workers.wire import Hangup, receive, send

_RECURSION = 4000
_MAX_REPORT_CHARS = 4000
# With a helper: the prelude is read now, since behind the fence no file can be opened.
_REHEARSAL = "function evaluatePixel(s) { return [s.B04 > 1 ? index(s.B04, 1) : Math.abs(s.B08)]; }"


def _answer(
    source: Source, snapshot: Snapshot, setup: Setup, *, object_bytes: int
) -> dict[str, Any]:
    """Return the answer to one script."""
    try:
        made = _compiled(source, snapshot, setup)
    except _Refusal as refusal:
        return {"refused": refusal.reason, **refusal.place}
    except RecursionError:
        return {"refused": "it is nested too deeply to be compiled"}
    except MemoryError:
        return {"refused": "compiling it takes more memory than allowed"}
    except Exception as error:  # noqa: BLE001 - only the server can log it
        return {"failed": "".join(traceback.format_exception(error))[-_MAX_REPORT_CHARS:]}
    if len(made.code) > object_bytes:
        return {"refused": f"its machine code is larger than {object_bytes:,} bytes"}
    return {"object": made.as_wire()}


class _Refusal(Exception):
    def __init__(self, reason: str, **place: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.place = place


def _compiled(source: Source, snapshot: Snapshot, setup: Setup) -> Object:
    try:
        program = parse(source.text)
        kernel = lower(program, snapshot, setup, text=source.text)
        check_hooks(program, snapshot)
        return emit(kernel)
    except Unparsed as unparsed:
        raise _Refusal(str(unparsed), **_place(source, unparsed.offset)) from None
    except Declined as declined:
        offset = 0 if declined.node is None else declined.node.start
        raise _Refusal(declined.reason, **_place(source, offset)) from None
    except TooManyOps as too_many:
        raise _Refusal(str(too_many)) from None


def _source(text: str, *, shift: int = 0) -> Source:
    return Source(text=text, version=None, lines=(), shift=shift)


def _place(source: Source, offset: int) -> dict[str, int]:
    """Return line and column, from 1, the column in UTF-16 units."""
    line, column = source.position(offset)
    return {"line": line, "column": column}


def _rehearse() -> None:
    setup = Setup(
        inputs=(SetupInput(bands=("B04", "B08"), units=(None, None)),),
        outputs=(SetupOutput(id="default", bands=1, sample_type=SampleType.FLOAT32),),
    )
    snapshot = Snapshot(
        globals={"evaluatePixel": Ref(0), "index": Ref(1)},
        heap=(HeldFunction(text=_REHEARSAL), HeldFunction(text="", helper="index")),
        hooks=frozenset(),
        tampered=None,
    )
    _answer(_source(_REHEARSAL), snapshot, setup, object_bytes=sys.maxsize)


def main(given: dict[str, Any]) -> None:
    """Run a worker; never returns. ``given`` is what `WorkerProcess` wrote."""
    die_with_parent(parent=given["parent"], connection=given["connection"])
    connection = socket.socket(fileno=given["connection"])
    sys.setrecursionlimit(_RECURSION)
    _rehearse()
    gc.freeze()
    limit_resources(data_bytes=given["data_bytes"])
    # What is compiled here is never run here.
    refuse_system_calls(runs_new_code=False)
    try:
        send(connection, {"ready": True})
        while True:
            request = receive(connection)
            # Written by the server, of its own values.
            text, shift, snapshot, setup = pickle.loads(base64.b64decode(request["script"]))  # noqa: S301
            source = _source(text, shift=shift)
            limit = given["object_bytes"]
            send(connection, _answer(source, snapshot, setup, object_bytes=limit))
            gc.collect()
    except Hangup:
        pass
    finally:
        os._exit(0)
