"""The periods of a cadence: stretches of time that follow one another without a gap. Pure.

Days, weeks (from Monday), months and what divides a year (quarters, half years) lie as on the wall calendar of the
organisation's zone. Any other length is counted from the day on which its rule began.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shounuo.commitments.timing import Hours
from shounuo.kernel.durations import Span
from shounuo.kernel.worktime import BeyondHorizon, NoWorkingTime

MONDAY = date(2024, 1, 1)


@dataclass(frozen=True, slots=True)
class Period:
    """From `start`, which belongs to it, to `end`, which is the next one's. `name` is its beginning in local time."""

    start: datetime
    end: datetime
    name: str


class Periods:
    """The periods of one length. `anchor`: a moment of the day from which those that no wall calendar knows are counted."""

    def __init__(self, every: Span, *, zone: ZoneInfo, anchor: datetime, hours: Hours) -> None:
        if every.is_zero:
            raise ValueError("a period has a length")
        self.every = every
        self.zone = zone
        self.hours = hours
        self.first = anchor.astimezone(zone).date()

    def at(self, moment: datetime) -> Period:
        """The period in which a moment lies."""
        every, day = self.every, moment.astimezone(self.zone).date()
        if every.months and every == Span(months=every.months):
            return self._of_months(day)
        if every.days and every == Span(days=every.days):
            first = MONDAY if every.days == 7 else self.first
            number = (day - first).days // every.days
            start = first + timedelta(days=number * every.days)
            return self._period(self._midnight(start), self._midnight(start + timedelta(days=every.days)))
        if every == Span(seconds=every.seconds):
            begin, length = self._midnight(self.first), timedelta(seconds=every.seconds)
            start = begin + (moment - begin) // length * length
            return self._period(start, start + length)
        start = self._midnight(self.first)
        if moment < start:  # before the first: one that ends with its beginning
            return self._period(moment, start)
        while (end := self.hours.add(start, every)) <= moment:
            start = end
        return self._period(start, end)

    def between(self, start: datetime, end: datetime) -> Iterator[Period]:
        """The periods in order, from the one in which `start` lies to the one in which `end` lies."""
        period = self.at(start)
        yield period
        while period.end <= end:
            period = self.at(period.end)
            yield period

    def _of_months(self, day: date) -> Period:
        months = self.every.months
        if 12 % months == 0:
            number = (day.year * 12 + day.month - 1) // months
            return self._period(
                self._midnight(_month(number * months)), self._midnight(_month((number + 1) * months))
            )
        number = (day.year * 12 + day.month - self.first.year * 12 - self.first.month) // months
        if self._nth(number) > day:
            number -= 1
        return self._period(self._midnight(self._nth(number)), self._midnight(self._nth(number + 1)))

    def _nth(self, number: int) -> date:
        """The day on which the period of this number begins: that of the month, or the month's last."""
        first = _month(self.first.year * 12 + self.first.month - 1 + number * self.every.months)
        following = _month(first.year * 12 + first.month)
        return min(first + timedelta(days=self.first.day - 1), following - timedelta(days=1))

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), tzinfo=self.zone).astimezone(UTC)

    def _period(self, start: datetime, end: datetime) -> Period:
        local = start.astimezone(self.zone)
        name = local.strftime("%Y%m%d" if local.time() == time() else "%Y%m%dT%H%M%S")
        return Period(start, end, name)


def is_worked(period: Period, hours: Hours) -> bool:
    """True when there is working time in it: on days off and over long holidays nobody owes an activity."""
    try:
        return hours.own.worked(period.start, period.end) > timedelta()
    except (NoWorkingTime, BeyondHorizon):
        return True


def _month(number: int) -> date:
    """The first day of a month, counted from year 0."""
    return date(number // 12, number % 12 + 1, 1)
