"""The figures behind alarms: does a rule hold now, and with what value. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from shounuo.kernel.actors import Actor
from shounuo.kernel.durations import Span
from shounuo.metrics import queries as metrics
from shounuo.metrics.rules import Unit, Window
from shounuo.policy.schema import CHAINED
from shounuo.risk import rules
from shounuo.risk.book import LiveAlarm
from shounuo.risk.models import Alarm, AlarmDay
from shounuo.risk.rules import Reading


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the rule holds for `about` (None: too little is known), and the figure that says so."""

    about: str
    holds: bool | None
    reading: Reading


def verdicts(rule: LiveAlarm, at: datetime, zone: ZoneInfo) -> list[Verdict]:
    """What a rule on a metric says at the moment: one verdict for the whole, or one per alarm that it watches. A fixed
    number of queries."""
    return _of_chain(rule, at, zone) if rule.spec.metric == CHAINED else [_of_metric(rule, at, zone)]


def _of_metric(rule: LiveAlarm, at: datetime, zone: ZoneInfo) -> Verdict:
    spec, metric = rule.spec, rule.metric
    assert metric is not None
    where = {c.fact: list(c.values) for c in spec.when.conditions}
    limit = rules.limit_of(spec.threshold, metric.unit) if spec.threshold is not None else None
    least = rules.least_of(spec, metric.aggregate, metric.least)
    window = spec.window if isinstance(spec.window, Span) else None
    total = metrics.figure(
        metric.code, rules.window_of(window, at, zone), where=where, actor=Actor.system(), at=at
    ).total
    reading = Reading(total.value, total.n)
    held: bool | None = True
    if spec.threshold is not None:
        held = rules.holds(spec, reading, limit=limit, least=least)
    if spec.consecutive is not None and spec.threshold is not None and held:
        days = max(spec.consecutive.days, 1)
        cells = _days(rule, days, at, zone)
        held = rules.lasts([rules.holds(spec, r, limit=limit, least=least) for r in cells])
    if spec.trend and held:
        # whole days only: today is not over, and would look like a fall
        cells = _days(rule, rules.TREND_DAYS + 1, at - timedelta(days=1), zone)
        enough = all(r.n >= least for r in cells)
        held = rules.both(held, rules.moves(spec.trend, [r.value for r in cells]) if enough else None)
    return Verdict("", held, reading)


def _days(rule: LiveAlarm, days: int, at: datetime, zone: ZoneInfo) -> list[Reading]:
    """The figure of each of the last days, oldest first."""
    where = {c.fact: list(c.values) for c in rule.spec.when.conditions}
    found = metrics.figure(
        rule.spec.metric, Window.last(days, at, zone), where=where, bucket="day", actor=Actor.system(), at=at
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
    return rules.limit_of(rule.spec.threshold, Unit.COUNT) if rule.spec.threshold is not None else None
