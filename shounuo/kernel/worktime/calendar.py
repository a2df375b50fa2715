"""Arithmetic on working time: when so much of it has passed, how much lies between, when the doors are open.

Takes aware datetimes, gives UTC datetimes, exact to the microsecond. Nothing here reads the clock or the
database.

Three ways of counting, all of which never let a later start end earlier:

- **Working seconds** (`add`, `between`): only opening hours count. `add` gives the first moment at which
  enough has passed: time that runs out as the doors close ends then, not at the next opening.
- **Business days** (`add_business_days`): from a moment inside opening hours, the same wall time n working
  days later; from any other moment, counted from the next opening. A day with hours is a working day. If
  the wall time lies outside the last day's hours it is moved into them: before they open -> the opening, in
  a break -> the end of the interval before it, after closing -> the closing. In a night (22:00-06:00) all
  hours are those of the day it began on.
- **Days and months** (`add_days`, `add_months`): the wall calendar, opening hours play no part; the 31st
  plus a month is the last day of a shorter month.
"""

from __future__ import annotations

import calendar as gregorian
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from threading import Lock

from django.utils.translation import gettext as _

from shounuo.kernel.durations import Span
from shounuo.kernel.errors import Problem
from shounuo.kernel.reach import FIRST_COUNTED, LAST_COUNTED
from shounuo.kernel.worktime.spec import CalendarSpec, Day
from shounuo.kernel.worktime.table import Table, build, extend
from shounuo.kernel.worktime.zones import (
    SECOND,
    day_at,
    edge,
    from_us,
    midnight,
    reading_of,
    to_us,
    wall,
)

HORIZON_YEARS = 100
"""No count goes on for longer than this."""

Pause = tuple[datetime, datetime]
"""A span that does not count, from (counted until) and to (counted again from)."""


class NoWorkingTime(Problem):
    """The calendar has no opening hours from here on, so the count would never end."""

    code = "no_working_time"
    status = 422


class BeyondHorizon(Problem):
    """The count runs further than `HORIZON_YEARS`, or out of the years that are kept."""

    code = "beyond_horizon"
    status = 422


