"""What crosses between the server and a worker: length-prefixed JSON over a socket pair.

Imports nothing but the standard library: the worker starts with this module.
"""

import json
import socket
import struct
import time
from typing import Any

_LENGTH = struct.Struct("<I")
MAX_FRAME_BYTES = 16 * 1024 * 1024


class Hangup(Exception):
    """The other side has gone, or sent what cannot be its own."""


class Late(Exception):
    """The other side did not answer in time."""


def send(connection: socket.socket, message: dict[str, Any]) -> None:
    """Write one message.

    Raises:
        Hangup: nobody is there to read it.
    """
    body = json.dumps(message).encode()
    try:
        connection.sendall(_LENGTH.pack(len(body)) + body)
    except TimeoutError:
        raise Late from None
    except OSError:
        raise Hangup from None


def receive(connection: socket.socket, *, deadline: float | None = None) -> dict[str, Any]:
    """Return the next message; ``deadline`` is a reading of `time.monotonic`.

    Raises:
        Hangup: the other side has gone, or sent what is not a message.
        Late: the deadline has passed.
    """
    (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size, deadline=deadline))
    if length > MAX_FRAME_BYTES:
        raise Hangup
    try:
        message = json.loads(_exactly(connection, length, deadline=deadline))
    except (ValueError, RecursionError):
        raise Hangup from None
    if not isinstance(message, dict):
        raise Hangup
    return message


def _exactly(connection: socket.socket, count: int, *, deadline: float | None) -> bytes:
    body = bytearray()
    while len(body) < count:
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise Late
            connection.settimeout(left)
        try:
            part = connection.recv(min(count - len(body), 1 << 20))
        except TimeoutError:
            raise Late from None
        except OSError:
            raise Hangup from None
        if not part:
            raise Hangup
        body += part
    return bytes(body)
