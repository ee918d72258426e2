"""Log lines as JSON objects: time, level, logger, message and the fields of an event.

What is logged of a request is its path and its outcome: never a query, a body, a header or a
token. Tracebacks name modules and lines, not files on this machine.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; ``extra={"fields": {…}}`` of the call becomes keys of the object."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = describe_exception(record.exc_info[1])
        return json.dumps(line, default=str)


def describe_exception(error: BaseException) -> dict[str, Any]:
    """Return an exception's type, text and frames (``module:line in function``, innermost last)."""
    frames = [
        f"{frame.f_globals.get('__name__', '?')}:{line} in {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    return {"type": type(error).__name__, "text": str(error), "frames": frames}


def configure_logs(level: str) -> None:
    """Send log lines of ``level`` and above to standard error, as JSON."""
    stream = logging.StreamHandler(sys.stderr)
    stream.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[stream], force=True)
    # One line a request is ours; uvicorn's own would name it twice, query and all.
    logging.getLogger("uvicorn.access").disabled = True
