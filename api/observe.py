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
        with tracing() as trace:
            exchange = _Exchange(scope, send, trace, self._metrics)
            try:
                await self._app(scope, receive, exchange.send)
            finally:
                exchange.end()


class _Exchange:
    """One request and its answer, watched as it is sent."""

    def __init__(self, scope: Scope, send: Send, trace: Trace, metrics: Metrics) -> None:
        self._scope = scope
        self._send = send
        self._trace = trace
        self._metrics = metrics
        self._start = time.perf_counter()
        self._status = 500
        self._sent = 0
        self._has_ended = False

    async def send(self, message: Message) -> None:
        """Add our headers; note the end before its last byte leaves, so that nobody is early."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self._scope["state"]["request_id"]
            total = time.perf_counter() - self._start
            headers["Server-Timing"] = server_timing(dict(self._trace.seconds), total=total)
        elif message["type"] == "http.response.body":
            self._sent += len(message.get("body", b""))
            if not message.get("more_body"):
                self.end()
        await self._send(message)

    def end(self) -> None:
        """Record and log the request, once."""
        if self._has_ended:
            return
        self._has_ended = True
        method = self._scope["method"]
        outcome = Outcome(
            route=getattr(self._scope.get("route"), "path", "none"),
            method=method if method in METHODS else "other",
            status=self._status,
            seconds=time.perf_counter() - self._start,
            body_bytes=self._sent,
        )
        self._metrics.record(outcome, self._trace)
        _log(self._scope, outcome, self._trace)


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
