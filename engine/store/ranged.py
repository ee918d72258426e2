"""One range of one object by one HTTP request: what http and S3 have in common.

Content is never trusted by its status alone: the range, the length, the whole size and the
identity that came back are compared with what was asked for and planned with.
"""

import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from engine.errors import (
    EngineError,
    NotFound,
    SourceChanged,
    SourceCorrupt,
    SourceDenied,
    SourceUnavailable,
)
from engine.net.client import HttpClient, Route
from engine.net.connection import Answer
from engine.store.protocol import ByteRange, ObjectInfo, Opened
from engine.store.together import together

Bytes = bytes | memoryview

MAX_WHOLE_BYTES = 4 << 20
"""The largest object taken whole from a server that does not know ranges."""

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")
_MODIFIED = "modified "
_PASSING = frozenset({408, 409, 425, 429})
"""Statuses below 500 that may be gone at the next try."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where one object is asked for, and how."""

    route: Route
    """May be signed: never part of a message."""
    refusal: Callable[[Answer], Exception]
    """Says which error an answer without content stands for: `refusal`, or more than it knows."""


async def open_object(client: HttpClient, target: Target, *, first: int) -> Opened:
    """Return the first ``first`` bytes, the size and the identity, by one request."""
    first = max(first, 1)

    def judge(answer: Answer) -> int | None:
        if answer.status == 200:
            return _whole_length(answer)
        if answer.status == 416:
            return None
        if answer.status != 206:
            raise target.refusal(answer)
        return _part_length(answer, lambda size: ByteRange(0, min(first, size)))

    answer = await client.get(
        target.route, judge, size=first, headers={"Range": f"bytes=0-{first - 1}"}
    )
    if answer.status == 416:
        # An object whose first byte does not exist has none.
        return Opened(info=ObjectInfo(size=0, identity=_identity(answer, 0)), start=b"")
    if answer.status == 200:
        size = len(answer.body)
    else:
        *_, size = _content_range(answer)
        _check_length(answer, min(first, size))
    start = bytes(answer.body[:first])
    return Opened(info=ObjectInfo(size=size, identity=_identity(answer, size)), start=start)


async def read_object(
    client: HttpClient, target: Target, wanted: ByteRange, *, info: ObjectInfo
) -> memoryview:
    """Return the bytes of ``wanted``, which holds at least one. Raises `SourceChanged` too."""

    def judge(answer: Answer) -> int:
        if answer.status in (412, 416):
            # 416 as well: of the object that was opened, the range exists.
            raise _changed(answer)
        if answer.status == 200:
            return _whole_length(answer)
        if answer.status != 206:
            raise target.refusal(answer)
        return _part_length(answer, lambda _: wanted, info=info)

    answer = await client.get(
        target.route,
        judge,
        size=wanted.size,
        headers={
            "Range": f"bytes={wanted.start}-{wanted.stop - 1}",
            **_conditions(info.identity),
        },
    )
    if answer.status == 200:
        if _identity(answer, len(answer.body)) != info.identity:
            raise _changed(answer)
        return answer.body[wanted.start : wanted.stop]
    _check_length(answer, wanted.size)
    return answer.body


async def read_each(
    ranges: Sequence[ByteRange], read_one: Callable[[ByteRange], Coroutine[Any, Any, Bytes]]
) -> list[Bytes]:
    """Return what ``read_one`` gives for each range, all at once; an empty one is not asked for."""
    if len(ranges) == 1 and ranges[0].size:
        return [await read_one(ranges[0])]

    async def read(wanted: ByteRange) -> Bytes:
        return await read_one(wanted) if wanted.size else b""

    return await together(read(wanted) for wanted in ranges)


