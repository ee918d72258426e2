"""What can go wrong, as HTTP says it: one table from error class to status and code.

An error becomes a `Problem`, a value that knows no format; `api.dialects` renders it. Codes are
those of Sentinel Hub (reference §0.2). Messages are the errors' own; what nobody foresaw is
answered 500 with the request's id and nothing else.
"""

import http
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pydantic
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from engine import errors as engine
from evalscripts import errors as scripts

BAD_PAYLOAD = "COMMON_BAD_PAYLOAD"
RENDERER = "RENDERER_EXCEPTION"
EXCEPTION = "COMMON_EXCEPTION"


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One place in a request that breaks a rule."""

    parameter: str
    """Path into the request: ``input->bounds->bbox``."""
    violation: str
    """The rule, and what was found."""
    invalid_value: str | None = None
    """What was found, as short text."""


class HttpError(Exception):
    """Root of the errors that only HTTP knows."""

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        violations: Sequence[Violation] = (),
    ) -> None:
        """Tell after how many seconds to come back, and which places of the request are wrong."""
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after
        self.violations = tuple(violations)


class BadBody(HttpError):
    """The body or the query is not what the path expects."""


class BodyTooLarge(HttpError):
    """The body is larger than allowed."""


class BodyTooSlow(HttpError):
    """The body did not arrive in time."""


class WrongMediaType(HttpError):
    """The body's content type is not one that the path reads."""


class NotAcceptable(HttpError):
    """None of the types that the client accepts can be made."""


class Unauthorized(HttpError):
    """A valid token is missing."""


class RateLimited(HttpError):
    """The client asked for too much in too short a time."""


class CapacityExceeded(HttpError):
    """One request needs more than the client's whole allowance."""


class ClientGone(HttpError):
    """The client closed the connection; nobody reads the answer."""


CLIENT_CLOSED = 499
"""nginx's status for a request whose client went away; only logs and metrics see it."""

ROWS: Mapping[type[Exception], tuple[int, str]] = {
    engine.EngineError: (500, EXCEPTION),
    engine.RequestError: (400, BAD_PAYLOAD),
    engine.UnknownCollection: (400, RENDERER),
    engine.UnknownBand: (400, RENDERER),
    engine.UnknownUnit: (400, RENDERER),
    engine.UnsupportedCrs: (400, BAD_PAYLOAD),
    engine.UnsupportedFormat: (400, RENDERER),
    engine.InvalidGeometry: (400, BAD_PAYLOAD),
    engine.TooLarge: (400, BAD_PAYLOAD),
    engine.TooCoarse: (400, EXCEPTION),
    engine.NotFound: (404, "COMMON_NOT_FOUND"),
    engine.Conflict: (409, "COMMON_UNIQUE_KEY_VIOLATION"),
    engine.Forbidden: (403, "COMMON_INSUFFICIENT_PERMISSIONS"),
    engine.Overloaded: (503, EXCEPTION),
    engine.DeadlineExceeded: (504, EXCEPTION),
    engine.SourceError: (500, RENDERER),
    engine.SourceUnavailable: (503, RENDERER),
    engine.SourceDenied: (500, RENDERER),
    engine.SourceCorrupt: (500, RENDERER),
    engine.SourceChanged: (503, RENDERER),
    scripts.ScriptError: (400, RENDERER),
    scripts.ScriptSyntaxError: (400, RENDERER),
    scripts.SetupError: (400, RENDERER),
    scripts.ScriptRuntimeError: (400, RENDERER),
    scripts.ScriptLimitExceeded: (400, RENDERER),
    scripts.ScriptTierUnavailable: (503, EXCEPTION),
    HttpError: (400, BAD_PAYLOAD),
    BadBody: (400, BAD_PAYLOAD),
    BodyTooLarge: (413, BAD_PAYLOAD),
    BodyTooSlow: (408, BAD_PAYLOAD),
    WrongMediaType: (415, "COMMON_UNSUPPORTED_MEDIA_TYPE"),
    NotAcceptable: (406, BAD_PAYLOAD),
    Unauthorized: (401, "COMMON_UNAUTHORIZED"),
    RateLimited: (429, "RATE_LIMIT_EXCEEDED"),
    CapacityExceeded: (429, "RATE_LIMIT_TOKEN_COUNT_EXCEEDS_CAPACITY"),
    ClientGone: (CLIENT_CLOSED, EXCEPTION),
}
"""Error class → status and code."""

