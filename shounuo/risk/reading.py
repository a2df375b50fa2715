"""The figures behind alarms and targets: does a rule hold now, and with what value. Reads only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from shounuo.calendars import queries as calendars
from shounuo.kernel.actors import Actor
from shounuo.kernel.durations import Span
from shounuo.metrics import queries as metrics
from shounuo.metrics import registry
from shounuo.metrics.registry import Metric
from shounuo.metrics.rules import Unit, Window
from shounuo.policy.schema import CHAINED, MONITORED, Unset
from shounuo.policy.thresholds import limit_of
from shounuo.risk import book, rules
from shounuo.risk.book import LiveAlarm, LiveTarget
from shounuo.risk.models import Alarm, AlarmDay
from shounuo.risk.rules import Reading

INSTANT = timedelta(microseconds=1)
"""What happens at the very moment counts: windows end before their end."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the rule holds for `about` (None: too little is known), and the figure that says so."""

    about: str
    holds: bool | None
    reading: Reading


def verdicts(rule: LiveAlarm, at: datetime, zone: ZoneInfo) -> list[Verdict]:
    """What a rule on a metric says at the moment: one verdict for the whole, for each value of the dimension by which it
    is cut, for each metric or alarm that it watches. The number of queries does not grow with what there is to count.

    Invalid where the rule names a value that the metric's dimension does not have.
    """
    if rule.spec.metric == CHAINED:
        return _of_chain(rule, at, zone)
    if rule.spec.metric == MONITORED:
        return [
            replace(_of_metric(rule, metric, at, zone), about=f"metric@{metric.code}")
            for metric in monitored(at)
        ]
    assert rule.metric is not None
    if rule.spec.absent:
        return [_of_silence(rule, rule.metric, at, zone)]
    if rules.slice_of(rule.spec.when):
        return _of_slices(rule, rule.metric, at, zone)
    return [_of_metric(rule, rule.metric, at, zone)]


def monitored(at: datetime) -> list[Metric]:
    """The metrics that alarms in force watch by name. One query."""
    named = dict.fromkeys(r.spec.metric for r in book.live(at))
    return [m for code in named if (m := registry.get(code)) is not None and not m.waits_for]


def _of_metric(rule: LiveAlarm, metric: Metric, at: datetime, zone: ZoneInfo) -> Verdict:
    spec = rule.spec
    limit = limit_of(spec.threshold, metric.unit) if spec.threshold is not None else None
    least = rules.least_of(spec, metric.aggregate, metric.least)
    window = rules.window_of(spec.window if isinstance(spec.window, Span) else None, at, zone)
    reading = _total(rule, metric, window, at)
    held: bool | None = True
    if spec.threshold is not None:
        held = rules.holds(spec, reading, limit=limit, least=least)
    if spec.change and held:
        leap, share = rules.leaps(
            spec, reading, _total(rule, metric, window.previous(), at), least=_least_of_leap(rule)
        )
        held, reading = rules.both(held, leap), Reading(share, reading.n)
    if spec.consecutive is not None and spec.threshold is not None and held:
        days = max(spec.consecutive.days, 1)
        cells = _days(rule, metric, days, at, zone)
        held = rules.lasts([rules.holds(spec, r, limit=limit, least=least) for r in cells])
    if spec.trend and held:
        # whole days only: today is not over, and would look like a fall
        cells = _days(rule, metric, rules.TREND_DAYS + 1, at - timedelta(days=1), zone)
        enough = all(r.n >= least for r in cells)
        held = rules.both(held, rules.moves(spec.trend, [r.value for r in cells]) if enough else None)
    return Verdict("", held, reading)


def _least_of_leap(rule: LiveAlarm) -> int:
    """A few more of very few are no leap."""
    return rule.spec.least if rule.spec.least is not None else rules.LEAST_ANSWERS


def _of_slices(rule: LiveAlarm, metric: Metric, at: datetime, zone: ZoneInfo) -> list[Verdict]:
    """One verdict for each value of the dimension of which something is known, the largest population first."""
    spec, by = rule.spec, rules.slice_of(rule.spec.when)
    limit = limit_of(spec.threshold, metric.unit) if spec.threshold is not None else None
    least = rules.least_of(spec, metric.aggregate, metric.least)
    window = rules.window_of(spec.window if isinstance(spec.window, Span) else None, at, zone)
    now = _cut(rule, metric, window, by, at)
    before = _cut(rule, metric, window.previous(), by, at) if spec.change else {}
    found = []
    for value in {**now, **before}:
        reading = now.get(value, Reading(0.0, 0))
        held: bool | None = True
        if spec.threshold is not None:
            held = rules.holds(spec, reading, limit=limit, least=least)
        if spec.change:
            leap, share = rules.leaps(
                spec, reading, before.get(value, Reading(0.0, 0)), least=_least_of_leap(rule)
            )
            held, reading = rules.both(held, leap), Reading(share, reading.n)
        found.append(Verdict(f"{by}@{value}"[:60], held, reading))
    return found