class CompiledCalendar:
    """A calendar written out for some years; questions outside of them write out more as they come.

    Safe to share between threads: the table is never changed, only replaced by a longer one.
    """

    def __init__(self, spec: CalendarSpec, from_year: int, to_year: int) -> None:
        self.spec = spec
        self.zone = spec.zone
        self._lock = Lock()
        self._table = build(spec, _year(from_year), max(_year(from_year), _year(to_year)))

    def __repr__(self) -> str:
        return f"<CompiledCalendar {self.spec.code or self.zone.key} {self._table.first}-{self._table.last}>"

    # working seconds

    def add(self, start: datetime, seconds: int | timedelta, *, paused: Iterable[Pause] = ()) -> datetime:
        """The first moment at which so much working time has passed since `start`; time in `paused` does
        not count.

        Zero seconds end at `start`. Raises `NoWorkingTime` and `BeyondHorizon`.
        """
        begin = to_us(start)
        length = micros(seconds)
        if length == 0:
            return from_us(begin)
        for low, high in merged(paused, begin):
            if self._add(begin, length) <= low:
                break
            # the time that ran before the pause is used up, the rest runs from its end on
            length -= self.micros_worked(begin, low)
            begin = high
        return from_us(self._add(begin, length))

    def worked(self, start: datetime, end: datetime, *, paused: Iterable[Pause] = ()) -> timedelta:
        """Working time between two moments, exact; negative when the end comes first; without the pauses."""
        low, high = to_us(start), to_us(end)
        total = self.micros_worked(low, high)
        for from_, to in merged(paused, low):
            if from_ < high:
                total -= self.micros_worked(from_, min(to, high))
        return timedelta(microseconds=total)

    def between(self, start: datetime, end: datetime, *, paused: Iterable[Pause] = ()) -> int:
        """`worked` in whole seconds, rounded towards zero."""
        us = self.worked(start, end, paused=paused) // timedelta(microseconds=1)
        return us // SECOND if us >= 0 else -(-us // SECOND)

    def is_open(self, moment: datetime) -> bool:
        """True inside opening hours; the closing moment itself is outside."""
        us = to_us(moment)
        return self._cover(us).at(us) is not None

    def next_open(self, moment: datetime) -> datetime:
        """This moment when it is open, else the next opening. Raises `NoWorkingTime`."""
        table, i, us = self._opening(to_us(moment))
        return from_us(max(us, table.starts[i]))

    # business days and the wall calendar

    def add_business_days(self, start: datetime, days: int) -> datetime:
        """The same wall time `days` working days later (see the module); 0: `start` or the next opening."""
        if days < 0:
            raise ValueError("business days are counted forward")
        table, i, begin = self._opening(to_us(start))
        begin = max(begin, table.starts[i])
        if days == 0:
            return from_us(begin)
        owner = table.owners[i]
        passed = wall(self.zone, begin) - reading_of(date.fromordinal(owner))
        while (index := table.day_index(owner) + days) >= len(table.days):
            table = self._grow(table, begin)
        return from_us(self._placed(table, index, passed))

    def add_days(self, start: datetime, days: int) -> datetime:
        """The same wall time so many calendar days later, whatever the hours."""
        begin = to_us(start)
        return from_us(self._wall_add(begin, days=days))

    def add_months(self, start: datetime, months: int) -> datetime:
        """The same day and wall time so many months later, or the last day of a month too short for it."""
        begin = to_us(start)
        return from_us(self._wall_add(begin, months=months))

    def add_span(
        self,
        start: datetime,
        span: Span,
        *,
        paused: Iterable[Pause] = (),
        business: CompiledCalendar | None = None,
    ) -> datetime:
        """When a span from `start` ends: months, days, business days, seconds, business seconds, in this
        order.

        Business parts run on `business` where one is given (a rule on the `always` calendar that says
        P3BD), else here. Each pause moves the end as `postpone` does. Raises `NoWorkingTime` and
        `BeyondHorizon`.
        """
        other = business or self
        end = start
        if span.months:
            end = self.add_months(end, span.months)
        if span.days:
            end = self.add_days(end, span.days)
        if span.business_days:
            end = other.add_business_days(end, span.business_days)
        end = self.add(end, span.seconds)
        end = other.add(end, span.business_seconds)
        for low, high in merged(paused, to_us(start)):
            if to_us(end) <= low:
                break
            end = self.postpone(end, from_us(low), from_us(high), span, business=business)
        return end

    def postpone(
        self,
        due: datetime,
        paused_at: datetime,
        resumed_at: datetime,
        span: Span,
        *,
        business: CompiledCalendar | None = None,
    ) -> datetime:
        """Where a due moment moves when its clock stood still between two moments.

        The time that was left at `paused_at` runs again from `resumed_at`: working time for a span that
        counts hours or business days, plain time for one of days and months. A due moment before the pause
        stays.
        """
        if due <= paused_at or resumed_at <= paused_at:
            return from_us(to_us(due))
        if span.is_natural:
            return from_us(to_us(due) + to_us(resumed_at) - to_us(paused_at))
        counting = (business or self) if span.needs_business else self
        return counting.add(resumed_at, counting.worked(paused_at, due))

    # days

    def day(self, day: date) -> Day:
        """The date as this calendar sees it: kind, hours, name, whether it is still provisional."""
        return self.spec.day(day)

    def date_of(self, moment: datetime) -> date:
        """The date in the calendar's zone."""
        return day_at(self.zone, to_us(moment))

    def day_bounds(self, day: date) -> tuple[datetime, datetime]:
        """From the first moment of the day in the zone to the first moment of the next."""
        return from_us(midnight(self.zone, day)), from_us(midnight(self.zone, day + timedelta(days=1)))

    # the table

    def openings(self, start: int, end: int) -> list[tuple[int, int, int]]:
        """For the ledger: (from, to, owner) of each interval in [start, end), cut to it, in microseconds."""
        table = self._cover(start, end)
        i = max(bisect_right(table.starts, start) - 1, 0)
        found = []
        while i < len(table.starts) and table.starts[i] < end:
            if table.ends[i] > start:
                found.append((max(table.starts[i], start), min(table.ends[i], end), table.owners[i]))
            i += 1
        return found

    def counted_from(self, us: int) -> date:
        """For the ledger: the working day on which a count of business days from this moment begins."""
        table, i, _moment = self._opening(us)
        return date.fromordinal(table.owners[i])

    def working_day(self, day: date) -> tuple[int, int] | None:
        """For the ledger: (number among the working days, closing moment) of a day with hours, else None.

        The number is good for differences only, and only until the next question.
        """
        table = self._cover(midnight(self.zone, day))
        index = table.day_index(day.toordinal())
        if index == len(table.days) or table.days[index] != day.toordinal():
            return None
        return index, table.ends[table.intervals_of(index)[-1]]

    def micros_worked(self, start: int, end: int) -> int:
        """`worked` between two moments in microseconds."""
        table = self._cover(start, end)
        return table.worked(end) - table.worked(start)

    def _add(self, begin: int, length: int) -> int:
        if length <= 0:
            return begin
        table = self._cover(begin)
        while True:
            end = table.reach(table.worked(begin) + length)
            if end is not None:
                return end
            table = self._grow(table, begin)

    def _opening(self, us: int) -> tuple[Table, int, int]:
        """The table, the interval open at this moment or else the next one, and the moment."""
        table = self._cover(us)
        while True:
            i = table.at(us)
            if i is None:
                i = table.following(us)
            if i is not None:
                return table, i, us
            table = self._grow(table, us)

    def _placed(self, table: Table, index: int, passed: timedelta) -> int:
        """The wall time `passed` after midnight of a working day, moved into its hours."""
        span = table.intervals_of(index)
        moment = edge(self.zone, reading_of(date.fromordinal(table.days[index])) + passed)
        best = table.starts[span[0]]
        for i in span:
            if moment < table.starts[i]:
                break
            best = min(moment, table.ends[i])
        return best

    def _wall_add(self, begin: int, *, days: int = 0, months: int = 0) -> int:
        reading = wall(self.zone, begin)
        if not days and not months:
            return begin
        if abs(days) > HORIZON_YEARS * 366 or abs(months) > HORIZON_YEARS * 12:
            raise _too_far()
        year, month = divmod(reading.year * 12 + reading.month - 1 + months, 12)
        day = min(reading.day, gregorian.monthrange(_year(year), month + 1)[1])
        target = reading.replace(year=year, month=month + 1, day=day) + timedelta(days=days)
        _year(target.year)
        return edge(self.zone, target)

    def _cover(self, *moments: int) -> Table:
        """The table, after writing out the years of these moments."""
        table = self._table
        low, high = min(moments), max(moments)
        if table.low <= low and high <= table.high:
            return table
        first, last = _year(from_us(low).year - 1), _year(from_us(high).year + 1)
        with self._lock:
            table = self._table
            if low < table.low:
                table = build(self.spec, min(first, table.first), max(last, table.last))
            elif high > table.high:
                table = extend(table, self.spec, max(last, table.last))
            self._table = table
        return table

    def _grow(self, table: Table, begin: int) -> Table:
        """A longer table, for a count from `begin` that ran off the end; bounded, or a named error."""
        spec = self.spec
        latest = max((day.year for day in spec.days if spec.hours_on(day)), default=0)
        if not spec.has_weekly_hours and table.last >= latest:
            raise NoWorkingTime(
                _("日历%(code)s没有工作时间，无法计时") % {"code": f"“{spec.code}”" if spec.code else ""}
            )
        start = from_us(begin).year
        if table.last >= min(start + HORIZON_YEARS, LAST_COUNTED):
            raise _too_far()
        last = min(table.last + max(1, (table.last - table.first) // 2), start + HORIZON_YEARS, LAST_COUNTED)
        with self._lock:
            if self._table.last < last:
                self._table = extend(self._table, spec, last)
            return self._table


def compile(spec: CalendarSpec, from_year: int, to_year: int) -> CompiledCalendar:
    """A calendar ready for arithmetic, written out for these years (a few ms a year)."""
    return CompiledCalendar(spec, from_year, to_year)


def micros(length: int | timedelta) -> int:
    """A length in microseconds; raises ValueError when it is negative."""
    us = length * SECOND if isinstance(length, int) else length // timedelta(microseconds=1)
    if us < 0:
        raise ValueError("working time is added forward")
    return us


def merged(spans: Iterable[Pause], begin: int) -> Sequence[tuple[int, int]]:
    """Pauses in microseconds: in order, joined where they touch, cut off before `begin`, none empty."""
    found: list[tuple[int, int]] = []
    for low, high in sorted((max(to_us(low), begin), to_us(high)) for low, high in spans):
        if high <= low:
            continue
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return found


def _year(year: int) -> int:
    if not FIRST_COUNTED <= year <= LAST_COUNTED:
        raise _too_far()
    return year


def _too_far() -> BeyondHorizon:
    return BeyondHorizon(_("时间超出可计算的范围（%(years)d 年）") % {"years": HORIZON_YEARS})
