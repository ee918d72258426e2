"""The outer wall: pure ASGI checks that hold for every path.

Names (DNS rebinding), body size, trailing slashes, and the last net under unforeseen errors.
"""

import logging
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.dialects import answer_error
from api.errors import BodyTooLarge
from engine.errors import Forbidden

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
"""Names that no other machine can claim."""
PROBES = ("/health", "/ready")
"""Answered under any name, for load balancers."""

log = logging.getLogger("cogmill.guard")


def host_name(header: str) -> str:
    """Return the name of a Host header: lower case, without port and brackets."""
    name = header.strip().lower()
    if name.startswith("["):
        return name[1:].partition("]")[0]
    return name.rpartition(":")[0] if ":" in name else name


class Guard:
    """Checks before the routes, and the answer where they break."""

    def __init__(
        self, app: ASGIApp, *, hosts: Iterable[str], is_open: bool, max_body_bytes: int
    ) -> None:
        """Answer only under ``hosts`` where there are any; an open server else by loopback."""
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)
        self._is_open = is_open
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            headers = Headers(scope=scope)
            self._check_host(scope["path"], headers.get("host", ""))
            self._check_size(headers.get("content-length", ""))
            bounded = _bounded(receive, self._max_body_bytes)
            _drop_slash(scope)
            await self._app(scope, bounded, watched)
        except Exception as error:
            if started:
                raise
            request_id = scope.get("state", {}).get("request_id", "")
            answer = answer_error(error, path=scope["path"], request_id=request_id)
            if answer.status_code == 500:
                log.exception("unexpected error", extra={"fields": {"request_id": request_id}})
            await answer(scope, receive, send)

    def _check_host(self, path: str, header: str) -> None:
        allowed = self._hosts | LOOPBACK_NAMES if self._is_open or self._hosts else frozenset()
        name = host_name(header)
        if allowed and name not in allowed and path not in PROBES:
            message = f"this server does not answer under the name {name[:80]!r}"
            raise Forbidden(message)

    def _check_size(self, length: str) -> None:
        if length.isdecimal() and int(length[:20]) > self._max_body_bytes:
            raise _too_large(self._max_body_bytes)


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"the body of the request is larger than the allowed {limit} bytes")


def _bounded(receive: Receive, limit: int) -> Receive:
    """Return a ``receive`` that raises `BodyTooLarge` once more than ``limit`` bytes came."""
    total = 0

    async def bounded() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > limit:
            raise _too_large(limit)
        return message

    return bounded


def _drop_slash(scope: Scope) -> None:
    """Take the path's last slash away: clients use both forms, and none may be redirected."""
    if len(scope["path"]) > 1:
        scope["path"] = scope["path"].rstrip("/") or "/"