STATUS_CODES: Mapping[int, str] = {
    401: "COMMON_UNAUTHORIZED",
    403: "COMMON_INSUFFICIENT_PERMISSIONS",
    404: "COMMON_NOT_FOUND",
    405: "COMMON_METHOD_NOT_ALLOWED",
    415: "COMMON_UNSUPPORTED_MEDIA_TYPE",
}
"""Codes of what the router refuses by itself."""

BUSY_SECONDS = 1.0
"""Where an error says to come back but not when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptPlace:
    """Where a script is wrong."""

    line: int | None
    column: int | None
    excerpt: str | None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An error as every dialect sees it."""

    status: int
    code: str
    message: str
    violations: tuple[Violation, ...] = ()
    script: ScriptPlace | None = None
    retry_after: float | None = None
    """Seconds."""
    headers: Mapping[str, str] | None = None
    """Headers that go with the status, whatever the dialect."""

    @property
    def reason(self) -> str:
        """The phrase that belongs to the status."""
        if self.status == CLIENT_CLOSED:
            return "Client Closed Request"
        return http.HTTPStatus(self.status).phrase


def problem_of(
    error: Exception, *, request_id: str = "", method: str = "", path: str = ""
) -> Problem:
    """Return the problem that ``error`` is; one of an unknown class tells nothing of itself."""
    if isinstance(error, RequestValidationError | pydantic.ValidationError):
        return _invalid(violations_of(error.errors()))
    if isinstance(error, HTTPException):
        return _routing(error, method=method, path=path)
    row = next((ROWS[cls] for cls in type(error).__mro__ if cls in ROWS), None)
    if row is None:
        message = f"unexpected error; the server's log has more under request id {request_id}"
        return Problem(status=500, code=EXCEPTION, message=message)
    status, code = row
    return Problem(
        status=status,
        code=code,
        message=_message(error),
        violations=_violations(error),
        script=_script_place(error),
        retry_after=_retry_after(error, status),
        headers={"WWW-Authenticate": "Bearer"} if status == http.HTTPStatus.UNAUTHORIZED else None,
    )


def _routing(error: HTTPException, *, method: str, path: str) -> Problem:
    """Return the problem that the router has with a request."""
    messages = {
        404: f"there is nothing at {path[:200]}",
        405: f"{method[:20]} is not allowed at {path[:200]}",
    }
    return Problem(
        status=error.status_code,
        code=STATUS_CODES.get(error.status_code, BAD_PAYLOAD),
        message=messages.get(error.status_code, error.detail),
        headers=error.headers,
    )


def _invalid(violations: tuple[Violation, ...]) -> Problem:
    shown = "; ".join(f"{v.parameter}: {v.violation}" for v in violations[:3])
    more = f" (and {len(violations) - 3} more)" if len(violations) > 3 else ""
    return Problem(status=400, code=BAD_PAYLOAD, message=shown + more, violations=violations)


def violations_of(errors: Sequence[Any]) -> tuple[Violation, ...]:
    """Return pydantic's list of errors as violations."""
    return tuple(
        Violation(
            parameter=path_text([part for part in error["loc"] if part != "body"]),
            violation=error["msg"].removeprefix("Value error, "),
            invalid_value=None if error["type"] == "missing" else short(error.get("input")),
        )
        for error in errors
    )


def path_text(parts: Sequence[str | int]) -> str:
    """Return ``input->data[0]->type`` for its parts."""
    text = ""
    for part in parts:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f"->{part}" if text else part
    return text


def short(value: object) -> str:
    """Return ``value`` as one short line of ASCII, whatever it is."""
    return ascii(value)[:120]


def _message(error: Any) -> str:
    message: str = error.message
    if not isinstance(error, scripts.ScriptError):
        return message
    if isinstance(error, scripts.ScriptTierUnavailable):
        return message
    place = f"evalscript.js:{error.line}: " if error.line is not None else ""
    return "\n".join(["Failed to evaluate script!", place + message, *error.stack])


def _script_place(error: Exception) -> ScriptPlace | None:
    if not isinstance(error, scripts.ScriptError):
        return None
    return ScriptPlace(
        line=error.line, column=error.column, excerpt=error.excerpt, message=error.message
    )


def _violations(error: Any) -> tuple[Violation, ...]:
    if isinstance(error, HttpError):
        return error.violations
    if not isinstance(error, engine.RequestError) or error.where is None:
        return ()
    found = f"{error.found:g}" if isinstance(error, engine.TooLarge) else None
    return (Violation(parameter=error.where, violation=error.message, invalid_value=found),)


def _retry_after(error: Any, status: int) -> float | None:
    seconds: float | None = getattr(error, "retry_after", None)
    if seconds is None and status in (429, 503):
        return BUSY_SECONDS
    return seconds
