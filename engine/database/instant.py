"""Aware datetimes ↔ the whole microseconds since 1970 that the tables hold."""

from datetime import UTC, datetime, timedelta

from engine.geo.time import as_utc

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(instant: datetime) -> int:
    """Return the microseconds from 1970 to ``instant``, exactly."""
    return (as_utc(instant) - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Return the aware UTC instant that `to_micros` made ``micros`` of."""
    return _EPOCH + micros * _MICROSECOND
