"""`TimeRange`: half-open, aware, UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRange:
    """Instants with ``start <= t < stop``; None leaves that end open."""

    start: datetime | None
    """First instant, aware, UTC; None: since ever."""
    stop: datetime | None
    """First instant that is outside, aware, UTC; None: for ever."""

    def contains(self, instant: datetime) -> bool:
        """Return True where ``instant`` (aware) lies inside."""
        if self.start is not None and instant < self.start:
            return False
        return self.stop is None or instant < self.stop


ALL_TIME = TimeRange(start=None, stop=None)
"""Every instant."""


def as_utc(instant: datetime) -> datetime:
    """Return ``instant`` in UTC; a naive one is taken as UTC already."""
    if instant.tzinfo is None:
        return instant.replace(tzinfo=UTC)
    return instant.astimezone(UTC)
