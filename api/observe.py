"""One middleware that sees every request whole: its id, trace, log line, metrics and timing."""

import logging
import re
import secrets
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import Metrics, Outcome, server_timing
from engine.trace import Trace, tracing

log = logging.getLogger("cogmill.request")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
QUIET = ("/health", "/ready", "/metrics")
"""Asked every few seconds by machines; logged only at level debug."""


METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Others are counted together: labels must not grow at a client's will."""


class Observe:
    """Outermost: what it does not see did not happen."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        """Record every request of ``app`` in ``metrics``."""
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        start = time.perf_counter()
        status, sent = 500, 0

        async def watched(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                headers["Server-Timing"] = server_timing(
                    dict(trace.seconds), total=time.perf_counter() - start
                )
            sent += len(message.get("body", b""))
            await send(message)

        with tracing() as trace:
            try:
                await self._app(scope, receive, watched)
            finally:
                outcome = Outcome(
                    route=getattr(scope.get("route"), "path", "none"),
                    method=scope["method"] if scope["method"] in METHODS else "other",
                    status=status,
                    seconds=time.perf_counter() - start,
                    body_bytes=sent,
                )
                self._metrics.record(outcome, trace)
                _log(scope, outcome, trace)


def _log(scope: Scope, outcome: Outcome, trace: Trace) -> None:
    level = logging.DEBUG if scope["path"] in QUIET else logging.INFO
    fields = {
        "request_id": scope["state"]["request_id"],
        "principal": scope["state"].get("principal"),
        "method": outcome.method,
        "path": scope["path"],
        "route": outcome.route,
        "status": outcome.status,
        "ms": round(1000 * outcome.seconds, 1),
        "bytes": outcome.body_bytes,
        "stages_ms": {name: round(1000 * spent, 1) for name, spent in trace.seconds.items()},
        "counts": dict(trace.counts),
    }
    log.log(level, "request", extra={"fields": fields})
