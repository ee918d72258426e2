"""Dates: their milliseconds, and the calendar in UTC.

A scene's texts (`DateText`) are facts of the request; what a script makes of them is arithmetic on
their milliseconds, once for all lanes. The calendar is the one of the standard's section "Time
Values and Time Range" (proleptic Gregorian), by days counted from 1 March of the year 0.
"""

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from evalscripts.native.lower.arrays import argument
from evalscripts.native.lower.coercion import to_number
from evalscripts.native.lower.machine import Machine
from evalscripts.native.lower.natives import Method, Table
from evalscripts.native.lower.values import (
    NAN,
    DateText,
    Declined,
    Js,
    Moment,
    Num,
    is_number,
)

DAY = 86_400_000.0
_MOST = 8.64e15
_ISO = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:\d\d)?)?"
)
_SLASHED = re.compile(r"(\d{4})[-/](\d\d?)[-/](\d\d?)")


def milliseconds_of(text: str) -> float | None:
    """Return Date.parse(text) where the text is of a form that the standard defines, else None."""
    found = _ISO.fullmatch(text) or _SLASHED.fullmatch(text)
    if found is None:
        return None
    parts = (*found.groups(), None, None, None, None, None)
    year, month, day, hour, minute, second = (
        int(p or d) for p, d in zip(parts, _FIRST, strict=False)
    )
    thousandths = int(((parts[6] or "") + "000")[:3])
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    zone = parts[7]
    if zone not in (None, "Z"):
        sign = -1 if zone[0] == "-" else 1
        moment -= sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return float(since // timedelta(milliseconds=1) + thousandths)


_FIRST = ("1970", "1", "1", "0", "0", "0")


def moment_of(machine: Machine, value: Js) -> Moment:
    """Return ``new Date(value)``."""
    if type(value) is Moment:
        return value
    if type(value) is DateText:
        return Moment(machine.fact(value.input, value.name, value.index))
    if type(value) is str:
        found = milliseconds_of(value)
        if found is None:
            raise Declined(f'the date "{value}"', machine.here)
        return Moment(found)
    if not is_number(value) and value is not None:
        raise Declined("a date of what is neither a text nor a number", machine.here)
    return Moment(_clipped(machine, to_number(machine, value)))


def _clipped(machine: Machine, value: Num) -> Num:
    build = machine.builder
    whole = build.number("add", build.number("trunc", value), 0.0)
    inside = build.compare("le", build.number("abs", value), _MOST)
    return build.choose(inside, whole, NAN)


def _make(machine: Machine, given: list[Js]) -> Js:
    if not given:
        raise Declined("the current time", machine.here)
    if len(given) == 1:
        return moment_of(machine, given[0])
    return Moment(_clipped(machine, _composed(machine, given)))


def _composed(machine: Machine, given: list[Js]) -> Num:
    """Return the milliseconds of a year, a month and so on."""
    defaults = (NAN, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0)
    parts = [
        machine.builder.number("trunc", to_number(machine, given[i])) if i < len(given) else default
        for i, default in enumerate(defaults)
    ]
    if not all(type(part) is float and math.isfinite(part) for part in parts):
        raise Declined("a date made of what depends on the pixel", machine.here)
    year, month, day, *time = (int(part) for part in parts)  # type: ignore[arg-type]
    if 0 <= year <= 99:
        year += 1900
    year, month = year + month // 12, month % 12
    if not 1 <= year <= 9999:
        raise Declined("a date far away", machine.here)
    days = (datetime(year, month + 1, 1, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days
    hours, minutes, seconds, rest = time
    seconds += 60 * (minutes + 60 * (hours + 24 * (days + day - 1)))
    return float(seconds * 1000 + rest)


# ---- the calendar ----------------------------------------------------------------------------


class _Calendar:
    """Parts of a moment; floor divisions of whole numbers far below 2⁵³ are exact in doubles."""

    def __init__(self, machine: Machine, milliseconds: Num) -> None:
        self.build = machine.builder
        self.milliseconds = milliseconds

    def plus(self, x: Num, y: Num) -> Num:
        return self.build.number("add", x, y)

    def minus(self, x: Num, y: Num) -> Num:
        return self.build.number("sub", x, y)

    def times(self, x: Num, y: float) -> Num:
        return self.build.number("mul", x, y)

    def over(self, x: Num, y: float) -> Num:
        return self.build.number("floor", self.build.number("div", x, y))

    def modulo(self, x: Num, y: float) -> Num:
        return self.minus(x, self.times(self.over(x, y), y))

    def days(self) -> Num:
        """Return the whole days since 1970."""
        return self.over(self.milliseconds, DAY)

    def weekday(self) -> Num:
        return self.modulo(self.plus(self.days(), 4.0), 7.0)

    def of_day(self, unit: float, count: float) -> Num:
        """Return hours, minutes, seconds or milliseconds."""
        return self.modulo(self.over(self.milliseconds, unit), count)

    def date(self) -> tuple[Num, Num, Num]:
        """Return year, month from 0, and day."""
        shifted = self.plus(self.days(), 719468.0)
        era = self.over(shifted, 146097.0)
        of_era = self.minus(shifted, self.times(era, 146097.0))
        leap = self.minus(self.over(of_era, 36524.0), self.over(of_era, 1460.0))
        leap = self.minus(leap, self.over(of_era, 146096.0))
        year_of_era = self.over(self.plus(of_era, leap), 365.0)
        before = self.plus(self.times(year_of_era, 365.0), self.over(year_of_era, 4.0))
        before = self.minus(before, self.over(year_of_era, 100.0))
        of_year = self.minus(of_era, before)
        month = self.over(self.plus(self.times(of_year, 5.0), 2.0), 153.0)
        start = self.over(self.plus(self.times(month, 153.0), 2.0), 5.0)
        day = self.plus(self.minus(of_year, start), 1.0)
        late = self.build.compare("ge", month, 10.0)
        year = self.plus(self.plus(year_of_era, self.times(era, 400.0)), self.build.as_number(late))
        return year, self.build.choose(late, self.minus(month, 10.0), self.plus(month, 2.0)), day


def _part(read: Callable[[_Calendar], Num]) -> Method:
    def method(machine: Machine, moment: Moment, _: list[Js]) -> Js:
        return read(_Calendar(machine, moment.milliseconds))

    return method


_PARTS: dict[str, Callable[[_Calendar], Num]] = {
    "FullYear": lambda c: c.date()[0],
    "Month": lambda c: c.date()[1],
    "Date": lambda c: c.date()[2],
    "Day": _Calendar.weekday,
    "Hours": lambda c: c.of_day(3_600_000.0, 24.0),
    "Minutes": lambda c: c.of_day(60_000.0, 60.0),
    "Seconds": lambda c: c.of_day(1000.0, 60.0),
    "Milliseconds": lambda c: c.modulo(c.milliseconds, 1000.0),
}


def _utc(machine: Machine, given: list[Js]) -> Js:
    return _clipped(machine, _composed(machine, given))


def _parse(machine: Machine, given: list[Js]) -> Js:
    return moment_of(machine, argument(given, 0)).milliseconds


DATES = Table(
    functions={"Date.UTC": _utc, "Date.parse": _parse},
    classes={"Date": _make},
    methods={
        **{(Moment, f"get{name}"): _part(read) for name, read in _PARTS.items()},
        **{(Moment, f"getUTC{name}"): _part(read) for name, read in _PARTS.items()},
        (Moment, "getTime"): lambda _machine, moment, _given: moment.milliseconds,
        (Moment, "valueOf"): lambda _machine, moment, _given: moment.milliseconds,
    },
)
