"""The alarm and target rules in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from shounuo.metrics import registry
from shounuo.metrics.registry import Metric
from shounuo.policy import queries as policy
from shounuo.policy.models import Rule
from shounuo.policy.reading import rule_of
from shounuo.policy.schema import Alarm, Target


@dataclass(frozen=True, slots=True)
class LiveAlarm:
    """An alarm rule of a version in force. `key` names it over its versions: policy, clause, name."""

    id: int
    key: tuple[str, str, str]
    spec: Alarm
    calendar: str

    @property
    def metric(self) -> Metric | None:
        return registry.get(self.spec.metric)


@dataclass(frozen=True, slots=True)
class LiveTarget:
    """A target rule of a version in force, enforced since the moment."""

    id: int
    key: tuple[str, str, str]
    spec: Target
    since: datetime

    @property
    def metric(self) -> Metric:
        found = registry.get(self.spec.metric)
        assert found is not None
        return found


def live(at: datetime) -> tuple[LiveAlarm, ...]:
    """The alarm rules that are enforced at the moment, in the order of their clauses. One query."""
    found = []
    for row in _rows(Rule.Kind.ALARM, at):
        spec = rule_of(row.kind, row.name, row.body)
        assert isinstance(spec, Alarm)
        found.append(LiveAlarm(row.id, _key(row), spec, row.clause.version.default_calendar))
    return tuple(found)


def targets(at: datetime) -> tuple[LiveTarget, ...]:
    """The target rules that are enforced at the moment, in the order of their clauses. One query."""
    found = []
    for row in _rows(Rule.Kind.TARGET, at):
        spec = rule_of(row.kind, row.name, row.body)
        assert isinstance(spec, Target)
        assert row.live_since is not None
        found.append(LiveTarget(row.id, _key(row), spec, row.live_since))
    return tuple(found)


def _rows(kind: Rule.Kind, at: datetime) -> QuerySet[Rule]:
    return (
        Rule.objects.filter(
            clause__version__in=policy.versions_in_force(at), kind=kind, status=Rule.Status.LIVE
        )
        .select_related("clause__version__policy")
        .defer("clause__version__source", "clause__wording")
        .order_by("clause__version_id", "clause__position", "position")
    )


def _key(row: Rule) -> tuple[str, str, str]:
    return (row.clause.version.policy.code, row.clause.code, row.name)
