"""When an alarm holds and when it is over, and when a target is reached. Pure.

Sources: CAP 5.3.3 and 7.2; where they are silent, rulings of our own: the least number of answers, windows, trend, continuously
(three days), one open alarm with a history, three blue days.
"""

from __future__ import annotations

import math
import operator
from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from shounuo.kernel.durations import Span
from shounuo.metrics.rules import ADDITIVE, Aggregate, Unit, Window
from shounuo.policy.schema import SLICED, Alarm, Matcher, Target, Unset
from shounuo.policy.thresholds import in_unit, limit_of

LEAST_ANSWERS = 10
TREND_DAYS = 3
DAY = Span(days=1)
BACK_FOR = timedelta(hours=1)
_OPS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """A figure: its value (None: nothing can be said) and its population."""

    value: float | None
    n: int


def least_of(rule: Alarm, aggregate: Aggregate, least: int) -> int:
    """The population below which nothing is judged: what the rule says, else the metric's own and at least ten for all
    that is not a plain count."""
    if rule.least is not None:
        return rule.least
    return 0 if aggregate in ADDITIVE else max(LEAST_ANSWERS, least)


def slice_of(when: Matcher) -> str:
    """The dimension whose values are judged each for itself; "" for the whole together."""
    return next((str(c.values[0]) for c in when.conditions if c.fact == SLICED), "")


def narrowed(when: Matcher) -> dict[str, list[str | int | bool]]:
    """What a figure is narrowed to by a rule's conditions."""
    return {c.fact: list(c.values) for c in when.conditions if c.fact != SLICED}


def window_of(span: Span | None, at: datetime, zone: ZoneInfo) -> Window:
    """The window that a rule looks at: the day of the moment where none is given; whole days, weeks as the last seven days,
    months as calendar months up to now; hours roll."""
    span = span or DAY
    if span.months:
        today = at.astimezone(zone).date()
        return Window.days(shifted(today.replace(day=1), 1 - span.months), today, zone)
    if span.days or span.business_days:
        return Window.last(span.days + span.business_days, at, zone)
    return Window(at - timedelta(seconds=span.seconds + span.business_seconds or 86_400), at, zone)


def worked_back(between: Callable[[datetime, datetime], int], at: datetime, seconds: int) -> datetime:
    """The latest moment (to the second) from which so many working seconds have passed up to `at`; `between` counts them.
    A year back at most."""
    hours = 1
    while between(at - timedelta(hours=hours), at) < seconds and hours < 8_760:
        hours *= 2
    low, high = hours * 3_600, 0  # so many seconds back is enough, is not
    while low - high > 1:
        middle = (low + high) // 2
        if between(at - timedelta(seconds=middle), at) >= seconds:
            low = middle
        else:
            high = middle
    return at - timedelta(seconds=low)


def holds(rule: Alarm, reading: Reading, *, limit: float | None, least: int) -> bool | None:
    """Whether the threshold is passed; None when too little is known to say so."""
    if reading.value is None or reading.n < least or rule.threshold is None or limit is None:
        return None
    return _OPS[rule.threshold.op](reading.value, limit)


def leaps(rule: Alarm, now: Reading, before: Reading, *, least: int) -> tuple[bool | None, float | None]:
    """Whether the figure changed as much against the window before as the rule says, and by what share of it (None where
    there was nothing before: what is new has risen without bound). Unknown under `least`, at least one, of the greater
    of the two populations."""
    if max(now.n, before.n) < max(least, 1) or now.value is None:
        return None, None
    if not before.value:
        rises = rule.change.startswith("+")
        return (None, None) if before.value is None and before.n else (rises and now.value > 0, None)
    change = now.value / before.value - 1
    return _changes(rule, change), change


def _changes(rule: Alarm, change: float) -> bool:
    """Whether a change, as a share, is as great as the rule says; with a hair's breadth for what is no binary fraction:
    0.3 after 0.2 is +50 %."""
    wanted = float(Decimal(rule.change.rstrip("%"))) / 100
    return change >= wanted - 1e-9 if wanted > 0 else change <= wanted + 1e-9


def stands(rule: Alarm, value: float | None, *, limit: float | None) -> bool:
    """Whether a figure by itself is where the rule gives alarm; False where there is none. Days before it and a trend are
    not asked for."""
    if rule.absent:
        return not value
    if value is None:
        return False
    if rule.change:
        return _changes(rule, value)
    return rule.threshold is None or limit is None or _OPS[rule.threshold.op](value, limit)


def lasts(verdicts: Sequence[bool | None]) -> bool | None:
    """Whether it held on every one of the days; unknown when one of them is and none says no."""
    if any(v is False for v in verdicts):
        return False
    return None if any(v is None for v in verdicts) else bool(verdicts)


