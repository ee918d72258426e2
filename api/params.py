"""What several protocols read from a request: CRS names, instants, accepted media types."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from engine.errors import RequestError, UnsupportedCrs
from engine.geo.crs import Crs, parse_crs
from engine.geo.time import TimeRange

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"

_CRS_NAME = re.compile(
    r"""(?:https?://www\.opengis\.net/def/crs/|urn:ogc:def:crs:)?
        (?:EPSG(?:/[0-9.]+/|:[0-9.]*:|:)(?P<code>\d{1,6})
          |(?:OGC(?:/[0-9.]+/|:[0-9.]*:|:))?(?P<crs84>CRS84))/?""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)

_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?(Z|[+-]\d\d:?\d\d)",
    re.IGNORECASE | re.ASCII,
)

TICK = timedelta(microseconds=1)
"""The shortest time that an instant can tell: an inclusive end is an exclusive one, a tick on."""


@contextmanager
def at(where: str) -> Iterator[None]:
    """Say of `RequestError`s raised inside, where they do not, which place they are about."""
    try:
        yield
    except RequestError as error:
        error.where = error.where or where
        raise


def crs_of(name: str) -> Crs:
    """Return the CRS of an OGC URI or URN, ``EPSG:N`` or ``CRS84``; x is always first.

    Other spellings that PROJ reads (definitions, WKT) are refused, since some of them open files.
    Raises `UnsupportedCrs`.
    """
    match = _CRS_NAME.fullmatch(name.strip())
    if match is None:
        message = (
            f"unknown CRS {name[:80]!r}; allowed: {CRS84} or "
            "http://www.opengis.net/def/crs/EPSG/0/<code> with any EPSG code"
        )
        raise UnsupportedCrs(message)
    return parse_crs("OGC:CRS84" if match["crs84"] else f"EPSG:{int(match['code'])}")


def parse_instant(text: str) -> datetime:
    """Return the instant of an ISO 8601 date and time with zone, in UTC.

    Raises ValueError for a bare date, a time without zone, or one that no calendar has.
    """
    if not _INSTANT.fullmatch(text):
        message = (
            f"{text[:40]!r} is not an ISO 8601 date and time with zone, like 2024-06-30T23:59:59Z"
        )
        raise ValueError(message)
    try:
        return datetime.fromisoformat(text.upper().replace(",", ".")).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        message = f"{text[:40]!r} is not an instant that the calendar has"
        raise ValueError(message) from error


def time_range(start: datetime | None, last: datetime | None) -> TimeRange:
    """Return the half-open range from ``start`` to ``last``, both inclusive; None is open.

    Raises `RequestError` where it ends before it starts.
    """
    if start is not None and last is not None and start > last:
        message = f"the time range ends before it starts: {iso(start)} is after {iso(last)}"
        raise RequestError(message)
    is_endless = last is None or last > datetime.max.replace(tzinfo=UTC) - TICK
    return TimeRange(start=start, stop=None if is_endless or last is None else last + TICK)


def iso(instant: datetime) -> str:
    """Return an instant in UTC as ISO 8601 with ``Z``."""
    return instant.isoformat().replace("+00:00", "Z")


def accepted(header: str | None) -> tuple[str, ...]:
    """Return the media types of an Accept header, lower case, the most wanted first.

    Types with ``q=0`` are left out; an unreadable quality counts as 1.
    """
    weighed = []
    for part in (header or "").split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            if match := re.fullmatch(r"q\s*=\s*([01](?:\.\d{0,3})?)", parameter):
                quality = float(match[1])
        if name and quality > 0:
            weighed.append((quality, name))
    return tuple(name for _, name in sorted(weighed, key=lambda pair: -pair[0]))
