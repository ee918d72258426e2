"""Bodies: read within bounds of size, time and depth, and parsed.

The size is bounded before a byte is read, by `api.guard`; here are time, content type and depth.
"""

import asyncio
import json
import re
from typing import Any

import numpy as np
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from api.errors import BadBody, BodyTooSlow, ClientGone, WrongMediaType

JSON = "application/json"
MULTIPART = "multipart/form-data"
FORM = "application/x-www-form-urlencoded"

MAX_VALUES = 500_000
"""Most members of objects and lists in a request; more would keep all others waiting for seconds.
The most complex geometry that is allowed has 200,000."""

_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
"""Strings, the last of them unfinished or not: each byte is looked at once."""


def content_type(request: Request) -> str:
    """Return the body's media type in lower case, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_body(request: Request) -> bytes:
    """Return the whole body.

    Raises `BodyTooSlow` where it takes longer than a request may, `ClientGone` where it stops.
    """
    try:
        async with asyncio.timeout(request.app.state.settings.request_seconds):
            return await request.body()
    except TimeoutError as error:
        message = "the body of the request did not arrive in time"
        raise BodyTooSlow(message) from error
    except ClientDisconnect as error:
        message = "the client closed the connection before its body was read"
        raise ClientGone(message) from error


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form, urlencoded or multipart, as text; the last of a name wins.

    Raises `WrongMediaType` for another content type, `BadBody` for a broken form.
    """
    if content_type(request) not in (FORM, MULTIPART):
        raise wrong_type(request, (FORM, MULTIPART))
    raw = await read_body(request)
    try:
        form = await request.form(max_files=8, max_fields=64, max_part_size=len(raw))
        return {name: await _text(value) for name, value in form.items()}
    except (HTTPException, UnicodeDecodeError) as error:
        message = "the form in the body cannot be read"
        raise BadBody(message) from error


async def _text(value: UploadFile | str) -> str:
    if isinstance(value, str):
        return value
    return (await value.read()).decode("utf-8")


def wrong_type(request: Request, allowed: tuple[str, ...]) -> WrongMediaType:
    """Return the error that says which content types are read."""
    found = request.headers.get("content-type", "")[:80] or "none"
    return WrongMediaType(f"content type {found!r} is not read here; send {' or '.join(allowed)}")


def parse_json(raw: bytes | str, *, max_depth: int) -> Any:
    """Return the value of a JSON text; NaN and Infinity pass, for a schema to refuse by name.

    Raises `BadBody` where it is empty, broken, not UTF-8, nested deeper than ``max_depth`` or
    of more than `MAX_VALUES` members.
    """
    data = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
    if not data.strip():
        message = "the request body should be non-empty"
        raise BadBody(message)
    depth, count = json_extent(data)
    if depth > max_depth:
        message = f"the request is nested {depth} levels deep; at most {max_depth} are allowed"
        raise BadBody(message)
    if count > MAX_VALUES:
        message = f"the request holds {count} values; at most {MAX_VALUES} are allowed"
        raise BadBody(message)
    try:
        return json.loads(data.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        message = f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        raise BadBody(message) from error
    except ValueError as error:
        message = "not JSON: the text is not UTF-8, or holds a number of thousands of digits"
        raise BadBody(message) from error


def json_extent(data: bytes) -> tuple[int, int]:
    """Return the deepest nesting of braces and brackets, and how many values commas part.

    Both outside of strings, without parsing.
    """
    marks = np.frombuffer(_STRINGS.sub(b"", data), dtype=np.uint8)
    opened = (marks == ord("{")) | (marks == ord("["))
    closed = (marks == ord("}")) | (marks == ord("]"))
    steps = opened.astype(np.int32) - closed.astype(np.int32)
    depth = int(np.cumsum(steps, dtype=np.int32).max(initial=0))
    return depth, 1 + int(np.count_nonzero(marks == ord(",")))
