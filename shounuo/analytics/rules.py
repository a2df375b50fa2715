"""Periods that people speak of, and what each is compared with. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from shounuo.metrics.rules import Bucket, Window

Kind = Literal["day", "week", "month", "quarter", "days"]
KINDS: tuple[Kind, ...] = get_args(Kind)
REPORTED: tuple[Kind, ...] = ("day", "week", "month", "quarter")
PLANNED: dict[Kind, tuple[str, ...]] = {
    "day": (),
    "week": ("manager", "director"),
    "month": ("manager", "director"),
    "quarter": ("manager", "director"),
}
"""To which roles reports go where nobody has said otherwise."""
CATCH_UP: dict[Kind, int] = {"day": 7, "week": 4, "month": 3, "quarter": 1}
"""So many ended periods back a report that is missing is still made: the machine may have been off."""
FROM_HOUR = 5
"""Reports are made in the morning after their period, when the night's figures are read."""
FORMS = ("number", "course", "groups")
WIDTHS = (3, 4, 6, 8, 12)
LAST_DAYS = 30
MOST_BACK = 260


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days from `first` to `last`. `back` periods before the one that holds today; `is_over` when its last day is
    past. `before` is what it is compared with: the period before, up to the same day and time of it while this one
    lasts."""

    kind: Kind
    back: int
    window: Window
    before: Window
    is_over: bool

    @property
    def first(self) -> date:
        return self.window.start.astimezone(self.window.zone).date()

    @property
    def last(self) -> date:
        return (self.window.end - timedelta(microseconds=1)).astimezone(self.window.zone).date()

    @property
    def bucket(self) -> Bucket:
        """Days for up to six weeks, weeks for up to half a year, else months."""
        days = (self.last - self.first).days + 1
        return "day" if days <= 42 else "week" if days <= 200 else "month"


def period(kind: Kind, at: datetime, zone: ZoneInfo, *, back: int = 0) -> Period:
    """The day, week (from Monday), month or quarter of the moment, or the one `back` before it; "days" are the last thirty.

    While it lasts it ends with today. ValueError for a kind that is none, or a number out of reach.
    """
    if kind not in KINDS or not 0 <= back <= MOST_BACK:
        raise ValueError(kind)
    today = at.astimezone(zone).date()
    if kind == "days":
        last = today - timedelta(days=LAST_DAYS * back)
        window = Window.days(last - timedelta(days=LAST_DAYS - 1), last, zone)
        return Period(kind, back, window, _like(window, LAST_DAYS, at), back > 0)
    first = _first(kind, today)
    for _step in range(back):
        first = _first(kind, first - timedelta(days=1))
    end = _next(kind, first) - timedelta(days=1)
    window = Window.days(first, min(end, today), zone)
    earlier = _first(kind, first - timedelta(days=1))
    if end < today:
        before = Window.days(earlier, first - timedelta(days=1), zone)
        return Period(kind, back, window, before, True)
    into = at - window.start
    start = Window.days(earlier, earlier, zone).start
    before = Window(start, min(start + max(into, timedelta(seconds=1)), window.start), zone)
    return Period(kind, back, window, before, False)


def between(first: date, last: date, at: datetime, zone: ZoneInfo) -> Period:
    """Any days, compared with as many before them. ValueError when `last` lies before `first`."""
    if last < first:
        raise ValueError(last)
    window = Window.days(first, last, zone)
    return Period("days", 0, window, _like(window, (last - first).days + 1, at), window.end <= at)


def _like(window: Window, days: int, at: datetime) -> Window:
    """As many days before the window; of one that lasts, up to the same time of its last day."""
    start = window.start.astimezone(window.zone).date() - timedelta(days=days)
    whole = Window.days(start, start + timedelta(days=days - 1), window.zone)
    gone = at - window.start
    if window.end <= at or gone <= timedelta():
        return whole
    return Window(whole.start, min(whole.start + gone, whole.end), window.zone)


def _first(kind: Kind, day: date) -> date:
    """The first day of the day's period."""
    if kind == "week":
        return day - timedelta(days=day.weekday())
    if kind == "month":
        return day.replace(day=1)
    if kind == "quarter":
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return day


def _next(kind: Kind, first: date) -> date:
    """The first day of the period after the one that begins on `first`."""
    if kind == "week":
        return first + timedelta(days=7)
    if kind == "month":
        return (first + timedelta(days=32)).replace(day=1)
    if kind == "quarter":
        return (first + timedelta(days=95)).replace(day=1)
    return first + timedelta(days=1)
