"""What a figure is made of: windows of time, ways of counting, units. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Literal, get_args
from zoneinfo import ZoneInfo

Bucket = Literal["day", "week", "month"]
BUCKETS: tuple[Bucket, ...] = get_args(Bucket)
MAX_BUCKETS = 800


class Unit(StrEnum):
    """What a value is measured in. Money is in fen, shares are 0..1, times in seconds."""

    COUNT = "count"
    SECONDS = "seconds"
    SHARE = "share"
    RATIO = "ratio"
    SCORE = "score"
    MONEY = "money"


class Direction(StrEnum):
    """Which way is better."""

    UP = "up"
    DOWN = "down"
    NONE = "none"


class Aggregate(StrEnum):
    """How observations become one number. `n` is the population that is printed under it.

    count: how many · sum: of their values · mean, median, p90: of their values (those that have one) · share: hits among
    those decided · portion: a group's part of all groups together · distinct: how many different `per` · per: how many for
    each different `per` · ratio: how many for each one of `against` · difference: how many more than of `against` ·
    growth: how many more than in the window before, as a share.
    Of stretches of time: standing: how many at the end of the window (with `per`: for each different one) · age: how old those were on average · lasting: how
    long they lasted within the window together · lasting_per: the same for each different `per` · lasting_share: the part
    of hits in it.
    """

    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"
    MEDIAN = "median"
    P90 = "p90"
    SHARE = "share"
    PORTION = "portion"
    DISTINCT = "distinct"
    PER = "per"
    RATIO = "ratio"
    DIFFERENCE = "difference"
    GROWTH = "growth"
    STANDING = "standing"
    AGE = "age"
    LASTING = "lasting"
    LASTING_PER = "lasting_per"
    LASTING_SHARE = "lasting_share"


AT_A_MOMENT = frozenset({Aggregate.STANDING, Aggregate.AGE})
OVER_TIME = frozenset({Aggregate.LASTING, Aggregate.LASTING_PER, Aggregate.LASTING_SHARE})
SPANNING = AT_A_MOMENT | OVER_TIME
OF_TWO = frozenset({Aggregate.RATIO, Aggregate.DIFFERENCE})
COUNTED = frozenset(
    {Aggregate.COUNT, Aggregate.SUM, Aggregate.MEAN, Aggregate.MEDIAN, Aggregate.P90, Aggregate.SHARE}
)
"""Those that follow from the observations in a window one by one: several of them can be counted in one pass."""
SUMMED = frozenset({Aggregate.COUNT, Aggregate.SHARE})
"""Those whose whole follows from the populations and parts of its groups."""
ADDITIVE = frozenset({Aggregate.COUNT, Aggregate.STANDING, Aggregate.DISTINCT})
"""Those of which nothing is there means 0, not unknown."""


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` to before `end`. Days, weeks (from Monday) and months are those of `zone`."""

    start: datetime
    end: datetime
    zone: ZoneInfo

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError("a window ends after it starts")

    @classmethod
    def days(cls, first: date, last: date, zone: ZoneInfo) -> Window:
        """Whole days, `last` included."""
        return cls(_midnight(first, zone), _midnight(last + timedelta(days=1), zone), zone)

    @classmethod
    def last(cls, days: int, at: datetime, zone: ZoneInfo) -> Window:
        """The day of `at` and those before it, `days` in all."""
        today = at.astimezone(zone).date()
        return cls.days(today - timedelta(days=days - 1), today, zone)

    @classmethod
    def of(cls, bucket: Bucket, at: datetime, zone: ZoneInfo) -> Window:
        """The day, week or month of the moment, whole."""
        first = bucket_of(at.astimezone(zone).date(), bucket)
        return cls(_midnight(first, zone), _midnight(after(first, bucket), zone), zone)

    def previous(self) -> Window:
        """The window of the same length just before: as many days where this one is made of whole days."""
        first, last = self.start.astimezone(self.zone), self.end.astimezone(self.zone)
        if first.time() == last.time() == time():
            count = (last.date() - first.date()).days
            return Window(_midnight(first.date() - timedelta(days=count), self.zone), self.start, self.zone)
        return Window(self.start - (self.end - self.start), self.start, self.zone)

    def until(self, moment: datetime) -> Window | None:
        """What of the window lies before the moment; None when nothing does."""
        if moment <= self.start:
            return None
        return Window(self.start, min(self.end, moment), self.zone)

    def buckets(self, bucket: Bucket) -> list[date]:
        """The first days of the days, weeks or months that the window touches, in order."""
        first = bucket_of(self.start.astimezone(self.zone).date(), bucket)
        last = (self.end - timedelta(microseconds=1)).astimezone(self.zone).date()
        return list(_steps(first, last, bucket))

    def edges(self, bucket: Bucket | None) -> list[datetime]:
        """The moments that part the buckets, the window's own start first and its end last."""
        if bucket is None:
            return [self.start, self.end]
        inner = [_midnight(day, self.zone) for day in self.buckets(bucket)[1:]]
        return [self.start, *inner, self.end]


def bucket_of(day: date, bucket: Bucket) -> date:
    """The first day of the day's bucket."""
    if bucket == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if bucket == "month" else day


def after(first: date, bucket: Bucket) -> date:
    """The first day of the next bucket."""
    if bucket == "month":
        return (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    return first + timedelta(days=7 if bucket == "week" else 1)


def _steps(first: date, last: date, bucket: Bucket) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day = after(day, bucket)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)
