"""Reading people, teams, roles and the organisation."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL

from shounuo.kernel import prepared
from shounuo.kernel.actors import Actor
from shounuo.kernel.text import normalise_mail, normalise_phone
from shounuo.staff.models import Membership, Organisation, Person, Role, Shift, Team, Token

_cached: tuple[float, Organisation] | None = None
_TTL = 2.0


def organisation() -> Organisation:
    """The one organisation; read at most every two seconds in a process (it changes on the set-up page
    only).
    """
    global _cached
    if _cached is None or time.monotonic() - _cached[0] > _TTL:
        _cached = (time.monotonic(), Organisation.objects.get_or_create(id=1, defaults={"name": "守诺"})[0])
    return _cached[1]


def forget_organisation() -> None:
    """Called after a change in this process."""
    global _cached
    _cached = None


def _rights(person: str) -> dict[str, RawSQL]:
    """What `actor_for` needs of the person that the column names, as arrays read with the row in one query.

    Plain SQL because every request reads it: composing the same from nested querysets takes longer than
    running it.
    """
    text, numbers = ArrayField(models.TextField()), ArrayField(models.BigIntegerField())
    fields = {"held_roles": text, "held_permissions": text, "held_teams": numbers, "led_teams": numbers}
    return {name: RawSQL(sql, (), fields[name]) for name, sql in _rights_sql(person).items()}  # noqa: S611  ours


def _rights_sql(person: str) -> dict[str, str]:
    roles = f"SELECT role_id FROM staff_person_roles WHERE person_id = {person}"  # noqa: S608  ours
    kinds = {
        "held_roles": f"SELECT code FROM staff_role WHERE id IN ({roles})",  # noqa: S608
        "held_permissions": f"SELECT DISTINCT unnest(permissions) FROM staff_role WHERE id IN ({roles})",  # noqa: S608
        "held_teams": f"SELECT team_id FROM staff_membership WHERE person_id = {person}",  # noqa: S608
        "led_teams": f"SELECT team_id FROM staff_membership WHERE leads AND person_id = {person}",  # noqa: S608
    }
    return {name: f"ARRAY({sql})" for name, sql in kinds.items()}


def _actor(
    person_id: int, roles: Iterable[str], permissions: Iterable[str], teams: Iterable[int], led: Iterable[int]
) -> Actor:
    return Actor.person(
        person_id,
        permissions=frozenset(permissions),
        team_ids=frozenset(teams),
        led_team_ids=frozenset(led),
        roles=frozenset(roles),
    )


def with_rights() -> QuerySet[Person]:
    """Active people, each read together with what `actor_for` and `owes_factor` need."""
    needed = RawSQL(_FACTOR_NEEDED, (), models.BooleanField())  # noqa: S611  ours
    return Person.objects.filter(is_active=True).annotate(**_rights("staff_person.id"), factor_needed=needed)


def with_rights_by_id(person_id: int) -> Person | None:
    """The same for one person, None where he is gone or not active: every page begins with it."""
    rows = prepared.execute(_PERSON, [person_id])
    found = prepared.instances(Person, rows)
    for person, row in zip(found, rows, strict=True):
        *_columns, roles, permissions, teams, led, needed = row
        person._actor = _actor(person.pk, roles, permissions, teams, led)  # type: ignore[attr-defined]
        person.factor_needed = needed  # type: ignore[attr-defined]
    return found[0] if found else None


_FACTOR_NEEDED = """EXISTS (SELECT FROM staff_person_roles h JOIN staff_role r ON r.id = h.role_id
 WHERE h.person_id = staff_person.id AND r.second_factor)"""


_PERSON = f"""SELECT {prepared.columns(Person)}, {", ".join(_rights_sql("staff_person.id").values())}, {_FACTOR_NEEDED}
FROM staff_person WHERE id = %s AND is_active"""  # noqa: S608  names of ours


def owes_factor(person: Person) -> bool:
    """True while a role of the person, as `with_rights` reads him, asks for a second factor that he has not set up."""
    return person.totp_confirmed_at is None and bool(getattr(person, "factor_needed", False))


def needs_factor(person_id: int) -> bool:
    """True when a role of the person asks for the second factor."""
    return Role.objects.filter(people=person_id, second_factor=True).exists()


def actor_for(person: Person) -> Actor:
    """The person as one who acts, with permissions, teams and roles; kept on the object, one query at
    most.
    """
    actor: Actor | None = getattr(person, "_actor", None)
    if actor is None:
        source: Any = person
        if not hasattr(person, "held_roles"):
            source = Person.objects.annotate(**_rights("staff_person.id")).only("id").get(pk=person.pk)
        actor = _actor(
            person.pk, source.held_roles, source.held_permissions, source.held_teams, source.led_teams
        )
        person._actor = actor  # type: ignore[attr-defined]
    return actor


# Every call of the API begins with it.
_TOKEN = "SELECT {token}, p.is_active, {rights} FROM staff_token t JOIN staff_person p ON p.id = t.person_id WHERE t.hash = %s".replace(
    "{token}", prepared.columns(Token, "t")
).replace("{rights}", ", ".join(_rights_sql("t.person_id").values()))


def token_with_actor(hash: str) -> tuple[Token, Actor] | None:
    """The token of this hash, whether its person is active (`person_is_active`), and all his rights, in one query;
    whether the token is live is not judged.
    """
    found = prepared.execute(_TOKEN, [hash])
    if not found:
        return None
    [token] = prepared.instances(Token, found)
    *_columns, active, roles, permissions, teams, led = found[0]
    token.person_is_active = active  # type: ignore[attr-defined]
    return token, _actor(token.person_id, roles, permissions, teams, led)


def people(*, active: bool = True) -> QuerySet[Person]:
    """People in the order of their names' sound."""
    rows = Person.objects.order_by("sort_key", "id")
    return rows.filter(is_active=True) if active else rows


