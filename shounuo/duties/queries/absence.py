"""Who stands in for whom."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from shounuo.duties.models import Delegation
from shounuo.duties.permissions import MANAGE, VIEW_ALL
from shounuo.kernel import paging
from shounuo.kernel.actors import Actor
from shounuo.staff.models import Membership


def delegations_visible_to(actor: Actor) -> QuerySet[Delegation]:
    """The delegations that the actor may see: his own, those to him, and with `duties.manage` those of the people whom he
    leads; with `duties.view_all` (and the system) all. Newest first."""
    rows = Delegation.objects.select_related("person", "delegate", "made_by", "ended_by")
    rows = rows.order_by("-starts_at", "-id")
    if actor.may(VIEW_ALL):
        return rows
    if actor.person_id is None:
        return rows.none()
    near = Q(person_id=actor.person_id) | Q(delegate_id=actor.person_id)
    if actor.may(MANAGE) and actor.led_team_ids:
        led = Membership.objects.filter(team_id__in=sorted(actor.led_team_ids)).values("person_id")
        near |= Q(person_id__in=led)
    return rows.filter(near)


def delegations_page(
    actor: Actor, *, cursor: str | None = None, limit: int = 50
) -> tuple[list[Delegation], str | None]:
    """A page of `delegations_visible_to` and the cursor of the next one. One query."""
    rows = delegations_visible_to(actor)
    if cursor:
        text, last = paging.decode(cursor, str, int)
        when = paging.moment_of(text)
        rows = rows.filter(Q(starts_at__lt=when) | Q(starts_at=when, id__lt=last))
    found = list(rows[: limit + 1])
    if len(found) <= limit:
        return found, None
    return found[:limit], paging.encode(found[limit - 1].starts_at.isoformat(), found[limit - 1].pk)


def live(at: datetime) -> QuerySet[Delegation]:
    """The delegations that hold at the moment, of and to people who work here."""
    return Delegation.objects.filter(
        ended_at=None, starts_at__lte=at, ends_at__gt=at, person__is_active=True, delegate__is_active=True
    )


def stands_in_for(person_id: int, at: datetime) -> dict[int, frozenset[str]]:
    """The people for whom a person stands in at the moment, each with his roles; one query."""
    found: dict[int, set[str]] = {}
    rows = live(at).filter(delegate_id=person_id).values_list("person_id", "person__roles__code")
    for person, role in rows:
        found.setdefault(person, set()).update({role} - {None})
    return {person: frozenset(roles) for person, roles in found.items()}


def stand_ins(person_ids: Iterable[int], at: datetime) -> dict[int, int]:
    """Who stands in for each of the people at the moment (the delegation made last); those not away are left out."""
    rows = live(at).filter(person_id__in=set(person_ids)).order_by("id")
    return dict(rows.values_list("person_id", "delegate_id"))


@dataclass(frozen=True, slots=True)
class Seat:
    """As whom somebody speaks: in his own place (`for_id` None) or in that of a person who is away."""

    roles: frozenset[str]
    for_id: int | None = None


def seats(actor: Actor, at: datetime, *, asked_by: Collection[int]) -> list[Seat]:
    """As whom the actor may decide what somebody asks for, himself first; none for who asks, nor in his place. One query."""
    if actor.person_id is None or actor.person_id in asked_by:
        return []
    others = stands_in_for(actor.person_id, at)
    lent = [Seat(roles, person) for person, roles in sorted(others.items()) if person not in asked_by]
    return [Seat(actor.roles), *lent]


def in_their_places(
    people: Iterable[int], at: datetime, *, asked_by: Collection[int]
) -> dict[int, int | None]:
    """Who is asked where these people are to decide: person -> in whose place (None: his own). Of those away their stand-ins are
    asked, unless it is these who ask. One query."""
    people = list(people)
    away = stand_ins(people, at)
    asked: dict[int, int | None] = {}
    for person in people:
        other = away.get(person)
        if other is None or other in asked_by:
            asked[person] = None
        else:
            asked.setdefault(other, person)
    return asked


def with_stand_ins(people: Iterable[int], at: datetime, *, asked_by: Collection[int]) -> frozenset[int]:
    """These people and who stands in for them, without who asks. One query."""
    own = set(people) - set(asked_by)
    return frozenset((own | set(stand_ins(own, at).values())) - set(asked_by))
