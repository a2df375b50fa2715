"""The roles to whom a version gives something to do, to decide or to know, and whom it finds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from shounuo.policy.models import PolicyVersion, Rule
from shounuo.policy.reading import rule_of
from shounuo.policy.schema import (
    ADDRESSEES,
    Alarm,
    AnyRule,
    Authority,
    Cadence,
    Commitment,
    Escalation,
    Playbook,
)
from shounuo.staff.models import Person, Role

ACTING = (Rule.Kind.ALARM, Rule.Kind.AUTHORITY, Rule.Kind.CADENCE, Rule.Kind.COMMITMENT, Rule.Kind.PLAYBOOK)
NO_STAFF = frozenset({"customer", *ADDRESSEES}) - {"dept_head"}


@dataclass(frozen=True, slots=True)
class Lacking:
    """A role that nobody holds, with the clauses that name it; `exists`: it only has nobody."""

    code: str
    exists: bool
    clauses: tuple[str, ...]


def roles_named(rule: AnyRule) -> frozenset[str]:
    """The roles that a rule sets to work: who decides, who is told, who owes the activity, who takes the step. Fields that only say
    whose business something is (of a record, of a target) are none."""
    match rule:
        case Authority():
            named = {*rule.who, *rule.approver}
        case Alarm():
            named = set(rule.notify)
        case Cadence():
            named = {*rule.owner, *_ladder(rule.escalate)}
        case Playbook():
            named = {role for step in rule.steps for role in step.role}
        case Commitment():
            named = _ladder(rule.escalate)
        case _:
            named = set()
    return frozenset(named - NO_STAFF)


def _ladder(steps: Iterable[Escalation]) -> set[str]:
    return {step.to.removeprefix("role:") for step in steps if step.to.startswith("role:")}


def roles_lacking(version: PolicyVersion) -> list[Lacking]:
    """The roles that the live rules of a version set to work and that nobody here holds, in the order of the clauses. Two queries."""
    rows = Rule.objects.filter(clause__version=version, kind__in=ACTING, status=Rule.Status.LIVE)
    found: dict[str, dict[str, None]] = {}
    for kind, name, body, clause in rows.order_by("clause__position", "id").values_list(
        "kind", "name", "body", "clause__code"
    ):
        for code in sorted(roles_named(rule_of(kind, name, body))):
            found.setdefault(code, {})[clause] = None
    there = dict(
        Role.objects.filter(code__in=found)
        .order_by("code")
        .values_list("code")
        .annotate(held=Exists(Person.objects.filter(roles=OuterRef("pk"), is_active=True)))
    )
    return [
        Lacking(code, code in there, tuple(clauses)) for code, clauses in found.items() if not there.get(code)
    ]
