"""How errors look: a `Problem` rendered as the protocol below whose path it happened does."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from starlette.responses import Response

from api.errors import Problem, Violation, problem_of


def render_json(problem: Problem) -> Response:
    """Return the body that Sentinel Hub's REST APIs give."""
    error: dict[str, Any] = {
        "status": problem.status,
        "reason": problem.reason,
        "message": problem.message,
        "code": problem.code,
    }
    if problem.violations:
        error["errors"] = [_violation_json(violation) for violation in problem.violations]
    if problem.script is not None:
        error["script"] = {
            "line": problem.script.line,
            "column": problem.script.column,
            "excerpt": problem.script.excerpt,
            "message": problem.script.message,
        }
    body = orjson.dumps(_printable({"error": error}))
    return Response(
        body, problem.status, media_type="application/json", headers=dict(problem.headers or {})
    )


def _violation_json(violation: Violation) -> dict[str, str]:
    shown = {"parameter": violation.parameter, "violation": violation.violation}
    if violation.invalid_value is not None:
        shown["invalidValue"] = violation.invalid_value
    return shown


def _printable(value: Any) -> Any:
    """Replace half characters (lone surrogates), which no encoding can carry."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {key: _printable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_printable(item) for item in value]
    return value


Dialect = Callable[[Problem], Response]

DIALECTS: Mapping[str, Dialect] = {"/": render_json}
"""Path prefix → how errors look below it; the longest prefix wins."""

SENTINEL_HUB_PATHS = ("/api/", "/oauth/", "/auth/", "/process/")
"""Below these ``Retry-After`` of a 429 counts milliseconds, as Sentinel Hub's clients read it."""


def answer_error(
    error: Exception, *, path: str, method: str = "GET", request_id: str = ""
) -> Response:
    """Return the response for ``error`` in the dialect of ``path``."""
    problem = problem_of(error, request_id=request_id, method=method, path=path)
    prefix = max((key for key in DIALECTS if path.startswith(key)), key=len, default="/")
    response = DIALECTS[prefix](problem)
    if problem.retry_after is not None:
        in_milliseconds = problem.status == 429 and path.startswith(SENTINEL_HUB_PATHS)
        amount = problem.retry_after * (1000 if in_milliseconds else 1)
        response.headers["Retry-After"] = str(max(1, math.ceil(amount)))
    return response
