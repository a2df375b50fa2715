"""How targets stand: the figure beside what is to be reached, what is missing, the trend, and what others reach."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from shounuo.kernel.actors import Actor
from shounuo.metrics import registry
from shounuo.metrics import words as metric_words
from shounuo.metrics.permissions import PEOPLE, READ
from shounuo.metrics.registry import Metric
from shounuo.metrics.rules import Unit
from shounuo.policy.labels import spoken
from shounuo.policy.models import Rule
from shounuo.policy.queries import ClauseView, RuleView
from shounuo.policy.schema import Target
from shounuo.policy.thresholds import in_unit
from shounuo.risk import queries, rules
from shounuo.risk.models import Goal
from shounuo.web import words
from shounuo.web.figures.showing import delta, plain, value

TONES = {"reached": "ok", "short": "warn", "missed": "breach", "unknown": ""}
MOST_GROUPS = 12
PERSON = "person"


def of(actor: Actor, clauses: Iterable[ClauseView]) -> dict[int, Goal]:
    """How the targets of clauses stand, by rule; one query, none where there is no target."""
    ids = [r.row.pk for c in clauses for r in c.rules if r.row.kind == Rule.Kind.TARGET]
    return queries.goals_of(actor, ids) if ids else {}


def brief(goal: Goal) -> dict[str, str]:
    """A target in a few words, for the list of clauses."""
    metric = registry.get(goal.metric)
    said = plain(metric, goal.value) if metric is not None and goal.value is not None else ""
    return {
        "text": f"{goal.get_state_display()} {said}".strip(),
        "tone": "" if goal.state == Goal.State.REACHED else TONES[goal.state],
    }


def shown(view: RuleView, goal: Goal | None, actor: Actor) -> dict[str, Any] | None:
    """A target on its clause's page; nothing before it was judged."""
    metric = registry.get(goal.metric) if goal is not None else None
    if goal is None or metric is None or not isinstance(view.rule, Target):
        return None
    spec = view.rule
    text, unit = value(metric, goal.value)
    short = rules.gap(spec, goal.value, goal.limit)
    points = [point for _day, point, _n in goal.course if point is not None]
    return {
        "state": goal.get_state_display(),
        "tone": TONES[goal.state],
        "kpi": {
            "name": metric_words.name(metric),
            "value": text,
            "unit": unit,
            "population": f"{words.number(goal.n)} · {metric.population}",
            "delta": delta(metric, goal.value, goal.before),
            "points": points if len(points) > 2 else [],
            "target": goal.limit,
            "spark_bad": goal.state == Goal.State.MISSED,
            "tone": {"short": "warn", "missed": "breach"}.get(goal.state, ""),
        },
        "url": reverse("metric", args=[metric.code]) if actor.may(READ) else "",
        "facts": list(_facts(spec, goal, metric, short)),
        "groups": _groups(spec, goal, metric, actor),
    }


def _facts(spec: Target, goal: Goal, metric: Metric, short: float) -> Iterable[tuple[str, str]]:
    first = timezone.localtime(goal.window_start).date()
    last_day = timezone.localtime(goal.window_end - timedelta(microseconds=1)).date()
    yield _("时段"), f"{words.full_day(first, weekday=False)} – {words.full_day(last_day, weekday=False)}"
    if goal.limit is not None:
        yield pgettext("goal", "目标"), f"{words.sign(spec.threshold.op)} {plain(metric, goal.limit)}"
    if goal.state == Goal.State.UNKNOWN:
        least = rules.goal_least(spec, metric.aggregate, metric.least)
        if goal.n < least:
            yield _("未判"), _("只有 %(n)s 条，满 %(least)s 条才判") % {"n": goal.n, "least": least}
    elif short:
        yield _("差距"), distance(metric, short)
    if goal.due_at is not None and goal.state in (Goal.State.SHORT, Goal.State.MISSED):
        yield _("期限"), words.full_day(timezone.localtime(goal.due_at).date(), weekday=False)
    if spec.benchmark is not None:
        other = in_unit(spec.benchmark.value, metric.unit)
        source = spoken(spec.benchmark.source, spec.benchmark.source_en)
        yield _("基准"), f"{plain(metric, other)} · {source}" if other is not None else source
        behind = _behind(spec, goal, other)
        if behind:
            yield _("与基准差"), distance(metric, behind)


def _behind(spec: Target, goal: Goal, other: float | None) -> float:
    """How far the figure is behind the benchmark; 0 where it is level or ahead."""
    return rules.gap(spec, goal.value, other)


def distance(metric: Metric, number: float) -> str:
    """A difference between two values of a metric."""
    if metric.unit is Unit.SHARE:
        return _("%(n)s 个百分点") % {"n": words.number(number * 100, 1)}
    return plain(metric, number)


def _groups(spec: Target, goal: Goal, metric: Metric, actor: Actor) -> dict[str, Any] | None:
    """Each value of the dimension by which the target is judged; of single people only how many, for those who may not
    see more."""
    by = rules.slice_of(spec.when)
    if not goal.groups:
        return None
    known = [g for g in goal.groups if g[3] is not None]
    count = _("%(all)s 个里有 %(n)s 个达标") % {"all": len(known), "n": sum(1 for g in known if g[3])}
    if by == PERSON and not actor.may(PEOPLE):
        return {"count": count, "rows": []}
    dimension = registry.dimensions()[by]
    names = dimension.names([g[0] for g in goal.groups])
    return {
        "count": count,
        "rows": [
            {
                "name": str(names.get(key, key)),
                "value": plain(metric, figure),
                "n": n,
                "reached": reached,
            }
            for key, figure, n, reached in goal.groups[:MOST_GROUPS]
        ],
    }
