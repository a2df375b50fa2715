"""The playbooks in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shounuo.policy import queries as policy
from shounuo.policy.models import Rule
from shounuo.policy.reading import rule_of
from shounuo.policy.schema import Alarm, Playbook, PlaybookStep


@dataclass(frozen=True, slots=True)
class LivePlaybook:
    """A playbook of a version in force. `calendar`: on which the limits of its steps are counted."""

    rule_id: int
    policy: str
    clause: str
    calendar: str
    spec: Playbook

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.policy, self.clause, self.spec.name)


def live(at: datetime) -> list[LivePlaybook]:
    """The playbooks that are enforced at the moment, in the order of their clauses. One query."""
    return [
        LivePlaybook(
            row.pk,
            row.clause.version.policy.code,
            row.clause.code,
            row.clause.version.default_calendar,
            spec,
        )
        for row, spec in policy.rules_in_force(Rule.Kind.PLAYBOOK, at)
        if row.status == Rule.Status.LIVE and isinstance(spec, Playbook)
    ]


def spec_of(rule: Rule) -> Playbook:
    """The playbook of a rule's row, of whatever version."""
    spec = rule_of(rule.kind, rule.name, rule.body)
    assert isinstance(spec, Playbook)
    return spec


def plan_of(alarm_rule_id: int, at: datetime) -> LivePlaybook | None:
    """The playbook that an alarm rule names as its plan: of its own policy first; None where there is none in force."""
    row = Rule.objects.select_related("clause__version__policy").filter(pk=alarm_rule_id).first()
    spec = rule_of(row.kind, row.name, row.body) if row is not None else None
    if row is None or not isinstance(spec, Alarm) or not spec.plan:
        return None
    named = [p for p in live(at) if p.spec.name == spec.plan]
    own = row.clause.version.policy.code
    return next((p for p in named if p.policy == own), named[0] if named else None)


def step_of(spec: Playbook, name: str) -> PlaybookStep:
    """The step of this name; KeyError where the playbook has none."""
    for step in spec.steps:
        if step.name == name:
            return step
    raise KeyError(name)
