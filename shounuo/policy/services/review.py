"""Approving: by somebody else than the author, of a role that the regulation in force names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.events.services import publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotAllowed
from shounuo.policy import events, labels, permissions
from shounuo.policy.models import PolicyVersion, Rule
from shounuo.policy.queries.clauses import rules_in_force
from shounuo.policy.schema import Authority
from shounuo.policy.services.common import State, locked, need, told
from shounuo.policy.standing import GRANTED_APART
from shounuo.staff.queries import people, people_with_permission

REVISION = "policy_revision"
"""What an authority rule for the organisation grants that says who approves versions."""


@dataclass(frozen=True, slots=True)
class Approvers:
    """The roles of which one is asked for beside policy.approve, and the clause that says so; no roles: none does. `held`:
    somebody with that right has one of them. Where nobody has, the clause cannot be kept: policy.approve is enough, so that the
    regulation can still be changed, and pages say so."""

    roles: tuple[str, ...] = ()
    clause: str = ""
    held: bool = False

    @property
    def who(self) -> str:
        """The roles in words."""
        return labels.small(_("、").join(labels.role(r) for r in self.roles))


def approvers(at: datetime) -> Approvers:
    """Who may approve a version by the rules in force, of whatever policy. Three queries at most."""
    found = [
        (rule.who, row.clause.code)
        for row, rule in rules_in_force(Rule.Kind.AUTHORITY, at)
        if row.status == Rule.Status.LIVE
        and isinstance(rule, Authority)
        and (rule.grant, rule.per) == (REVISION, GRANTED_APART)
    ]
    roles = dict.fromkeys(role for who, _clause in found for role in who)
    if not found:
        return Approvers()
    able = people().filter(pk__in=people_with_permission(permissions.APPROVE), roles__code__in=roles)
    return Approvers(tuple(roles), found[0][1], able.exists())


def why_not_approve(version: PolicyVersion, actor: Actor, at: datetime) -> NotAllowed | None:
    """What keeps somebody from approving a version, None = nothing: he must hold policy.approve and a role that the regulation
    in force names for it, and not be the author, unless nobody else could approve it. Five queries at most."""
    if actor.is_system:
        return None
    if not actor.may(permissions.APPROVE):
        return NotAllowed(_("您没有做这件事的权限"))
    named = approvers(at)
    if named.held and not actor.roles & set(named.roles):
        said = {"clause": named.clause, "who": named.who}
        return NotAllowed(_("条 %(clause)s 规定，制度修订由%(who)s批准") % said, code="role_needed")
    if actor.person_id not in (version.created_by_id, version.submitted_by_id):
        return None
    able = set(people_with_permission(permissions.APPROVE))
    if named.held:
        able &= set(people().filter(roles__code__in=named.roles).values_list("pk", flat=True))
    if able <= {actor.person_id}:
        return None
    return NotAllowed(_("起草人不能批准自己的制度，请另一位有权批准的人来批准"), code="own_draft")


def may_approve(version: PolicyVersion, actor: Actor, at: datetime) -> bool:
    return why_not_approve(version, actor, at) is None


def version_approve(*, version_id: int, actor: Actor, at: datetime) -> PolicyVersion:
    """Approves a version under review. Needs policy.approve, and a role that the regulation in force names where somebody holds it; the author may not
    approve his own text unless he is the only one who could. Publishes policy.approved."""
    need(actor, permissions.APPROVE)
    with transaction.atomic():
        version = locked(version_id, State.IN_REVIEW)
        if (problem := why_not_approve(version, actor, at)) is not None:
            raise problem
        version.state = State.APPROVED
        version.approved_at, version.approved_by_id = at, actor.person_id
        version.save(update_fields=["state", "approved_at", "approved_by"])
        publish([told(events.APPROVED, version, actor, at)])
    return version
