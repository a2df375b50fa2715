"""What the regulation asks of a figure: targets and alarms in force, as numbers to draw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shounuo.kernel.durations import Span
from shounuo.metrics import registry
from shounuo.metrics.registry import Metric
from shounuo.metrics.rules import ADDITIVE, Aggregate, Bucket, Unit
from shounuo.policy import queries as policy
from shounuo.policy.labels import spoken
from shounuo.policy.models import Rule
from shounuo.policy.schema import DEFAULT_TARGET, Alarm, Matcher, Target
from shounuo.policy.thresholds import limit_of

GATHERED = ADDITIVE | {Aggregate.SUM, Aggregate.DIFFERENCE}
"""Figures that grow with the time they are counted over: a limit for a day says nothing of a month."""
LEVELS = {"target": 0, "": 1, "blue": 2, "yellow": 3, "red": 4}


@dataclass(frozen=True, slots=True)
class Limit:
    """A line of the regulation: a target, or an alarm of a level. `value` in the metric's unit, `op` how a figure must
    (target) or must not (alarm) compare with it. `clause` is empty for the kept share that stands where no rule says
    another. `days`: over how many days it looks, None for any."""

    metric: str
    level: str
    op: str
    value: float
    name: str
    clause: str
    days: int | None

    @property
    def is_target(self) -> bool:
        return self.level == "target"


def limits(
    codes: Iterable[str], at: datetime, *, where: Mapping[str, Sequence[Any]] | None = None
) -> dict[str, tuple[Limit, ...]]:
    """The targets and alarms in force on each metric, the target first, then by level. A rule for some of the cases counts
    where `where` asks for no others. Two queries whatever the number of metrics."""
    wanted = dict.fromkeys(codes)
    found: dict[str, list[Limit]] = {code: [] for code in wanted}
    for kind in (Rule.Kind.TARGET, Rule.Kind.ALARM):
        for row, rule in policy.rules_in_force(kind, at):
            if not isinstance(rule, Target | Alarm) or rule.metric not in found or rule.threshold is None:
                continue
            metric = registry.get(rule.metric)
            if metric is None or not _applies(rule.when, where or {}):
                continue
            value = limit_of(rule.threshold, metric.unit)
            if value is not None:
                level = (
                    "target" if kind == Rule.Kind.TARGET else rule.level if isinstance(rule, Alarm) else ""
                )
                name = spoken(row.title, row.title_en) or row.name
                found[rule.metric].append(
                    Limit(rule.metric, level, rule.threshold.op, value, name, row.clause.code, _days(rule))
                )
    if "kept_share" in found and not any(one.is_target for one in found["kept_share"]):
        share = DEFAULT_TARGET.basis_points / 10_000
        found["kept_share"].append(Limit("kept_share", "target", ">=", share, "", "", None))
    return {code: tuple(sorted(rows, key=lambda one: LEVELS[one.level])) for code, rows in found.items()}


def drawn(found: Sequence[Limit], metric: Metric, bucket: Bucket | None) -> list[Limit]:
    """Those that mean something on a course by `bucket` (None: one number for a whole period): of what gathers over time
    only such as look over as long. At most one of each level, the strictest."""
    length = {"day": 1, "week": 7}.get(bucket or "", 0)
    kept: dict[str, Limit] = {}
    for one in found:
        if metric.aggregate in GATHERED and metric.unit is not Unit.SHARE and one.days != length:
            continue
        known = kept.get(one.level)
        if known is None or _is_stricter(one, known):
            kept[one.level] = one
    return list(kept.values())


def target_of(found: Sequence[Limit]) -> Limit | None:
    """The strictest target among limits."""
    chosen: Limit | None = None
    for one in found:
        if one.is_target and (chosen is None or _is_stricter(one, chosen)):
            chosen = one
    return chosen


def meets(value: float, limit: Limit) -> bool:
    """Whether a value is on the right side of a target."""
    return value >= limit.value if limit.op in (">", ">=") else value <= limit.value


def _is_stricter(one: Limit, other: Limit) -> bool:
    rises = one.op in (">", ">=")
    return one.value > other.value if rises else one.value < other.value


def _applies(when: Matcher, where: Mapping[str, Sequence[Any]]) -> bool:
    for condition in when.conditions:
        asked = where.get(condition.fact)
        if condition.negated or not asked or not set(asked) <= set(condition.values):
            return False
    return True


def _days(rule: Target | Alarm) -> int | None:
    window = rule.window
    if not isinstance(window, Span):
        return 1 if isinstance(rule, Alarm) else None
    if window.months:
        return window.months * 30
    return (window.days + window.business_days) or 1
