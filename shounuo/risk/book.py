"""The alarm rules in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shounuo.metrics import registry
from shounuo.metrics.registry import Metric
from shounuo.policy import queries as policy
from shounuo.policy.models import Rule
from shounuo.policy.reading import rule_of
from shounuo.policy.schema import Alarm


@dataclass(frozen=True, slots=True)
class LiveAlarm:
    """An alarm rule of a version in force. `key` names it over its versions: policy, clause, name."""

    id: int
    key: tuple[str, str, str]
    spec: Alarm

    @property
    def metric(self) -> Metric | None:
        return registry.get(self.spec.metric)


def live(at: datetime) -> tuple[LiveAlarm, ...]:
    """The alarm rules that are enforced at the moment, in the order of their clauses. One query."""
    rows = (
        Rule.objects.filter(
            clause__version__in=policy.versions_in_force(at), kind=Rule.Kind.ALARM, status=Rule.Status.LIVE
        )
        .select_related("clause__version__policy")
        .defer("clause__version__source", "clause__wording")
        .order_by("clause__version_id", "clause__position", "position")
    )
    found = []
    for row in rows:
        spec = rule_of(row.kind, row.name, row.body)
        assert isinstance(spec, Alarm)
        key = (row.clause.version.policy.code, row.clause.code, row.name)
        found.append(LiveAlarm(row.id, key, spec))
    return tuple(found)
