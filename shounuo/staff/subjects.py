"""People, teams, roles and the organisation as things that events and audit rows hang on."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from shounuo.events.subjects import Facts, People, Subject
from shounuo.kernel.actors import Actor
from shounuo.staff import queries
from shounuo.staff.models import Membership, Person, Role, Team
from shounuo.staff.permissions import MANAGE


def _own_or_managed(actor: Actor, ids: Iterable[int]) -> set[int]:
    """A person's history (sign-ins, tokens) is for himself and for those who manage people."""
    return set(ids) if actor.may(MANAGE) else {i for i in ids if i == actor.person_id}


def _managed(actor: Actor, ids: Iterable[int]) -> set[int]:
    return set(ids) if actor.may(MANAGE) else set()


def _for_staff(actor: Actor, ids: Iterable[int]) -> set[int]:
    return set(ids) if actor.is_system or actor.kind == "person" else set()


def _person_facts(ids: Iterable[int]) -> dict[int, Facts]:
    people = Person.objects.filter(id__in=list(ids)).prefetch_related("roles", "teams")
    return {
        p.id: {
            "active": p.is_active,
            "presence": p.presence,
            "roles": sorted(r.code for r in p.roles.all()),
            "teams": sorted(t.code for t in p.teams.all()),
        }
        for p in people
    }


def _person_people(id: int) -> People:
    team_id = Membership.objects.filter(person_id=id).order_by("id").values_list("team_id", flat=True).first()
    supervisors = tuple(i for i in queries.supervisors_of(team_id) if i != id) if team_id else ()
    return People(owner_id=id, team_id=team_id, supervisor_ids=supervisors)


def _team_facts(ids: Iterable[int]) -> dict[int, Facts]:
    return {
        t.id: {"team": t.code, "department": t.department, "active": t.active}
        for t in Team.objects.filter(id__in=list(ids))
    }


def _team_people(id: int) -> People:
    return People(team_id=id, supervisor_ids=tuple(queries.supervisors_of(id)))


SUBJECTS = (
    Subject(
        kind="person",
        facts=_person_facts,
        visible_ids=_own_or_managed,
        listed=lambda actor: actor.may(MANAGE),
        people=_person_people,
        label=lambda ids: dict(Person.objects.filter(id__in=list(ids)).values_list("id", "name")),
        url=lambda id: f"/settings/people/{id}/",
    ),
    Subject(
        kind="team",
        facts=_team_facts,
        visible_ids=_for_staff,
        people=_team_people,
        label=lambda ids: dict(Team.objects.filter(id__in=list(ids)).values_list("id", "name")),
        url=lambda id: f"/settings/teams/{id}/",
    ),
    Subject(
        kind="role",
        facts=lambda ids: {r.id: {"role": r.code} for r in Role.objects.filter(id__in=list(ids))},
        visible_ids=_managed,
        people=lambda id: People(),
        label=lambda ids: dict(Role.objects.filter(id__in=list(ids)).values_list("id", "name")),
        url=lambda id: f"/settings/roles/{id}/",
    ),
    Subject(
        kind="organisation",
        facts=lambda ids: {i: {} for i in ids},
        visible_ids=_managed,
        people=lambda id: People(),
        label=lambda ids: {i: _("组织") for i in ids},
        url=lambda id: "/settings/organisation/",
    ),
)
