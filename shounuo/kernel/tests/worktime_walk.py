"""The slow truth that the work-time arithmetic is held against: a walk over every minute of some weeks.

It shares nothing with the code under test but the definition: a moment is open when the latest reading that
the wall clock has reached lies in an interval. One that begins while the night before still runs begins after
it.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import accumulate
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
_NAIVE = datetime(1970, 1, 1)

# (zone, first day, days): each holds a change of the clock, some of them odd
WINDOWS = [
    ("Asia/Shanghai", date(2026, 9, 15), 35),
    ("America/New_York", date(2026, 2, 26), 24),
    ("America/New_York", date(2026, 10, 22), 24),
    ("Europe/London", date(2026, 10, 14), 24),
    ("Australia/Lord_Howe", date(2026, 3, 26), 24),  # half an hour back
    ("Australia/Lord_Howe", date(2026, 9, 24), 24),
    ("Africa/Cairo", date(2026, 10, 19), 24),  # back across midnight
    ("Africa/Cairo", date(2026, 4, 14), 24),  # midnight does not exist
    ("America/St_Johns", date(2010, 10, 28), 24),  # back from 00:01 to 23:01 of the day before
    ("Pacific/Apia", date(2011, 12, 20), 24),  # a whole day left out
    ("Asia/Kathmandu", date(2026, 3, 1), 24),
]


@cache
def _readings(zone: str, first: date, days: int) -> tuple[datetime, list[int], list[bool]]:
    """Start (UTC), and for each minute on: the latest reading reached, whether the clock repeats itself."""
    tz = ZoneInfo(zone)
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    reached = -1
    readings, again = [], []
    moment = start - timedelta(days=2)
    while moment < start + timedelta(days=days):
        local = moment.astimezone(tz).replace(tzinfo=None)
        reading = (local - _NAIVE) // MINUTE
        reached = max(reached, reading)
        if moment >= start:
            readings.append(reached)
            again.append(reading < reached)
        moment += MINUTE
    return start, readings, again


class Walk:
    """`hours(date)` gives the (start, end) minutes of the intervals that begin on a date, in order."""

    def __init__(self, window, hours):
        self.start, self.readings, self.again = _readings(*window)
        self.size = len(self.readings)
        owner: list[date | None] = [None] * self.size
        first = window[1] - timedelta(days=3)
        for n in range(window[2] + 6):
            day = first + timedelta(days=n)
            midnight = (datetime(day.year, day.month, day.day) - _NAIVE) // MINUTE
            for start, end in hours(day):
                low = bisect_left(self.readings, midnight + start)
                high = bisect_left(self.readings, midnight + end)
                for i in range(low, high):
                    owner[i] = owner[i] or day
        self.owner = owner
        self.open_before = [0, *accumulate(1 if o else 0 for o in owner)]

    def moment(self, minute: int) -> datetime:
        return self.start + minute * MINUTE

    def is_open(self, minute: int) -> bool:
        return self.owner[minute] is not None

    def between(self, low: int, high: int) -> int:
        """Open seconds from the one minute to the other."""
        return 60 * (self.open_before[high] - self.open_before[low])

    def add(self, minute: int, minutes: int) -> int | None:
        """The first minute at which so many have been open; None when the walk ends before."""
        if minutes == 0:
            return minute
        found = bisect_left(self.open_before, self.open_before[minute] + minutes)
        return found if found <= self.size else None

    def next_open(self, minute: int) -> int | None:
        return next((i for i in range(minute, self.size) if self.owner[i]), None)

    def add_business_days(self, minute: int, days: int) -> int | None:
        """The same reading `days` open days on, moved into that day's hours; None: the walk ends too soon."""
        begin = self.next_open(minute)
        if begin is None:
            return None
        if days == 0:
            return begin
        first = self.owner[begin]
        order = sorted({o for o in self.owner[begin:] if o})
        if first not in order or order.index(first) + days + 1 >= len(order):
            return None
        target = order[order.index(first) + days]
        # while the clock repeats itself, the reading reached is the end of the last minute before
        reading = self.readings[begin] + (1 if self.again[begin] else 0) + 1440 * (target - first).days
        wanted = bisect_left(self.readings, reading)
        inside = [i for i in range(self.size) if self.owner[i] == target]
        if wanted in inside:
            return wanted
        before = [i for i in inside if i < wanted]
        return before[-1] + 1 if before else inside[0]
