"""The head of an HTTP/1.1 answer, and where its body ends (RFC 9112 §4, §5, §6.3).

Strict where two readers could disagree about what an answer says: bare line ends, folded lines,
lengths that differ and codings that are not known make it no HTTP at all.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MAX_HEAD_BYTES = 64 << 10
"""The longest head that is read."""

_STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-9][0-9]{2})(?: .*)?")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]*")
_LENGTH_DIGITS = 18
_BODILESS = (204, 304)


class NotHttpError(Exception):
    """What came is no answer that may be trusted to end where it says."""


@dataclass(slots=True, kw_only=True)
class Head:
    """Status and headers of an answer."""

    status: int
    """Three digits."""
    headers: Mapping[str, str]
    """By name in lower case; what came several times is joined by a comma, as it may be."""
    keeps_open: bool
    """Whether the connection may be used again."""

    @property
    def is_interim(self) -> bool:
        """Whether another head follows."""
        return self.status < 200


def parse_head(raw: bytes) -> Head:
    """Return the head whose bytes, without the empty line at its end, are ``raw``.

    Raises `NotHttpError`.
    """
    # Bytes beyond ASCII survive the way through str and back, as an ETag may hold some.
    text = raw.decode("utf-8", "surrogateescape")
    first, *lines = text.split("\r\n")
    found = _STATUS_LINE.fullmatch(first)
    fields = [line.partition(":") for line in lines]
    names = [name for name, colon, _ in fields if name and colon]
    # All names at once: none is empty, so together they are a token as each of them is.
    if found is None or len(names) < len(lines) or _TOKEN.fullmatch("".join(names)) is None:
        raise NotHttpError
    if not text.count("\r") == text.count("\n") == len(lines) or "\0" in text:
        raise NotHttpError
    headers = {name.lower(): value.strip(" \t") for name, _, value in fields}
    if len(headers) < len(fields):
        headers = _joined(fields)
    version, status = found.groups()
    options = headers.get("connection")
    # An HTTP/1.0 that would keep it open says so in its own way; not worth the trouble.
    keeps_open = version == "1" and (options is None or "close" not in options.lower())
    return Head(status=int(status), headers=headers, keeps_open=keeps_open)


def _joined(fields: Sequence[tuple[str, str, str]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, _, value in fields:
        key, told = name.lower(), value.strip(" \t")
        headers[key] = f"{headers[key]}, {told}" if key in headers else told
    return headers


def body_length(head: Head) -> int | None:
    """Return the bytes of the body; None where it tells its own end, by chunks or by closing.

    Raises `NotHttpError` where the head contradicts itself.
    """
    coding, length = head.headers.get("transfer-encoding"), head.headers.get("content-length")
    if head.status in _BODILESS:
        return 0
    if coding is not None:
        if coding.lower() != "chunked" or length is not None:
            raise NotHttpError
        return None
    if length is None:
        return None
    if "," in length:
        # Told twice alike is allowed, told twice differently is not.
        length, *others = {one.strip() for one in length.split(",")}
        if others:
            raise NotHttpError
    if not length.isdecimal() or not length.isascii() or len(length) > _LENGTH_DIGITS:
        raise NotHttpError
    return int(length)


def is_chunked(head: Head) -> bool:
    """Return whether the body comes in chunks; `body_length` has looked at the rest."""
    return "transfer-encoding" in head.headers
