"""Who may see which duty: the one rule behind lists, details, push and API."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, Q, QuerySet
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from shounuo.duties import registry
from shounuo.duties.models import Delegation, Duty
from shounuo.duties.permissions import VIEW_ALL
from shounuo.events import subjects
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import NotFound
from shounuo.staff.models import Membership, Role


def visible_to(actor: Actor) -> QuerySet[Duty]:
    """The duties that concern the actor: what lists show. With `duties.view_all` (and the system) all; a person those
    that he owns or asked for, those of his teams and roles, and those of the people whom he leads; nobody else any."""
    if actor.may(VIEW_ALL):
        return Duty.objects.all()
    if actor.person_id is None:
        return Duty.objects.none()
    return Duty.objects.filter(concerns(actor))


def concerns(actor: Actor) -> Q:
    """The condition of `visible_to` for a person."""
    near = Q(owner_id=actor.person_id) | Q(created_by_id=actor.person_id) | shared(actor) | stood_in(actor)
    if actor.led_team_ids:
        led = Membership.objects.filter(team_id__in=sorted(actor.led_team_ids)).values("person_id")
        near |= Q(owner_id__in=led) | Q(team_id__in=sorted(actor.led_team_ids))
    return near


def shared(actor: Actor) -> Q:
    """What is for people like the actor, whoever has it: of his teams and, where roles are named, for one of his."""
    for_me = Q(roles=[]) | Q(roles__overlap=sorted(actor.roles))
    in_my_teams = Q(team_id__in=sorted(actor.team_ids)) & for_me
    return in_my_teams | (Q(team=None) & Q(roles__overlap=sorted(actor.roles)))


def stood_in(actor: Actor, at: datetime | None = None, *, taken: bool = False) -> Q:
    """What those owe, or may take, for whom the actor stands in now (with `taken` also what he has himself that they might have
    had); of the kinds that are decided in somebody's place. The moment is that of reading, where none is given: who may see a
    thing is asked without one."""
    kinds = registry.stood_in()
    if not kinds or actor.person_id is None:
        return Q(pk__in=[])
    away = people_lent_to(actor, at)
    roles = Role.objects.filter(people__in=away).annotate(held=Cast("code", CharField(max_length=40)))
    free = Q(owner=None) | Q(owner_id=actor.person_id) if taken else Q(owner=None)
    theirs = (
        free
        & Q(roles__overlap=ArraySubquery(roles.values("held")))
        & (Q(team=None) | Q(team_id__in=Membership.objects.filter(person_id__in=away).values("team_id")))
    )
    return Q(kind__in=kinds) & (Q(owner_id__in=away) | theirs)


def people_lent_to(actor: Actor, at: datetime | None = None) -> QuerySet[Delegation, Any]:
    """The ids of those for whom the actor stands in, at the moment or that of reading, for a condition of who may see what."""
    at = at or now()
    rows = Delegation.objects.filter(
        delegate_id=actor.person_id or 0, ended_at=None, starts_at__lte=at, ends_at__gt=at
    )
    return rows.values("person_id")


def visible_ids(actor: Actor, ids: Iterable[int]) -> set[int]:
    """Those of the ids that the actor may see: what concerns him, and what is about a thing that he may see. One query,
    and one for each kind of thing among the others."""
    wanted = set(ids)
    if not wanted:
        return set()
    seen = set(visible_to(actor).filter(pk__in=wanted).values_list("pk", flat=True))
    rest = wanted - seen
    if not rest or actor.person_id is None:
        return seen
    about: dict[str, dict[int, list[int]]] = {}
    rows = Duty.objects.filter(pk__in=rest).exclude(subject_kind="")
    for pk, kind, id in rows.values_list("pk", "subject_kind", "subject_id"):
        about.setdefault(kind, {}).setdefault(id or 0, []).append(pk)
    for kind, by_id in about.items():
        subject = subjects.get(kind)
        if subject is not None and kind != "duty":
            for id in subject.visible_ids(actor, by_id):
                seen.update(by_id[id])
    return seen


def not_found() -> NotFound:
    return NotFound(_("没有这项待办，或您无权查看"), code="duty_not_found")
