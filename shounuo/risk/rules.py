"""When an alarm holds and when it is over. Pure.

Sources: CAP 5.3.3 and 7.2; where they are silent, rulings of our own: the least number of answers, windows, trend, continuously
(three days), one open alarm with a history, three blue days.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from shounuo.kernel.durations import Percent, Span
from shounuo.metrics.rules import ADDITIVE, Aggregate, Unit, Window
from shounuo.policy.schema import Alarm, Threshold, Unset

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


def limit_of(threshold: Threshold, unit: Unit) -> float | None:
    """The threshold in the metric's unit: shares as 0..1, lengths of time in seconds. None where it cannot be one of it."""
    value = threshold.value
    if isinstance(value, Unset):
        return None
    if isinstance(value, Percent):
        return value.basis_points / (100 if unit is Unit.SCORE else 10_000)
    if isinstance(value, Span):
        if unit is not Unit.SECONDS or value.months or value.needs_business:
            return None
        return float(value.days * 86_400 + value.seconds)
    number = float(Decimal(value))
    return number / 100 if unit is Unit.SHARE and number > 1 else number


def least_of(rule: Alarm, aggregate: Aggregate, least: int) -> int:
    """The population below which nothing is judged: what the rule says, else the metric's own and at least ten for all
    that is not a plain count."""
    if rule.least is not None:
        return rule.least
    return 0 if aggregate in ADDITIVE else max(LEAST_ANSWERS, least)


def window_of(span: Span | None, at: datetime, zone: ZoneInfo) -> Window:
    """The window that a rule looks at: the day of the moment where none is given; whole days, weeks as the last seven days,
    months as calendar months up to now; hours roll."""
    span = span or DAY
    if span.months:
        first = at.astimezone(zone).date().replace(day=1)
        for _month in range(span.months - 1):
            first = (first - timedelta(days=1)).replace(day=1)
        return Window.days(first, at.astimezone(zone).date(), zone)
    if span.days or span.business_days:
        return Window.last(span.days + span.business_days, at, zone)
    return Window(at - timedelta(seconds=span.seconds + span.business_seconds or 86_400), at, zone)


def holds(rule: Alarm, reading: Reading, *, limit: float | None, least: int) -> bool | None:
    """Whether the threshold is passed; None when too little is known to say so."""
    if reading.value is None or reading.n < least or rule.threshold is None or limit is None:
        return None
    return _OPS[rule.threshold.op](reading.value, limit)


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
