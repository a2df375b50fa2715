"""Who may see which case: the one rule behind lists, details, search, push, export and API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from shounuo.cases.models import Case, Mention
from shounuo.cases.permissions import VIEW_ALL, VIEW_TEAM
from shounuo.kernel.actors import Actor
from shounuo.kernel.composed import Composed
from shounuo.kernel.errors import NotFound
from shounuo.staff.models import Membership
from shounuo.staff.queries import people_with_permission

_Helper = Case.helpers.through


def visible_to(actor: Actor) -> QuerySet[Case]:
    """The cases that the actor may see, and nothing about the others.

    With `cases.view_all` (and the system) every case; with `cases.view_team` those he owns, helps with or was
    mentioned in, those of his teams, and those that have neither owner nor team; a customer his own; else none.
    """
    if actor.may(VIEW_ALL):
        return Case.objects.all()
    if actor.kind == "customer" and actor.id is not None:
        return Case.objects.filter(customer_id=actor.id)
    if actor.kind == "person" and actor.may(VIEW_TEAM):
        return Case.objects.filter(seen_by_team(actor))
    return Case.objects.none()


def seen_by_team(actor: Actor) -> Q:
    """What `cases.view_team` lets a person see. The two lists are read once a query, not once a row."""
    me = actor.id or 0
    return (
        Q(owner_id=me)
        | Q(team_id__in=sorted(actor.team_ids))
        | Q(owner=None, team=None)
        | Q(pk__in=_Helper.objects.filter(person_id=me).values("case_id"))
        | Q(pk__in=Mention.objects.filter(person_id=me).values("case_id"))
    )


def sees(actor: Actor, case: Case) -> bool:
    """`visible_to` for one case at hand: the same answer from its columns, one query only where they do not tell."""
    if actor.may(VIEW_ALL):
        return True
    if actor.kind == "customer" and actor.id is not None:
        return case.customer_id == actor.id
    if actor.kind != "person" or not actor.may(VIEW_TEAM):
        return False
    if case.owner_id is None and case.team_id is None:
        return True
    if case.owner_id == actor.id or case.team_id in actor.team_ids:
        return True
    return visible_to(actor).filter(pk=case.pk).exists()


def readers(case: Case) -> set[int]:
    """Ids of the active people who may see the case: `visible_to` turned around, for pickers. Five queries."""
    everywhere = set(people_with_permission(VIEW_ALL))
    in_teams = set(people_with_permission(VIEW_TEAM))
    if case.owner_id is None and case.team_id is None:
        return everywhere | in_teams
    near = {case.owner_id, *_Helper.objects.filter(case_id=case.pk).values_list("person_id", flat=True)}
    near |= set(Mention.objects.filter(case_id=case.pk).values_list("person_id", flat=True))
    near |= set(Membership.objects.filter(team_id=case.team_id or 0).values_list("person_id", flat=True))
    return everywhere | {i for i in near if i is not None and i in in_teams}


def few_ids(actor: Actor, most: int) -> list[int] | None:
    """All cases that the actor may see when they are no more than `most`, else None; each way of seeing by its index.

    For reads that a narrow view makes slow: walking through everything to find the little that one may see.
    """
    if actor.may(VIEW_ALL):
        return None
    if actor.kind != "person" or not actor.may(VIEW_TEAM):
        ids = list(visible_to(actor).values_list("pk", flat=True)[: most + 1])
        return ids if len(ids) <= most else None
    me = actor.id or 0
    ways: list[QuerySet[Any, Any]] = [
        Case.objects.filter(owner_id=me).values_list("pk"),
        Case.objects.filter(team_id__in=sorted(actor.team_ids)).values_list("pk"),
        Case.objects.filter(owner=None, team=None).values_list("pk"),
        _Helper.objects.filter(person_id=me).values_list("case_id"),
        Mention.objects.filter(person_id=me).values_list("case_id"),
    ]
    first, *others = (way[: most + 1] for way in ways)
    ids = [pk for (pk,) in first.union(*others)]
    return sorted(ids) if len(ids) <= most else None


def visible_ids(actor: Actor, ids: Iterable[int]) -> set[int]:
    """Those of the ids that the actor may see; one query."""
    wanted = set(ids)
    return set(visible_to(actor).filter(pk__in=wanted).values_list("pk", flat=True)) if wanted else set()


def by_numbers(actor: Actor, numbers: Iterable[int]) -> list[Case]:
    """Number, subject and lateness of those of the cases that the actor may see; one query."""
    asked = {f"n{place}": number for place, number in enumerate(numbers)}
    return _numbered.objects(actor, **asked)


@Composed
def _numbered(actor: Actor, **numbers: int) -> QuerySet[Case]:
    rows = visible_to(actor).filter(number__in=list(numbers.values()))
    return rows.only("number", "subject", "overdue")


def get(actor: Actor, number: int) -> Case:
    """The case of this number with its customer, owner, team and topic; NotFound also when the actor may not see it."""
    case = (
        visible_to(actor).select_related("customer", "owner", "team", "topic").filter(number=number).first()
        if 0 < number < 2**63
        else None
    )
    if case is None:
        raise not_found()
    return case


def not_found() -> NotFound:
    return NotFound(_("没有这张工单，或您无权查看"), code="case_not_found")
