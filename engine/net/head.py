"""The head of an HTTP/1.1 answer, and where its body ends (RFC 9112 §4, §5, §6.3).

Strict where two readers could disagree about what an answer says: bare line ends, folded lines,
lengths that differ and codings that are not known make it no HTTP at all.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

MAX_HEAD_BYTES = 64 << 10
"""The longest head that is read."""

_STATUS_LINE = re.compile(r"HTTP/1\.([01]) ([1-9][0-9]{2})(?: .*)?")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LENGTH = re.compile(r"[0-9]{1,18}")
_BODILESS = (204, 304)


class NotHttpError(Exception):
    """What came is no answer that may be trusted to end where it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
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
    if found is None or "\0" in text or not text.count("\r") == text.count("\n") == len(lines):
        raise NotHttpError
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or _NAME.fullmatch(name) is None:
            raise NotHttpError
        key, value = name.lower(), value.strip(" \t")
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    version, status = found.groups()
    options = headers.get("connection", "keep-alive" if version == "1" else "close").lower()
    return Head(
        status=int(status), headers=headers, keeps_open="close" not in options and version == "1"
    )


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
    # Told twice alike is allowed, told twice differently is not.
    lengths = {one.strip() for one in length.split(",")}
    if len(lengths) > 1 or _LENGTH.fullmatch(length := lengths.pop()) is None:
        raise NotHttpError
    return int(length)


def is_chunked(head: Head) -> bool:
    """Return whether the body comes in chunks; `body_length` has looked at the rest."""
    return "transfer-encoding" in head.headers