def _of_silence(rule: LiveAlarm, metric: Metric, at: datetime, zone: ZoneInfo) -> Verdict:
    """Whether nothing was counted for as long as the rule says; of hours of service only such count, and outside of them
    nothing is said."""
    span = rule.spec.window
    assert isinstance(span, Span)
    window: Window | None = rules.window_of(span, at, zone)
    if span.business_seconds:
        calendar = calendars.compiled(rule.calendar)
        window = (
            Window(rules.worked_back(calendar.between, at, span.business_seconds), at, zone)
            if calendar.is_open(at)
            else None
        )
    if window is None:
        return Verdict("", None, Reading(None, 0))
    n = _total(rule, metric, window, at).n
    return Verdict("", n == 0, Reading(float(n), n))


def _total(rule: LiveAlarm | LiveTarget, metric: Metric, window: Window, at: datetime) -> Reading:
    where, until = rules.narrowed(rule.spec.when), window.until(at + INSTANT) or window
    total = metrics.figure(metric.code, until, where=where, actor=Actor.system(), at=at).total
    return Reading(total.value, total.n)


def _cut(
    rule: LiveAlarm | LiveTarget, metric: Metric, window: Window, by: str, at: datetime
) -> dict[Any, Reading]:
    where, until = rules.narrowed(rule.spec.when), window.until(at + INSTANT) or window
    found = metrics.figure(metric.code, until, where=where, by=[by], actor=Actor.system(), at=at)
    return {c.by[0]: Reading(c.value, c.n) for c in found.cells if c.by[0] not in (None, "")}


def _days(rule: LiveAlarm, metric: Metric, days: int, at: datetime, zone: ZoneInfo) -> list[Reading]:
    """The figure of each of the last days, oldest first."""
    where = rules.narrowed(rule.spec.when)
    found = metrics.figure(
        metric.code, Window.last(days, at, zone), where=where, bucket="day", actor=Actor.system(), at=at
    )
    return [Reading(c.value, c.n) for c in found.cells]


def _of_chain(rule: LiveAlarm, at: datetime, zone: ZoneInfo) -> list[Verdict]:
    """For each blue alarm open or lately open, on how many days in a row up to today its rule held."""
    today = at.astimezone(zone).date()
    held: dict[int, set[object]] = {}
    blue = AlarmDay.objects.filter(
        held=True,
        alarm__level=Alarm.Level.BLUE,
        alarm__about="",
        day__gt=today - timedelta(days=60),
        day__lte=today,
    )
    for alarm, day in blue.values_list("alarm_id", "day"):
        held.setdefault(alarm, set()).add(day)
    found = []
    for alarm, days in sorted(held.items()):
        run, day = 0, today
        while day in days:
            run, day = run + 1, day - timedelta(days=1)
        reading = Reading(float(run), run)
        verdict = rules.holds(rule.spec, reading, limit=_whole(rule), least=0)
        found.append(Verdict(f"alarm:{alarm}", verdict, reading))
    return found


def _whole(rule: LiveAlarm) -> float | None:
    return limit_of(rule.spec.threshold, Unit.COUNT) if rule.spec.threshold is not None else None


# -- targets -----------------------------------------------------------------------------------------------------------
WEEKS = 12


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a target stands at a moment: see `models.Goal`."""

    reached: bool | None
    window: Window
    now: Reading
    before: float | None
    limit: float | None
    groups: list[list[Any]]
    course: list[list[Any]]


def judge(rule: LiveTarget, at: datetime, zone: ZoneInfo) -> Judgement:
    """Judges a target over its window. At most a dozen queries. Invalid where the rule names a value that the metric's
    dimension does not have."""
    spec, metric = rule.spec, rule.metric
    least = rules.goal_least(spec, metric.aggregate, metric.least)
    span = spec.window if isinstance(spec.window, Span) else None
    window = rules.goal_window(span, at, zone)
    measured = None
    if isinstance(spec.threshold.value, Unset) and spec.baseline is None:
        base = _total(rule, metric, rules.goal_window(span, rule.since - timedelta(days=1), zone), at)
        measured = base.value if base.n >= least else None
    limit = rules.goal_limit(spec, metric.unit, measured)
    now, before = _total(rule, metric, window, at), _total(rule, metric, window.previous(), at)
    by = rules.slice_of(spec.when)
    groups: list[list[Any]] = []
    reached = rules.reaches(spec, now, limit=limit, least=least)
    if by:
        cut = _cut(rule, metric, window, by, at)
        groups = [
            [value, r.value, r.n, rules.reaches(spec, r, limit=limit, least=least)]
            for value, r in cut.items()
        ]
        reached = rules.all_reach([group[3] for group in groups])
    weekly = metrics.figure(
        metric.code,
        Window.last(WEEKS * 7, at, zone),
        where=rules.narrowed(spec.when),
        bucket="week",
        actor=Actor.system(),
        at=at,
    )
    course = [[c.bucket.isoformat(), c.value, c.n] for c in weekly.cells if c.bucket is not None]
    return Judgement(reached, window, now, before.value if before.n >= least else None, limit, groups, course)
