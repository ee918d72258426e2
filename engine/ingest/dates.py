"""Dates in names."""

import re
from datetime import UTC, datetime

_DATE = re.compile(
    r"(?<!\d)(19[7-9]\d|20\d\d)([-_./]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)"
    r"(?:[Tt_]([01]\d|2[0-3])[:-]?([0-5]\d)[:-]?([0-5]\d)(?!\d))?"
)


def find_date(text: str) -> tuple[datetime, tuple[int, int]] | None:
    """Return the first date in ``text``, with its time of day where one follows, and its place.

    Understood are ``2024-05-01``, ``2024_05_01``, ``2024/05/01`` and ``20240501``, with
    ``T101530`` or ``_101530`` behind. A day that does not exist is passed over. Times are UTC.
    """
    for match in _DATE.finditer(text):
        year, _, month, day, *clock = match.groups(default="0")
        try:
            instant = datetime(*map(int, (year, month, day, *clock)), tzinfo=UTC)  # type: ignore[misc,arg-type]  # six integers
        except ValueError:
            continue
        return instant, match.span()
    return None


def parse_stamp(text: str) -> datetime | None:
    """Return the instant of a product name's ``YYYYMMDD`` or ``YYYYDDD``, with ``HHMMSS`` or not.

    None where there is no such day or time.
    """
    digits = "".join(letter for letter in text if letter.isdigit())
    form = {7: "%Y%j", 8: "%Y%m%d", 13: "%Y%j%H%M%S", 14: "%Y%m%d%H%M%S"}.get(len(digits))
    if form is None:
        return None
    try:
        instant = datetime.strptime(digits, form).replace(tzinfo=UTC)
    except ValueError:
        return None
    # Python counts the 366th day of a common year into the next one.
    return instant if instant.year == int(digits[:4]) else None


def parse_date(text: str) -> datetime:
    """Return the instant of an ISO 8601 date or date and time; UTC where no zone is given.

    Raises ValueError.
    """
    instant = datetime.fromisoformat(text.strip())
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