def names(ids: Iterable[int | None]) -> dict[int, str]:
    """Names by id, for lists; ids that nobody has are left out."""
    wanted = {i for i in ids if i is not None}
    if not wanted:
        return {}
    rows = prepared.by_ids("SELECT id, name FROM staff_person WHERE id = ANY(%s::bigint[])", sorted(wanted))
    return dict(rows)


def person_by_login(identifier: str) -> Person | None:
    """The active person with this login, mail or phone, whatever case or spelling; one query."""
    return with_rights().filter(_named(identifier)).order_by("id").first()


def _named(identifier: str) -> Q:
    """Logins hold no @ and are no phone number, so at most one person matches."""
    identifier = identifier.strip()
    wanted = Q(login__iexact=identifier)
    if mail := normalise_mail(identifier):
        wanted |= Q(mail__iexact=mail)
    if not any(c.isalpha() for c in identifier) and (phone := normalise_phone(identifier)):
        wanted |= Q(phone=phone)
    return wanted


def search(text: str, *, limit: int = 20) -> list[Person]:
    """Active people whose name, initials or login begin with or hold the text, for pickers and @mention."""
    text = text.strip()
    rows = people()
    if text:
        rows = rows.filter(
            Q(name__icontains=text) | Q(initials__startswith=text.lower()) | Q(login__istartswith=text)
        )
    return list(rows[:limit])


def shared_names(names: Iterable[str]) -> set[str]:
    """Those of the names that several active people bear. One query."""
    borne = people().order_by().filter(name__in=set(names)).values("name").annotate(n=Count("id"))
    return set(borne.filter(n__gt=1).values_list("name", flat=True))


def teams(*, active: bool = True) -> QuerySet[Team]:
    rows = Team.objects.order_by("name", "id")
    return rows.filter(active=True) if active else rows


def members(team_id: int) -> QuerySet[Person]:
    """Active people of the team, in the order of their names' sound."""
    return people().filter(membership__team_id=team_id)


def supervisors_of(team_id: int) -> list[int]:
    """Ids of the active people who lead the team."""
    return list(
        Membership.objects.filter(team_id=team_id, leads=True, person__is_active=True)
        .order_by("person_id")
        .values_list("person_id", flat=True)
    )


def roles_of(person_id: int) -> list[str]:
    """Codes of the person's roles."""
    return list(Role.objects.filter(people=person_id).order_by("code").values_list("code", flat=True))


def people_with_role(code: str) -> list[int]:
    """Ids of the active people who have the role."""
    return list(people().filter(roles__code=code).order_by("id").values_list("id", flat=True))


def people_with_permission(code: str) -> list[int]:
    """Ids of the active people whose roles hold the permission."""
    holds = Role.objects.filter(people=OuterRef("pk"), permissions__contains=[code])
    return list(people().filter(Exists(holds)).order_by("id").values_list("id", flat=True))


def on_duty(person_ids: Iterable[int], at: datetime) -> set[int]:
    """Those of the people who are on duty: within a shift, or with no shift under way or to come."""
    return {i for i, since in duty_from(person_ids, at).items() if since <= at}


def duty_from(person_ids: Iterable[int], at: datetime) -> dict[int, datetime]:
    """When each person can next be reached on duty: `at` itself when he is, else the start of his next shift.

    One for whom no roster goes on is reachable at once: a message is not kept for ever.
    """
    ids = set(person_ids)
    reachable: dict[int, datetime] = {}
    rows = Shift.objects.filter(person_id__in=ids, ends_at__gt=at).order_by("person_id", "starts_at")
    for person_id, starts_at in rows.values_list("person_id", "starts_at"):
        reachable.setdefault(person_id, max(starts_at, at))
    return {i: reachable.get(i, at) for i in ids}


def roles_with_size() -> QuerySet[Role]:
    """All roles with `size`, how many active people hold each."""
    held = Count("people", filter=Q(people__is_active=True))
    return Role.objects.annotate(size=held).order_by("id")


def teams_with_size() -> QuerySet[Team]:
    """All teams with `size`, how many active people each has."""
    return Team.objects.annotate(size=Count("people", filter=Q(people__is_active=True))).order_by(
        "-active", "name", "id"
    )
