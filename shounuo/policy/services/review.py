"""Approving: by somebody else than the author, of a role that the regulation in force names, or by who stands in for such a one.
What is under review waits in a duty of those who may."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shounuo.duties import queries as duty_queries
from shounuo.duties import services as duties
from shounuo.duties.models import Duty
from shounuo.duties.queries import Seat
from shounuo.events.services import publish
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotAllowed
from shounuo.policy import events, labels, permissions
from shounuo.policy.approvals import APPROVAL, ORIGIN
from shounuo.policy.models import PolicyVersion, Rule
from shounuo.policy.queries.clauses import rules_in_force
from shounuo.policy.schema import Authority
from shounuo.policy.services.common import State, locked, told
from shounuo.policy.standing import GRANTED_APART
from shounuo.staff.models import Role
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


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody's word on a version under review counts for: none while there is a `problem`; else he may approve it, for
    himself or, with `for_id`, in the place of a person who is away."""

    problem: NotAllowed | None = None
    for_id: int | None = None

    @property
    def counts(self) -> bool:
        return self.problem is None


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
    return Approvers(tuple(roles), found[0][1], bool(_able(roles)))


def _able(roles: Iterable[str] = ()) -> set[int]:
    """The ids of those who hold policy.approve, and one of the roles where some are given. One query."""
    able = people_with_permission(permissions.APPROVE)
    if not (wanted := list(roles)):
        return set(able)
    return set(people().filter(pk__in=able, roles__code__in=wanted).values_list("pk", flat=True))


def _authors(version: PolicyVersion) -> frozenset[int]:
    return frozenset({version.created_by_id, version.submitted_by_id} - {None})  # type: ignore[arg-type]


def _places(actor: Actor, at: datetime) -> list[Seat]:
    """As whom somebody holds policy.approve, himself first. Two queries."""
    able = _able()
    places = duty_queries.seats(actor, at, asked_by=())
    return [p for p in places if (actor.may(permissions.APPROVE) if p.for_id is None else p.for_id in able)]


def _no_right() -> NotAllowed:
    return NotAllowed(_("您没有做这件事的权限"))


def word_of(version: PolicyVersion, actor: Actor, at: datetime) -> Word:
    """Whether somebody may approve a version: he must hold policy.approve and a role that the regulation in force names for
    it, or stand in for one who does; and not be the author nor stand in for him, unless nobody else could approve it. Six queries
    at most."""
    if actor.is_system:
        return Word()
    may = _places(actor, at)
    if not may:
        return Word(_no_right())
    named = approvers(at)
    if named.held:
        may = [s for s in may if s.roles & set(named.roles)]
        if not may:
            said = {"clause": named.clause, "who": named.who}
            problem = NotAllowed(_("条 %(clause)s 规定，制度修订由%(who)s批准") % said, code="role_needed")
            return Word(problem)
    authors = _authors(version)
    if actor.person_id in authors:
        if _able(named.roles if named.held else ()) <= {actor.person_id}:
            return Word()
        return Word(NotAllowed(_("起草人不能批准自己的制度，请另一位有权批准的人来批准"), code="own_draft"))
    free = [s for s in may if s.for_id not in authors]
    if not free:
        return Word(
            NotAllowed(_("不能代起草人批准他自己的制度，请另一位有权批准的人来批准"), code="own_draft")
        )
    return Word(for_id=free[0].for_id)


def may_return(version: PolicyVersion, actor: Actor, at: datetime) -> bool:
    """Whether somebody may send a version back: who holds policy.approve, or stands in for such a one while it is under review;
    of his own who drafts. Two queries at most."""
    if actor.may(permissions.APPROVE) or (
        actor.person_id in _authors(version) and actor.may(permissions.EDIT)
    ):
        return True
    if actor.person_id is None or version.state != State.IN_REVIEW:
        return False
    return not _able().isdisjoint(duty_queries.stands_in_for(actor.person_id, at))


