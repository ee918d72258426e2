"""`BoundedHttp`: uvicorn's quick HTTP parser, with the bounds that it lacks."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 128 * 1024
"""Of a request's line and headers. The line alone is refused beyond 64 KiB, by the parser: room
for a script in a map tile's address."""
MAX_CHUNK_OVERHEAD = 16
"""Bytes around each byte of a body that comes in chunks."""


class BoundedHttp(HttpToolsProtocol):
    """Refuses a head, or what surrounds a body, that would grow in memory without end."""

    _is_open = False
    """True from the first byte of a request to its last."""
    _received = 0
    """Bytes of the request, but for the piece in which it began."""
    _body = 0

    def data_received(self, data: bytes) -> None:
        """Take bytes from the connection."""
        was_open = self._is_open
        super().data_received(data)
        if was_open and self._is_open:
            self._received += len(data)
            if self._received > MAX_HEAD_BYTES + MAX_CHUNK_OVERHEAD * self._body:
                self._is_open = False
                self.send_400_response("The head of the request is too large.")

    def on_message_begin(self) -> None:
        """Note the start of a request."""
        self._is_open, self._received, self._body = True, 0, 0
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body; the app bounds its size."""
        self._body += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note the end of a request."""
        self._is_open = False
        super().on_message_complete()