def retry_after(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks to wait; None without a readable one."""
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max((moment - now).total_seconds(), 0.0)


def refusal(answer: Answer) -> EngineError:
    """Return the error that an answer without content stands for."""
    status, host = answer.status, answer.host
    if status in (404, 410):
        return NotFound(f"{host} has no such object")
    if status >= 500 or status in _PASSING:
        return SourceUnavailable(
            f"{host} answered with status {status}",
            retry_after=retry_after(answer.headers, now=datetime.now(UTC)),
        )
    if status in (401, 403):
        return SourceDenied(f"{host} refuses access to the object (status {status})")
    if status >= 400:
        return SourceDenied(f"{host} refuses the request (status {status})")
    return SourceCorrupt(f"{host} answered with status {status} instead of content")


def _part_length(
    answer: Answer, wanted: Callable[[int], ByteRange], *, info: ObjectInfo | None = None
) -> int:
    """Return the bytes that the body of a part must have, once its head proves to be the right one.

    ``wanted`` tells the range from the whole size; ``info`` what the object must still be.
    """
    _check_content(answer)
    start, stop, size = _content_range(answer)
    if info is not None and (size != info.size or _identity(answer, size) != info.identity):
        raise _changed(answer)
    expected = wanted(size)
    if (start, stop) != (expected.start, expected.stop):
        message = (
            f"{answer.host} sent bytes {start} to {stop} "
            f"instead of {expected.start} to {expected.stop}"
        )
        raise SourceCorrupt(message)
    return expected.size


def _check_content(answer: Answer) -> None:
    """Return if ``answer`` holds an object as it is stored. Raises `SourceCorrupt` else."""
    encoding = answer.headers.get("content-encoding", "identity").lower()
    if encoding not in ("identity", ""):
        message = f"{answer.host} sent the content encoded although that was not accepted"
        raise SourceCorrupt(message)
    if answer.headers.get("content-type", "").lower().startswith("text/html"):
        message = f"{answer.host} sent a web page instead of an image"
        raise SourceCorrupt(message)


def _content_range(answer: Answer) -> tuple[int, int, int]:
    """Return start, stop (half-open) and whole size, as the answer claims them."""
    found = _CONTENT_RANGE.fullmatch(answer.headers.get("content-range", ""))
    if found is None:
        message = f"{answer.host} sent a part without saying which one of how many bytes"
        raise SourceCorrupt(message)
    return int(found[1]), int(found[2]) + 1, int(found[3])


def _check_length(answer: Answer, size: int) -> None:
    """Return if the whole part came. Raises `SourceUnavailable` else: more of it cannot come."""
    if len(answer.body) != size:
        message = f"{answer.host} closed the connection after {len(answer.body)} of {size} bytes"
        raise SourceUnavailable(message)


def _whole_length(answer: Answer) -> int:
    """Return the length of a body that is all instead of a part, if that is not too much."""
    _check_content(answer)
    length = answer.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > MAX_WHOLE_BYTES:
        message = (
            f"{answer.host} does not serve byte ranges; without them, only objects of a known "
            f"size up to {MAX_WHOLE_BYTES} bytes are read"
        )
        raise SourceUnavailable(message)
    return int(length)


def _identity(answer: Answer, size: int) -> str:
    """Return the strongest thing said about which version the content is of.

    A strong ETag alone (RFC 9110 §8.8.3); else the time of modification, a weak ETag or nothing,
    each with the size.
    """
    etag = answer.headers.get("etag", "")
    if etag.startswith('"') and etag.endswith('"') and len(etag) > 2:
        return etag
    modified = answer.headers.get("last-modified")
    if modified is not None:
        return f"{_MODIFIED}{modified}; {size}"
    return f"{etag}; {size}"


def _conditions(identity: str) -> Mapping[str, str]:
    """Return the headers by which a server refuses what has changed (RFC 9110 §13.1)."""
    if identity.startswith('"'):
        return {"If-Match": identity}
    if identity.startswith(_MODIFIED):
        date, _, _ = identity.removeprefix(_MODIFIED).rpartition("; ")
        return {"If-Unmodified-Since": date}
    return {}


def _changed(answer: Answer) -> SourceChanged:
    return SourceChanged(f"the object at {answer.host} is not the one that was opened")