def moves(trend: str, values: Sequence[float | None]) -> bool | None:
    """Whether the last days change in one direction: three day-on-day changes, so four values, oldest first."""
    wanted = values[-(TREND_DAYS + 1) :]
    if len(wanted) < TREND_DAYS + 1 or any(v is None for v in wanted):
        return None
    known = [v for v in wanted if v is not None]
    changes = [b - a for a, b in pairwise(known)]
    up, down = all(c > 0 for c in changes), all(c < 0 for c in changes)
    return {"rising": up, "falling": down}.get(trend, up or down)


def both(first: bool | None, second: bool | None) -> bool | None:
    """A rule with threshold and trend holds when both do."""
    if first is False or second is False:
        return False
    return None if first is None or second is None else True


def rolls(span: Span | None) -> bool:
    """True for a window of hours, which moves with the clock; all others are made of days."""
    return span is not None and not (span.days or span.months or span.business_days)


def is_over(rule: Alarm, seen_at: datetime, at: datetime, zone: ZoneInfo) -> bool:
    """Whether an alarm that does not hold now has stayed back long enough: an hour where its window rolls, else one whole
    day of the calendar without it (so that a day's count that starts anew at midnight does not end it)."""
    if rolls(rule.window if isinstance(rule.window, Span) else None):
        return at - seen_at >= BACK_FOR
    return (at.astimezone(zone).date() - seen_at.astimezone(zone).date()).days >= 2


# -- targets -----------------------------------------------------------------------------------------------------------
GOAL_WINDOW = Span(months=1)


def goal_window(span: Span | None, at: datetime, zone: ZoneInfo) -> Window:
    """What a target is judged over: whole days up to today, a month where none is given. Months go back to the day of the
    same number (or the month's last), so that there is never a window of a few days at the beginning of a month."""
    span = span or GOAL_WINDOW
    if not span.months:
        return window_of(span, at, zone)
    today = at.astimezone(zone).date()
    return Window.days(shifted(today, -span.months) + timedelta(days=1), today, zone)


def shifted(day: date, months: int) -> date:
    """The same day so many months later (or earlier), the last of that month where it has none such."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def goal_due(rule: Target, since: datetime, zone: ZoneInfo) -> datetime | None:
    """Until when falling short is no fault: the rule's horizon from the day on which it began; None where it has none."""
    if rule.horizon is None:
        return None
    local = since.astimezone(zone)
    day = shifted(local.date(), rule.horizon.months) + timedelta(days=rule.horizon.days)
    return datetime.combine(day, local.time(), zone) + timedelta(seconds=rule.horizon.seconds)


def goal_limit(rule: Target, unit: Unit, measured: float | None) -> float | None:
    """What the figure must reach, in the metric's unit: the value, else the change against the rule's own baseline or,
    where it names none, against what was measured before the rule began. None where nothing can be said."""
    if not isinstance(rule.threshold.value, Unset):
        return limit_of(rule.threshold, unit)
    base = in_unit(rule.baseline, unit) if rule.baseline is not None else measured
    return None if base is None else base * (1 + float(Decimal(rule.change.rstrip("%"))) / 100)


def goal_least(rule: Target, aggregate: Aggregate, least: int) -> int:
    """The population below which a target is not judged, as for alarms."""
    if rule.least is not None:
        return rule.least
    return 0 if aggregate in ADDITIVE else max(LEAST_ANSWERS, least)


def reaches(rule: Target, reading: Reading, *, limit: float | None, least: int) -> bool | None:
    """Whether the figure is where the target wants it; None when too little is known to say so."""
    if reading.value is None or reading.n < least or limit is None:
        return None
    if rule.threshold.op == "=":
        return math.isclose(reading.value, limit, rel_tol=1e-9, abs_tol=1e-9)
    return _OPS[rule.threshold.op](reading.value, limit)


def all_reach(verdicts: Sequence[bool | None]) -> bool | None:
    """Whether every group of which something is known reaches it; unknown when none is."""
    known = [v for v in verdicts if v is not None]
    return all(known) if known else None


def goal_state(reached: bool | None, due: datetime | None, at: datetime) -> str:
    """reached, short (there is still time), missed, or unknown."""
    if reached is None:
        return "unknown"
    if reached:
        return "reached"
    return "short" if due is not None and at < due else "missed"


def gap(rule: Target, value: float | None, limit: float | None) -> float:
    """How far the figure is from where the target wants it, in the metric's unit; 0 when it is there or unknown."""
    if value is None or limit is None:
        return 0.0
    lacking = {"<": value - limit, "<=": value - limit, ">": limit - value, ">=": limit - value}
    return max(lacking.get(rule.threshold.op, abs(value - limit)), 0.0)