def _wanted(version: PolicyVersion, at: datetime) -> set[int]:
    """Those who may approve a version for themselves: no author, but the one who alone could."""
    named = approvers(at)
    able = _able(named.roles if named.held else ())
    return able if len(able) == 1 else able - _authors(version)


def who_may_hold(duty: Duty, at: datetime) -> frozenset[int]:
    """Who may have the duty of a version under review: those who may approve it, and who stands in for them."""
    version = PolicyVersion.objects.filter(pk=duty.origin_id, state=State.IN_REVIEW).first()
    if version is None:
        return frozenset()
    own = _wanted(version, at)
    lent = duty_queries.with_stand_ins(own - _authors(version), at, asked_by=_authors(version))
    return lent | own


def in_whose_place(version: PolicyVersion, at: datetime) -> dict[int, int]:
    """Who is to approve a version in the place of one who is away: person -> that one."""
    authors = _authors(version)
    asked = duty_queries.in_their_places(_wanted(version, at) - authors, at, asked_by=authors)
    return {person: other for person, other in asked.items() if other is not None}


def duty_of(version_id: int) -> Duty | None:
    """The open duty in which a version waits."""
    rows = Duty.objects.filter(origin_code=ORIGIN, origin_id=version_id, state=Duty.State.OPEN)
    return rows.order_by("-id").first()


def ask(version: PolicyVersion, actor: Actor, at: datetime) -> Duty | None:
    """The duty of those who may approve a version that was put before them; None where nobody may. In the transaction of it."""
    named = approvers(at)
    rows = Role.objects.filter(permissions__contains=[permissions.APPROVE], people__is_active=True)
    roles = named.roles if named.held else rows.order_by("code").distinct().values_list("code", flat=True)
    if not roles:
        return None
    titles = {}
    for language, title in (("zh-hans", version.title), ("en", version.title_en or version.title)):
        with translation.override(language):
            titles[language] = gettext("批准制度：%(title)s第 %(label)s 版") % {
                "title": title,
                "label": version.label,
            }
    return duties.duty_create(
        kind=APPROVAL,
        title=titles["zh-hans"],
        title_en=titles["en"],
        roles=tuple(roles),
        origin=(ORIGIN, version.pk, at.isoformat()),
        clause_code=named.clause if named.held else "",
        actor=actor,
        at=at,
    )


def call_off(version: PolicyVersion, reason: str, at: datetime) -> None:
    """Nobody is asked any more to approve a version. In the transaction of what made it so."""
    duty = duty_of(version.pk)
    if duty is not None:
        duties.duty_cancel(duty_id=duty.pk, reason=reason, actor=Actor.system(), at=at)


def version_approve(*, version_id: int, actor: Actor, at: datetime) -> PolicyVersion:
    """Approves a version under review, for oneself or in the place of one who is away (`word_of`). NotAllowed, with the reason,
    for whose word does not count. Its duty is done with it. Publishes policy.approved."""
    if not actor.is_system and not _places(actor, at):
        raise _no_right()
    with transaction.atomic():
        version = locked(version_id, State.IN_REVIEW)
        word = word_of(version, actor, at)
        if word.problem is not None:
            raise word.problem
        version.state = State.APPROVED
        version.approved_at, version.approved_by_id, version.approved_for_id = (
            at,
            actor.person_id,
            word.for_id,
        )
        version.save(update_fields=["state", "approved_at", "approved_by", "approved_for"])
        publish([told(events.APPROVED, version, actor, at, **instead_of(word.for_id))])
        duty = duty_of(version.pk)
        if duty is not None:
            duties.duty_settle(duty_id=duty.pk, outcome="approved", actor=actor, at=at)
    return version


def instead_of(person: int | None) -> dict[str, int]:
    """What the event says of whose place it was done in."""
    return {"instead_of": person} if person is not None else {}
