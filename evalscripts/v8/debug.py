"""`debug_pixel`: one pixel of a script, seen from inside."""

from collections.abc import Callable, Mapping
from typing import Any

from evalscripts.errors import ScriptError, ScriptTierUnavailable
from evalscripts.program import InputData, PixelReport
from evalscripts.v8.session import V8Session


def debug_pixel(
    open_session: Callable[[], V8Session], inputs: Mapping[str, InputData]
) -> PixelReport:
    """Return what the script was given at a pixel, what it printed, returned and left behind.

    ``open_session`` starts a run; ``inputs`` are arrays of one row and one column. What is wrong
    with the script is in the report; it is not raised.

    Raises:
        ScriptTierUnavailable: no worker was free.
        ValueError: the data is not what the script can be given.
    """
    outputs = None
    trace: Mapping[str, Any] = {}
    try:
        session = open_session()
        try:
            session.watch(inputs, "look")
            pixels = session.watch(inputs, "watch")
            outputs = {name: tuple(map(float, values.ravel())) for name, values in pixels.items()}
            finished = session.finish()
        finally:
            trace = session.trace
    except ScriptTierUnavailable:
        raise
    except ScriptError as error:
        return _report(trace, error.console, outputs=outputs, error=error)
    return _report(trace, finished.console, outputs=outputs, user_data=finished.user_data)


def _report(
    trace: Mapping[str, Any],
    lines: tuple[str, ...],
    *,
    outputs: Mapping[str, tuple[float, ...]] | None,
    user_data: Any = None,
    error: ScriptError | None = None,
) -> PixelReport:
    start = trace.get("from", len(lines))
    # Where the pixel threw, everything since belongs to it.
    stop = len(lines) if outputs is None else trace.get("to", len(lines))
    return PixelReport(
        samples=trace.get("samples"),
        scenes=trace.get("scenes"),
        returned=trace.get("returned"),
        outputs=outputs,
        user_data=user_data,
        console=lines[start:stop],
        console_around=lines[:start] + lines[stop:],
        error=error,
    )
